#pragma once

#include <optional>

#include "base/time.h"
#include "kpi/directory.h"

namespace kpi {

/// A clock that runs in working hours only.
///
/// Which calendar it goes by is decided once, at an instant: that of the manager, else of his role,
/// of the team, of the company (domain.md 7). A calendar that begins later does not move it, and
/// his absence does not stop it: the client waits.
///
/// Lifetime: until the next change of the directory.
class WorkingClock {
public:
    /// nullopt: no calendar is for them at `at`.
    static std::optional<WorkingClock> of(const Directory& directory, Manager manager, Team team,
                                          base::UtcMillis at);

    /// Working time within [from, until); 0 when `until` is not later.
    base::Millis between(base::UtcMillis from, base::UtcMillis until) const;

    /// The first instant at which so much working time has passed since `from`; nullopt when
    /// `days_max` days do not have it.
    std::optional<base::UtcMillis> after(base::UtcMillis from, base::Millis amount) const;

    static constexpr int days_max = 366;

private:
    WorkingClock(const Zone& zone, const CalendarEntry& calendar)
        : zone_(zone), calendar_(&calendar) {}

    Zone zone_;
    const CalendarEntry* calendar_;
};

}  // namespace kpi
