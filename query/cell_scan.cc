#include "query/cell_scan.h"

#include <algorithm>

#include "query/reading.h"
#include "store/bytes.h"

namespace query {
namespace {

/// Sizes of key parts: kind and company and level, then subject and team, then group and currency
/// (or the set), then bucket and segment.
constexpr std::size_t level_bytes = 6;
constexpr std::size_t subject_bytes = level_bytes + 4;
constexpr std::size_t row_bytes = subject_bytes + 4;
constexpr std::size_t cell_block_bytes = row_bytes + 4;
constexpr std::size_t set_block_bytes = row_bytes + 1;

base::Error damaged_key() {
    return {base::ErrorCode::corrupt, "a key of cells or sets is damaged"};
}

std::string bucket_key(std::string_view block, store::Bucket bucket) {
    return store::KeyWriter().raw(block).u32(bucket).take();
}

/// The first key of [from, until); empty when there is none.
base::Result<std::string> first_key(const store::ViewReader& rows, std::string_view from,
                                    std::string_view until) {
    std::string found;
    BOOST_OUTCOME_TRY(
        rows.scan(store::Family::state, from, until, [&](std::string_view key, std::string_view) {
            found = key;
            return false;
        }));
    return found;
}

struct Blocks {
    store::StateKind kind{};
    std::size_t block_bytes = 0;
    /// Is this the key of a block that is wanted?
    std::function<bool(std::string_view block)> is_wanted;
};

/// Walks the blocks (rows of one level row and group, whatever their bucket) of a plan and scans
/// the buckets asked in each.
template <class Visit>
base::Result<void> walk(const store::ViewReader& rows, kpi::Company company, const LevelPlan& plan,
                        const BucketRange& buckets, const Blocks& blocks, Visit visit) {
    const std::string all = store::level_prefix(blocks.kind, company, {plan.level, 0, 0}).take();
    std::string prefix = all.substr(0, level_bytes);
    if (plan.subject) {
        prefix = store::KeyWriter().raw(prefix).u32(*plan.subject).take();
    }
    const std::string end = store::prefix_end(prefix);
    std::string at = prefix;
    while (buckets.first < buckets.last) {
        BOOST_OUTCOME_TRY(const std::string key, first_key(rows, at, end));
        if (key.empty()) {
            break;
        }
        if (key.size() < blocks.block_bytes) {
            return damaged_key();
        }
        const std::string block = key.substr(0, blocks.block_bytes);
        store::KeyReader ids(std::string_view(block).substr(level_bytes));
        const std::uint32_t subject = ids.u32();
        const std::uint32_t team = ids.u32();
        if (!plan.takes(subject, team)) {
            at = store::prefix_end(block.substr(0, row_bytes));
        } else {
            if (blocks.is_wanted(block)) {
                BOOST_OUTCOME_TRY(scan_rows(rows, store::Family::state,
                                            bucket_key(block, buckets.first),
                                            bucket_key(block, buckets.last), visit));
            }
            at = store::prefix_end(block);
        }
        if (at.empty()) {
            break;
        }
    }
    return base::success();
}

}  // namespace

bool LevelPlan::takes(std::uint32_t row_subject, std::uint32_t row_team) const {
    if (level != store::Level::manager) {
        return true;
    }
    if (within_teams) {
        return row_team != store::any_team && (!team || row_team == *team);
    }
    return row_subject != 0 || row_team == store::any_team;
}

LevelPlan plan_of(const Selection& selection, bool by_manager, bool by_team) {
    LevelPlan plan;
    const bool has_team = by_team || selection.team.has_value();
    if (by_manager || selection.manager) {
        plan.level = store::Level::manager;
        plan.subject = selection.manager;
        plan.team = selection.team;
        plan.within_teams = has_team;
    } else if (has_team) {
        plan.level = store::Level::team;
        plan.subject = selection.team;
    }
    return plan;
}

BucketRange buckets_of(const Range& range) {
    constexpr std::int64_t bucket_max = 0xffffffff;
    const std::int64_t from = std::max<std::int64_t>(0, base::to_ms(range.from));
    const std::int64_t until = std::max<std::int64_t>(0, base::to_ms(range.until));
    BucketRange out;
    if (from >= until) {
        return out;
    }
    const std::int64_t first = from / store::bucket_ms + (from % store::bucket_ms == 0 ? 0 : 1);
    const std::int64_t last = until / store::bucket_ms;
    if (first > last) {  // both borders cut one bucket
        out.edges.push_back({base::from_ms(from), base::from_ms(until)});
        return out;
    }
    out.first = static_cast<store::Bucket>(std::min(first, bucket_max));
    out.last = static_cast<store::Bucket>(std::min(last, bucket_max));
    if (from < first * store::bucket_ms) {
        out.edges.push_back({base::from_ms(from), base::from_ms(first * store::bucket_ms)});
    }
    if (last * store::bucket_ms < until && last < bucket_max) {
        out.edges.push_back({base::from_ms(last * store::bucket_ms), base::from_ms(until)});
    }
    return out;
}

base::Result<void> scan_cells(const store::ViewReader& rows, kpi::Company company,
                              const LevelPlan& plan, const BucketRange& buckets,
                              std::span<const store::Group> groups, const CellVisit& visit) {
    const Blocks blocks{store::StateKind::cell, cell_block_bytes, [&](std::string_view block) {
                            const auto group = static_cast<store::Group>(block[row_bytes]);
                            return std::find(groups.begin(), groups.end(), group) != groups.end();
                        }};
    const auto show = [&](std::string_view key, std::string_view value) -> base::Result<bool> {
        store::CellKey cell;
        if (!store::read_cell_key(key, cell)) {
            return damaged_key();
        }
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::CellRow>(value));
        BOOST_OUTCOME_TRY(visit(cell, row));
        return true;
    };
    return groups.empty() ? base::success() : walk(rows, company, plan, buckets, blocks, show);
}

base::Result<void> scan_sets(const store::ViewReader& rows, kpi::Company company,
                             const LevelPlan& plan, const BucketRange& buckets,
                             std::span<const kpi::Kpi> sets, const SetVisit& visit) {
    const Blocks blocks{store::StateKind::set, set_block_bytes, [&](std::string_view block) {
                            const auto set = static_cast<kpi::Kpi>(block[row_bytes]);
                            return std::find(sets.begin(), sets.end(), set) != sets.end();
                        }};
    const auto show = [&](std::string_view key, std::string_view value) -> base::Result<bool> {
        store::SetKey set;
        if (!store::read_set_key(key, set)) {
            return damaged_key();
        }
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::SetRow>(value));
        BOOST_OUTCOME_TRY(visit(set, row));
        return true;
    };
    return sets.empty() ? base::success() : walk(rows, company, plan, buckets, blocks, show);
}

}  // namespace query
