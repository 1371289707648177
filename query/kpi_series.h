#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/probe.h"
#include "query/ports.h"
#include "store/read_view.h"

namespace query {

/// Which KPIs of whom a scrape shows, and how much of it.
struct KpiSeriesLimits {
    bool has_managers = true;       ///< else teams alone
    std::vector<std::string> kpis;  ///< public names that this version computes
    std::size_t series_max = 100'000;
};

/// What a scrape shows of a company.
struct KpiSeries {
    std::vector<base::Sample> samples;  ///< gauges; those of one family need not stand together
    std::size_t dropped = 0;            ///< series of those for whom there was no room
    std::string company;                ///< its id
};

/// What everybody did so far today, by the company's zone, against the norms in force now: families
/// manager_info, manager_kpi, manager_norm, manager_pace_ratio, manager_deviation_status, team_kpi.
///
/// Of a KPI the segments new and existing; none where something has no segment (an anonymous
/// caller): these add up. Of what is no sum (distinct contacts, means, ratios) new, existing and
/// all. Money in the currency's major unit. What is unknown has no series. Norms of a client class
/// have none: no label tells them apart. Whoever finds no room is left out whole: managers before
/// teams, the last id first. Source: interface.md 7, ecosystem.md 1.3. Parameters: company. Errors:
/// as of an answer. Cost: one scan of the cells of today for managers and one for teams, and of
/// each grain with norms.
base::Result<KpiSeries> kpi_series(const store::ReadView& view, const Params& params,
                                   const Ports& ports, const KpiSeriesLimits& limits);

}  // namespace query
