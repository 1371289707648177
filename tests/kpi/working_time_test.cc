// Proves working time: calendars, breaks, holidays, shifts over midnight, days of 23, 24 and 25
// hours, days without midnight. How: by hand for named cases; and against a walk over every minute,
// for every zone of the tz database and 2,000 random calendars, in windows at changes of the clock
// and elsewhere between 1990 and 2037.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>

#include "kpi/calendars.h"

namespace {

using base::UtcMillis;
using kpi::CalendarEntry;
using kpi::WorkingTime;
using kpi::Zone;
using std::chrono::minutes;

UtcMillis at(std::string_view text) {
    return kpi::parse_instant(text).value();
}

Zone zone(const std::string& name) {
    return Zone::find(name).value();
}

/// Every zone and link of the database but `Factory`, which is no place.
std::vector<std::string> zone_names() {
    std::vector<std::string> names;
    std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string kind;
        std::string first;
        std::string second;
        words >> kind >> first >> second;
        if (kind == "Z" && first != "Factory") {
            names.push_back(first);
        } else if (kind == "L") {
            names.push_back(second);
        }
    }
    return names;
}

/// The clock on the wall at every minute of a window, and what follows from it by walking.
class MinuteWalk {
public:
    MinuteWalk(const Zone& zone, UtcMillis from, UtcMillis until) : from_(from) {
        for (UtcMillis minute = from; minute < until; minute += minutes{1}) {
            const auto wall = zone.local(minute).time_since_epoch();
            first_.try_emplace(wall, minute);
            walls_.push_back(wall);
        }
    }
    /// The first minute that shows this; of a wall clock that never stood there, what would have
    /// been shown had the clock not been put forward. nullopt outside the window.
    std::optional<UtcMillis> instant(base::Millis wall) const {
        if (const auto found = first_.find(wall); found != first_.end()) {
            return found->second;
        }
        for (std::size_t i = 1; i < walls_.size(); ++i) {
            if (walls_[i - 1] < wall && wall < walls_[i]) {
                return from_ + minutes{static_cast<int>(i) - 1} + (wall - walls_[i - 1]);
            }
        }
        return std::nullopt;
    }
    /// Days of which every minute up to two days later lies in the window.
    std::vector<std::chrono::local_days> days() const {
        std::vector<std::chrono::local_days> found;
        const auto first = std::chrono::ceil<std::chrono::days>(walls_.front());
        const auto last = std::chrono::floor<std::chrono::days>(walls_.back());
        for (auto day = first; day + std::chrono::days{2} <= last; day += std::chrono::days{1}) {
            found.emplace_back(day);
        }
        return found;
    }

private:
    UtcMillis from_;
    std::vector<base::Millis> walls_;
    std::map<base::Millis, UtcMillis> first_;
};

CalendarEntry random_calendar(std::mt19937_64& random) {
    CalendarEntry calendar;
    for (auto& day : calendar.hours) {
        int minute = static_cast<int>(random() % 600);
        for (int shifts = static_cast<int>(random() % 4); shifts > 0 && minute < 1440; --shifts) {
            const int end = minute + 1 + static_cast<int>(random() % 700);
            day.emplace_back(minute, end);
            minute = end + static_cast<int>(random() % 300);
        }
    }
    return calendar;
}

/// A window of five days in which the clock changes, when a year from `start` on has one.
UtcMillis near_a_change(const Zone& zone, UtcMillis start) {
    for (int day = 0; day < 366; ++day) {
        const UtcMillis one = start + std::chrono::days{day};
        if (zone.offset(one) != zone.offset(one + std::chrono::days{1})) {
            return one - std::chrono::days{2};
        }
    }
    return start;
}

UtcMillis random_start(std::mt19937_64& random) {
    const auto first = at("1990-01-01T00:00:00Z");
    const auto days = (at("2036-12-01T00:00:00Z") - first) / std::chrono::days{1};
    return first + std::chrono::days{static_cast<int>(random() % static_cast<unsigned>(days))};
}

/// How many minutes of the window the two disagree about.
int differences(const CalendarEntry& calendar, const Zone& zone, UtcMillis start) {
    const UtcMillis end = start + std::chrono::days{5};
    const MinuteWalk walk(zone, start, end);
    // Every day whose hours are known in full; what lies between the first and the last is
    // compared.
    std::vector<bool> works(static_cast<std::size_t>((end - start) / minutes{1}));
    const auto days = walk.days();
    const UtcMillis from =
        walk.instant(days.front().time_since_epoch() + std::chrono::days{1}).value_or(start);
    const UtcMillis until = walk.instant(days.back().time_since_epoch()).value_or(end);
    for (const auto day : days) {
        const std::chrono::year_month_day date{day};
        if (std::count(calendar.holidays.begin(), calendar.holidays.end(), date) != 0) {
            continue;
        }
        const std::chrono::weekday weekday{day};
        for (const auto& [first, last] : calendar.hours[weekday.iso_encoding() - 1]) {
            const auto begins = walk.instant(day.time_since_epoch() + minutes{first});
            const auto ends = walk.instant(day.time_since_epoch() + minutes{last});
            for (UtcMillis minute = begins.value_or(end); minute < ends.value_or(end);
                 minute += minutes{1}) {
                works[static_cast<std::size_t>((minute - start) / minutes{1})] = true;
            }
        }
    }
    const WorkingTime ours(kpi::hours_of(calendar, zone, from, until));
    int different = 0;
    base::Millis sum{0};
    for (UtcMillis minute = from; minute < until; minute += minutes{1}) {
        const bool is_working = works[static_cast<std::size_t>((minute - start) / minutes{1})];
        different += ours.holds(minute) != is_working || ours.before(minute) != sum ? 1 : 0;
        sum += is_working ? minutes{1} : minutes{0};
    }
    return different + (ours.total() == sum ? 0 : 1);
}

