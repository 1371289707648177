#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "kpi/directory.h"
#include "kpi/local_time.h"

namespace query {

/// Days between an earlier instant and one that is judged, by the local calendar and by that of
/// somebody's working time.
///
/// Units: whole local days. Lifetime: the directory must outlive it. Threads: one.
class WorkingDays {
public:
    WorkingDays(const kpi::Directory& directory, kpi::Zone zone, base::UtcMillis at)
        : directory_(&directory), zone_(zone), today_(zone.day_of(at)) {}

    /// 0: the same local day.
    std::int64_t days_since(base::UtcMillis earlier) const;
    /// Days after that of `earlier` up to today on which the manager is scheduled to work; of
    /// nobody, by the company's calendar. nullopt: a day has no calendar, or `earlier` is more than
    /// ten years ago.
    std::optional<std::int64_t> working_days_since(base::UtcMillis earlier, kpi::Manager manager);

private:
    std::optional<bool> is_working(kpi::Manager manager, std::chrono::local_days day) const;

    const kpi::Directory* directory_;
    kpi::Zone zone_;
    std::chrono::local_days today_;
    /// By manager: how many of the days today, yesterday ... are working days, up to the first
    /// without a calendar.
    std::map<kpi::Manager, std::vector<std::int64_t>> counts_;
};

}  // namespace query
