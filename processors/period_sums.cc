#include "processors/period_sums.h"

#include <algorithm>
#include <optional>
#include <string>

namespace processors {
namespace {

using store::Bucket;
using store::Family;
using store::WatchRow;

/// The quarters [first, last) of one manager, and where they go.
struct Quarters {
    kpi::Company company;
    kpi::Manager manager;
    Bucket first = 0;
    Bucket last = 0;
    std::vector<WatchRow::Period>& periods;

    template <class Add>
    void put(Bucket bucket, const Add& add) {
        const base::UtcMillis at = store::bucket_start(bucket);
        for (WatchRow::Period& period : periods) {
            if (period.time.from <= at && at < period.time.until) {
                add(period.done);
            }
        }
    }
};

/// Before the first quarter of the same team, or of the next one; nothing: the row is one of them.
template <class Key>
std::optional<Key> leap_from(const Quarters& quarters, const Key& key) {
    const bool is_quarter = key.rollup == store::Rollup::quarter;
    if (is_quarter && key.bucket >= quarters.first && key.bucket < quarters.last) {
        return std::nullopt;
    }
    Key next;
    next.company = key.company;
    next.level = key.level;
    next.level.team += is_quarter && key.bucket >= quarters.last ? 1U : 0U;
    next.rollup = store::Rollup::quarter;
    next.bucket = quarters.first;
    return next;
}

store::Key bytes_of(const store::CellKey& key) {
    return store::cell_key(key);
}
store::Key bytes_of(const store::SetKey& key) {
    return store::set_key(key);
}
bool read_key(std::string_view bytes, store::CellKey& key) {
    return store::read_cell_key(bytes, key);
}
bool read_key(std::string_view bytes, store::SetKey& key) {
    return store::read_set_key(bytes, key);
}
void add_row(store::KeptSums& done, const store::CellKey& key, const store::CellRow& row) {
    done.add(key.segment, key.currency, row);
}
void add_row(store::KeptSums& done, const store::SetKey& key, const store::SetRow& row) {
    for (const auto& [member, times] : row.members) {
        done.add(key.segment, key.set, member, times);
    }
}

template <class Key, class Row>
base::Result<void> read_rows(const store::ViewReader& rows, Quarters& quarters,
                             store::StateKind kind) {
    const auto level = [&](std::uint32_t subject) {
        return store::level_prefix(kind, quarters.company, {store::Level::manager, subject, 0});
    };
    std::optional<base::Error> failure;
    const auto visit = [&](std::string_view bytes, std::string_view value) {
        Key key;
        if (!read_key(bytes, key)) {
            failure = base::Error(base::ErrorCode::corrupt, "a key of a cell is damaged");
            return store::Next::end();
        }
        if (const auto next = leap_from(quarters, key)) {
            return store::Next::from(std::string(bytes_of(*next).bytes()));
        }
        const auto row = store::decode<Row>(value);
        if (!row) {
            failure = row.error();
            return store::Next::end();
        }
        quarters.put(key.bucket, [&](store::KeptSums& done) { add_row(done, key, row.value()); });
        return store::Next::row();
    };
    BOOST_OUTCOME_TRY(rows.leap(Family::state, level(quarters.manager.value()).bytes(),
                                level(quarters.manager.value() + 1).bytes(), visit));
    return failure ? base::Result<void>(*failure) : base::success();
}

}  // namespace

base::Result<void> read_period_sums(const store::ViewReader& rows, kpi::Company company,
                                    kpi::Manager manager, std::vector<WatchRow::Period>& periods) {
    if (periods.empty()) {
        return base::success();
    }
    base::UtcMillis from = base::for_ever;
    base::UtcMillis until = base::since_ever;
    for (WatchRow::Period& period : periods) {
        period.done = {};
        from = std::min(from, period.time.from);
        until = std::max(until, period.time.until);
    }
    Quarters quarters{.company = company,
                      .manager = manager,
                      .first = store::bucket_of(from),
                      .last = store::bucket_of(until - base::Millis(1)) + 1,
                      .periods = periods};
    BOOST_OUTCOME_TRY(
        (read_rows<store::CellKey, store::CellRow>(rows, quarters, store::StateKind::cell)));
    return read_rows<store::SetKey, store::SetRow>(rows, quarters, store::StateKind::set);
}

}  // namespace processors
