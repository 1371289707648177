#pragma once

#include <string>

#include "base/error.h"
#include "base/json.h"
#include "query/question.h"
#include "store/keys.h"
#include "store/rows.h"

namespace query {

/// How calls are written: for whom, and in which zone.
struct CallStyle {
    Who who;
    std::optional<kpi::Zone> zone;  ///< absent: UTC
};

/// Adds the names that `write_call` will ask for (Names::read).
void add_names(const store::EntityKey& key, const store::CallRow& row,
               std::vector<std::pair<store::Table, std::uint32_t>>& names);

/// Writes the member `client` of a call into the open object. Errors: those of the store.
base::Result<void> write_client(base::JsonWriter& out, Question& question, const CallStyle& style,
                                const kpi::AssembledCall& call);
/// Writes whose a missed call is, as an object. Errors: those of the store.
base::Result<void> write_whose(base::JsonWriter& out, Question& question, kpi::Manager owner,
                               kpi::Team owner_team);

/// Writes the members of a call into the open object.
/// Errors: those of the store.
base::Result<void> write_call(base::JsonWriter& out, Question& question, const CallStyle& style,
                              const store::EntityKey& key, const store::CallRow& row);

/// Writes what only the answer of one call has: legs, timeline, contributions, events.
base::Result<void> write_call_details(base::JsonWriter& out, Question& question,
                                      const CallStyle& style, const store::CallRow& row);

}  // namespace query
