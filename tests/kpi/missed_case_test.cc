// What a missed case gives. Proved for every state: one case counts once as returned, recovered or
// expired, or as none of these; the miss, its expiry and its time are the owner's, an answer is
// theirs who gave it; all stand at the first missed call and in its segment.

#include "kpi/missed_case.h"

#include <gtest/gtest.h>

#include <string>

namespace {

using kpi::CaseState;
using kpi::Kpi;

kpi::MissedCase sample(CaseState state) {
    kpi::MissedCase one;
    one.first_at = base::from_ms(1'000);
    one.first_ended_at = base::from_ms(31'000);
    one.owner = kpi::Manager{1};
    one.owner_team = kpi::Team{9};
    one.owner_own_team = kpi::Team{2};
    one.segment = kpi::Segment::existing;
    one.state = state;
    one.resolver = kpi::Manager{5};
    one.resolver_team = kpi::Team{6};
    return one;
}

/// `kpi manager/team=value`, joined by blanks.
std::string given(const kpi::MissedCase& one) {
    std::string text;
    for (const kpi::Contribution& gift : kpi::contributions(one)) {
        EXPECT_EQ(gift.at, one.first_at);
        EXPECT_EQ(gift.segment, one.segment);
        text += std::string(text.empty() ? "" : " ") + std::string(kpi::info(gift.kpi).id) + " " +
                std::to_string(gift.manager.value()) + "/" + std::to_string(gift.team.value()) +
                "=" + std::to_string(gift.value);
    }
    return text;
}

TEST(MissedCase, GivesByItsState) {
    const std::string miss = "missed_cases 1/2=1";
    EXPECT_EQ(given(sample(CaseState::open)), miss);
    EXPECT_EQ(given(sample(CaseState::attempted)), miss);
    EXPECT_EQ(given(sample(CaseState::returned)), miss + " callbacks_returned 5/6=1");
    EXPECT_EQ(given(sample(CaseState::recovered)), miss + " callbacks_recovered 5/6=1");
    EXPECT_EQ(given(sample(CaseState::expired)), miss + " callbacks_expired 1/2=1");
    EXPECT_EQ(given(sample(CaseState::returned_late)), miss + " callbacks_expired 1/2=1");
}

TEST(MissedCase, GivesTheTimeToContactAlsoWhenItIsNone) {
    kpi::MissedCase one = sample(CaseState::returned_late);
    one.contact = base::Millis{0};
    one.owner = kpi::Manager{};
    EXPECT_EQ(given(one), "missed_cases 0/9=1 callbacks_expired 0/9=1 callback_seconds 0/9=0");
}

TEST(CaseStates, ReadAsTheyAreWritten) {
    for (const CaseState state :
         {CaseState::open, CaseState::attempted, CaseState::returned, CaseState::recovered,
          CaseState::expired, CaseState::returned_late}) {
        EXPECT_EQ(kpi::case_state_of(kpi::to_string(state)), state);
    }
    EXPECT_EQ(kpi::case_state_of("lost"), std::nullopt);
}

}  // namespace
