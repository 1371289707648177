#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "kpi/calendars.h"
#include "kpi/directory.h"
#include "kpi/pace.h"

namespace kpi {

/// Scheduled and worked time of managers in periods. Managers of one calendar share its hours.
///
/// Lifetime: the directory must outlive it. Threads: one.
class WorkedTime {
public:
    explicit WorkedTime(const Directory& directory) : directory_(directory) {}

    /// His zone then, else the company's.
    const Zone& zone_of(Manager manager, base::UtcMillis at) const;
    /// nullopt: no calendar is for him in this period. `period` is of his zone.
    std::optional<PeriodTime> in_period(const Whom& whom, const Interval& period,
                                        base::UtcMillis at);
    /// What he is to work in the period; nullptr: no calendar is for him.
    std::shared_ptr<const WorkingTime> worked(const Whom& whom, const Zone& zone,
                                              const Interval& period);

    /// Hours of his calendars in the period, absences not taken off; nullptr: no calendar is for
    /// him.
    std::shared_ptr<const WorkingTime> scheduled(const Whom& whom, const Zone& zone,
                                                 const Interval& period);

private:
    using Key = std::tuple<std::string, Interval, std::vector<const CalendarEntry*>>;
    const Directory& directory_;
    std::map<Key, std::shared_ptr<const WorkingTime>> hours_;
};

}  // namespace kpi
