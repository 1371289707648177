#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "eventlog/segment_format.h"
#include "eventlog/segment_options.h"
#include "eventlog/segment_recovery.h"
#include "eventlog/segment_table.h"

namespace eventlog {

/// Writes the segments of one partition.
///
/// Order of calls, per group: reserve, write+, sync, publication, prepare_ahead.
/// Errors:  exhausted from `reserve` - no space; nothing was written, call again later.
///          Every other error leaves the files in an unknown state: end the process.
/// Threads: one. Lifetime: `files` must outlive it.
class PartitionWriter {
public:
    PartitionWriter(base::Files& files, std::string dir, std::uint32_t partition,
                    const LogId& log_id, const SegmentLogOptions& options,
                    const RecoveredPartition& recovered);

    /// Prepares zeroed, synced room for batches of `bytes_max` together, here or in a spare.
    base::Result<void> reserve(std::uint64_t bytes_max);
    /// Puts one batch down, in a new segment when this one has no room for it. Not synced.
    base::Result<void> write(std::span<const Record> records);
    /// Makes what was written durable, and the name of a new segment.
    base::Result<void> sync();
    /// What the group made durable; only after `sync`.
    SegmentTable::Publication publication();
    /// Zeroes the next step, and a spare when the segment is half full. Not an error when the disk
    /// is full: `reserve` tries again.
    base::Result<void> prepare_ahead();

    std::uint64_t next_offset() const { return next_offset_; }

private:
    /// A file whose front is written and whose rest is zeroed up to a border.
    struct ZeroedFile {
        std::shared_ptr<base::File> file;
        std::uint64_t zeroed = 0;
    };

    base::Result<void> zero_until(ZeroedFile& target, std::uint64_t position) const;
    base::Result<void> prepare_spare(std::uint64_t bytes);
    base::Result<void> roll(base::UtcMillis created);
    std::string path_of(std::string_view name) const { return dir_ + "/" + std::string(name); }

    base::Files& files_;
    std::string dir_;
    std::uint32_t partition_;
    LogId log_id_;
    std::uint64_t segment_bytes_;
    std::uint64_t zero_step_;
    bool compress_;
    ZeroedFile active_;
    ZeroedFile spare_;
    std::uint64_t position_ = 0;  // in the active file
    std::uint64_t next_offset_ = 0;
    std::uint64_t durable_end_ = 0;
    bool is_unsynced_ = false;
    bool is_dir_unsynced_ = false;
    std::string pending_header_;  // goes down together with the first batch
    SegmentTable::Publication publication_;
};

}  // namespace eventlog
