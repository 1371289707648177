#include "query/cell_scan.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

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

struct Blocks {
    store::StateKind kind{};
    std::size_t block_bytes = 0;
    /// Is this the key of a block that is wanted?
    std::function<bool(std::string_view block)> is_wanted;
};

/// Walks the blocks (rows of one level row and group, whatever their bucket) of a plan and shows
/// the buckets asked in each, leaping over all else.
template <class Visit>
class Walk {
public:
    Walk(const LevelPlan& plan, const BucketRange& buckets, const Blocks& blocks, Visit visit)
        : plan_(plan), buckets_(buckets), blocks_(blocks), visit_(std::move(visit)) {}

    base::Result<void> over(const store::ViewReader& rows, kpi::Company company) {
        if (buckets_.first >= buckets_.last) {
            return base::success();
        }
        store::KeyWriter prefix;
        prefix.raw(store::level_prefix(blocks_.kind, company, {plan_.level, 0, 0})
                       .bytes()
                       .substr(0, level_bytes));
        if (plan_.subject) {
            prefix.u32(*plan_.subject);
        }
        BOOST_OUTCOME_TRY(rows.leap(
            store::Family::state, prefix, store::prefix_end(prefix),
            [this](std::string_view key, std::string_view value) { return look(key, value); }));
        if (failure_) {
            return *failure_;
        }
        return base::success();
    }

private:
    store::Next look(std::string_view key, std::string_view value) {
        if (key.size() < blocks_.block_bytes + sizeof(store::Bucket)) {
            failure_ = damaged_key();
            return store::Next::end();
        }
        const std::string_view block = key.substr(0, blocks_.block_bytes);
        store::KeyReader ids(block.substr(level_bytes));
        const std::uint32_t subject = ids.u32();
        if (!plan_.members.empty()) {
            const auto member =
                std::lower_bound(plan_.members.begin(), plan_.members.end(), subject);
            if (member == plan_.members.end()) {
                return store::Next::end();
            }
            if (*member != subject) {
                return store::Next::from(
                    store::KeyWriter().raw(key.substr(0, level_bytes)).u32(*member).take());
            }
        }
        if (!plan_.takes(subject, ids.u32())) {
            return behind(block.substr(0, row_bytes));
        }
        const store::Bucket bucket = store::KeyReader(key.substr(blocks_.block_bytes)).u32();
        if (bucket >= buckets_.last || !blocks_.is_wanted(block)) {
            return behind(block);
        }
        if (bucket < buckets_.first) {
            return store::Next::from(bucket_key(block, buckets_.first));
        }
        if (const base::Result<void> shown = visit_(key, value); !shown) {
            failure_ = shown.error();
            return store::Next::end();
        }
        return store::Next::row();
    }

    static store::Next behind(std::string_view prefix) {
        std::string end = store::prefix_end(prefix);
        return end.empty() ? store::Next::end() : store::Next::from(std::move(end));
    }

    const LevelPlan& plan_;
    const BucketRange& buckets_;
    const Blocks& blocks_;
    Visit visit_;
    std::optional<base::Error> failure_;
};

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
    const auto show = [&](std::string_view key, std::string_view value) -> base::Result<void> {
        store::CellKey cell;
        if (!store::read_cell_key(key, cell)) {
            return damaged_key();
        }
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::CellRow>(value));
        return visit(cell, row);
    };
    return groups.empty() ? base::success() : Walk(plan, buckets, blocks, show).over(rows, company);
}

base::Result<void> scan_sets(const store::ViewReader& rows, kpi::Company company,
                             const LevelPlan& plan, const BucketRange& buckets,
                             std::span<const kpi::Kpi> sets, const SetVisit& visit) {
    const Blocks blocks{store::StateKind::set, set_block_bytes, [&](std::string_view block) {
                            const auto set = static_cast<kpi::Kpi>(block[row_bytes]);
                            return std::find(sets.begin(), sets.end(), set) != sets.end();
                        }};
    const auto show = [&](std::string_view key, std::string_view value) -> base::Result<void> {
        store::SetKey set;
        if (!store::read_set_key(key, set)) {
            return damaged_key();
        }
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::SetRow>(value));
        return visit(set, row);
    };
    return sets.empty() ? base::success() : Walk(plan, buckets, blocks, show).over(rows, company);
}

}  // namespace query
