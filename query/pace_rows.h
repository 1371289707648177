#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "kpi/norms.h"
#include "kpi/pace.h"
#include "kpi/worked_time.h"
#include "query/actuals.h"
#include "query/question.h"
#include "query/roster.h"

namespace query {

/// One manager against one norm at an instant.
struct PaceRow {
    kpi::Manager manager;
    std::string manager_id;
    kpi::Team team;
    const kpi::NormEntry* norm = nullptr;
    std::optional<kpi::Kpi> kpi;  ///< absent: this version does not compute it
    kpi::Interval period;
    std::optional<kpi::Ratio> actual;
    kpi::Pace pace;
};

/// What a question about pace or the board asks: at, manager, team, kpi.
struct PaceSelection {
    base::UtcMillis at{};
    std::vector<RosterEntry> managers;  ///< in force at `at`, by id
    std::vector<AskedKpi> kpis;
    std::set<std::string> names;  ///< of the KPIs asked; empty: all
    std::optional<kpi::Zone> tz;  ///< of instants in the answer
    /// Errors: invalid - a parameter that cannot be read; those of the store.
    static base::Result<PaceSelection> read(Question& question);
};

/// The rows of these managers at `at`: by manager as they stand, then as Norms::in_force.
///
/// `names`: only norms of these KPIs; empty: all. The rows point into the view's directory. Errors:
/// those of the store. Cost: per period one scan of the cells of all managers, or of the only one.
base::Result<std::vector<PaceRow>> pace_rows(Question& question, base::UtcMillis at,
                                             const std::vector<RosterEntry>& managers,
                                             const std::set<std::string>& names);

/// Writes a row as an object.
base::Result<void> write_pace_row(base::JsonWriter& out, Question& question, const PaceRow& row);

}  // namespace query
