// Proves norms and pace. How: named cases by hand; 100,000 random instants of random calendars,
// absences and norms against fractions of any size over a walk of single minutes.
#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>

#include "kpi/pace.h"

namespace {

using base::Millis;
using base::UtcMillis;
using kpi::Pace;
using kpi::PaceQuestion;
using kpi::Polarity;
using kpi::Ratio;
using kpi::Status;
using Fraction = boost::multiprecision::cpp_rational;
using boost::multiprecision::cpp_int;

UtcMillis at(std::string_view text) {
    return kpi::parse_instant(text).value();
}

kpi::PeriodTime hours(int scheduled, int worked, int elapsed) {
    return {std::chrono::hours{scheduled}, std::chrono::hours{worked}, std::chrono::hours{elapsed}};
}

Fraction fraction(const Ratio& ratio) {
    return {cpp_int(base::to_decimal(ratio.num)), cpp_int(base::to_decimal(ratio.den))};
}

std::string text(const std::optional<Ratio>& ratio) {
    return ratio ? fraction(*ratio).str() : "none";
}

TEST(Pace, IsBehindAfterTwoOfEightHours) {
    const Pace found =
        kpi::pace_of({.actual = Ratio{6, 1}, .norm = {30, 1}, .time = hours(8, 8, 2)});
    EXPECT_EQ(text(found.norm), "30");
    EXPECT_EQ(text(found.expected), "15/2");
    EXPECT_EQ(text(found.attainment), "1/5");
    EXPECT_EQ(text(found.pace), "4/5");
    EXPECT_EQ(text(found.projected), "24");
    EXPECT_EQ(text(found.required_rate), "4");
    EXPECT_EQ(text(found.deviation), "-3/2");
    EXPECT_EQ(found.status, Status::warn);
}

TEST(Pace, WithoutCalendarNothingIsKnown) {
    const Pace found = kpi::pace_of({.actual = Ratio{6, 1}, .norm = {30, 1}, .time = {}});
    EXPECT_EQ(text(found.norm) + text(found.expected) + text(found.pace), "nonenonenone");
    EXPECT_EQ(found.status, Status::insufficient);
}

TEST(Pace, OfADayOffIsUndefinedAndOfAnUnknownActualToo) {
    const Pace off = kpi::pace_of({.actual = Ratio{6, 1}, .norm = {30, 1}, .time = hours(8, 0, 0)});
    EXPECT_EQ(text(off.norm), "0");
    EXPECT_EQ(text(off.attainment), "none");
    EXPECT_EQ(off.status, Status::insufficient);
    const Pace unknown = kpi::pace_of({.actual = {}, .norm = {30, 1}, .time = hours(8, 8, 4)});
    EXPECT_EQ(text(unknown.norm), "30");
    EXPECT_EQ(text(unknown.deviation), "none");
    EXPECT_EQ(unknown.status, Status::insufficient);
}

TEST(Pace, TurnsAtItsThresholds) {
    const auto status = [](std::int64_t actual, Polarity polarity) {
        return kpi::pace_of({.actual = Ratio{actual, 1},
                             .norm = {200, 1},
                             .polarity = polarity,
                             .time = hours(8, 8, 4)})
            .status;
    };
    EXPECT_EQ(status(90, Polarity::higher), Status::ok);
    EXPECT_EQ(status(89, Polarity::higher), Status::warn);
    EXPECT_EQ(status(75, Polarity::band), Status::warn);
    EXPECT_EQ(status(74, Polarity::higher), Status::breach);
    EXPECT_EQ(status(0, Polarity::higher), Status::breach);
    EXPECT_EQ(status(0, Polarity::lower), Status::ok);
    EXPECT_EQ(status(111, Polarity::lower), Status::ok);
    EXPECT_EQ(status(112, Polarity::lower), Status::warn);
    EXPECT_EQ(status(134, Polarity::lower), Status::breach);
}

TEST(Pace, NeedsEvidence) {
    const auto status = [](std::int64_t norm, int elapsed) {
        return kpi::pace_of(
                   {.actual = Ratio{0, 1}, .norm = {norm, 1}, .time = hours(40, 40, elapsed)})
            .status;
    };
    EXPECT_EQ(status(13, 3), Status::insufficient);  // 0.975 of an action, 7.5 % of the time
    EXPECT_EQ(status(14, 3), Status::breach);
    EXPECT_EQ(status(1, 3), Status::insufficient);
    EXPECT_EQ(status(1, 4), Status::breach);  // a tenth
}

TEST(Pace, OfARatioIsNotSpreadOverThePeriod) {
    const Pace found = kpi::pace_of(
        {.actual = Ratio{3, 4}, .norm = {9, 10}, .is_spread = false, .time = hours(8, 8, 2)});
    EXPECT_EQ(text(found.expected), "9/10");
    EXPECT_EQ(text(found.pace), "5/6");
    EXPECT_EQ(text(found.projected), "3/4");
    EXPECT_EQ(text(found.required_rate), "none");
    EXPECT_EQ(found.status, Status::warn);
}

/// The same from fractions of any size.
struct Brute {
    Fraction actual, value, all, worked, elapsed;
    bool is_lower = false;
    Fraction norm() const {
        if (all == 0) {
            return 0;
        }
        return value * worked / all;
    }
    Fraction expected() const {
        if (worked == 0) {
            return 0;
        }
        return norm() * elapsed / worked;
    }
    Status status() const {
        if (expected() == 0 || (expected() < 1 && elapsed / worked < Fraction(1, 10))) {
            return Status::insufficient;
        }
        const Fraction pace = actual / expected();
        if (is_lower && pace == 0) {
            return Status::ok;
        }
        const Fraction share = is_lower ? Fraction(1 / pace) : pace;
        return share < Fraction(3, 4)    ? Status::breach
               : share < Fraction(9, 10) ? Status::warn
                                         : Status::ok;
    }
};

/// A week's working minutes of somebody, and of whom nobody keeps from work.
struct Week {
    std::vector<bool> scheduled = std::vector<bool>(7 * 1440);
    std::vector<bool> worked = scheduled;
};

kpi::Intervals intervals_of(const std::vector<bool>& minutes, UtcMillis start) {
    kpi::Intervals found;
    for (std::size_t i = 0; i < minutes.size(); ++i) {
        if (minutes[i]) {
            const UtcMillis minute = start + std::chrono::minutes{static_cast<int>(i)};
            found.push_back({minute, minute + std::chrono::minutes{1}});
        }
    }
    return kpi::united(found);
}

Week random_week(std::mt19937_64& random) {
    Week week;
    const auto away = random() % 7;
    for (std::size_t day = 0; day < 7; ++day) {
        const std::size_t from = random() % 700;
        const std::size_t until = from + random() % 700;
        for (std::size_t minute = from; minute < until; ++minute) {
            week.scheduled[day * 1440 + minute] = true;
            week.worked[day * 1440 + minute] = day != away;
        }
    }
    return week;
}

std::int64_t ms_of(const std::vector<bool>& minutes, std::int64_t until_ms) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < minutes.size(); ++i) {
        const auto start = static_cast<std::int64_t>(i) * 60'000;
        if (minutes[i] && start < until_ms) {
            sum += std::min<std::int64_t>(60'000, until_ms - start);
        }
    }
    return sum;
}

