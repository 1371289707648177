// What an assembled call gives, rule by rule of the credit table (domain.md 10): which KPI, to
// whom, how much. A call is written as its row; what it gives is written as text and compared
// whole.

#include "kpi/contribution.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using kpi::AssembledCall;
using kpi::Direction;
using kpi::Disposition;
using kpi::Kpi;
using kpi::Manager;
using kpi::OfferResult;
using kpi::Participation;
using kpi::Team;
using std::chrono::seconds;

constexpr Manager bob{1};
constexpr Manager charlie{2};
constexpr Team north{1};
constexpr Team south{2};

Participation spoke(Manager manager, Team team, seconds talk) {
    Participation one;
    one.manager = manager;
    one.team = team;
    one.result = OfferResult::answered;
    one.connected = true;
    one.talk = talk;
    one.ring = seconds{7};
    one.qualified = talk >= seconds{60};
    one.touch = talk >= seconds{10};
    return one;
}

Participation rang(Manager manager, Team team, OfferResult result) {
    Participation one;
    one.manager = manager;
    one.team = team;
    one.result = result;
    one.ring = seconds{9};
    return one;
}

AssembledCall call(Direction direction, Disposition disposition) {
    AssembledCall made;
    made.direction = direction;
    made.disposition = disposition;
    made.started_at = base::from_ms(1'000'000);
    made.ended_at = base::from_ms(1'100'000);
    made.number = kpi::Subject{5};
    made.segment = kpi::Segment::fresh;
    return made;
}

/// `calls_in 1/1 1`: the KPI, manager/team, value; of a contact set the member.
std::vector<std::string> given(const AssembledCall& made) {
    std::vector<std::string> lines;
    for (const kpi::Contribution& one : kpi::contributions(made)) {
        EXPECT_EQ(one.at, made.started_at);
        EXPECT_EQ(one.segment, made.segment);
        lines.push_back(std::string(kpi::info(one.kpi).id) + " " +
                        std::to_string(one.manager.value()) + "/" +
                        std::to_string(one.team.value()) + " " + std::to_string(one.value) +
                        (one.member != 0 ? " of " + std::to_string(one.member >> 32U) + ":" +
                                               std::to_string(one.member & 0xFFFFFFFFU)
                                         : ""));
    }
    return lines;
}

using Lines = std::vector<std::string>;

TEST(Contributions, AnAnsweredCallGivesEachParticipationItsOwn) {
    AssembledCall made = call(Direction::inbound, Disposition::answered);
    made.wait = seconds{12};
    made.participations = {spoke(bob, north, seconds{20}), spoke(charlie, south, seconds{60})};
    made.participations[0].hold = seconds{30};
    EXPECT_EQ(
        given(made),
        (Lines{"calls_in 1/1 1", "calls_in 2/2 1", "calls_in_answered 1/1 1",
               "calls_in_answered 2/2 1", "calls_qualified 2/2 1", "calls_qualified_in 2/2 1",
               "talk_seconds 1/1 20000", "talk_seconds 2/2 60000", "talk_seconds_in 1/1 20000",
               "talk_seconds_in 2/2 60000", "ring_seconds 1/1 7000", "ring_seconds 2/2 7000",
               "wait_seconds 1/1 12000", "hold_seconds 1/1 30000", "contacts_unique 1/1 1 of 2:5",
               "contacts_unique 2/2 1 of 2:5", "touches 1/1 1", "touches 2/2 1"}));
}

TEST(Contributions, ZeroSecondsAreAnsweredAndNoConversation) {
    AssembledCall made = call(Direction::inbound, Disposition::answered_zero);
    made.wait = seconds{3};
    made.participations = {spoke(bob, north, seconds{0}),
                           rang(charlie, south, OfferResult::answered_elsewhere)};
    EXPECT_EQ(given(made),
              (Lines{"calls_in 1/1 1", "calls_in_answered 1/1 1", "ring_seconds 1/1 7000",
                     "ring_seconds 2/2 9000", "wait_seconds 1/1 3000"}));
}

TEST(Contributions, WhoWasOnlyConsultedCountsForNothing) {
    AssembledCall made = call(Direction::inbound, Disposition::answered);
    made.participations = {spoke(bob, north, seconds{5}),
                           rang(charlie, south, OfferResult::answered)};
    for (const std::string& line : given(made)) {
        EXPECT_EQ(line.find("2/2"), std::string::npos) << line;
    }
}

TEST(Contributions, AMissIsItsOwnersAlone) {
    AssembledCall made = call(Direction::inbound, Disposition::no_answer);
    made.missed = true;
    made.owned = true;
    made.wait = seconds{20};
    made.participations = {rang(bob, north, OfferResult::ring_no_answer),
                           rang(charlie, south, OfferResult::busy)};
    made.participations[1].ring = seconds{0};
    made.owner_team = south;
    EXPECT_EQ(given(made),
              (Lines{"calls_in 0/2 1", "calls_missed 0/2 1", "ring_seconds 1/1 9000"}));
    made.owner = charlie;
    made.owner_team = Team{};
    made.owner_own_team = north;
    EXPECT_EQ(given(made),
              (Lines{"calls_in 2/1 1", "calls_missed 2/1 1", "ring_seconds 1/1 9000"}));
}

