#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/int128.h"
#include "base/json.h"
#include "kpi/contribution.h"
#include "kpi/ratio.h"
#include "query/question.h"
#include "store/keys.h"
#include "store/measures.h"
#include "store/rows.h"

namespace query {

/// Distinct members, collected from many sets.
class MemberSet {
public:
    void add(std::uint64_t member);
    void add(const MemberSet& other);
    /// How many are distinct.
    std::size_t count() const;
    bool is_empty() const { return members_.empty(); }

private:
    void compact() const;
    mutable std::vector<std::uint64_t> members_;
    mutable std::size_t distinct_count_ = 0;  ///< of the sorted front part
};

/// One line of the reconciliation: managers - shared + unattributed = department.
struct Reconciliation {
    std::int64_t managers = 0;
    std::int64_t unattributed = 0;
    std::int64_t department = 0;
    std::int64_t shared() const { return managers + unattributed - department; }
};

/// The sums of one selection: of a row of an answer, or of its totals.
///
/// What is added must be disjoint: cells of one level, and entities outside the buckets of these
/// cells. Source: domain.md 3 (levels are not sums), 10.
class Tally : public store::Sums {
public:
    void add_cell(const store::CellKey& key, const store::CellRow& cell);
    void add_set(kpi::Kpi set, const store::SetRow& row);
    /// All that another selection of the same level has.
    void add(const Tally& other);
    /// All contributions of one entity to this selection at one instant: it counts once, its
    /// durations are summed, its members are united.
    void add_entity(std::span<const kpi::Contribution* const> contributions);

    /// True when anything contributed to the KPI or, if it is computed, to one of its parts.
    bool has(kpi::Kpi kpi) const;
    /// Writes the members `<kpi>` and, if there is such money, `<kpi>_other` into the open object.
    void write_values(base::JsonWriter& out, std::span<const AskedKpi> asked,
                      const kpi::Currency& currency) const;
    /// The one value of a KPI as `write_values` shows it, without other currencies.
    void write_value(base::JsonWriter& out, const AskedKpi& asked,
                     const kpi::Currency& currency) const;

    std::int64_t plain(store::Measure measure) const override {
        return plain_[static_cast<std::size_t>(measure)];
    }
    base::Int128 money(const kpi::Currency& currency, store::Measure measure) const override;
    std::size_t members(kpi::Kpi set) const override { return set_of(set).count(); }

    Reconciliation calls() const;
    Reconciliation answered() const;
    Reconciliation missed() const;

private:
    static constexpr std::size_t plain_count = 48;  ///< measures of the groups calls and activities
    static constexpr std::size_t money_count = 8;
    using Money = std::array<base::Int128, money_count>;

    void add_plain(store::Measure measure, std::int64_t value) {
        plain_[static_cast<std::size_t>(measure)] += value;
    }
    void add_money(const kpi::Currency& currency, store::Measure measure, base::Int128 value);
    void add_kpi(std::span<const kpi::Contribution* const> contributions);
    void add_credit(std::span<const kpi::Contribution* const> contributions);
    void write_others(base::JsonWriter& out, const AskedKpi& asked,
                      const kpi::Currency& currency) const;
    void write_computed(base::JsonWriter& out, kpi::Kpi kpi, const kpi::Currency& currency) const;
    const MemberSet& set_of(kpi::Kpi set) const;

    std::array<std::int64_t, plain_count> plain_{};
    std::map<kpi::Currency, Money> money_;
    MemberSet unique_;
    MemberSet attempted_;
};

/// What has to be read for these KPIs.
struct Needed {
    std::vector<store::Group> groups;
    std::vector<kpi::Kpi> sets;
};
Needed needed_for(std::span<const AskedKpi> asked);

}  // namespace query
