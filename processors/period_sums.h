#pragma once

#include <vector>

#include "base/error.h"
#include "kpi/ids.h"
#include "store/view_store.h"
#include "store/watch_rows.h"

namespace processors {

/// Sets `done` of each period to what the cells and sets of the manager hold of it. What the fold
/// has not committed is not among them.
///
/// Periods begin and end with a quarter of an hour, as all local days since 1972 do. Errors: those
/// of the store; corrupt. Cost: the quarters from the first to the last period, in each of his
/// teams.
base::Result<void> read_period_sums(const store::ViewReader& rows, kpi::Company company,
                                    kpi::Manager manager,
                                    std::vector<store::WatchRow::Period>& periods);

}  // namespace processors
