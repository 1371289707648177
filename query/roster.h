#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "kpi/directory.h"
#include "query/question.h"

namespace query {

/// A manager as the answers show him at some time.
struct RosterEntry {
    kpi::Manager manager;
    std::string id;
    std::string name;  ///< empty: never declared
    std::string role;
    kpi::Team team;
    kpi::Validity validity;

    kpi::Whom whom() const { return {manager, role, team}; }
};

/// Managers in force at some instant of a range, each with his last entry in it, by id. Who was
/// never declared is in force, without team, from the first instant at which anything names him
/// (domain.md 3).
///
/// `only`: no other manager is looked for. Errors: those of the store.
base::Result<std::vector<RosterEntry>> managers_between(
    Question& question, const Range& range, std::optional<kpi::Manager> only = std::nullopt);

}  // namespace query
