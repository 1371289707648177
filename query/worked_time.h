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
#include "query/roster.h"

namespace query {

/// Scheduled and worked time of managers in periods. Managers of one calendar share its hours.
///
/// Lifetime: the directory must outlive it. Threads: one.
class WorkedTime {
public:
    explicit WorkedTime(const kpi::Directory& directory) : directory_(directory) {}

    /// His zone then, else the company's.
    const kpi::Zone& zone_of(const RosterEntry& manager, base::UtcMillis at) const;
    /// nullopt: no calendar is for him in this period. `period` is of his zone.
    std::optional<kpi::PeriodTime> in_period(const RosterEntry& manager,
                                             const kpi::Interval& period, base::UtcMillis at);
    /// What he is to work in the period; nullptr: no calendar is for him.
    std::shared_ptr<const kpi::WorkingTime> worked(const RosterEntry& manager,
                                                   const kpi::Zone& zone,
                                                   const kpi::Interval& period);

private:
    /// Hours of a calendar's spans in a period, absences not taken off.
    std::shared_ptr<const kpi::WorkingTime> scheduled(const RosterEntry& manager,
                                                      const kpi::Zone& zone,
                                                      const kpi::Interval& period);

    using Key = std::tuple<std::string, kpi::Interval, std::vector<const kpi::CalendarEntry*>>;
    const kpi::Directory& directory_;
    std::map<Key, std::shared_ptr<const kpi::WorkingTime>> hours_;
};

}  // namespace query