TEST(Contributions, AShortAbandonGivesNeitherMissNorCall) {
    AssembledCall made = call(Direction::inbound, Disposition::abandoned_ringing);
    made.short_abandon = true;
    made.wait = seconds{2};
    EXPECT_EQ(given(made), Lines{});
}

TEST(Contributions, ClosedIsCountedApartFromCallsIn) {
    AssembledCall made = call(Direction::inbound, Disposition::closed);
    made.owned = true;
    made.owner_team = north;
    EXPECT_EQ(given(made), (Lines{"calls_missed_after_hours 0/1 1"}));
}

TEST(Contributions, AnAttemptIsTheOriginatorsAndTalkIsWhoseItWas) {
    AssembledCall made = call(Direction::outbound, Disposition::answered);
    made.client = kpi::Client{8};
    made.originator = bob;
    made.originator_team = north;
    made.participations = {spoke(bob, north, seconds{9}), spoke(charlie, south, seconds{61})};
    EXPECT_EQ(given(made),
              (Lines{"calls_out 1/1 1", "calls_out_answered 1/1 1", "calls_qualified 2/2 1",
                     "calls_qualified_out 2/2 1", "talk_seconds 1/1 9000", "talk_seconds 2/2 61000",
                     "talk_seconds_out 1/1 9000", "talk_seconds_out 2/2 61000",
                     "ring_seconds 1/1 7000", "ring_seconds 2/2 7000",
                     "contacts_unique 1/1 1 of 1:8", "contacts_unique 2/2 1 of 1:8",
                     "contacts_attempted 1/1 1 of 1:8", "touches 2/2 1"}));
}

TEST(Contributions, AZeroSecondConnectIsAnAttemptAndNoConnect) {
    AssembledCall made = call(Direction::outbound, Disposition::answered_zero);
    made.originator = bob;
    made.number = kpi::Subject{};
    EXPECT_EQ(given(made), (Lines{"calls_out 1/0 1"}));
}

TEST(Contributions, AnAnonymousPartyIsNoContact) {
    AssembledCall made = call(Direction::inbound, Disposition::answered);
    made.number = kpi::Subject{};
    made.anonymous = true;
    made.segment = kpi::Segment::none;
    made.participations = {spoke(bob, north, seconds{20})};
    for (const std::string& line : given(made)) {
        EXPECT_EQ(line.find("contacts"), std::string::npos) << line;
    }
}

TEST(Contributions, WhatIsNoSalesCallGivesNothing) {
    const auto nothing = [](AssembledCall made) {
        made.participations = {spoke(bob, north, seconds{100})};
        made.missed = true;
        return kpi::contributions(made).empty();
    };
    EXPECT_TRUE(nothing(call(Direction::internal, Disposition::answered)));
    EXPECT_TRUE(nothing(call(Direction::transit, Disposition::answered)));
    EXPECT_TRUE(nothing(call(Direction::inbound, Disposition::blocked)));
    AssembledCall open = call(Direction::inbound, Disposition::answered);
    open.ended_at = std::nullopt;
    EXPECT_TRUE(nothing(open));
    EXPECT_FALSE(nothing(call(Direction::inbound, Disposition::answered)));
}

TEST(Member, ClientAndNumberNeverMeet) {
    EXPECT_EQ(kpi::member_of(kpi::Client{3}, kpi::Subject{4}), (1ULL << 32U) | 3U);
    EXPECT_EQ(kpi::member_of(kpi::Client{}, kpi::Subject{3}), (2ULL << 32U) | 3U);
    EXPECT_EQ(kpi::member_of(kpi::Client{}, kpi::Subject{}), 0U);
}

TEST(Words, EveryDispositionAndDirectionComesBackFromItsWord) {
    for (int number = 1; number <= 18; ++number) {
        const auto disposition = static_cast<Disposition>(number);
        EXPECT_EQ(kpi::disposition_of(kpi::to_string(disposition)), disposition);
    }
    for (int number = 1; number <= 4; ++number) {
        const auto direction = static_cast<Direction>(number);
        EXPECT_EQ(kpi::direction_of(kpi::to_string(direction)), direction);
    }
    EXPECT_EQ(kpi::disposition_of("Answered"), std::nullopt);
    EXPECT_EQ(kpi::direction_of(""), std::nullopt);
    EXPECT_EQ(kpi::to_string(kpi::Segment::fresh), "new");
    EXPECT_EQ(kpi::to_string(OfferResult::answered_elsewhere), "answered_elsewhere");
}

TEST(Words, QualityFlagsStandInTheOrderOfTheirNames) {
    for (int number = 1; number <= 8; ++number) {
        EXPECT_LT(kpi::to_string(static_cast<kpi::Quality>(number - 1)),
                  kpi::to_string(static_cast<kpi::Quality>(number)));
    }
}

}  // namespace
