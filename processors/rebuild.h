#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/int128.h"
#include "eventlog/log.h"
#include "store/read_view.h"

namespace processors {

/// One row that views and log disagree about; absent values are empty.
struct RowDifference {
    std::string family;
    std::string key;    ///< hex
    std::string log;    ///< hex of the value as folded from the log
    std::string views;  ///< hex of the value that stands in the views
};

/// What `doctor` found for one partition.
struct Diagnosis {
    enum class Result : std::uint8_t { equal, differs, unknown } result{};
    std::string reason;  ///< of unknown
    base::Uint128 digest = 0;
    std::uint64_t offset = 0;
    std::vector<RowDifference> differences;  ///< the first 100
};

/// Folds the log anew up to `view.position.next_offset` into `scratch` (made and removed here) and
/// compares every digested row. `unknown` when the log no longer holds everything that the views
/// hold. `is_cancelled` is asked every now and then.
///
/// Errors: cancelled - it was; of log and store.
base::Result<Diagnosis> diagnose(eventlog::LogReader& log, eventlog::Partition partition,
                                 const store::ReadView& view, const std::filesystem::path& scratch,
                                 const std::function<bool()>& is_cancelled);

/// The first offset of the log that views folded by another version of the program stand for;
/// nullopt of empty views and of those of this version.
base::Result<std::optional<std::uint64_t>> first_offset_of_other_version(
    const store::ViewReader& views);

/// Folds the log from its first offset up to `until` into a new directory at `path`.
struct Rebuilt {
    std::uint64_t read = 0;
    std::uint64_t offset = 0;
    base::Uint128 digest = 0;
};
base::Result<Rebuilt> rebuild(eventlog::LogReader& log, eventlog::Partition partition,
                              const std::filesystem::path& path, std::uint64_t until);

}  // namespace processors
