// Calls made of legs: the golden cases of the design (domain.md: 1-4, 6, 9, 10, 31-35) and whose
// the sides of a leg are, as tables of rows written by hand and the whole call that they must give,
// in words. Every case is assembled in every order of its legs: the order in which they came must
// not matter.

#include "processors/call_assembly.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/processors/call_builder.h"

namespace {

using processors::Leg;
using processors_test::bob_to_charlie;
using processors_test::CallWorldBuilder;
using processors_test::Case;
using processors_test::LegBuilder;
using processors_test::out;
using processors_test::queued;
using processors_test::to_app;
using processors_test::to_bob;
using processors_test::to_charlie;

class Assembly : public testing::TestWithParam<Case> {};

TEST_P(Assembly, GivesTheCallInAnyOrderOfItsLegs) {
    expect_call(GetParam());
}

std::vector<Leg> blind_transfer(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:11:48").sequence(1).leg(),
            to_charlie(world).at("13:11:48", "13:11:53", "13:12:53").sequence(2).leg()};
}
std::vector<Leg> attended_transfer(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:12:18").billed(50).leg(),
            bob_to_charlie(world).at("13:11:48", "13:11:53", "13:12:18").billed(26).leg(),
            to_charlie(world).at("13:12:18", "13:12:18", "13:12:53").billed(45).leg()};
}
std::vector<Leg> parallel_dial(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "", "13:11:28").sequence(1).leg(),
            to_bob(world).to("IAX2/bob").at("13:11:18", "13:11:28", "13:12:28").sequence(2).leg()};
}
std::vector<Leg> transfer_to_voicemail(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:12:18").leg(),
            LegBuilder(world, "200", "8500")
                .from("SIP/bob")
                .app("VoiceMail")
                .channel("1.0")
                .at("13:11:48", "13:11:49", "13:12:18")
                .leg(),
            to_app(world, "8500", "VoiceMail").at("13:12:18", "13:12:18", "13:13:18").leg()};
}
std::vector<Leg> ring_group(CallWorldBuilder& world, std::string_view answer) {
    std::vector<Leg> legs;
    for (const char* const peer : {"SIP/200", "SIP/300", "SIP/190", "SIP/177"}) {
        legs.push_back(
            queued(world, peer).at("13:11:18", "", "13:11:38").sequence(legs.size()).leg());
    }
    legs.push_back(queued(world, "SIP/charlie")
                       .at("13:11:18", answer, answer.empty() ? "13:11:38" : "13:13:38")
                       .sequence(9)
                       .leg());
    return legs;
}
std::vector<Leg> three_way(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:13:18").leg(),
            bob_to_charlie(world).at("13:11:48", "13:11:53", "13:12:08").leg(),
            to_charlie(world).at("13:12:08", "13:12:08", "13:13:18").leg(),
            bob_to_charlie(world).at("13:12:08", "13:12:08", "13:13:18").sequence(4).leg()};
}
std::vector<Leg> blonde_transfer(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:12:18").leg(),
            bob_to_charlie(world).at("13:11:48", "", "13:11:50").leg(),
            to_charlie(world).at("13:11:50", "13:11:55", "13:12:30").leg()};
}
std::vector<Leg> conference_room(CallWorldBuilder& world) {
    return {LegBuilder(world, "100", "1000")
                .to("SIP/bob")
                .app("ConfBridge")
                .at("13:11:18", "13:11:28", "13:14:18")
                .sequence(1)
                .leg(),
            LegBuilder(world, "200", "1000")
                .from("SIP/bob")
                .to("SIP/charlie")
                .app("ConfBridge")
                .at("13:11:28", "13:12:18", "13:14:18")
                .leg(),
            LegBuilder(world, "100", "1000")
                .to("SIP/charlie")
                .app("ConfBridge")
                .at("13:11:18", "13:12:18", "13:15:18")
                .sequence(3)
                .leg()};
}
std::vector<Leg> park(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:11:38").leg(),
            to_app(world, "701", "Park").at("13:11:38", "13:11:38", "13:12:38").leg(),
            to_charlie(world).app("Park").at("13:12:38", "13:12:38", "13:13:38").leg()};
}
std::vector<Leg> local_channel(CallWorldBuilder& world) {
    return {LegBuilder(world, "dial_alice", "100")
                .from("Local/dial_alice")
                .to("SIP/alice")
                .at("13:11:18", "13:11:28", "13:12:18")
                .leg(),
            LegBuilder(world, "voicemail", "")
                .from("Local/dial_alice")
                .app("VoiceMailMain")
                .at("13:11:28", "13:11:28", "13:12:18")
                .leg()};
}
std::vector<Leg> click_to_call(CallWorldBuilder& world) {
    return {out(world).at("13:11:18", "", "13:11:43").leg()};
}

