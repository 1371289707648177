#include "kpi/working_clock.h"

#include <algorithm>

namespace kpi {
namespace {

/// So much of a calendar is laid out at once.
constexpr std::chrono::days stretch{14};

}  // namespace

std::optional<WorkingClock> WorkingClock::of(const Directory& directory, Manager manager, Team team,
                                             base::UtcMillis at) {
    const ManagerEntry* const entry = directory.manager(manager, at);
    const std::string_view role = entry == nullptr ? std::string_view() : entry->role;
    const CalendarEntry* const calendar =
        directory.calendars().in_force({.manager = manager, .role = role, .team = team}, at);
    return calendar == nullptr ? std::nullopt
                               : std::optional(WorkingClock(directory.zone(), *calendar));
}

base::Millis WorkingClock::between(base::UtcMillis from, base::UtcMillis until) const {
    base::Millis sum{0};
    for (base::UtcMillis start = from; start < until; start += stretch) {
        const base::UtcMillis end = std::min<base::UtcMillis>(start + stretch, until);
        sum += length(hours_of(*calendar_, zone_, start, end));
    }
    return sum;
}

std::optional<base::UtcMillis> WorkingClock::after(base::UtcMillis from,
                                                   base::Millis amount) const {
    if (amount <= base::Millis{0}) {
        return from;
    }
    const base::UtcMillis horizon = from + std::chrono::days{days_max};
    for (base::UtcMillis start = from; start < horizon; start += stretch) {
        const base::UtcMillis end = std::min<base::UtcMillis>(start + stretch, horizon);
        for (const Interval& hours : hours_of(*calendar_, zone_, start, end)) {
            const base::Millis length = hours.until - hours.from;
            if (length >= amount) {
                return hours.from + amount;
            }
            amount -= length;
        }
    }
    return std::nullopt;
}

}  // namespace kpi
