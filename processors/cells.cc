#include "processors/cells.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "store/rows.h"

namespace processors {
namespace {

using kpi::Contribution;
using kpi::Kpi;
using store::LevelKey;
using store::Measure;

/// What an entity adds, by cell and by set.
struct Deltas {
    kpi::Company company;
    std::map<store::CellKey, store::CellRow> cells;
    std::map<store::SetKey, std::map<std::uint64_t, std::int64_t>> sets;
};

std::vector<LevelKey> levels_of(const Contribution& one) {
    std::vector<LevelKey> levels{
        {store::Level::company, 0, 0},
        {store::Level::team, one.team.value(), 0},
        {store::Level::manager, one.manager.value(), one.team.value()},
    };
    if (!one.manager) {
        levels.push_back({store::Level::manager, 0, store::any_team});
    }
    return levels;
}

std::optional<Measure> counted_measure(Kpi kpi) {
    switch (kpi) {
        case Kpi::calls_in: return Measure::calls_in;
        case Kpi::calls_in_answered: return Measure::calls_in_answered;
        case Kpi::calls_missed: return Measure::calls_missed;
        case Kpi::calls_missed_after_hours: return Measure::calls_missed_after_hours;
        case Kpi::calls_out: return Measure::calls_out;
        case Kpi::calls_out_answered: return Measure::calls_out_answered;
        case Kpi::calls_qualified: return Measure::calls_qualified;
        case Kpi::calls_qualified_in: return Measure::calls_qualified_in;
        case Kpi::calls_qualified_out: return Measure::calls_qualified_out;
        case Kpi::emails_sent: return Measure::emails_sent;
        case Kpi::emails_received: return Measure::emails_received;
        case Kpi::meetings_scheduled: return Measure::meetings_scheduled;
        case Kpi::meetings_held: return Measure::meetings_held;
        case Kpi::meetings_no_show: return Measure::meetings_no_show;
        case Kpi::presentations_held: return Measure::presentations_held;
        case Kpi::proposals_sent: return Measure::proposals_sent;
        case Kpi::touches: return Measure::touches;
        case Kpi::invoices_issued: return Measure::invoices_issued;
        case Kpi::invoices_paid: return Measure::invoices_paid;
        default: return std::nullopt;
    }
}

/// A sum and the number of contributions in it.
struct SumMeasures {
    Measure sum;
    Measure count;
};

std::optional<SumMeasures> duration_measures(Kpi kpi) {
    switch (kpi) {
        case Kpi::talk_seconds: return SumMeasures{Measure::talk_ms, Measure::talk_count};
        case Kpi::talk_seconds_in: return SumMeasures{Measure::talk_in_ms, Measure::talk_in_count};
        case Kpi::talk_seconds_out:
            return SumMeasures{Measure::talk_out_ms, Measure::talk_out_count};
        case Kpi::ring_seconds: return SumMeasures{Measure::ring_ms, Measure::ring_count};
        case Kpi::wait_seconds: return SumMeasures{Measure::wait_ms, Measure::wait_count};
        case Kpi::hold_seconds: return SumMeasures{Measure::hold_ms, Measure::hold_count};
        default: return std::nullopt;
    }
}

std::optional<SumMeasures> money_measures(Kpi kpi) {
    switch (kpi) {
        case Kpi::invoices_amount:
            return SumMeasures{Measure::invoices_amount, Measure::invoices_count};
        case Kpi::payments_amount:
            return SumMeasures{Measure::payments_amount, Measure::payments_count};
        case Kpi::refunds_amount:
            return SumMeasures{Measure::refunds_amount, Measure::refunds_count};
        case Kpi::invoices_paid: return SumMeasures{Measure::paid_amount, Measure::paid_count};
        default: return std::nullopt;
    }
}

/// The measures in which the reconciliation identity counts a KPI (domain.md 3).
std::optional<SumMeasures> credit_measures(Kpi kpi) {
    switch (kpi) {
        case Kpi::calls_in:
        case Kpi::calls_out:
            return SumMeasures{Measure::calls_credited, Measure::calls_unattributed};
        case Kpi::calls_in_answered:
        case Kpi::calls_out_answered:
            return SumMeasures{Measure::answered_credited, Measure::answered_unattributed};
        case Kpi::calls_missed:
            return SumMeasures{Measure::missed_credited, Measure::missed_unattributed};
        default: return std::nullopt;
    }
}

void add_to_cell(Deltas& deltas, const LevelKey& level, const Contribution& one, Measure measure,
                 base::Int128 value, bool money = false) {
    store::CellKey key{.company = deltas.company,
                       .level = level,
                       .group = store::group_of(measure),
                       .currency = {},
                       .bucket = store::bucket_of(one.at),
                       .segment = one.segment};
    if (money) {
        key.currency = one.currency;
    }
    deltas.cells[key].add(measure, value);
}

void add_to_set(Deltas& deltas, const LevelKey& level, const Contribution& one, std::int64_t sign) {
    const store::SetKey key{.company = deltas.company,
                            .level = level,
                            .set = one.kpi,
                            .bucket = store::bucket_of(one.at),
                            .segment = one.segment};
    deltas.sets[key][one.member] += sign;
}

/// All contributions of one entity to one KPI.
void add_kpi(Deltas& deltas, std::span<const Contribution* const> ones, std::int64_t sign) {
    const Kpi kpi = ones.front()->kpi;
    const bool is_set = kpi == Kpi::contacts_unique || kpi == Kpi::contacts_attempted;
    const auto counted = counted_measure(kpi);
    const auto duration = duration_measures(kpi);
    const auto money = money_measures(kpi);
    const auto credit = credit_measures(kpi);
    std::set<LevelKey> seen;
    std::set<std::pair<LevelKey, kpi::Manager>> credited;
    for (const Contribution* one : ones) {
        for (const LevelKey& level : levels_of(*one)) {
            if (duration) {
                add_to_cell(deltas, level, *one, duration->sum, sign * base::Int128{one->value});
                add_to_cell(deltas, level, *one, duration->count, sign);
            }
            if (credit && credited.emplace(level, one->manager).second) {
                add_to_cell(deltas, level, *one, one->manager ? credit->sum : credit->count, sign);
            }
            if (!seen.insert(level).second) {
                continue;
            }
            if (counted) {
                add_to_cell(deltas, level, *one, *counted, sign);
            }
            if (money) {
                add_to_cell(deltas, level, *one, money->sum, sign * base::Int128{one->value}, true);
                add_to_cell(deltas, level, *one, money->count, sign, true);
            }
            if (is_set) {
                add_to_set(deltas, level, *one, sign);
            }
        }
    }
}

void add_entity(Deltas& deltas, std::span<const Contribution> contributions, std::int64_t sign) {
    std::map<Kpi, std::vector<const Contribution*>> by_kpi;
    for (const Contribution& one : contributions) {
        by_kpi[one.kpi].push_back(&one);
    }
    for (const auto& [kpi, ones] : by_kpi) {
        add_kpi(deltas, ones, sign);
    }
}

base::Result<void> write_cells(store::WriteBack& rows, const Deltas& deltas) {
    for (const auto& [key, delta] : deltas.cells) {
        if (delta.is_empty()) {
            continue;
        }
        const std::string bytes = store::cell_key(key);
        BOOST_OUTCOME_TRY(const auto stored, rows.get(store::Family::state, bytes));
        store::CellRow cell;
        if (stored) {
            BOOST_OUTCOME_TRY(cell, store::decode<store::CellRow>(*stored));
        }
        for (const auto& [measure, value] : delta.values()) {
            cell.add(measure, value);
        }
        if (cell.is_empty()) {
            rows.erase(store::Family::state, bytes);
        } else {
            rows.put(store::Family::state, bytes, store::encode(cell));
        }
    }
    return base::success();
}

base::Result<void> write_sets(store::WriteBack& rows, const Deltas& deltas) {
    for (const auto& [key, members] : deltas.sets) {
        const bool unchanged = std::all_of(members.begin(), members.end(),
                                           [](const auto& one) { return one.second == 0; });
        if (unchanged) {
            continue;
        }
        const std::string bytes = store::set_key(key);
        BOOST_OUTCOME_TRY(const auto stored, rows.get(store::Family::state, bytes));
        store::SetRow set;
        if (stored) {
            BOOST_OUTCOME_TRY(set, store::decode<store::SetRow>(*stored));
        }
        for (const auto& [member, times] : members) {
            set.add(member, times);
        }
        if (set.members.empty()) {
            rows.erase(store::Family::state, bytes);
        } else {
            rows.put(store::Family::state, bytes, store::encode(set));
        }
    }
    return base::success();
}

}  // namespace

base::Result<void> replace_contributions(store::WriteBack& rows, kpi::Company company,
                                         std::span<const Contribution> before,
                                         std::span<const Contribution> after) {
    if (std::equal(before.begin(), before.end(), after.begin(), after.end())) {
        return base::success();
    }
    Deltas deltas{.company = company, .cells = {}, .sets = {}};
    add_entity(deltas, before, -1);
    add_entity(deltas, after, 1);
    BOOST_OUTCOME_TRY(write_cells(rows, deltas));
    return write_sets(rows, deltas);
}

}  // namespace processors