INSTANTIATE_TEST_SUITE_P(
    Golden, Assembly,
    testing::Values(Case{"case_1_blind_transfer",
                         blind_transfer,
                         "inbound answered talk 80 wait 10",
                         {"m-1 at bob answered ring 10 talk 20",
                          "m-2 at charlie answered ring 5 talk 60 qualified"}},
                    Case{"case_2_attended_transfer",
                         attended_transfer,
                         "inbound answered talk 55 wait 10",
                         {"m-1 at bob answered ring 10 talk 20 hold 30 consult 25",
                          "m-2 at charlie answered ring 5 talk 35 consult 25"},
                         {"duration_mismatch"}},
                    Case{"case_3_parallel_dial",
                         parallel_dial,
                         "inbound answered talk 60 wait 10",
                         {"m-1 at bob answered ring 10 talk 60 qualified"}},
                    Case{"case_4_and_34_transfer_to_voicemail",
                         transfer_to_voicemail,
                         "inbound answered talk 20 wait 10",
                         {"m-1 at bob answered ring 10 talk 20 hold 30"}},
                    Case{"case_6_one_of_a_group_answers",
                         [](CallWorldBuilder& world) { return ring_group(world, "13:11:38"); },
                         "inbound answered talk 120 wait 20",
                         {"m-1 at 200 answered_elsewhere ring 20 talk 0",
                          "m-2 at charlie answered ring 20 talk 120 qualified"}},
                    Case{"case_6_nobody_answers",
                         [](CallWorldBuilder& world) { return ring_group(world, ""); },
                         "inbound no_answer talk 0 wait 20 missed",
                         {"m-1 at 200 ring_no_answer ring 20 talk 0",
                          "m-2 at 300 ring_no_answer ring 20 talk 0"}},
                    Case{"case_9_three_way",
                         three_way,
                         "inbound answered talk 90 wait 10",
                         {"m-1 at bob answered ring 10 talk 90 hold 20 consult 15 qualified",
                          "m-2 at charlie answered ring 5 talk 70 consult 15 qualified"},
                         {"conference"}},
                    Case{"case_10_click_to_call",
                         click_to_call,
                         "outbound no_answer talk 0",
                         {"m-1 at bob ring_no_answer ring 25 talk 0"}},
                    Case{"case_31_blonde_transfer",
                         blonde_transfer,
                         "inbound answered talk 55 wait 10",
                         {"m-1 at bob answered ring 10 talk 20 hold 2",
                          "m-2 at charlie answered ring 7 talk 35"}},
                    Case{"case_32_conference_room",
                         conference_room,
                         "inbound answered talk 230 wait 10",
                         {"m-1 at bob answered ring 0 talk 170 qualified",
                          "m-2 at charlie answered ring 0 talk 180 qualified"},
                         {"conference"}},
                    Case{"case_33_park",
                         park,
                         "inbound answered talk 70 wait 10",
                         {"m-1 at bob answered ring 10 talk 10",
                          "m-2 at charlie answered ring 0 talk 60 qualified"}},
                    Case{"case_35_local_channel_to_an_application",
                         local_channel,
                         "transit answered talk 0",
                         {}}),
    [](const auto& tested) { return tested.param.name; });

// Parties and direction.

