#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/int128.h"
#include "base/time.h"
#include "kpi/directory.h"
#include "kpi/settings.h"
#include "store/rows.h"
#include "store/view_store.h"

namespace store {

/// What a query knows of a company beside its rows: as of the same commit.
struct CompanyView {
    kpi::Company ordinal;
    std::string id;
    std::shared_ptr<const kpi::Directory> directory;
    std::shared_ptr<const kpi::SettingsTimeline> settings;
};

/// One state of a partition: everything an answer needs. Published after each commit; a request
/// takes exactly one and answers from it alone.
///
/// Threads: any; immutable.
struct ReadView {
    std::shared_ptr<const ViewReader> rows;
    std::uint32_t partition = 0;
    std::uint64_t generation = 1;
    PositionRow position;
    /// Exclusive. Below position.next_offset while a later fact is still being applied to what is
    /// folded.
    std::uint64_t applied_offset = 0;
    std::optional<std::pair<std::uint64_t, std::uint64_t>> reattributing;  ///< done, total
    /// Before then nothing becomes true by log time alone; nullopt: nothing is waited for.
    std::optional<base::UtcMillis> next_timer;
    /// Every row is attributed by the directories below; not while a change of them is being worked
    /// on, or waits for the rest of an `apply`.
    bool is_settled = true;
    std::map<std::string, CompanyView> companies;  ///< by id
    base::Uint128 digest = 0;
};

}  // namespace store