TEST(WorkingTime, EqualsAWalkOverEveryMinuteInEveryZone) {
    std::mt19937_64 random(20261130);
    const std::vector<std::string> names = zone_names();
    ASSERT_GT(names.size(), 500U);
    int compared = 0;
    for (int round = 0; compared < 2000; ++round) {
        for (const std::string& name : names) {
            const auto found = Zone::find(name);
            ASSERT_TRUE(found) << name;
            CalendarEntry calendar = random_calendar(random);
            UtcMillis start = random_start(random);
            if (round % 2 == 0) {
                start = near_a_change(found.value(), start);
            }
            calendar.holidays = {found.value().day_of(start + std::chrono::days{1 + round % 3})};
            ASSERT_EQ(differences(calendar, found.value(), start), 0)
                << name << " from " << kpi::render(start);
            ++compared;
        }
    }
}

CalendarEntry every_day(int from, int until) {
    CalendarEntry calendar;
    for (auto& day : calendar.hours) {
        day = {{from, until}};
    }
    return calendar;
}

base::Millis of_day(const CalendarEntry& calendar, const std::string& name, std::string_view day) {
    const Zone where = zone(name);
    const auto date = kpi::parse_date(day).value();
    return kpi::length(kpi::hours_of(calendar, where, where.day_start(date),
                                     where.day_start(kpi::days_after(date, 1))));
}

TEST(WorkingTime, OfWholeDaysIsAsLongAsTheDayIs) {
    const CalendarEntry all_day = every_day(0, 24 * 60);
    const auto hours = [&](const std::string& name, std::string_view day) {
        return of_day(all_day, name, day) / std::chrono::hours{1};
    };
    EXPECT_EQ(hours("Europe/Berlin", "2025-03-30"), 23);
    EXPECT_EQ(hours("Europe/Berlin", "2025-10-26"), 25);
    EXPECT_EQ(hours("America/New_York", "2026-03-08"), 23);
    EXPECT_EQ(hours("Africa/Cairo", "2025-04-25"), 23);
    EXPECT_EQ(hours("America/Santiago", "2025-09-07"), 23);
    EXPECT_EQ(hours("Asia/Almaty", "2024-02-29"), 25);
    EXPECT_EQ(hours("Europe/Volgograd", "2020-12-27"), 25);
    EXPECT_EQ(hours("Europe/Saratov", "2016-12-04"), 23);
    EXPECT_EQ(hours("Europe/Moscow", "2026-11-02"), 24);
}

TEST(WorkingTime, AShiftGoesOnAfterMidnight) {
    const CalendarEntry night = every_day(22 * 60, 30 * 60);
    EXPECT_EQ(of_day(night, "Europe/Moscow", "2026-11-02"), std::chrono::hours{8});
    EXPECT_EQ(of_day(night, "Europe/Berlin", "2025-03-30"), std::chrono::hours{7});
    EXPECT_EQ(of_day(night, "Europe/Berlin", "2025-10-26"), std::chrono::hours{9});
}

TEST(WorkingTime, KnowsHowMuchOfItLiesBeforeAnInstant) {
    const WorkingTime time({{at("2026-11-02T09:00:00Z"), at("2026-11-02T13:00:00Z")},
                            {at("2026-11-02T14:00:00Z"), at("2026-11-02T18:00:00Z")}});
    EXPECT_EQ(time.total(), std::chrono::hours{8});
    EXPECT_EQ(time.before(at("2026-11-02T08:00:00Z")), base::Millis{0});
    EXPECT_EQ(time.before(at("2026-11-02T13:30:00Z")), std::chrono::hours{4});
    EXPECT_EQ(time.before(at("2026-11-02T14:00:00.001Z")), std::chrono::hours{4} + base::Millis{1});
    EXPECT_EQ(time.before(at("2026-11-03T14:00:00Z")), std::chrono::hours{8});
    EXPECT_TRUE(time.holds(at("2026-11-02T14:00:00Z")));
    EXPECT_FALSE(time.holds(at("2026-11-02T13:00:00Z")));
    EXPECT_EQ(WorkingTime({}).before(at("2026-11-02T14:00:00Z")), base::Millis{0});
}

TEST(Calendars, ANewOneSpeaksFromItsFirstInstant) {
    kpi::Calendars calendars;
    calendars.put("a", every_day(9 * 60, 17 * 60));
    CalendarEntry summer = every_day(9 * 60, 13 * 60);
    summer.validity = {at("2026-11-03T21:00:00Z"), at("2026-11-05T21:00:00Z")};
    calendars.put("b", summer);
    const auto hours = calendars.hours({}, zone("Europe/Moscow"), at("2026-11-01T21:00:00Z"),
                                       at("2026-11-08T21:00:00Z"));
    ASSERT_TRUE(hours);
    EXPECT_EQ(kpi::length(*hours), std::chrono::hours{5 * 8 + 2 * 4});
    calendars.erase("a");
    const auto only = calendars.hours({}, zone("Europe/Moscow"), at("2026-11-01T21:00:00Z"),
                                      at("2026-11-08T21:00:00Z"));
    ASSERT_TRUE(only);
    EXPECT_EQ(kpi::length(*only), std::chrono::hours{8});
    EXPECT_EQ(calendars.hours({}, zone("Europe/Moscow"), at("2026-12-01T00:00:00Z"),
                              at("2026-12-02T00:00:00Z")),
              std::nullopt);
}

}  // namespace
