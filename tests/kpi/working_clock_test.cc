// A clock of working hours. Proved: what passes between two instants and when so much has passed
// are inverse to each other over nights, weekends, breaks, holidays and a change of the zone's
// offset; the calendar is that of the instant asked for, whatever begins later; hours that never
// come end nothing.

#include "kpi/working_clock.h"

#include <gtest/gtest.h>

namespace {

using kpi::WorkingClock;

const kpi::Team north{3};

base::UtcMillis at(std::string_view text) {
    return kpi::parse_instant(text).value();
}

kpi::CalendarEntry office_hours() {
    kpi::CalendarEntry calendar;
    calendar.id = "std";
    for (std::size_t day = 0; day < 5; ++day) {
        calendar.hours[day] = {{9 * 60, 13 * 60}, {14 * 60, 18 * 60}};
    }
    return calendar;
}

kpi::Directory directory_of(const kpi::CalendarEntry& calendar) {
    kpi::Directory directory;
    directory.set_zone(kpi::Zone::find("Europe/Berlin").value());
    directory.put("a", calendar);
    return directory;
}

TEST(WorkingClock, RunsInWorkingHoursOnly) {
    kpi::CalendarEntry calendar = office_hours();
    calendar.holidays = {kpi::parse_date("2025-10-27").value()};
    const kpi::Directory directory = directory_of(calendar);
    const auto friday = at("2025-10-24T12:30:00+02:00");  // the clocks go back on Sunday
    const auto clock = WorkingClock::of(directory, {}, north, friday);
    ASSERT_TRUE(clock);
    using std::chrono::hours;
    using std::chrono::minutes;
    EXPECT_EQ(clock->between(friday, at("2025-10-24T14:30:00+02:00")), hours{1});
    EXPECT_EQ(clock->between(friday, friday), base::Millis{0});
    EXPECT_EQ(clock->between(at("2025-10-25T00:00:00+02:00"), at("2025-10-28T00:00:00+01:00")),
              base::Millis{0});
    EXPECT_EQ(clock->after(friday, base::Millis{0}), friday);
    EXPECT_EQ(clock->after(friday, minutes{30}), at("2025-10-24T13:00:00+02:00"));
    EXPECT_EQ(clock->after(friday, hours{5}), at("2025-10-28T09:30:00+01:00"));
    for (int passed = 1; passed < 400; passed += 7) {
        const auto then = clock->after(friday, hours{passed});
        ASSERT_TRUE(then) << passed;
        EXPECT_EQ(clock->between(friday, *then), hours{passed});
    }
}

TEST(WorkingClock, GoesByTheCalendarOfItsInstant) {
    kpi::CalendarEntry old = office_hours();
    old.validity.until = at("2025-10-01T00:00:00+02:00");
    kpi::Directory directory = directory_of(old);
    const auto before = at("2025-09-30T17:00:00+02:00");
    EXPECT_EQ(WorkingClock::of(directory, {}, north, old.validity.until), std::nullopt);
    kpi::CalendarEntry other = office_hours();
    other.id = "all";
    other.aim.team = north;
    other.hours[2] = {{0, 60}};
    directory.put("b", other);
    const auto company = WorkingClock::of(directory, {}, kpi::Team(), before);
    const auto team = WorkingClock::of(directory, {}, north, before);
    ASSERT_TRUE(company && team);
    EXPECT_EQ(company->after(before, std::chrono::hours{2}), at("2025-10-01T10:00:00+02:00"));
    EXPECT_EQ(team->after(before, std::chrono::hours{2}), at("2025-10-01T01:00:00+02:00"));
}

TEST(WorkingClock, HasNoEndInHoursThatNeverCome) {
    kpi::CalendarEntry nothing;
    nothing.id = "std";
    const kpi::Directory directory = directory_of(nothing);
    const auto clock = WorkingClock::of(directory, {}, north, at("2025-10-24T12:30:00Z"));
    ASSERT_TRUE(clock);
    EXPECT_EQ(clock->after(at("2025-10-24T12:30:00Z"), std::chrono::hours{1}), std::nullopt);
}

}  // namespace
