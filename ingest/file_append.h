#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "eventlog/log.h"
#include "ingest/file_import.h"

namespace ingest {

/// What came of importing: the answer `import` (interface.md 9).
struct ImportTotals {
    std::uint64_t read = 0;
    std::uint64_t quarantined = 0;            ///< could not be mapped; kept with their reason
    std::optional<std::uint64_t> duplicates;  ///< as the fold judged; absent: nobody waited for it
    std::uint32_t partition = 0;
    std::uint64_t offset = 0;  ///< behind the last record
    std::string collector;     ///< whose offset it is; empty: of the views
    std::uint64_t lines = 0;   ///< physical lines that are durable: `--skip` to go on

    std::uint64_t accepted() const { return read - quarantined - duplicates.value_or(0); }
    std::string json() const;
};

/// Appends the items of a file in groups of 10,000, each durable before the next is taken.
///
/// Errors of each: those of LogWriter::append; what `totals` counts is durable then.
class GroupAppender {
public:
    /// `progress` hears of every group; `totals` is added to. All three outlive the appender.
    GroupAppender(eventlog::LogWriter& log, ImportTotals& totals, std::function<void()> progress)
        : log_(log), totals_(totals), progress_(std::move(progress)) {}

    base::Result<void> add(const FileItem& item);
    base::Result<void> flush();

private:
    eventlog::LogWriter& log_;
    ImportTotals& totals_;
    std::function<void()> progress_;
    std::vector<eventlog::Record> records_;
    std::size_t bytes_ = 0;
    std::uint64_t rejected_ = 0;
    std::uint64_t last_line_ = 0;
};

}  // namespace ingest
