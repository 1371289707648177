#pragma once

#include "processors/call_fold.h"
#include "processors/directory_entries.h"
#include "processors/fold_state.h"
#include "processors/verdict.h"
#include "processors/watch_fold.h"

namespace processors {

/// Directory entries and settings: rows, the directory in memory, and which entities a change
/// touches.
class DirectoryFold {
public:
    DirectoryFold(FoldState& state, WatchFold& watches) : state_(state), watches_(watches) {}

    /// Rebuilds the directories in memory from their rows. Settings first: dates depend on the
    /// zone.
    base::Result<void> load();

    base::Result<Verdict> apply(CompanyState& company, const Incoming& incoming);
    base::Result<void> apply_void(CompanyState& company, events::Kind kind,
                                  const std::string& name);

private:
    base::Result<void> load_kind(CompanyState& company, events::Kind kind);
    base::Result<void> set(CompanyState& company, const std::string& row_key,
                           const DirectoryEntry& before, const DirectoryEntry& after);
    /// Dates of entries mean other instants now: every entry is read again, everything is touched.
    base::Result<void> zone_changed(CompanyState& company);
    base::Result<void> touch(CompanyState& company, const DirectoryEntry& entry);
    base::Result<DirectoryEntry> entry_of_row(CompanyState& company,
                                              const store::DirectoryRow& row);
    base::Result<bool> is_voided(const CompanyState& company, events::Kind kind,
                                 const std::string& name, std::uint64_t revision);

    FoldState& state_;
    WatchFold& watches_;
    bool is_loading_ = false;  ///< which changes nothing
};

}  // namespace processors
