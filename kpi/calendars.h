#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kpi/ids.h"
#include "kpi/intervals.h"
#include "kpi/local_time.h"
#include "kpi/validity.h"

namespace kpi {

/// For whom a calendar or a norm is looked up: a manager with his role and team then, or a team
/// (manager 0), or the company (both 0).
struct Whom {
    Manager manager;
    std::string_view role;
    Team team;
};

/// What a calendar or a norm is for; nothing = everybody.
struct Aim {
    Manager manager;
    std::string role;
    Team team;
    /// manager 0, role 1, team 2, everybody 3: the smaller speaks. nullopt: for somebody else.
    /// Source: domain.md 7, precedence.
    std::optional<int> precedence(const Whom& whom) const;
};

struct CalendarEntry {
    std::string id;
    /// Working hours by weekday, 0 = Monday, as minutes since midnight [from, until); `until` may
    /// lie on the next day.
    std::vector<std::pair<int, int>> hours[7];
    std::vector<std::chrono::year_month_day> holidays;  ///< rising
    Aim aim;
    Validity validity;
};
struct AbsenceEntry {
    Manager manager;
    Validity validity;
};

/// A calendar's own working time within [from, until). A wall clock that does not exist moves with
/// the clock.
Intervals hours_of(const CalendarEntry& calendar, const Zone& zone, base::UtcMillis from,
                   base::UtcMillis until);

/// Who works when, of one company: calendars and absences. A plain value; copies share entries.
///
/// Source: domain.md 7, working calendar.
class Calendars {
public:
    /// A stretch of time with one calendar; nullptr: none is for them then.
    struct Span {
        const CalendarEntry* calendar = nullptr;
        Interval time;
    };

    /// An entry of a row key replaces the former one.
    void put(const std::string& key, CalendarEntry entry);
    void put(const std::string& key, AbsenceEntry entry);
    void erase(const std::string& key);

    /// Which calendar speaks when: stretches of [from, until) in order, without gaps.
    std::vector<Span> spans(const Whom& whom, base::UtcMillis from, base::UtcMillis until) const;
    /// Scheduled working time within [from, until), absences not taken off; nullopt: no calendar is
    /// for them at any time of it.
    std::optional<Intervals> hours(const Whom& whom, const Zone& zone, base::UtcMillis from,
                                   base::UtcMillis until) const;
    /// When a manager is absent.
    Intervals absences(Manager manager) const;
    /// The calendar that speaks at `at`; nullptr: none is for them. It stands until the next
    /// change.
    const CalendarEntry* in_force(const Whom& whom, base::UtcMillis at) const;

private:
    std::map<std::string, std::shared_ptr<const CalendarEntry>> calendars_;
    std::map<std::string, std::shared_ptr<const AbsenceEntry>> absences_;
};

/// Disjoint intervals with their running sum: how much of them lies before an instant.
class WorkingTime {
public:
    /// `intervals`: united (kpi/intervals.h).
    explicit WorkingTime(Intervals intervals);
    base::Millis total() const { return total_; }
    /// Cost: O(log n).
    base::Millis before(base::UtcMillis at) const;
    /// The first instant at which so much has passed; nullopt: so much there is not, or `amount` is
    /// negative.
    std::optional<base::UtcMillis> instant_after(base::Millis amount) const;
    bool holds(base::UtcMillis at) const;
    const Intervals& intervals() const { return intervals_; }

private:
    Intervals intervals_;
    std::vector<base::Millis> until_here_;  ///< before each interval
    base::Millis total_{0};
};

}  // namespace kpi
