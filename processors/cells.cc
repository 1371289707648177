#include "processors/cells.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>
#include <initializer_list>
#include <string>
#include <utility>

#include "store/measures.h"

namespace processors {
namespace {

using kpi::Contribution;
using kpi::Kpi;
using store::LevelKey;
using store::Measure;

/// Memory of the rows held between commits: about 300 B a cell; a set may be long.
constexpr std::size_t held_cells_max = 60'000;
constexpr std::size_t held_sets_max = 20'000;

template <class Row>
using Short = boost::container::small_vector<Row, 8>;

struct CellDelta {
    store::CellKey key;
    store::CellRow row;
};
struct SetDelta {
    store::SetKey key;
    std::uint64_t member = 0;
    std::int64_t times = 0;
};
/// What an entity adds, by cell, and by set and member: a handful of each.
struct Deltas {
    kpi::Company company;
    Short<CellDelta> cells;
    Short<SetDelta> sets;
};

boost::container::static_vector<LevelKey, 4> levels_of(const Contribution& one) {
    boost::container::static_vector<LevelKey, 4> levels{
        {store::Level::company, 0, 0},
        {store::Level::team, one.team.value(), 0},
        {store::Level::manager, one.manager.value(), one.team.value()},
    };
    if (!one.manager) {
        levels.push_back({store::Level::manager, 0, store::any_team});
    }
    return levels;
}

/// How the contributions to one KPI are counted.
struct Counting {
    std::optional<Measure> counted;               ///< an entity once
    std::optional<store::KpiMeasures> durations;  ///< all of an entity
    std::optional<store::KpiMeasures> money;      ///< an entity once
    std::optional<store::CreditMeasures> credit;

    static Counting of(Kpi kpi) {
        Counting counting{
            .counted = {}, .durations = {}, .money = {}, .credit = store::credit_measures_of(kpi)};
        const auto measures = store::measures_of(kpi);
        if (measures && !measures->sum) {
            counting.counted = measures->count;
        } else if (measures && store::group_of(*measures->sum) == store::Group::money) {
            counting.money = measures;
        } else {
            counting.durations = measures;
        }
        if (kpi == Kpi::invoices_paid) {
            counting.money =
                store::KpiMeasures{.count = Measure::paid_count, .sum = Measure::paid_amount};
        }
        return counting;
    }
};

void add_to_cell(Deltas& deltas, const LevelKey& level, const Contribution& one, Measure measure,
                 base::Int128 value, bool money = false) {
    const store::CellKey key{.company = deltas.company,
                             .level = level,
                             .bucket = store::bucket_of(one.at),
                             .group = store::group_of(measure),
                             .currency = money ? one.currency : kpi::Currency{},
                             .segment = one.segment};
    auto place = std::find_if(deltas.cells.begin(), deltas.cells.end(),
                              [&](const CellDelta& delta) { return delta.key == key; });
    if (place == deltas.cells.end()) {
        deltas.cells.push_back({.key = key, .row = {}});
        place = deltas.cells.end() - 1;
    }
    place->row.add(measure, value);
}

void add_to_set(Deltas& deltas, const LevelKey& level, const Contribution& one, std::int64_t sign) {
    const store::SetKey key{.company = deltas.company,
                            .level = level,
                            .bucket = store::bucket_of(one.at),
                            .set = one.kpi,
                            .segment = one.segment};
    const auto place = std::find_if(
        deltas.sets.begin(), deltas.sets.end(),
        [&](const SetDelta& delta) { return delta.member == one.member && delta.key == key; });
    if (place == deltas.sets.end()) {
        deltas.sets.push_back({.key = key, .member = one.member, .times = sign});
    } else {
        place->times += sign;
    }
}

/// Adds `one` unless it is there; whether it was not.
template <class Row>
bool add_once(Short<Row>& rows, const Row& one) {
    if (std::find(rows.begin(), rows.end(), one) != rows.end()) {
        return false;
    }
    rows.push_back(one);
    return true;
}

/// All contributions of one entity to one KPI.
void add_kpi(Deltas& deltas, std::span<const Contribution* const> ones, std::int64_t sign) {
    const Kpi kpi = ones.front()->kpi;
    const bool is_set = kpi == Kpi::contacts_unique || kpi == Kpi::contacts_attempted;
    const auto [counted, durations, money, credit] = Counting::of(kpi);
    Short<LevelKey> seen;
    Short<std::pair<LevelKey, kpi::Manager>> credited;
    for (const Contribution* one : ones) {
        for (const LevelKey& level : levels_of(*one)) {
            if (durations) {
                add_to_cell(deltas, level, *one, *durations->sum, sign * base::Int128{one->value});
                add_to_cell(deltas, level, *one, durations->count, sign);
            }
            if (credit && add_once(credited, {level, one->manager})) {
                add_to_cell(deltas, level, *one,
                            one->manager ? credit->credited : credit->unattributed, sign);
            }
            if (!add_once(seen, level)) {
                continue;
            }
            if (counted) {
                add_to_cell(deltas, level, *one, *counted, sign);
            }
            if (money) {
                add_to_cell(deltas, level, *one, *money->sum, sign * base::Int128{one->value},
                            true);
                add_to_cell(deltas, level, *one, money->count, sign, true);
            }
            if (is_set) {
                add_to_set(deltas, level, *one, sign);
            }
        }
    }
}

void add_entity(Deltas& deltas, std::span<const Contribution> contributions, std::int64_t sign) {
    boost::container::small_vector<const Contribution*, 32> by_kpi;
    for (const Contribution& one : contributions) {
        const auto place = std::upper_bound(
            by_kpi.begin(), by_kpi.end(), &one,
            [](const Contribution* a, const Contribution* b) { return a->kpi < b->kpi; });
        by_kpi.insert(place, &one);
    }
    for (auto first = by_kpi.begin(); first != by_kpi.end();) {
        const auto end = std::find_if(first, by_kpi.end(), [&](const Contribution* one) {
            return one->kpi != (*first)->kpi;
        });
        add_kpi(deltas, {first, end}, sign);
        first = end;
    }
}

/// Words of a key into one number. Source: the multiplier is 2^64 / golden ratio (Knuth, The Art of
/// Computer Programming 3, 6.4).
std::size_t mixed(std::initializer_list<std::uint64_t> words) {
    std::uint64_t sum = 0;
    for (const std::uint64_t word : words) {
        sum = (sum ^ word) * 0x9E3779B97F4A7C15;
        sum ^= sum >> 32;
    }
    return sum;
}

std::uint64_t word(std::uint32_t high, std::uint32_t low) {
    return std::uint64_t{high} << 32 | low;
}
std::uint32_t word(std::uint8_t a, std::uint8_t b, std::uint8_t c) {
    return std::uint32_t{a} << 16 | std::uint32_t{b} << 8 | c;
}

template <class Key>
std::uint8_t small_word(const Key& key) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(key.rollup) << 4 |
                                     static_cast<unsigned>(key.segment));
}

