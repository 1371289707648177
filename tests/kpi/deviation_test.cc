// Proves when somebody is behind: the instants at which deviations open, worsen, ease and end. How:
// a named day by hand; and worlds of random working times, norms, steps and rules, of some thousand
// milliseconds, against a walk over every one of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "kpi/deviation.h"

namespace {

using base::Millis;
using base::UtcMillis;
using kpi::DeviationChange;
using kpi::DeviationNorm;
using kpi::DeviationRules;
using kpi::Polarity;
using kpi::Ratio;
using kpi::Severity;
using kpi::WorkingTime;

UtcMillis at(std::int64_t ms) {
    return base::from_ms(ms);
}

/// What was done from an instant on, all together.
struct Step {
    UtcMillis at{};
    Ratio actual;
};

struct World : DeviationNorm {
    std::vector<Step> steps;  ///< by rising instant; before the first nothing was done
};

/// The changes of a world before `until`. Between any two stretches the judge is made anew of its
/// state, as one is that goes on after a restart.
std::vector<DeviationChange> deviations(const World& world, const DeviationRules& rules,
                                        UtcMillis until) {
    const UtcMillis end = std::min(until, world.period.until);
    kpi::DeviationState state;
    std::vector<DeviationChange> changes;
    const auto judged = [&](const auto& act) {
        kpi::DeviationJudge judge(world, rules, state);
        act(judge);
        for (const DeviationChange& one : judge.take_changes()) {
            changes.push_back(one);
        }
        state = judge.state();
    };
    Ratio actual;
    UtcMillis from = world.period.from;
    for (const Step& step : world.steps) {
        const UtcMillis next = std::clamp(step.at, from, end);
        judged([&](auto& judge) { judge.run(actual, from, next); });
        from = next;
        actual = step.actual;
    }
    judged([&](auto& judge) {
        judge.run(actual, from, end);
        if (until >= world.period.until) {
            judge.end(world.period.until);
        }
    });
    return changes;
}

bool is_less(const Ratio& a, const Ratio& b) {
    return a.num * b.den < b.num * a.den;
}

/// The same by looking at every millisecond.
std::vector<DeviationChange> walked(const World& question, const DeviationRules& rules,
                                    UtcMillis until) {
    std::vector<DeviationChange> changes;
    Severity severity = Severity::none;
    int warn_for = 0;
    int breach_for = 0;
    const auto above = [&](const Ratio& one) {
        return Ratio{one.num * rules.margin.den + rules.margin.num * one.den,
                     one.den * rules.margin.den};
    };
    const UtcMillis end = std::min(until, question.period.until);
    for (UtcMillis now = question.period.from; now < end; now += Millis{1}) {
        Ratio actual;
        for (const Step& step : question.steps) {
            actual = step.at <= now ? step.actual : actual;
        }
        const kpi::Pace pace =
            kpi::pace_of({.actual = actual,
                          .norm = question.norm,
                          .polarity = question.polarity,
                          .is_spread = question.is_spread,
                          .time = kpi::PeriodTime{question.scheduled, question.worked->total(),
                                                  question.worked->before(now)},
                          .min_expected = rules.min_expected});
        const bool is_known = pace.status != kpi::Status::insufficient;
        Ratio share{1'000'000, 1};
        if (is_known && question.polarity != Polarity::lower) {
            share = *pace.pace;
        } else if (is_known && pace.pace->num > 0) {
            share = {pace.pace->den, pace.pace->num};
        }
        warn_for = is_known && is_less(share, rules.warn) ? warn_for + 1 : 0;
        breach_for = is_known && is_less(share, rules.breach) ? breach_for + 1 : 0;
        const Severity before = severity;
        if (severity == Severity::none && warn_for > rules.dwell.count()) {
            severity = Severity::warn;
        }
        if (breach_for > rules.dwell.count()) {
            severity = Severity::breach;
        }
        if (severity == Severity::breach && !(is_known && is_less(share, above(rules.breach)))) {
            severity = Severity::warn;
        }
        if (severity == Severity::warn && !(is_known && is_less(share, above(rules.warn)))) {
            severity = Severity::none;
        }
        if (severity != before) {
            changes.push_back({now, severity});
        }
    }
    if (until >= question.period.until && severity != Severity::none) {
        changes.push_back({question.period.until, Severity::none});
    }
    return changes;
}

std::string text(const std::vector<DeviationChange>& changes) {
    std::string out;
    for (const DeviationChange& one : changes) {
        out +=
            std::to_string(base::to_ms(one.at)) + " " + std::string(to_string(one.severity)) + "; ";
    }
    return out;
}

kpi::Intervals random_hours(std::mt19937_64& random, std::int64_t length) {
    kpi::Intervals hours;
    for (int i = 0; i < 4; ++i) {
        const auto from = static_cast<std::int64_t>(random() % static_cast<unsigned>(length));
        const auto long_for = static_cast<std::int64_t>(random() % static_cast<unsigned>(length));
        hours.push_back({at(from), at(std::min(length, from + long_for))});
    }
    return kpi::united(hours);
}

TEST(Deviations, AreFoundWhereAWalkOverEveryMillisecondFindsThem) {
    std::mt19937_64 random(7);
    int with_changes = 0;
    for (int world = 0; world < 1500; ++world) {
        constexpr std::int64_t length = 2000;
        const WorkingTime worked(random_hours(random, length));
        World question;
        question.period = {at(0), at(length)};
        question.norm = {static_cast<std::int64_t>(random() % 60), random() % 3 == 0 ? 7 : 1};
        question.polarity = random() % 3 == 0 ? Polarity::lower : Polarity::higher;
        question.is_spread = random() % 8 != 0;
        question.scheduled = worked.total() + Millis{static_cast<int>(random() % 300)};
        question.worked = &worked;
        if (question.scheduled.count() == 0) {
            continue;
        }
        std::int64_t done = 0;
        for (std::int64_t now = static_cast<std::int64_t>(random() % 200); now < length;
             now += 1 + static_cast<std::int64_t>(random() % 200)) {
            done = std::max<std::int64_t>(0, done + static_cast<std::int64_t>(random() % 6) - 1);
            question.steps.push_back({at(now), {done, 1}});
        }
        DeviationRules rules;
        rules.dwell = Millis{static_cast<int>(random() % 150)};
        const UtcMillis until =
            at(random() % 2 == 0 ? length : static_cast<int>(random() % length));
        const auto found = deviations(question, rules, until);
        ASSERT_EQ(text(found), text(walked(question, rules, until))) << "world " << world;
        with_changes += found.empty() ? 0 : 1;
    }
    EXPECT_GT(with_changes, 500);
}

TEST(Deviations, OfADayWithoutCallsOpenWhenItHasLasted) {
    constexpr std::int64_t hour = 3'600'000;
    const WorkingTime worked({{at(9 * hour), at(13 * hour)}, {at(14 * hour), at(18 * hour)}});
    World question;
    question.period = {at(0), at(24 * hour)};
    question.norm = {32, 1};
    question.scheduled = std::chrono::hours{8};
    question.worked = &worked;
    // One call is expected after a quarter of an hour; ten minutes later it is a deviation.
    EXPECT_EQ(text(deviations(question, {}, at(24 * hour))),
              std::to_string(9 * hour + 25 * 60'000) + " breach; " + std::to_string(24 * hour) +
                  " none; ");
    // Twelve calls at ten: three hours' worth.  Behind again below 0.9 of what is expected: after
    // more than 12 / 0.9 / 4 hours of work, ten minutes later; below 0.75 after four hours.
    question.steps = {{at(10 * hour), {12, 1}}};
    EXPECT_EQ(text(deviations(question, {}, at(13 * hour))),
              std::to_string(9 * hour + 25 * 60'000) + " breach; " + std::to_string(10 * hour) +
                  " none; " + std::to_string(12 * hour + 30 * 60'000 + 1) + " warn; ");
}

}  // namespace
