#pragma once

#include <vector>

#include "query/ports.h"
#include "store/read_view.h"
#include "store/rows.h"

namespace app {

/// The steps of a call in time order, from its stored legs and the directory of the same state.
/// Returns: nothing when a row that they name is damaged; the call itself is shown all the same.
std::vector<query::Step> call_timeline(const store::CallRow& row, const store::ReadView& view,
                                       const store::CompanyView& company);

}  // namespace app
