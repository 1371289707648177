#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "processors/call_fold.h"
#include "processors/fold_state.h"

namespace processors {

/// Identity of a directory entry (interface.md 3): the row key's part, and the text by which a void
/// names it.
struct DirectoryIdentity {
    std::string key;
    std::string name;  ///< parts joined by `/`, instants in UTC, without trailing empty parts
};
DirectoryIdentity identity_of(const events::pb::Event& head, const kpi::Zone& zone);

/// The same text as a sender may write it: trailing slashes off, a last part that is an instant or
/// a local date rendered in UTC.
std::string canonical_void_name(std::string_view entity_id, const kpi::Zone& zone);

/// An entry as the directory in memory takes it; monostate: of a kind that it does not hold (team,
/// checkpoint).
using DirectoryEntry =
    std::variant<std::monostate, kpi::ManagerEntry, kpi::EndpointEntry, kpi::ClientEntry,
                 kpi::CalendarEntry, kpi::AbsenceEntry, kpi::NormEntry, kpi::SettingsEntry>;
/// Errors: those of the rows behind the names.
base::Result<DirectoryEntry> entry_of(const events::pb::Event& head,
                                      const std::vector<InternedParty>& parties, Names& names,
                                      kpi::Company company, const kpi::Zone& zone);

/// Half-open validity of an entry's `from` and `until`.
kpi::Validity validity_of(const events::pb::Moment* from, const events::pb::Moment* until,
                          const kpi::Zone& zone);

}  // namespace processors
