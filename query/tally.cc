#include "query/tally.h"

#include <algorithm>
#include <set>

#include "query/value_text.h"

namespace query {

using kpi::Contribution;
using kpi::Kpi;
using store::contributing_kpis;
using store::credit_measures_of;
using store::KpiMeasures;
using store::Measure;
using store::measures_of;

namespace {

std::size_t money_slot(Measure measure) {
    return static_cast<std::size_t>(measure) - static_cast<std::size_t>(Measure::invoices_amount);
}

bool is_money(Measure measure) {
    return store::group_of(measure) == store::Group::money;
}

template <class Item>
void add_once(std::vector<Item>& items, Item item) {
    if (std::find(items.begin(), items.end(), item) == items.end()) {
        items.push_back(item);
    }
}

}  // namespace

void MemberSet::add(std::uint64_t member) {
    constexpr std::size_t slack = 4096;
    members_.push_back(member);
    if (members_.size() > 2 * distinct_count_ + slack) {
        compact();
    }
}

void MemberSet::add(const MemberSet& other) {
    other.compact();
    if (members_.empty()) {
        *this = other;
        return;
    }
    for (const std::uint64_t member : other.members_) {
        add(member);
    }
}

void MemberSet::compact() const {
    if (members_.size() == distinct_count_) {
        return;
    }
    std::sort(members_.begin(), members_.end());
    members_.erase(std::unique(members_.begin(), members_.end()), members_.end());
    distinct_count_ = members_.size();
}

std::size_t MemberSet::count() const {
    compact();
    return members_.size();
}

Needed needed_for(std::span<const AskedKpi> asked) {
    Needed needed;
    for (const AskedKpi& one : asked) {
        if (!one.kpi) {
            continue;
        }
        for (const Kpi part : contributing_kpis(*one.kpi)) {
            const auto measures = measures_of(part);
            if (measures) {
                add_once(needed.groups, store::group_of(measures->count));
            } else {
                add_once(needed.sets, part);
            }
        }
        if (one.kpi == Kpi::average_cheque) {
            add_once(needed.groups, store::Group::money);
        }
    }
    return needed;
}

void Tally::add_money(const kpi::Currency& currency, Measure measure, base::Int128 value) {
    const std::size_t slot = money_slot(measure);
    if (slot < money_count) {
        money_[currency][slot] += value;
    }
}

void Tally::add_cell(const store::CellKey& key, const store::CellRow& cell) {
    cell.visit([&](Measure measure, base::Int128 value) {
        if (is_money(measure)) {
            add_money(key.currency, measure, value);
        } else {
            add_plain(measure, static_cast<std::int64_t>(value));
        }
    });
}

void Tally::add_set(Kpi set, const store::SetRow& row) {
    MemberSet& members = set == Kpi::contacts_unique ? unique_ : attempted_;
    for (const auto& [member, times] : row.members) {
        members.add(member);
    }
}

void Tally::add(const Tally& other) {
    for (std::size_t i = 0; i < plain_.size(); ++i) {
        plain_[i] += other.plain_[i];
    }
    for (const auto& [currency, values] : other.money_) {
        Money& sums = money_[currency];
        for (std::size_t i = 0; i < sums.size(); ++i) {
            sums[i] += values[i];
        }
    }
    unique_.add(other.unique_);
    attempted_.add(other.attempted_);
}

void Tally::add_entity(std::span<const Contribution* const> contributions) {
    std::map<Kpi, std::vector<const Contribution*>> by_kpi;
    for (const Contribution* one : contributions) {
        by_kpi[one->kpi].push_back(one);
    }
    for (const auto& [kpi, ones] : by_kpi) {
        add_kpi(ones);
    }
}

void Tally::add_kpi(std::span<const Contribution* const> contributions) {
    const Contribution& first = *contributions.front();
    if (first.kpi == Kpi::contacts_unique || first.kpi == Kpi::contacts_attempted) {
        for (const Contribution* one : contributions) {
            (first.kpi == Kpi::contacts_unique ? unique_ : attempted_).add(one->member);
        }
        return;
    }
    const auto measures = measures_of(first.kpi);
    if (!measures) {
        return;  // nothing contributes to what is computed
    }
    if (!measures->sum) {
        add_plain(measures->count, 1);
    } else if (is_money(*measures->sum)) {
        add_money(first.currency, *measures->sum, first.value);
        add_money(first.currency, measures->count, 1);
    } else {
        for (const Contribution* one : contributions) {
            add_plain(*measures->sum, one->value);
            add_plain(measures->count, 1);
        }
    }
    if (first.kpi == Kpi::invoices_paid) {
        add_money(first.currency, Measure::paid_amount, first.value);
        add_money(first.currency, Measure::paid_count, 1);
    }
    add_credit(contributions);
}

void Tally::add_credit(std::span<const Contribution* const> contributions) {
    const auto credit = credit_measures_of(contributions.front()->kpi);
    if (!credit) {
        return;
    }
    std::set<kpi::Manager> managers;
    for (const Contribution* one : contributions) {
        if (managers.insert(one->manager).second) {
            add_plain(one->manager ? credit->credited : credit->unattributed, 1);
        }
    }
}

base::Int128 Tally::money(const kpi::Currency& currency, Measure measure) const {
    const auto found = money_.find(currency);
    return found == money_.end() ? 0 : found->second[money_slot(measure)];
}

const MemberSet& Tally::set_of(Kpi set) const {
    return set == Kpi::contacts_unique ? unique_ : attempted_;
}

bool Tally::has(Kpi kpi) const {
    for (const Kpi part : contributing_kpis(kpi)) {
        const auto measures = measures_of(part);
        if (!measures) {
            if (!set_of(part).is_empty()) {
                return true;
            }
        } else if (!is_money(measures->count)) {
            if (plain(measures->count) > 0) {
                return true;
            }
        } else if (std::any_of(money_.begin(), money_.end(), [&](const auto& one) {
                       return one.second[money_slot(measures->count)] > 0;
                   })) {
            return true;
        }
    }
    return false;
}

void Tally::write_computed(base::JsonWriter& out, Kpi kpi, const kpi::Currency& currency) const {
    if (kpi == Kpi::average_cheque) {
        const base::Int128 count = money(currency, Measure::paid_count);
        if (count > 0) {
            write_money(out, kpi::half_up(money(currency, Measure::paid_amount), count), currency);
        } else {
            out.null();
        }
        return;
    }
    const kpi::RatioParts parts = kpi::ratio_parts(kpi);
    const std::int64_t denominator = plain(measures_of(parts.denominator)->count);
    if (denominator > 0) {
        out.raw(ratio_text(plain(measures_of(parts.numerator)->count), denominator));
    } else {
        out.null();
    }
}

void Tally::write_value(base::JsonWriter& out, const AskedKpi& asked,
                        const kpi::Currency& currency) const {
    if (!asked.kpi) {
        out.null();
        return;
    }
    const Kpi kpi = *asked.kpi;
    switch (kpi::info(kpi).unit) {
        case kpi::Unit::count: out.value(plain(measures_of(kpi)->count)); return;
        case kpi::Unit::contacts: out.value(members(kpi)); return;
        case kpi::Unit::money:
            write_money(out, money(currency, *measures_of(kpi)->sum), currency);
            return;
        case kpi::Unit::seconds:
            // What no source tells is unknown: hold, and working time without a calendar.
            if ((kpi == Kpi::hold_seconds || kpi == Kpi::callback_seconds) && !has(kpi)) {
                out.null();
            } else {
                out.raw(seconds_text(plain(*measures_of(kpi)->sum)));
            }
            return;
        case kpi::Unit::ratio:
        case kpi::Unit::cheque: write_computed(out, kpi, currency); return;
    }
}

void Tally::write_others(base::JsonWriter& out, const AskedKpi& asked,
                         const kpi::Currency& currency) const {
    const KpiMeasures measures = *measures_of(*asked.kpi);
    bool has_any = false;
    for (const auto& [other, sums] : money_) {
        if (other == currency || sums[money_slot(measures.count)] == 0) {
            continue;
        }
        if (!has_any) {
            out.key(asked.id + "_other").begin_array();
            has_any = true;
        }
        write_money(out, sums[money_slot(*measures.sum)], other);
    }
    if (has_any) {
        out.end_array();
    }
}

void Tally::write_values(base::JsonWriter& out, std::span<const AskedKpi> asked,
                         const kpi::Currency& currency) const {
    for (const AskedKpi& one : asked) {
        out.key(one.id);
        write_value(out, one, currency);
        if (one.kpi && kpi::info(*one.kpi).unit == kpi::Unit::money) {
            write_others(out, one, currency);
        }
    }
}

Reconciliation Tally::calls() const {
    return {plain(Measure::calls_credited), plain(Measure::calls_unattributed),
            plain(Measure::calls_in) + plain(Measure::calls_out)};
}

Reconciliation Tally::answered() const {
    return {plain(Measure::answered_credited), plain(Measure::answered_unattributed),
            plain(Measure::calls_in_answered) + plain(Measure::calls_out_answered)};
}

Reconciliation Tally::missed() const {
    return {plain(Measure::missed_credited), plain(Measure::missed_unattributed),
            plain(Measure::calls_missed)};
}

}  // namespace query