TEST(Pace, EqualsFractionsOverSingleMinutesAtRandomInstants) {
    std::mt19937_64 random(30);
    const UtcMillis start = at("2026-11-02T00:00:00Z");
    constexpr std::int64_t week_ms = std::int64_t{7} * 86'400'000;
    for (int world = 0; world < 400; ++world) {
        const Week week = random_week(random);
        const kpi::WorkingTime scheduled(intervals_of(week.scheduled, start));
        const kpi::WorkingTime worked(intervals_of(week.worked, start));
        Brute brute;
        brute.all = ms_of(week.scheduled, week_ms);
        brute.worked = ms_of(week.worked, week_ms);
        for (int i = 0; i < 250; ++i) {
            const auto instant = static_cast<std::int64_t>(random() % week_ms);
            const Ratio norm{static_cast<std::int64_t>(random() % 1'000'000),
                             random() % 2 == 0 ? 1 : 1'000'000};
            const Ratio actual{static_cast<std::int64_t>(random() % 100'000),
                               random() % 2 == 0 ? 1 : 1000};
            brute.elapsed = ms_of(week.worked, instant);
            brute.actual = fraction(actual);
            brute.value = fraction(norm);
            brute.is_lower = random() % 4 == 0;
            const UtcMillis when = start + Millis{instant};
            const Pace found = kpi::pace_of(
                {.actual = actual,
                 .norm = norm,
                 .polarity = brute.is_lower ? Polarity::lower : Polarity::higher,
                 .time = kpi::PeriodTime{scheduled.total(), worked.total(), worked.before(when)}});
            ASSERT_EQ(fraction(*found.norm), brute.norm());
            ASSERT_EQ(fraction(*found.expected), brute.expected());
            const Fraction deviation = brute.actual - brute.expected();
            ASSERT_EQ(fraction(*found.deviation),
                      brute.is_lower ? Fraction(-deviation) : deviation);
            ASSERT_EQ(found.attainment.has_value(), brute.norm() != 0);
            ASSERT_EQ(found.pace.has_value(), brute.expected() != 0);
            ASSERT_EQ(found.status, brute.status());
            if (brute.elapsed != 0) {
                ASSERT_EQ(fraction(*found.projected), brute.actual * brute.worked / brute.elapsed);
            }
            if (brute.worked > brute.elapsed) {
                ASSERT_EQ(
                    fraction(*found.required_rate),
                    (brute.norm() - brute.actual) * 3'600'000 / (brute.worked - brute.elapsed));
            }
        }
    }
}

kpi::NormEntry norm(std::int64_t value, kpi::Aim aim,
                    std::string_view from = "2020-01-01T00:00:00Z") {
    kpi::NormEntry entry;
    entry.kpi = "calls_out";
    entry.value = {value, 1};
    entry.aim = std::move(aim);
    entry.validity.from = at(from);
    return entry;
}

TEST(Norms, TheNearestSpeaksThenAPlanThenTheLatest) {
    const kpi::Manager bob(1);
    const kpi::Team north(2);
    const kpi::Whom whom{bob, "senior", north};
    kpi::Norms norms;
    const auto speaks = [&] {
        const auto found = norms.in_force(whom, at("2026-11-02T00:00:00Z"));
        return found.size() == 1 ? base::to_decimal(found.front()->value.num) : "not one";
    };
    norms.put("a", norm(10, {}));
    EXPECT_EQ(speaks(), "10");
    norms.put("b", norm(20, {.manager = {}, .role = {}, .team = north}));
    EXPECT_EQ(speaks(), "20");
    norms.put("c", norm(30, {.manager = {}, .role = "senior", .team = {}}));
    EXPECT_EQ(speaks(), "30");
    norms.put("d", norm(40, {.manager = bob, .role = {}, .team = {}}));
    EXPECT_EQ(speaks(), "40");
    norms.put("e", norm(50, {.manager = bob, .role = {}, .team = {}}, "2026-01-01T00:00:00Z"));
    EXPECT_EQ(speaks(), "50");
    norms.put("f", norm(60, {.manager = bob, .role = {}, .team = {}}, "2027-01-01T00:00:00Z"));
    EXPECT_EQ(speaks(), "50");
    kpi::NormEntry plan = norm(70, {.manager = bob, .role = {}, .team = {}});
    plan.is_plan = true;
    norms.put("g", plan);
    EXPECT_EQ(speaks(), "70");
    kpi::NormEntry of_class = norm(5, {});
    of_class.client_class = "A";
    norms.put("h", of_class);
    EXPECT_EQ(norms.in_force(whom, at("2026-11-02T00:00:00Z")).size(), 2U);
    EXPECT_TRUE(norms.has_own(bob));
    EXPECT_FALSE(norms.has_own(kpi::Manager(9)));
}

TEST(Norms, ANewcomerHasAShareOfIt) {
    kpi::NormEntry entry = norm(30, {});
    entry.ramp = {{30, {1, 2}}, {60, {3, 4}}};
    const UtcMillis since = at("2026-10-01T00:00:00Z");
    EXPECT_EQ(entry.share(since, at("2026-10-30T23:59:59Z")), (Ratio{1, 2}));
    EXPECT_EQ(entry.share(since, at("2026-10-31T00:00:00Z")), (Ratio{3, 4}));
    EXPECT_EQ(entry.share(since, at("2026-12-01T00:00:00Z")), (Ratio{1, 1}));
    EXPECT_EQ(entry.share(base::since_ever, at("2026-10-02T00:00:00Z")), (Ratio{1, 1}));
}

TEST(Grain, APeriodHoldsItsInstant) {
    const kpi::Zone moscow = kpi::Zone::find("Europe/Moscow").value();
    const UtcMillis when = at("2026-11-04T22:30:00Z");  // Thursday the 5th in Moscow
    const auto period = [&](kpi::Grain grain) {
        const kpi::Interval found = kpi::period_of(grain, moscow, when);
        return kpi::render(found.from) + " " + kpi::render(found.until);
    };
    EXPECT_EQ(period(kpi::Grain::day), "2026-11-04T21:00:00.000Z 2026-11-05T21:00:00.000Z");
    EXPECT_EQ(period(kpi::Grain::week), "2026-11-01T21:00:00.000Z 2026-11-08T21:00:00.000Z");
    EXPECT_EQ(period(kpi::Grain::month), "2026-10-31T21:00:00.000Z 2026-11-30T21:00:00.000Z");
}

}  // namespace
