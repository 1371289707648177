#include "query/cell_scan.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "query/reading.h"
#include "store/bytes.h"

namespace query {
namespace {

/// Sizes of key parts: kind and company and level, then subject and team, then rollup and bucket.
constexpr std::size_t level_bytes = 6;
constexpr std::size_t series_bytes = level_bytes + 4 + 4;
constexpr std::size_t time_bytes = series_bytes + 1 + sizeof(store::Bucket);
/// So many blocks are looked at for one leap: a day has four, and years may hold nothing.
constexpr unsigned leaps_at_once = 8;

base::Error damaged_key() {
    return {base::ErrorCode::corrupt, "a key of cells or sets is damaged"};
}

/// Which rows of a series (one manager, team or company) a walk is about.
struct Rows {
    store::StateKind kind{};
    /// What stands in a row is the byte behind its time; these are wanted.
    std::span<const std::uint8_t> wanted;
    /// Whether the rows of a manager or team have blocks.
    bool (*has_blocks)(const store::LevelKey& level);
};

/// Walks the series of a plan and shows the times asked in each, leaping over all else.
template <class Visit>
class Walk {
public:
    Walk(const LevelPlan& plan, const BucketRange& buckets, const Rows& rows,
         const IsWhole& is_whole, Visit visit)
        : plan_(plan),
          buckets_(buckets),
          rows_(rows),
          is_whole_(is_whole),
          visit_(std::move(visit)),
          blocks_begin_(
              buckets.first == 0 ? 0 : store::block_of(buckets.first - 1) + store::block_quarters),
          blocks_end_(store::block_of(buckets.last)) {}

    base::Result<void> over(const store::ViewReader& rows, kpi::Company company) {
        if (buckets_.first >= buckets_.last) {
            return base::success();
        }
        level_ = store::level_prefix(rows_.kind, company, {plan_.level, 0, 0})
                     .bytes()
                     .substr(0, level_bytes);
        store::KeyWriter all;
        all.raw(level_);
        if (plan_.subject) {
            all.u32(*plan_.subject);
        }
        BOOST_OUTCOME_TRY(rows.leap(
            store::Family::state, all, store::prefix_end(all),
            [this](std::string_view key, std::string_view value) { return look(key, value); }));
        if (failure_) {
            return *failure_;
        }
        return base::success();
    }

private:
    store::Next look(std::string_view key, std::string_view value) {
        if (key.size() <= time_bytes) {
            failure_ = damaged_key();
            return store::Next::end();
        }
        store::KeyReader parts(key.substr(level_bytes));
        store::LevelKey level{.level = plan_.level, .subject = parts.u32(), .team = parts.u32()};
        const auto rollup = static_cast<store::Rollup>(parts.u8());
        const store::Bucket bucket = parts.u32();
        if (!plan_.members.empty() &&
            !std::binary_search(plan_.members.begin(), plan_.members.end(), level.subject)) {
            return behind(level);
        }
        if (!plan_.takes(level.subject, level.team)) {
            return plan_.within_teams && level.team < plan_.team.value_or(0)
                       ? to({level.level, level.subject, *plan_.team}, store::Rollup::block,
                            blocks_begin_)
                       : behind(level);
        }
        const std::optional<store::Next> leap = rollup == store::Rollup::block
                                                    ? leap_from_block(level, bucket)
                                                    : leap_from_quarter(level, bucket);
        if (leap) {
            return *leap;
        }
        const auto what = static_cast<std::uint8_t>(key[time_bytes]);
        if (std::find(rows_.wanted.begin(), rows_.wanted.end(), what) == rows_.wanted.end()) {
            return store::Next::row();
        }
        if (const base::Result<void> shown = visit_(key, value); !shown) {
            failure_ = shown.error();
            return store::Next::end();
        }
        return store::Next::row();
    }

    /// Where to go on from a block that is not shown; nullopt: it is.
    std::optional<store::Next> leap_from_block(const store::LevelKey& level, store::Bucket block) {
        if (block < blocks_begin_ && blocks_begin_ < blocks_end_) {
            return to(level, store::Rollup::block, blocks_begin_);
        }
        if (block < blocks_begin_ || block >= blocks_end_) {
            return to_quarters(level, buckets_.first);
        }
        return is_shown_whole(block) ? std::nullopt : std::optional(store::Next::row());
    }

