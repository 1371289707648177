#pragma once

#include "processors/activity_fold.h"
#include "processors/call_fold.h"
#include "processors/fold_state.h"

namespace processors {

/// Works off FoldState::dirt: visits the touched entities by their search keys and attributes each
/// again.
///
/// Cost = touched entities, not the log. A repeat changes nothing, so work that was cut off by a
/// crash is begun again at its cursor. Source: engine.md 3.5.
class Reattribution {
public:
    Reattribution(FoldState& state, CallFold& calls, ActivityFold& activities, CaseFold& cases)
        : state_(state), calls_(calls), activities_(activities), cases_(cases) {}

    /// Visits at most `entities_max` entities. True when nothing is left; otherwise the rest stands
    /// in FoldState::job with its cursor.
    base::Result<bool> work(std::size_t entities_max);

private:
    base::Result<bool> work_on(const store::Dirt& dirt, std::size_t& budget);
    base::Result<bool> visit(store::Index index, kpi::Company company, std::uint64_t term,
                             const store::Dirt& dirt, std::size_t& budget);
    base::Result<void> reattribute(const store::IndexKey& key);

    FoldState& state_;
    CallFold& calls_;
    ActivityFold& activities_;
    CaseFold& cases_;
};

}  // namespace processors
