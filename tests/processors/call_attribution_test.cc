// Whose a call is: the directory of the instant of each offer (golden case 18), the client, the
// team, the originator; what a source states of a whole call; which legs are one call (golden case
// 12); its history.

#include "processors/call_assembly.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/processors/call_builder.h"

namespace {

using kpi::EndpointKind;
using kpi::Manager;
using processors::Leg;
using processors::LegParty;
using processors_test::bob;
using processors_test::bob_to_charlie;
using processors_test::CallWorldBuilder;
using processors_test::charlie;
using processors_test::clock;
using processors_test::LegBuilder;
using processors_test::Lines;
using processors_test::north;
using processors_test::office;
using processors_test::out;
using processors_test::queued;
using processors_test::south;
using processors_test::to_bob;
using processors_test::to_charlie;

std::vector<Leg> blind_transfer(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:11:48").sequence(1).leg(),
            to_charlie(world).at("13:11:48", "13:11:53", "13:12:53").sequence(2).leg()};
}
std::vector<Leg> attended_transfer(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:12:18").billed(50).leg(),
            bob_to_charlie(world).at("13:11:48", "13:11:53", "13:12:18").billed(26).leg(),
            to_charlie(world).at("13:12:18", "13:12:18", "13:12:53").billed(45).leg()};
}

std::vector<Leg> blonde_transfer(CallWorldBuilder& world) {
    return {to_bob(world).at("13:11:18", "13:11:28", "13:12:18").leg(),
            bob_to_charlie(world).at("13:11:48", "", "13:11:50").leg(),
            to_charlie(world).at("13:11:50", "13:11:55", "13:12:30").leg()};
}

kpi::AssembledCall missed_call(CallWorldBuilder& world, std::string dialled,
                               std::string_view number) {
    return assemble({LegBuilder(world, std::string(number), std::move(dialled))
                         .to("SIP/bob")
                         .at("13:00:00", "", "13:00:30")
                         .leg()},
                    world.world());
}
TEST(Assembly, AnEndpointBelongsToWhoHadItWhenItWasOffered) {
    CallWorldBuilder world = office();
    const base::UtcMillis noon = clock("12:00:00");
    world.endpoint(EndpointKind::extension, "101", bob, {}, {base::since_ever, noon});
    world.endpoint(EndpointKind::extension, "101", charlie, {}, {noon, base::for_ever});
    const auto offered = [&world](std::string_view start, std::string_view answer,
                                  std::string_view end) {
        return LegBuilder(world, "100", "101").to("SIP/101").at(start, answer, end).leg();
    };
    const auto before = assemble({offered("11:55:00", "11:55:10", "12:05:00")}, world.world());
    EXPECT_EQ(processors_test::parts(before, world),
              (Lines{"m-1 at 101 answered ring 10 talk 590 qualified"}));
    const auto both = assemble({to_bob(world).at("11:55:00", "11:55:10", "12:01:00").leg(),
                                offered("12:01:00", "12:01:10", "12:05:00")},
                               world.world());
    EXPECT_EQ(processors_test::parts(both, world),
              (Lines{"m-1 at bob answered ring 10 talk 350 qualified",
                     "m-2 at 101 answered ring 10 talk 230 qualified"}));
}

TEST(Assembly, SeveralEntriesOfAnAddressAreFlagged) {
    CallWorldBuilder world = office();
    world.endpoint(EndpointKind::extension, "bob", charlie, {},
                   {clock("10:00:00"), base::for_ever});
    const auto call =
        assemble({to_bob(world).at("13:00:00", "13:00:10", "13:00:20").leg()}, world.world());
    EXPECT_EQ(call.participations.at(0).manager, charlie);
    EXPECT_EQ(processors_test::flags(call), (Lines{"ambiguous_endpoint"}));
}

TEST(Assembly, ABilledTimeOfMoreThanTwoSecondsBesideIsFlagged) {
    CallWorldBuilder world = office();
    const auto flags = [&world](std::int64_t billed) {
        return processors_test::flags(
            assemble({to_bob(world).at("13:00:00", "13:00:10", "13:00:30").billed(billed).leg()},
                     world.world()));
    };
    EXPECT_EQ(flags(22), Lines{});
    EXPECT_EQ(flags(18), Lines{});
    EXPECT_EQ(flags(23), (Lines{"duration_mismatch"}));
    EXPECT_EQ(flags(17), (Lines{"duration_mismatch"}));
}

