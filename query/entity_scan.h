#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "kpi/contribution.h"
#include "query/question.h"
#include "store/keys.h"
#include "store/rows.h"

namespace query {

/// The kinds of entities that contribute to KPIs, as their keys have them.
std::span<const std::uint8_t> contributing_kinds();

/// An entity at one instant at which it contributes.
struct StandingEntity {
    const store::IndexKey& key;                    ///< `at` is the instant
    const store::CallRow* call = nullptr;          ///< of kind call
    const store::CaseRow* missed_case = nullptr;   ///< of kind case
    const store::ActivityRow* activity = nullptr;  ///< of all other kinds
    std::vector<kpi::Contribution> contributions;  ///< those at `key.at`, unfiltered
};
using EntityVisit = std::function<base::Result<void>(const StandingEntity&)>;

/// Shows what contributes at an instant of `range`: entities of these kinds, per kind newest first.
/// An entity that contributes at two instants is shown at each.
///
/// `manager`: only entities that this manager takes part in or is credited with may be shown (a
/// hint to read less; kinds whose keys do not allow it are shown all). 0 and unknown ordinals
/// narrow nothing. Errors: those of the store, and of `visit`.
base::Result<void> scan_entities(Question& question, std::span<const std::uint8_t> kinds,
                                 const Range& range, std::optional<std::uint32_t> manager,
                                 const EntityVisit& visit);

/// The key of the entity that an index key points to.
store::EntityKey entity_of(const store::IndexKey& key);

/// `call`, `email`, ..., `case`: the word of explain.
std::string_view word_of(std::uint8_t kind);

/// The public id of an entity: a call's `call_id`, a case's is that of its first call, any other's
/// its native id.
base::Result<std::string> shown_id(Question& question, const store::IndexKey& key,
                                   const store::ActivityRow* activity);

}  // namespace query
