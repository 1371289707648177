#pragma once

#include <optional>

#include "kpi/kpi.h"
#include "store/rows.h"

namespace query {

/// Where the cells keep a KPI: how often it was contributed to, and the sum of durations and money.
struct KpiMeasures {
    store::Measure count{};
    std::optional<store::Measure> sum;
};

/// Of counts, durations and money; nullopt of sets and of what is computed. invoices_paid: its
/// count.
std::optional<KpiMeasures> measures_of(kpi::Kpi kpi);

/// The managers credited with calls of a kind, and the calls credited to nobody.
struct CreditMeasures {
    store::Measure credited{};
    store::Measure unattributed{};
};

/// Of the KPIs that the reconciliation counts (domain.md 3).
std::optional<CreditMeasures> credit_measures_of(kpi::Kpi kpi);

}  // namespace query