/// Meta row `newest_bucket`, company: the latest bucket of its cells and sets.
std::string front_key(kpi::Company company) {
    store::KeyWriter name;
    name.raw("newest_bucket").u32(company.value());
    return store::meta_key(name.bytes());
}

/// The row of the block that a quarter's row lies in.
template <class Key>
Key block_key(Key key) {
    key.rollup = store::Rollup::block;
    key.bucket = store::block_of(key.bucket);
    return key;
}

store::Key key_bytes(const store::CellKey& key) {
    return store::cell_key(key);
}
store::Key key_bytes(const store::SetKey& key) {
    return store::set_key(key);
}
bool is_empty(const store::CellRow& row) {
    return row.is_empty();
}
bool is_empty(const store::SetRow& row) {
    return row.members.empty();
}

}  // namespace

std::size_t Cells::Hash::operator()(const store::CellKey& key) const noexcept {
    const std::uint32_t currency =
        word(static_cast<std::uint8_t>(key.currency[0]), static_cast<std::uint8_t>(key.currency[1]),
             static_cast<std::uint8_t>(key.currency[2]));
    return mixed({word(key.company.value(), key.bucket), word(key.level.subject, key.level.team),
                  word(currency, word(static_cast<std::uint8_t>(key.level.level),
                                      static_cast<std::uint8_t>(key.group), small_word(key)))});
}

std::size_t Cells::Hash::operator()(const store::SetKey& key) const noexcept {
    return mixed({word(key.company.value(), key.bucket), word(key.level.subject, key.level.team),
                  word(static_cast<std::uint8_t>(key.level.level),
                       static_cast<std::uint8_t>(key.set), small_word(key))});
}

template <class Key, class Row>
base::Result<Row*> Cells::row_to_change(Table<Key, Row>& table, Changed<Key, Row>& dirty,
                                        const Key& key) {
    auto place = table.find(key);
    if (place == table.end()) {
        BOOST_OUTCOME_TRY(Front* const known, front(key.company));
        Held<Row> held;
        if (key.bucket <= known->held_from) {
            BOOST_OUTCOME_TRY(const auto stored, rows_.get(store::Family::state, key_bytes(key)));
            if (stored) {
                BOOST_OUTCOME_TRY(held.row, store::decode<Row>(*stored));
            }
        } else {
            held.is_new = true;
        }
        if (key.bucket > known->newest) {
            known->newest = key.bucket;
            known->is_changed = true;
        }
        place = table.emplace(key, std::move(held)).first;
    }
    if (!place->second.is_dirty) {
        place->second.is_dirty = true;
        dirty.push_back(&*place);  // maps keep their nodes where they are
    }
    return &place->second.row;
}