    /// The same of a quarter of an hour.
    std::optional<store::Next> leap_from_quarter(const store::LevelKey& level,
                                                 store::Bucket quarter) {
        if (quarter >= buckets_.last) {
            return behind(level);
        }
        if (quarter < buckets_.first) {
            return to_quarters(level, buckets_.first);
        }
        if (rows_.has_blocks(level) && is_shown_whole(store::block_of(quarter))) {
            return to_quarters(level, quarter);
        }
        return std::nullopt;
    }

    /// To the first quarter from `first` on that stands in no block that is shown; behind what has
    /// just been looked at.
    store::Next to_quarters(const store::LevelKey& level, store::Bucket first) {
        if (rows_.has_blocks(level) && is_shown_whole(store::block_of(first))) {
            first = is_whole_ ? store::block_of(first) : blocks_end_;
            for (unsigned step = 0; step < leaps_at_once && is_shown_whole(first); ++step) {
                first += store::block_quarters;
            }
        }
        return first >= buckets_.last ? behind(level) : to(level, store::Rollup::quarter, first);
    }

    bool is_shown_whole(store::Bucket block) {
        return blocks_begin_ <= block && block < blocks_end_ && (!is_whole_ || is_whole_(block));
    }

    /// To the series behind this one that may be wanted.
    store::Next behind(const store::LevelKey& level) {
        if (plan_.members.empty()) {
            return store::Next::from(store::prefix_end(series_key(level)));
        }
        const auto next =
            std::upper_bound(plan_.members.begin(), plan_.members.end(), level.subject);
        if (next == plan_.members.end()) {
            return store::Next::end();
        }
        return to({.level = level.level, .subject = *next, .team = *plan_.team},
                  store::Rollup::block, blocks_begin_);
    }

    store::Next to(const store::LevelKey& level, store::Rollup rollup, store::Bucket bucket) {
        return store::Next::from(
            series_key(level).u8(static_cast<std::uint8_t>(rollup)).u32(bucket).take());
    }

    store::Key series_key(const store::LevelKey& level) {
        return store::KeyWriter().raw(level_).u32(level.subject).u32(level.team);
    }

    const LevelPlan& plan_;
    const BucketRange& buckets_;
    const Rows& rows_;
    const IsWhole& is_whole_;
    Visit visit_;
    std::string level_;  ///< what all keys of the walk begin with
    /// The blocks inside the range are in [begin, end).
    store::Bucket blocks_begin_;
    store::Bucket blocks_end_;
    std::optional<base::Error> failure_;
};

/// Items as the byte that keys hold.
template <class Item>
std::vector<std::uint8_t> bytes_of(std::span<const Item> items) {
    std::vector<std::uint8_t> bytes;
    for (const Item item : items) {
        bytes.push_back(static_cast<std::uint8_t>(item));
    }
    return bytes;
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
                              std::span<const store::Group> groups, const IsWhole& is_whole,
                              const CellVisit& visit) {
    const std::vector<std::uint8_t> wanted = bytes_of(groups);
    const Rows cells{store::StateKind::cell, wanted, [](const store::LevelKey&) { return true; }};
    const auto show = [&](std::string_view key, std::string_view value) -> base::Result<void> {
        store::CellKey cell;
        if (!store::read_cell_key(key, cell)) {
            return damaged_key();
        }
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::CellRow>(value));
        return visit(cell, row);
    };
    return groups.empty() ? base::success()
                          : Walk(plan, buckets, cells, is_whole, show).over(rows, company);
}

base::Result<void> scan_sets(const store::ViewReader& rows, kpi::Company company,
                             const LevelPlan& plan, const BucketRange& buckets,
                             std::span<const kpi::Kpi> sets, const IsWhole& is_whole,
                             const SetVisit& visit) {
    const std::vector<std::uint8_t> wanted = bytes_of(sets);
    const Rows all{store::StateKind::set, wanted, store::has_set_blocks};
    const auto show = [&](std::string_view key, std::string_view value) -> base::Result<void> {
        store::SetKey set;
        if (!store::read_set_key(key, set)) {
            return damaged_key();
        }
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::SetRow>(value));
        return visit(set, row);
    };
    return sets.empty() ? base::success()
                        : Walk(plan, buckets, all, is_whole, show).over(rows, company);
}

}  // namespace query