TEST(Assembly, SeveralClientsOfANumberAreFlagged) {
    CallWorldBuilder world = office();
    world.client(kpi::Client{3}, charlie, "100", {clock("10:00:00"), base::for_ever});
    const auto call = missed_call(world, "800", "100");
    EXPECT_EQ(call.client, kpi::Client{3});
    EXPECT_EQ(call.owner, charlie);
    EXPECT_EQ(processors_test::flags(call), (Lines{"ambiguous_client"}));
}

TEST(Assembly, AnAnonymousCallerHasNoSegmentAndNoNumber) {
    CallWorldBuilder world = office();
    const auto anonymous = missed_call(world, "800", "");
    EXPECT_TRUE(anonymous.anonymous);
    EXPECT_EQ(anonymous.number, kpi::Subject{});
    EXPECT_EQ(anonymous.segment, kpi::Segment::none);
    EXPECT_EQ(missed_call(world, "800", "555").segment, kpi::Segment::fresh);
    EXPECT_EQ(missed_call(world, "800", "100").segment, kpi::Segment::existing);
}

TEST(Assembly, AnOpenLegKeepsTheCallOpen) {
    CallWorldBuilder world = office();
    std::vector<Leg> legs = blind_transfer(world);
    legs.back().open = true;
    const auto call = assemble(legs, world.world());
    EXPECT_EQ(call.ended_at, std::nullopt);
    EXPECT_FALSE(call.participations.at(1).qualified);
    EXPECT_TRUE(kpi::contributions(call).empty());
}

TEST(Assembly, TheTeamOfAParticipationWithoutManagerIsTheEndpointsElseTheQueues) {
    CallWorldBuilder world = office();
    const auto by = [&world](std::string peer) {
        return assemble(
            {queued(world, std::move(peer)).at("13:00:00", "13:00:10", "13:00:20").leg()},
            world.world());
    };
    EXPECT_EQ(by("SIP/190").participations.at(0).team, south);
    EXPECT_EQ(by("SIP/109").participations.at(0).team, north);
}