INSTANTIATE_TEST_SUITE_P(
    Parties, Assembly,
    testing::Values(
        Case{"an_unregistered_telephone_answers_for_the_queue",
             [](CallWorldBuilder& world) {
                 return std::vector{
                     queued(world, "SIP/bob").at("13:00:00", "", "13:00:20").leg(),
                     queued(world, "SIP/109").at("13:00:00", "13:00:20", "13:02:20").leg()};
             },
             "inbound answered talk 120 wait 20",
             {"nobody at 109 answered ring 20 talk 120 qualified",
              "m-1 at bob answered_elsewhere ring 20 talk 0"},
             {"unregistered_endpoint"}},
        Case{"a_stranger_who_shows_an_extension_is_no_manager",
             [](CallWorldBuilder& world) {
                 return std::vector{LegBuilder(world, "200", "300")
                                        .from("SIP/trunk")
                                        .to("SIP/charlie")
                                        .at("13:00:00", "13:00:05", "13:01:35")
                                        .leg()};
             },
             "inbound answered talk 90 wait 5",
             {"m-2 at charlie answered ring 5 talk 90 qualified"}},
        Case{"a_managers_mobile_behind_the_trunk_is_his",
             [](CallWorldBuilder& world) {
                 return std::vector{LegBuilder(world, "100", "+79035550001")
                                        .from("SIP/trunk")
                                        .to("SIP/trunk")
                                        .at("13:00:00", "13:00:06", "13:01:46")
                                        .leg()};
             },
             "inbound answered talk 100 wait 6",
             {"m-2 at +79035550001 answered ring 6 talk 100 qualified"}},
        Case{"a_strangers_mobile_behind_the_trunk_is_transit",
             [](CallWorldBuilder& world) {
                 return std::vector{LegBuilder(world, "100", "+79265550000")
                                        .from("SIP/trunk")
                                        .to("SIP/trunk2")
                                        .at("13:00:00", "13:00:10", "13:05:10")
                                        .leg()};
             },
             "transit answered talk 0",
             {}},
        Case{"colleagues_are_internal",
             [](CallWorldBuilder& world) {
                 return std::vector{
                     bob_to_charlie(world).at("13:00:00", "13:00:05", "13:01:05").leg()};
             },
             "internal answered talk 0",
             {"m-1 at bob answered ring 0 talk 0 consult 60",
              "m-2 at charlie answered ring 5 talk 0 consult 60"}},
        Case{"an_attempt_handed_on_stays_outbound",
             [](CallWorldBuilder& world) {
                 return std::vector{out(world).at("13:00:00", "13:00:10", "13:00:40").leg(),
                                    LegBuilder(world, "+74951234567", "300")
                                        .from("SIP/trunk")
                                        .to("SIP/charlie")
                                        .at("13:00:40", "13:00:45", "13:02:00")
                                        .leg()};
             },
             "outbound answered talk 105",
             {"m-1 at bob answered ring 10 talk 30",
              "m-2 at charlie answered ring 5 talk 75 qualified"}},
        Case{
            "a_local_channel_stands_for_the_external_side",
            [](CallWorldBuilder& world) {
                return std::vector{
                    to_app(world, "700", "BackGround").at("13:00:00", "13:00:00", "13:00:10").leg(),
                    LegBuilder(world, "100", "300")
                        .from("Local/300")
                        .to("SIP/charlie")
                        .at("13:00:10", "13:00:15", "13:01:15")
                        .leg()};
            },
            "inbound answered talk 60 wait 5 ivr 10",
            {"m-2 at charlie answered ring 5 talk 60 qualified"}},
        Case{"a_line_of_the_caller_without_entry_is_no_telephone",
             [](CallWorldBuilder& world) {
                 return std::vector{LegBuilder(world, "100", "+79265550000")
                                        .from("SIP/provider")
                                        .to("SIP/provider")
                                        .at("13:00:00", "13:00:10", "13:05:10")
                                        .leg()};
             },
             "transit answered talk 0",
             {}},
        Case{"a_local_channel_alone_stands_for_nobody",
             [](CallWorldBuilder& world) {
                 return std::vector{to_charlie(world)
                                        .from("Local/300")
                                        .at("13:00:00", "13:00:05", "13:01:05")
                                        .leg()};
             },
             "internal answered talk 0",
             {"m-2 at charlie answered ring 5 talk 0"}},
        Case{"a_telephone_that_rings_later_ends_no_conversation",
             [](CallWorldBuilder& world) {
                 return std::vector{
                     queued(world, "SIP/bob").at("13:00:00", "13:00:20", "13:01:20").leg(),
                     queued(world, "SIP/charlie").at("13:00:10", "", "13:00:20").leg()};
             },
             "inbound answered talk 60 wait 20",
             {"m-1 at bob answered ring 20 talk 60 qualified",
              "m-2 at charlie answered_elsewhere ring 10 talk 0"}},
        Case{"an_offer_that_ended_two_seconds_before_was_answered_elsewhere",
             [](CallWorldBuilder& world) {
                 return std::vector{
                     queued(world, "SIP/bob").at("13:00:00", "", "13:00:10").leg(),
                     queued(world, "SIP/charlie").at("13:00:10", "13:00:12", "13:01:12").leg()};
             },
             "inbound answered talk 60 wait 12",
             {"m-1 at bob answered_elsewhere ring 10 talk 0",
              "m-2 at charlie answered ring 2 talk 60 qualified"}},
        Case{"an_offer_that_ended_earlier_was_not_taken",
             [](CallWorldBuilder& world) {
                 return std::vector{
                     queued(world, "SIP/bob").at("13:00:00", "", "13:00:09.999").leg(),
                     queued(world, "SIP/charlie").at("13:00:10", "13:00:12", "13:01:12").leg()};
             },
             "inbound answered talk 60 wait 12",
             {"m-1 at bob ring_no_answer ring 9.999 talk 0",
              "m-2 at charlie answered ring 2 talk 60 qualified"}},
        Case{"a_conference_room_never_means_hold",
             [](CallWorldBuilder& world) {
                 return std::vector{to_bob(world).at("13:00:00", "13:00:10", "13:01:10").leg(),
                                    bob_to_charlie(world)
                                        .app("ConfBridge")
                                        .at("13:00:30", "13:00:31", "13:00:50")
                                        .leg()};
             },
             "inbound answered talk 60 wait 10",
             {"m-1 at bob answered ring 10 talk 60 qualified",
              "m-2 at charlie answered ring 0 talk 0 consult 19"}},
        Case{"nor_does_a_question_from_within_the_room",
             [](CallWorldBuilder& world) {
                 return std::vector{
                     to_bob(world).app("ConfBridge").at("13:00:00", "13:00:10", "13:01:10").leg(),
                     bob_to_charlie(world).at("13:00:30", "13:00:31", "13:00:50").leg()};
             },
             "inbound answered talk 60 wait 10",
             {"m-1 at bob answered ring 0 talk 60 qualified",
              "m-2 at charlie answered ring 1 talk 0 consult 19"}},
        Case{"dialling_out_during_an_inbound_call_is_hold_and_no_ringing",
             [](CallWorldBuilder& world) {
                 return std::vector{to_bob(world).at("13:00:00", "13:00:10", "13:01:10").leg(),
                                    out(world).at("13:00:30", "", "13:00:40").leg()};
             },
             "inbound answered talk 50 wait 10",
             {"m-1 at bob answered ring 10 talk 50 hold 10"}},
        Case{"who_is_only_asked_answered_and_did_not_talk",
             [](CallWorldBuilder& world) {
                 return std::vector{
                     to_bob(world).at("13:00:00", "13:00:10", "13:02:10").leg(),
                     bob_to_charlie(world).at("13:00:40", "13:00:45", "13:01:10").leg()};
             },
             "inbound answered talk 90 wait 10",
             {"m-1 at bob answered ring 10 talk 90 hold 30 consult 25 qualified",
              "m-2 at charlie answered ring 5 talk 0 consult 25"}}),
    [](const auto& tested) { return tested.param.name; });
}  // namespace
