// Local time: golden case 16 (days of 23, 24 and 25 hours, days without midnight), the instants
// that a wall clock may mean, and the texts of instants and dates. Expected instants were taken
// from another implementation of the tz database (Python's zoneinfo).

#include "kpi/local_time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using kpi::Zone;
using std::chrono::year_month_day;

Zone zone(std::string_view name) {
    return Zone::find(name).value();
}
year_month_day date(std::string_view text) {
    return kpi::parse_date(text).value();
}
base::UtcMillis at(std::string_view text) {
    return kpi::parse_instant(text).value();
}

std::chrono::local_time<base::Millis> wall(std::string_view day, int hour, int minute) {
    return std::chrono::local_days{date(day)} + std::chrono::hours{hour} +
           std::chrono::minutes{minute} + base::Millis{0};
}

std::vector<std::string> rendered(const std::vector<base::UtcMillis>& instants) {
    std::vector<std::string> texts;
    for (const base::UtcMillis one : instants) {
        texts.push_back(kpi::render(one));
    }
    return texts;
}

struct Day {
    std::string name;
    std::string zone;
    std::string date;
    int minutes;
    std::string start;
};

class BusinessDay : public testing::TestWithParam<Day> {};

TEST_P(BusinessDay, StartsAtItsFirstInstantAndLastsToTheNext) {
    const Zone here = zone(GetParam().zone);
    const year_month_day day = date(GetParam().date);
    const base::UtcMillis start = here.day_start(day);
    const base::UtcMillis next = here.day_start(kpi::days_after(day, 1));
    EXPECT_EQ(kpi::render(start, here), GetParam().start);
    EXPECT_EQ(next - start, std::chrono::minutes{GetParam().minutes});
    if (next > start) {
        EXPECT_EQ(here.day_of(start), day);
        EXPECT_EQ(here.day_of(next - base::Millis{1}), day);
        EXPECT_EQ(here.day_of(start - base::Millis{1}), kpi::days_after(day, -1));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Zones, BusinessDay,
    testing::Values(
        Day{"berlin_spring", "Europe/Berlin", "2025-03-30", 1380, "2025-03-30T00:00:00.000+01:00"},
        Day{"berlin_autumn", "Europe/Berlin", "2025-10-26", 1500, "2025-10-26T00:00:00.000+02:00"},
        Day{"new_york", "America/New_York", "2026-03-08", 1380, "2026-03-08T00:00:00.000-05:00"},
        Day{"cairo_has_no_midnight", "Africa/Cairo", "2025-04-25", 1380,
            "2025-04-25T01:00:00.000+03:00"},
        Day{"santiago_has_no_midnight", "America/Santiago", "2025-09-07", 1380,
            "2025-09-07T01:00:00.000-03:00"},
        Day{"almaty", "Asia/Almaty", "2024-02-29", 1500, "2024-02-29T00:00:00.000+06:00"},
        Day{"volgograd", "Europe/Volgograd", "2020-12-27", 1500, "2020-12-27T00:00:00.000+04:00"},
        Day{"saratov", "Europe/Saratov", "2016-12-04", 1380, "2016-12-04T00:00:00.000+03:00"},
        Day{"lord_howe_half_an_hour", "Australia/Lord_Howe", "2025-10-05", 1410,
            "2025-10-05T00:00:00.000+10:30"},
        Day{"moscow", "Europe/Moscow", "2026-11-02", 1440, "2026-11-02T00:00:00.000+03:00"},
        Day{"kathmandu", "Asia/Kathmandu", "2026-11-10", 1440, "2026-11-10T00:00:00.000+05:45"},
        Day{"apia_left_a_day_out", "Pacific/Apia", "2011-12-30", 0,
            "2011-12-31T00:00:00.000+14:00"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Zone, AWallClockMeansNoneOneOrTwoInstants) {
    using Texts = std::vector<std::string>;
    const Zone berlin = zone("Europe/Berlin");
    EXPECT_EQ(rendered(berlin.candidates(wall("2025-10-26", 2, 30))),
              (Texts{"2025-10-26T00:30:00.000Z", "2025-10-26T01:30:00.000Z"}));
    EXPECT_EQ(rendered(berlin.candidates(wall("2025-10-26", 3, 0))),
              (Texts{"2025-10-26T02:00:00.000Z"}));
    EXPECT_EQ(rendered(berlin.candidates(wall("2025-03-30", 2, 30))), Texts{});
    EXPECT_EQ(rendered(berlin.candidates(wall("2025-03-30", 3, 0))),
              (Texts{"2025-03-30T01:00:00.000Z"}));
    EXPECT_EQ(rendered(zone("Africa/Cairo").candidates(wall("2025-04-25", 0, 30))), Texts{});
    EXPECT_EQ(rendered(zone("Asia/Almaty").candidates(wall("2024-02-29", 23, 30))),
              (Texts{"2024-02-29T17:30:00.000Z", "2024-02-29T18:30:00.000Z"}));
    EXPECT_EQ(rendered(zone("Europe/Moscow").candidates(wall("2026-11-02", 10, 0))),
              (Texts{"2026-11-02T07:00:00.000Z"}));
}

TEST(Zone, ASkippedWallClockMovesWithTheClock) {
    const Zone berlin = zone("Europe/Berlin");
    EXPECT_EQ(kpi::render(berlin.first_instant(wall("2025-03-30", 2, 30)), berlin),
              "2025-03-30T03:30:00.000+02:00");
    EXPECT_EQ(kpi::render(berlin.first_instant(wall("2025-10-26", 2, 30)), berlin),
              "2025-10-26T02:30:00.000+02:00");
}

TEST(Zone, EveryHalfHourOfAYearComesBackFromItsWallClock) {
    for (const char* const name : {"Europe/Berlin", "America/Santiago", "Asia/Almaty",
                                   "Australia/Lord_Howe", "Africa/Casablanca"}) {
        const Zone here = zone(name);
        for (base::UtcMillis hour = at("2024-02-01T00:00:00Z"); hour < at("2025-03-01T00:00:00Z");
             hour += std::chrono::minutes{30}) {
            const auto found = here.candidates(here.local(hour));
            ASSERT_EQ(std::count(found.begin(), found.end(), hour), 1) << kpi::render(hour, here);
            ASSERT_LE(found.size(), 2U);
            ASSERT_EQ(here.local(found.front()), here.local(found.back()));
        }
    }
}

TEST(Zone, UnknownNamesAreRefused) {
    EXPECT_EQ(Zone::find("Mars/Olympus").error().code(), base::ErrorCode::invalid);
    EXPECT_FALSE(Zone::find("").has_value());
    EXPECT_EQ(zone("Europe/Berlin").name(), "Europe/Berlin");
    EXPECT_EQ(zone("Europe/Berlin"), zone("Europe/Berlin"));
    EXPECT_FALSE(zone("Europe/Berlin") == zone("Europe/Paris"));
}

TEST(ZoneData, IsCompleteOnThisMachine) {
    EXPECT_TRUE(kpi::check_zone_data().has_value());
    EXPECT_NE(kpi::zone_data_version(), "");
}

struct Text {
    std::string name;
    std::string text;
    std::string expected;  ///< empty: refused
};

class InstantText : public testing::TestWithParam<Text> {};

TEST_P(InstantText, IsReadOrRefused) {
    const auto instant = kpi::parse_instant(GetParam().text);
    EXPECT_EQ(instant ? kpi::render(*instant) : "", GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, InstantText,
    testing::Values(
        Text{"utc", "2026-11-02T07:00:00Z", "2026-11-02T07:00:00.000Z"},
        Text{"small_letters", "2026-11-02t07:00:00z", "2026-11-02T07:00:00.000Z"},
        Text{"offset_east", "2026-11-02T10:00:00+03:00", "2026-11-02T07:00:00.000Z"},
        Text{"offset_west_over_midnight", "2026-12-31T23:30:00-02:30", "2027-01-01T02:00:00.000Z"},
        Text{"unknown_offset", "2026-11-02T07:00:00-00:00", "2026-11-02T07:00:00.000Z"},
        Text{"one_digit_of_a_second", "2026-11-02T07:00:00.5Z", "2026-11-02T07:00:00.500Z"},
        Text{"nanoseconds_are_cut_off", "2026-11-02T07:00:00.123999999Z",
             "2026-11-02T07:00:00.123Z"},
        Text{"before_1970", "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        Text{"leap_day", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
        Text{"no_leap_day", "2026-02-29T00:00:00Z", ""},
        Text{"leap_second", "2016-12-31T23:59:60Z", ""},
        Text{"hour_24", "2026-11-02T24:00:00Z", ""}, Text{"minute_60", "2026-11-02T23:60:00Z", ""},
        Text{"month_13", "2026-13-02T00:00:00Z", ""}, Text{"day_0", "2026-11-00T00:00:00Z", ""},
        Text{"year_0", "0000-01-01T00:00:00Z", ""},
        Text{"before_the_first_year", "0001-01-01T00:00:00+01:00", ""},
        Text{"after_the_last_year", "9999-12-31T23:59:59-01:00", ""},
        Text{"no_offset", "2026-11-02T07:00:00", ""},
        Text{"offset_without_colon", "2026-11-02T07:00:00+0300", ""},
        Text{"offset_of_a_day", "2026-11-02T07:00:00+24:00", ""},
        Text{"offset_minute_60", "2026-11-02T07:00:00+03:60", ""},
        Text{"space_for_t", "2026-11-02 07:00:00Z", ""},
        Text{"point_without_digits", "2026-11-02T07:00:00.Z", ""},
        Text{"comma", "2026-11-02T07:00:00,5Z", ""}, Text{"no_seconds", "2026-11-02T07:00Z", ""},
        Text{"sign", "+2026-11-02T07:00:00Z", ""}, Text{"five_digits", "12026-11-02T07:00:00Z", ""},
        Text{"trailing", "2026-11-02T07:00:00Z ", ""}, Text{"date", "2026-11-02", ""},
        Text{"nothing", "", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST(DateText, IsAnExistingDate) {
    EXPECT_EQ(kpi::to_string(date("2024-02-29")), "2024-02-29");
    for (const char* const broken : {"2026-02-29", "2026-2-01", "2026-11-02T", "26-11-02",
                                     "2026/11/02", "0000-01-01", "2026-11-31", ""}) {
        EXPECT_EQ(kpi::parse_date(broken), std::nullopt) << broken;
    }
}

TEST(InstantText, IsWrittenWithTheOffsetThenInForce) {
    const Zone berlin = zone("Europe/Berlin");
    EXPECT_EQ(kpi::render(at("2025-10-26T00:30:00Z"), berlin), "2025-10-26T02:30:00.000+02:00");
    EXPECT_EQ(kpi::render(at("2025-10-26T01:30:00Z"), berlin), "2025-10-26T02:30:00.000+01:00");
    EXPECT_EQ(kpi::render_hour(at("2025-10-26T00:30:00Z"), berlin), "2025-10-26T02:00:00+02:00");
    EXPECT_EQ(kpi::render_hour(at("2025-10-26T01:30:00Z"), berlin), "2025-10-26T02:00:00+01:00");
    EXPECT_EQ(kpi::render_hour(at("2026-11-10T05:59:59.999Z"), zone("Asia/Kathmandu")),
              "2026-11-10T11:00:00+05:45");
    EXPECT_EQ(kpi::render(at("2026-07-01T00:00:00Z"), zone("America/St_Johns")),
              "2026-06-30T21:30:00.000-02:30");
}

TEST(Dates, WeeksStartOnMondayAndMonthsOnTheFirst) {
    EXPECT_EQ(kpi::week_first(date("2026-11-02")), date("2026-11-02"));
    EXPECT_EQ(kpi::week_first(date("2026-11-08")), date("2026-11-02"));
    EXPECT_EQ(kpi::week_first(date("2027-01-01")), date("2026-12-28"));
    EXPECT_EQ(kpi::month_first(date("2026-11-30")), date("2026-11-01"));
    EXPECT_EQ(kpi::month_next(date("2026-12-31")), date("2027-01-01"));
    EXPECT_EQ(kpi::month_next(date("2026-01-31")), date("2026-02-01"));
    EXPECT_EQ(kpi::days_after(date("2024-02-28"), 1), date("2024-02-29"));
    EXPECT_EQ(kpi::days_after(date("2026-01-01"), -1), date("2025-12-31"));
}

}  // namespace
