#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "eventlog/batch_scanner.h"
#include "eventlog/log.h"
#include "eventlog/segment_table.h"

namespace eventlog {

/// Reads the records of one partition below its durable end.
///
/// The batch last read and the place behind it are kept, so that reading on costs one unpacking a
/// batch, whatever the number of records asked for.
///
/// Threads:  any; one reads at a time, since they share that batch.
/// Lifetime: `files` and `table` must outlive it.
class PartitionReader {
public:
    PartitionReader(base::Files& files, SegmentTable& table, const LogId& log_id)
        : files_(files), table_(table), log_id_(log_id) {}

    /// As LogReader::read.
    base::Result<std::vector<ReadRecord>> read(std::uint64_t from, std::size_t max_records,
                                               std::size_t max_bytes);

private:
    /// An open segment, and the walk over its batches.
    struct Walk {
        std::uint64_t segment_base = 0;
        BatchScanner scanner;
    };

    bool has_batch_of(std::uint64_t offset) const;
    base::Result<void> load_batch_of(std::uint64_t offset, const SegmentTable::Place& place);
    base::Result<void> start_walk(std::uint64_t offset, const SegmentTable::Place& place);
    base::Result<IndexEntry> build_index(std::uint64_t offset, const SegmentTable::Place& place);

    base::Files& files_;
    SegmentTable& table_;
    LogId log_id_;
    std::mutex mutex_;
    std::optional<Walk> walk_;
    DecodedBatch batch_;  // the last one unpacked; without slices: none
};

}  // namespace eventlog
