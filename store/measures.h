#pragma once

#include <optional>
#include <vector>

#include "kpi/contribution.h"
#include "kpi/kpi.h"
#include "kpi/ratio.h"
#include "store/rows.h"

namespace store {

/// Where the cells keep a KPI: how often it was contributed to, and the sum of durations and money.
struct KpiMeasures {
    Measure count{};
    std::optional<Measure> sum;
};

/// Of counts, durations and money; nullopt of sets and of what is computed. invoices_paid: its
/// count.
std::optional<KpiMeasures> measures_of(kpi::Kpi kpi);

/// The managers credited with calls of a kind, and the calls credited to nobody.
struct CreditMeasures {
    Measure credited{};
    Measure unattributed{};
};

/// Of the KPIs that the reconciliation counts (domain.md 3).
std::optional<CreditMeasures> credit_measures_of(kpi::Kpi kpi);

/// The KPIs whose contributions make `kpi`: itself, the parts of a ratio, the invoices of a cheque.
std::vector<kpi::Kpi> contributing_kpis(kpi::Kpi kpi);

/// The sums of one selection, as `amount_of` asks for them.
class Sums {
public:
    Sums() = default;
    virtual ~Sums() = default;
    /// Of the groups calls and activities.
    virtual std::int64_t plain(Measure measure) const = 0;
    virtual base::Int128 money(const kpi::Currency& currency, Measure measure) const = 0;
    /// Distinct members of contacts_unique or contacts_attempted.
    virtual std::size_t members(kpi::Kpi set) const = 0;

protected:
    Sums(const Sums&) = default;
    Sums& operator=(const Sums&) = default;
    Sums(Sums&&) = default;
    Sums& operator=(Sums&&) = default;
};

/// The value of a KPI in its unit: a count, seconds, minor units of this currency, a ratio; nullopt
/// when it is undefined. At most kpi::ratio_max.
std::optional<kpi::Ratio> amount_of(const Sums& sums, kpi::Kpi kpi, const kpi::Currency& currency);

}  // namespace store
