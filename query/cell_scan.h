#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "query/question.h"
#include "store/keys.h"
#include "store/rows.h"
#include "store/view_store.h"

namespace query {

/// Which level rows make a selection: levels are not sums of each other (domain.md 3), so a
/// question reads the level of the dimensions and filters that it has, and no other.
struct LevelPlan {
    store::Level level = store::Level::company;
    std::optional<std::uint32_t> subject;  ///< team or manager; absent: all of the level
    std::optional<std::uint32_t> team;     ///< level manager: only within this team
    bool within_teams = false;  ///< level manager: the null manager by team, not over all teams
    /// Level manager: nobody else has rows in `team`; rising. Empty: anybody may.
    std::vector<std::uint32_t> members;
    bool takes(std::uint32_t row_subject, std::uint32_t row_team) const;
    friend bool operator==(const LevelPlan&, const LevelPlan&) = default;
};

/// The level of a selection, seen by manager, by team, by both or by none.
LevelPlan plan_of(const Selection& selection, bool by_manager, bool by_team);

/// The whole quarter hours inside a range, [first, last), and what they leave over at its edges.
struct BucketRange {
    store::Bucket first = 0;
    store::Bucket last = 0;
    std::vector<Range> edges;
};
BucketRange buckets_of(const Range& range);

/// Whether all of a block belongs to one row of the answer, so that it may be shown as a whole.
/// Empty: every block does.
using IsWhole = std::function<bool(store::Bucket block)>;
using CellVisit = std::function<base::Result<void>(const store::CellKey&, const store::CellRow&)>;
using SetVisit = std::function<base::Result<void>(const store::SetKey&, const store::SetRow&)>;

/// Shows the cells of these groups, of the plan's level rows, in buckets [first, last), by key: the
/// blocks that are whole and lie in this range, and the quarters that these do not hold.
///
/// Errors: those of the store, and of `visit`.
/// Cost:   some three seeks per level row, then one step per cell or set of these times.
base::Result<void> scan_cells(const store::ViewReader& rows, kpi::Company company,
                              const LevelPlan& plan, const BucketRange& buckets,
                              std::span<const store::Group> groups, const IsWhole& is_whole,
                              const CellVisit& visit);
/// The same for sets.
base::Result<void> scan_sets(const store::ViewReader& rows, kpi::Company company,
                             const LevelPlan& plan, const BucketRange& buckets,
                             std::span<const kpi::Kpi> sets, const IsWhole& is_whole,
                             const SetVisit& visit);

}  // namespace query
