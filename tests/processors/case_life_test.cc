// The life of one missed case. Proved, event by event in time: which of them resolves it, which are
// its own, which begins the next; that whatever is answered first decides, not what started first;
// and, over seeded lives, that an event of which `may_change` says no leaves the case as it is.

#include "processors/case_life.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

namespace processors {

namespace {

using What = CaseEvent::What;
using kpi::CaseState;

base::UtcMillis minute(std::int64_t number) {
    return base::from_ms(number * 60'000);
}

CaseEvent event(What what, std::int64_t at, std::int64_t done_at) {
    CaseEvent one;
    one.what = what;
    one.at = minute(at);
    one.done_at = minute(done_at);
    one.kind = what == What::wrote || what == What::replied ? 3 : 1;
    one.native_id = std::to_string(at);
    return one;
}

/// A case from minute 10 to 11, due at 100 if it is; what comes is taken, the rest is counted.
struct Life {
    CaseLife life;
    std::size_t refused = 0;

    explicit Life(std::optional<base::UtcMillis> due = minute(100))
        : life(event(What::missed, 10, 11), due) {}
    Life& then(const CaseEvent& one) {
        refused += life.takes(one) ? 0U : 1U;
        return *this;
    }
    kpi::MissedCase at(std::int64_t log_minute) const {
        return life.row(minute(log_minute), refused != 0).missed;
    }
};

TEST(CaseLife, IsAttemptedThenReturned) {
    Life life;
    life.then(event(What::called, 10, 10));  // before the missed call was over
    EXPECT_EQ(life.at(20).state, CaseState::open);
    life.then(event(What::called, 11, 11)).then(event(What::missed, 15, 16));
    EXPECT_EQ(life.at(20).state, CaseState::attempted);
    EXPECT_EQ(life.at(20).attempted_at, minute(11));
    life.then(event(What::reached, 20, 21));
    EXPECT_EQ(life.at(20).state, CaseState::returned);
    EXPECT_EQ(life.at(20).resolved_at, minute(21));
    EXPECT_EQ(life.at(20).attempted_at, minute(11));
    EXPECT_EQ(life.refused, 0U);
    life.then(event(What::missed, 21, 22));
    EXPECT_EQ(life.refused, 1U);
}

TEST(CaseLife, IsResolvedByWhatIsAnsweredFirst) {
    Life life;
    life.then(event(What::reached, 20, 30)).then(event(What::answered, 22, 23));
    EXPECT_EQ(life.at(40).state, CaseState::recovered);
    EXPECT_EQ(life.at(40).resolved_at, minute(23));
    EXPECT_EQ(life.at(40).attempted_at, minute(20));
}

TEST(CaseLife, IsRecoveredByAReplyToWhatTheClientWrote) {
    Life life;
    life.then(event(What::replied, 12, 12));
    EXPECT_EQ(life.at(40).state, CaseState::open);
    life.then(event(What::wrote, 13, 13)).then(event(What::replied, 14, 14));
    EXPECT_EQ(life.at(40).state, CaseState::recovered);
    EXPECT_EQ(life.at(40).resolved_at, minute(14));
}

TEST(CaseLife, ExpiresWhenLogTimeIsThere) {
    Life life;
    EXPECT_EQ(life.at(99).state, CaseState::open);
    EXPECT_EQ(life.at(100).state, CaseState::expired);
    EXPECT_EQ(Life(std::nullopt).at(1'000'000).state, CaseState::open);
    life.then(event(What::answered, 101, 102));  // he helps himself: the case stays lost
    EXPECT_EQ(life.at(200).state, CaseState::expired);
    life.then(event(What::reached, 100, 101));
    EXPECT_EQ(life.at(200).state, CaseState::returned_late);
    EXPECT_EQ(Life().then(event(What::reached, 99, 100)).at(200).state, CaseState::returned);
}

TEST(CaseLife, EndsWhereTheNextBegins) {
    Life life;
    life.then(event(What::missed, 100, 101));
    EXPECT_EQ(life.refused, 0U);
    life.then(event(What::missed, 101, 102));
    EXPECT_EQ(life.refused, 1U);
    EXPECT_EQ(life.at(50).state, CaseState::expired);  // received before log time was there
}

/// The case of these events, up to the next one.
kpi::MissedCase story(std::vector<CaseEvent> events) {
    std::ranges::sort(
        events, {}, [](const CaseEvent& one) { return std::tuple(one.at, one.what, one.done_at); });
    Life life;
    for (const CaseEvent& one : events) {
        if (life.refused == 0) {
            life.then(one);
        }
    }
    return life.at(1'000);
}

TEST(MayChange, SaysNoOnlyOfWhatChangesNothing) {
    std::mt19937 chance(7);
    std::size_t silent = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::vector<CaseEvent> events;
        const std::size_t count = chance() % 5;
        for (std::size_t i = 0; i <= count; ++i) {
            const auto what = static_cast<What>(chance() % 6);
            const auto at = static_cast<std::int64_t>(10 + chance() % 110);
            const bool lasts =
                what == What::missed || what == What::reached || what == What::answered;
            events.push_back(event(what, at, at + (lasts ? static_cast<int>(chance() % 9) : 0)));
        }
        const kpi::MissedCase with = story(events);
        const CaseEvent one = events.back();
        events.pop_back();
        const kpi::MissedCase without = story(events);
        if (!may_change(without, one)) {
            EXPECT_EQ(with, without) << "comes in round " << round;
            ++silent;
        }
        if (!may_change(with, one)) {
            EXPECT_EQ(with, without) << "goes in round " << round;
        }
    }
    EXPECT_GT(silent, 5'000U);
}

}  // namespace

}  // namespace processors