TEST(Assembly, ABlondeTransferGivesTheCreditOfItsGoldenCase) {
    CallWorldBuilder world = office();
    std::int64_t talk = 0;
    std::size_t credited = 0;
    for (const kpi::Contribution& one :
         kpi::contributions(assemble(blonde_transfer(world), world.world()))) {
        talk += one.kpi == kpi::Kpi::talk_seconds ? one.value : 0;
        credited += one.kpi == kpi::Kpi::calls_in ? 1 : 0;
    }
    EXPECT_EQ(talk, 55'000);
    EXPECT_EQ(credited, 2U);
}

TEST(Assembly, AnAttemptIsCreditedToWhoDialled) {
    CallWorldBuilder world = office();
    const auto call =
        assemble({out(world).at("13:00:00", "13:00:10", "13:00:40").leg()}, world.world());
    EXPECT_EQ(call.originator, bob);
    EXPECT_EQ(call.originator_team, north);
    EXPECT_EQ(world.text(call.dialled), "+74951234567");
    EXPECT_EQ(world.text(call.number), "+74951234567");
}

/// One summary of a whole call: an inbound one to Bob's extension.
Leg stated_leg(CallWorldBuilder& world, std::string_view answer, std::string_view end) {
    Leg leg = LegBuilder(world, "100", "200").app("").at("13:00:00", answer, end).leg();
    leg.is_cdr = false;
    leg.caller = {};
    leg.caller.number = "100";
    leg.caller.number_subject = world.subject("100");
    leg.called = LegParty{};
    leg.called->address = "200";
    leg.called->has_number = false;
    leg.called->company = true;
    leg.stated = processors::StatedCall{};
    leg.stated->direction = kpi::Direction::inbound;
    return leg;
}

TEST(StatedCall, IsItsSourcesDirectionAndDisposition) {
    CallWorldBuilder world = office();
    Leg leg = stated_leg(world, "13:00:10", "13:01:10");
    const auto answered = assemble({leg}, world.world());
    EXPECT_EQ(processors_test::summary(answered), "inbound answered talk 60 wait 10");
    EXPECT_EQ(answered.ivr, std::nullopt);
    EXPECT_EQ(answered.participations.at(0).consult, std::nullopt);
    leg.stated->disposition = kpi::Disposition::machine;
    leg.stated->direction = kpi::Direction::outbound;
    const auto machine = assemble({leg}, world.world());
    EXPECT_EQ(machine.disposition, kpi::Disposition::machine);
    EXPECT_EQ(machine.answered_at, std::nullopt);
    EXPECT_EQ(machine.talk, base::Millis{0});
    leg.stated->disposition = kpi::Disposition::blocked;
    EXPECT_TRUE(kpi::contributions(assemble({leg}, world.world())).empty());
}

TEST(StatedCall, WhoHungUpDecidesBetweenAbandonedAndNoAnswer) {
    CallWorldBuilder world = office();
    Leg leg = stated_leg(world, "", "13:00:03");
    EXPECT_EQ(processors_test::summary(assemble({leg}, world.world())),
              "inbound no_answer talk 0 wait 3 missed");
    leg.stated->hung_up_by_caller = true;
    EXPECT_EQ(processors_test::summary(assemble({leg}, world.world())),
              "inbound abandoned_ringing talk 0 wait 3 short");
}

TEST(StatedCall, AStatedManagerOwnsTheMissAndIsFlaggedWhenNeverDeclared) {
    CallWorldBuilder world = office();
    constexpr Manager stranger{9};
    Leg leg = stated_leg(world, "", "13:00:30");
    leg.called->manager = stranger;
    leg.stated->manager = stranger;
    const auto call = assemble({leg}, world.world());
    EXPECT_EQ(call.owner, stranger);
    EXPECT_EQ(processors_test::flags(call), (Lines{"undeclared"}));
    leg.called->manager = charlie;
    leg.stated->manager = charlie;
    EXPECT_EQ(processors_test::flags(assemble({leg}, world.world())), Lines{});
}

TEST(StatedCall, LegsBesideItSayMore) {
    CallWorldBuilder world = office();
    std::vector<Leg> legs = blind_transfer(world);
    legs.push_back(stated_leg(world, "13:00:10", "13:59:10"));
    const auto call = assemble(legs, world.world());
    EXPECT_EQ(call.started_at, clock("13:11:18"));
    EXPECT_EQ(processors_test::summary(call), "inbound answered talk 80 wait 10");
}

TEST(StatedCall, AnEventsEndpointMatchesADidInNormalForm) {
    CallWorldBuilder world = office();
    Leg leg = stated_leg(world, "13:00:10", "13:01:10");
    leg.called->address = "8 (903) 555-00-01";
    leg.called->number = "+79035550001";
    EXPECT_EQ(assemble({leg}, world.world()).participations.at(0).manager, charlie);
}

TEST(Correlation, TwoCallsThreeSecondsApartStayTwo) {
    CallWorldBuilder world = office();
    const std::vector<Leg> legs{
        to_bob(world).at("13:00:00", "", "13:00:02").linked("1").channel("1").leg(),
        to_bob(world).at("13:00:03", "13:00:05", "13:01:05").linked("4").channel("4").leg()};
    using Groups = std::vector<std::vector<std::size_t>>;
    EXPECT_EQ(processors::correlate(legs), (Groups{{0}, {1}}));
}

TEST(Correlation, ASharedChannelJoinsGroupsTransitively) {
    CallWorldBuilder world = office();
    const auto leg = [&world](std::string linked, std::string channel) {
        return to_bob(world).linked(std::move(linked)).channel(std::move(channel)).leg();
    };
    using Groups = std::vector<std::vector<std::size_t>>;
    EXPECT_EQ(processors::correlate(
                  {leg("a", "1"), leg("x", "9"), leg("b", "2"), leg("c", "1"), leg("b", "1")}),
              (Groups{{0, 2, 3, 4}, {1}}));
    EXPECT_EQ(processors::correlate({}), Groups{});
}

TEST(Timeline, ShowsRingAnswerHoldConsultationAndEnd) {
    CallWorldBuilder world = office();
    Lines lines;
    for (const processors::TimelineStep& step : timeline(attended_transfer(world), world.world())) {
        lines.push_back(kpi::render(step.at).substr(11, 8) + ' ' + step.what + ' ' + step.endpoint);
    }
    EXPECT_EQ(lines,
              (Lines{"13:11:18 ring bob", "13:11:28 answer bob", "13:11:48 hold bob",
                     "13:11:48 ring charlie", "13:11:53 answer bob", "13:11:53 answer charlie",
                     "13:11:53 consult bob", "13:11:53 consult charlie", "13:12:18 answer charlie",
                     "13:12:18 end bob", "13:12:18 end charlie", "13:12:18 ring charlie",
                     "13:12:53 end charlie"}));
}

}  // namespace