base::Result<void> Cells::replace(kpi::Company company, std::span<const Contribution> before,
                                  std::span<const Contribution> after) {
    if (std::equal(before.begin(), before.end(), after.begin(), after.end())) {
        return base::success();
    }
    const auto at_of = [&](store::Bucket bucket) {
        for (const auto& ones : {after, before}) {
            if (!ones.empty() && store::bucket_of(ones.front().at) == bucket) {
                return ones.front().at;
            }
        }
        return store::bucket_start(bucket);
    };
    const auto is_heard = [&](const LevelKey& level) {
        return listener_ != nullptr && level.level == store::Level::manager && level.subject != 0;
    };
    Deltas deltas{.company = company, .cells = {}, .sets = {}};
    add_entity(deltas, before, -1);
    add_entity(deltas, after, 1);
    for (const CellDelta& delta : deltas.cells) {
        if (!delta.row.is_empty()) {
            BOOST_OUTCOME_TRY(add(delta.key, delta.row));
            if (is_heard(delta.key.level)) {
                listener_->cell_changed(delta.key, delta.row, at_of(delta.key.bucket));
            }
        }
    }
    for (const SetDelta& delta : deltas.sets) {
        if (delta.times != 0) {
            BOOST_OUTCOME_TRY(add(delta.key, delta.member, delta.times));
            if (is_heard(delta.key.level)) {
                listener_->set_changed(delta.key, delta.member, delta.times,
                                       at_of(delta.key.bucket));
            }
        }
    }
    return base::success();
}

base::Result<void> Cells::add(const store::CellKey& key, const store::CellRow& row) {
    BOOST_OUTCOME_TRY(store::CellRow* const quarter, row_to_change(cells_, dirty_cells_, key));
    quarter->add(row);
    BOOST_OUTCOME_TRY(store::CellRow* const block,
                      row_to_change(cells_, dirty_cells_, block_key(key)));
    block->add(row);
    return base::success();
}

base::Result<void> Cells::add(const store::SetKey& key, std::uint64_t member, std::int64_t times) {
    BOOST_OUTCOME_TRY(store::SetRow* const quarter, row_to_change(sets_, dirty_sets_, key));
    quarter->add(member, times);
    if (store::has_set_blocks(key.level)) {
        BOOST_OUTCOME_TRY(store::SetRow* const block,
                          row_to_change(sets_, dirty_sets_, block_key(key)));
        block->add(member, times);
    }
    return base::success();
}

base::Result<Cells::Front*> Cells::front(kpi::Company company) {
    auto place = fronts_.find(company);
    if (place == fronts_.end()) {
        BOOST_OUTCOME_TRY(const auto stored, rows_.get(store::Family::state, front_key(company)));
        const auto newest =
            stored ? static_cast<store::Bucket>(store::ValueReader(*stored).u()) : store::Bucket{0};
        place = fronts_.emplace(company, Front{.newest = newest, .held_from = newest}).first;
    }
    return &place->second;
}

template <class Dirty>
void Cells::flush(Dirty& dirty) {
    for (auto* const held : dirty) {
        const store::Key bytes = key_bytes(held->first);
        if (is_empty(held->second.row)) {
            rows_.erase(store::Family::state, bytes);
        } else if (held->second.is_new) {
            rows_.put_new(store::Family::state, bytes, store::encode(held->second.row));
        } else {
            rows_.put(store::Family::state, bytes, store::encode(held->second.row));
        }
        held->second.is_new = false;
        held->second.is_dirty = false;
    }
    dirty.clear();
}

void Cells::flush_fronts() {
    const bool forget = cells_.size() > held_cells_max || sets_.size() > held_sets_max;
    if (forget) {
        cells_.clear();
        sets_.clear();
    }
    for (auto& [company, known] : fronts_) {
        if (known.is_changed) {
            store::ValueWriter value;
            value.u(known.newest);
            rows_.put(store::Family::state, front_key(company), value.take());
            known.is_changed = false;
        }
        if (forget) {
            known.held_from = known.newest;
        }
    }
}

void Cells::flush() {
    flush(dirty_cells_);
    flush(dirty_sets_);
    flush_fronts();
}

}  // namespace processors
