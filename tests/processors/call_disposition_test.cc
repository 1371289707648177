// How a call ended, first rule first (domain.md 4): a row of the table is a call whose legs say it.
// Then whose a miss is, and when a call that met an announcement was `closed`.

#include "processors/call_assembly.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/processors/call_builder.h"

namespace {

using kpi::EndpointKind;
using kpi::Manager;
using kpi::Team;
using processors::Leg;
using processors::LegResult;
using processors_test::bob;
using processors_test::CallWorldBuilder;
using processors_test::Case;
using processors_test::charlie;
using processors_test::LegBuilder;
using processors_test::Lines;
using processors_test::north;
using processors_test::office;
using processors_test::out;
using processors_test::queued;
using processors_test::romashka;
using processors_test::south;
using processors_test::to_app;
using processors_test::to_bob;
using processors_test::to_charlie;

class Disposition : public testing::TestWithParam<Case> {};

TEST_P(Disposition, GivesTheCallInAnyOrderOfItsLegs) {
    expect_call(GetParam());
}

Case unanswered(std::string name, const std::vector<LegResult>& results, std::string summary,
                Lines parts) {
    return {std::move(name),
            [results](CallWorldBuilder& world) {
                std::vector<Leg> legs;
                for (const LegResult result : results) {
                    legs.push_back(to_bob(world)
                                       .at("13:00:00", "", "13:00:10")
                                       .result(result)
                                       .sequence(legs.size())
                                       .leg());
                }
                return legs;
            },
            std::move(summary), std::move(parts)};
}

Case in_dialplan(std::string name, const std::string& dialled, const std::string& application,
                 std::string_view answer, std::string summary) {
    const std::string answered(answer);
    return {std::move(name),
            [=](CallWorldBuilder& world) {
                return std::vector{
                    to_app(world, dialled, application).at("13:00:00", answered, "13:00:12").leg()};
            },
            std::move(summary),
            {}};
}

Case dialled_out(std::string name, LegResult result, std::string summary, std::string part) {
    return {std::move(name),
            [result](CallWorldBuilder& world) {
                return std::vector{out(world).at("13:00:00", "", "13:00:10").result(result).leg()};
            },
            std::move(summary),
            {std::move(part)}};
}

INSTANTIATE_TEST_SUITE_P(
    Legs, Disposition,
    testing::Values(
        unanswered("nobody_took_it", {LegResult::no_answer},
                   "inbound no_answer talk 0 wait 10 missed",
                   {"m-1 at bob ring_no_answer ring 10 talk 0"}),
        unanswered("a_ringing_device_speaks_before_a_busy_one",
                   {LegResult::busy, LegResult::no_answer},
                   "inbound no_answer talk 0 wait 10 missed",
                   {"m-1 at bob ring_no_answer ring 10 talk 0"}),
        unanswered("busy_speaks_before_failed", {LegResult::failed, LegResult::busy},
                   "inbound busy talk 0 wait 10 missed", {"m-1 at bob busy ring 0 talk 0"}),
        unanswered("failed_speaks_before_congestion", {LegResult::congestion, LegResult::failed},
                   "inbound unreachable talk 0 wait 10 missed",
                   {"m-1 at bob unreachable ring 0 talk 0"}),
        unanswered("congestion", {LegResult::congestion},
                   "inbound congestion talk 0 wait 10 missed",
                   {"m-1 at bob unreachable ring 0 talk 0"}),
        unanswered("rejected", {LegResult::rejected}, "inbound rejected talk 0 wait 10 missed",
                   {"m-1 at bob rejected ring 10 talk 0"}),
        unanswered("the_caller_gave_up", {LegResult::no_answer, LegResult::cancel},
                   "inbound abandoned_ringing talk 0 wait 10 missed",
                   {"m-1 at bob ring_no_answer ring 10 talk 0"}),
        in_dialplan("gave_up_in_the_queue", "800", "Queue", "13:00:00",
                    "inbound abandoned_queue talk 0 wait 12 missed"),
        in_dialplan("gave_up_in_the_menu", "700", "BackGround", "13:00:00",
                    "inbound abandoned_ivr talk 0 wait 0 ivr 12"),
        in_dialplan("gave_up_before_anything", "500", "NoOp", "",
                    "inbound abandoned_ivr talk 0 wait 0 ivr 12"),
        in_dialplan("left_a_message", "8500", "VoiceMail", "13:00:00",
                    "inbound voicemail talk 0 wait 0 missed"),
        in_dialplan("a_mailbox_that_did_not_answer", "8500", "VoiceMail", "",
                    "inbound abandoned_ivr talk 0 wait 0"),
        dialled_out("client_did_not_answer", LegResult::no_answer, "outbound no_answer talk 0",
                    "m-1 at bob ring_no_answer ring 10 talk 0"),
        dialled_out("client_is_busy", LegResult::busy, "outbound busy talk 0",
                    "m-1 at bob busy ring 0 talk 0"),
        dialled_out("client_is_unreachable", LegResult::failed, "outbound failed talk 0",
                    "m-1 at bob unreachable ring 0 talk 0"),
        dialled_out("lines_are_congested", LegResult::congestion, "outbound congestion talk 0",
                    "m-1 at bob unreachable ring 0 talk 0"),
        dialled_out("manager_hung_up_first", LegResult::cancel, "outbound cancelled talk 0",
                    "m-1 at bob caller_gave_up ring 10 talk 0"),
        Case{"connected_for_less_than_a_second",
             [](CallWorldBuilder& world) {
                 return std::vector{to_bob(world).at("13:00:00", "13:00:09", "13:00:09.999").leg()};
             },
             "inbound answered_zero talk 0.999 wait 9",
             {"m-1 at bob answered ring 9 talk 0.999"}},
        Case{
            "a_second_in_two_pieces_is_an_answer",
            [](CallWorldBuilder& world) {
                return std::vector{
                    to_bob(world).at("13:00:00", "13:00:09", "13:00:09.500").leg(),
                    to_charlie(world).at("13:00:10", "13:00:12", "13:00:12.500").leg()};
            },
            "inbound answered talk 1 wait 9",
            {"m-1 at bob answered ring 9 talk 0.500", "m-2 at charlie answered ring 2 talk 0.500"}},
        Case{"a_waiting_of_less_than_five_seconds_is_short",
             [](CallWorldBuilder& world) {
                 return std::vector{to_bob(world).at("13:00:00", "", "13:00:04.999").leg()};
             },
             "inbound no_answer talk 0 wait 4.999 short",
             {"m-1 at bob ring_no_answer ring 4.999 talk 0"}},
        Case{"a_waiting_of_five_seconds_is_a_miss",
             [](CallWorldBuilder& world) {
                 return std::vector{to_bob(world).at("13:00:00", "", "13:00:05").leg()};
             },
             "inbound no_answer talk 0 wait 5 missed",
             {"m-1 at bob ring_no_answer ring 5 talk 0"}},
        Case{
            "waiting_leaves_the_menus_out",
            [](CallWorldBuilder& world) {
                return std::vector{
                    to_app(world, "700", "BackGround").at("13:00:00", "13:00:00", "13:00:12").leg(),
                    queued(world, "SIP/bob").at("13:00:12", "", "13:00:40").leg(),
                    to_app(world, "700", "Playback").at("13:00:40", "13:00:40", "13:00:50").leg(),
                    queued(world, "SIP/charlie").at("13:00:50", "13:01:00", "13:02:00").leg()};
            },
            "inbound answered talk 60 wait 38 ivr 12",
            {"m-1 at bob ring_no_answer ring 28 talk 0",
             "m-2 at charlie answered ring 10 talk 60 qualified"}}),
    [](const auto& tested) { return tested.param.name; });

kpi::AssembledCall missed_call(CallWorldBuilder& world, std::string dialled,
                               std::string_view number) {
    return assemble({LegBuilder(world, std::string(number), std::move(dialled))
                         .to("SIP/bob")
                         .at("13:00:00", "", "13:00:30")
                         .leg()},
                    world.world());
}

TEST(MissedOwner, IsTheManagerDialledElseTheClientsOwnerElseTheQueuesTeam) {
    CallWorldBuilder world = office();
    const kpi::AssembledCall dialled = missed_call(world, "300", "100");
    EXPECT_EQ(dialled.owner, charlie);  // which device rang decides nothing
    EXPECT_EQ(dialled.owner_own_team, north);
    EXPECT_EQ(dialled.client, romashka);
    EXPECT_EQ(missed_call(world, "800", "100").owner, bob);
    const kpi::AssembledCall of_group = missed_call(world, "800", "555");
    EXPECT_TRUE(of_group.owned);
    EXPECT_EQ(of_group.owner, Manager{});
    EXPECT_EQ(of_group.owner_team, north);
    world.endpoint(EndpointKind::queue, "801", charlie, south);
    const kpi::AssembledCall of_a_queue = missed_call(world, "801", "555");
    EXPECT_EQ(of_a_queue.owner, Manager{});  // nobody was dialled personally
    EXPECT_EQ(of_a_queue.owner_team, south);
    const kpi::AssembledCall of_nobody = missed_call(world, "190", "555");
    EXPECT_TRUE(of_nobody.missed);
    EXPECT_EQ(of_nobody.owner, Manager{});
    EXPECT_EQ(of_nobody.owner_team, Team{});
}

TEST(MissedOwner, OfAnAnsweredCallThereIsNone) {
    CallWorldBuilder world = office();
    const kpi::AssembledCall call =
        assemble({to_bob(world).at("13:00:00", "13:00:30", "13:01:00").leg()}, world.world());
    EXPECT_FALSE(call.owned);
    EXPECT_EQ(call.owner, Manager{});
}

TEST(Closed, NeedsAnAnnouncementOutsideTheHoursOfTheQueuesTeam) {
    const auto disposition = [](CallWorldBuilder& world, std::string dialled) {
        return assemble({to_app(world, std::move(dialled), "Playback")
                             .at("20:00:00", "20:00:00", "20:00:12")
                             .leg()},
                        world.world())
            .disposition;
    };
    CallWorldBuilder world = office();
    EXPECT_EQ(disposition(world, "700"), kpi::Disposition::abandoned_ivr);  // no calendar
    world.calendar({}, 9, 18);
    EXPECT_EQ(disposition(world, "700"), kpi::Disposition::closed);
    EXPECT_EQ(disposition(world, "800"), kpi::Disposition::abandoned_queue);
    world.endpoint(EndpointKind::ivr, "701", Manager{}, south);
    EXPECT_EQ(disposition(world, "701"), kpi::Disposition::closed);
    world.calendar(south, 9, 21);
    EXPECT_EQ(disposition(world, "701"), kpi::Disposition::abandoned_ivr);
    EXPECT_TRUE(
        assemble({to_app(world, "700", "Playback").at("20:00:00", "20:00:00", "20:00:12").leg()},
                 world.world())
            .owned);
}
}  // namespace
