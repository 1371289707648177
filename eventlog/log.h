#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"
#include "base/time.h"

namespace eventlog {

/// The number of a partition, from 0. Its `value()` counts; partition 0 is one like any other.
using Partition = base::StrongId<struct PartitionTag>;

/// What is appended: the bytes of one event, and when it arrived here.
struct Record {
    std::string bytes;
    base::UtcMillis received_at{};
};

/// What the log adds to a record, at most.
inline constexpr std::size_t record_frame_bytes_max = 20;
/// Appends whose records, with what the log adds to each, take no more are never cut.
inline constexpr std::size_t whole_append_bytes_max = std::size_t{1} << 20;

/// A random number that names one log, made with its data directory.
using LogId = std::array<unsigned char, 16>;

/// Where a record was made durable first: in the log of the collector that took it in.
struct Origin {
    LogId log_id{};
    std::uint64_t offset = 0;
    std::uint64_t begin = 0;  ///< of that log when the record was sent on
    friend bool operator==(const Origin&, const Origin&) = default;
};

/// What is read: the same, with its place in the log.
struct ReadRecord {
    std::uint64_t offset = 0;
    base::UtcMillis received_at{};
    std::string bytes;
    std::optional<Origin> origin = std::nullopt;  ///< nullopt: it is read from that very log
    friend bool operator==(const ReadRecord&, const ReadRecord&) = default;
};

/// Where the records of one append stand: [first_offset, next_offset), without a gap, in their
/// order.
struct Appended {
    std::uint64_t first_offset = 0;
    std::uint64_t next_offset = 0;
};

/// The append side of the log. SegmentLog, over the file system or over MemoryFiles.
class LogWriter {
public:
    using Done = std::function<void(base::Result<Appended>)>;

    virtual ~LogWriter() = default;

    /// Appends `records`; `done` gets their offsets when they are durable. `append_and_wait`
    /// (commands) is a free function on it. After a crash in between a prefix of them may stand in
    /// the log; up to `whole_append_bytes_max` it is all of them or none.
    ///
    /// Errors:  exhausted   - too much is waiting, or no space is prepared; answer 503.
    ///          unavailable - the log is closing or its disk failed; the source sends again.
    ///          invalid     - a record larger than the limit, no record, more than one group holds,
    ///          or
    ///                        no such partition; do not retry.
    /// Threads: any. `done` is called once: on the writer's thread after the sync, or, for a
    /// refusal,
    ///          perhaps on the caller's thread before `append` returns. It must not wait, throw, or
    ///          close the log.
    virtual void append(Partition partition, std::vector<Record> records, Done done) = 0;
};

/// Appends and waits until `records` are durable. Errors: of LogWriter::append. Threads: any but
/// the writer's.
base::Result<Appended> append_and_wait(LogWriter& log, Partition partition,
                                       std::vector<Record> records);

/// The read side of the log: only what is durable, so that no view knows more than its log.
///
/// Threads: any.
class LogReader {
public:
    virtual ~LogReader() = default;

    /// The records from `from` on: at most `max_records` of them and `max_bytes` of bytes, but one
    /// at least. Returns: nothing when nothing durable stands there yet.
    ///
    /// Errors: not_found - below `first_offset`; those records are gone.
    ///         corrupt   - damage; file, byte and offset are named. Stop.
    ///         invalid   - no such partition.
    virtual base::Result<std::vector<ReadRecord>> read(Partition partition, std::uint64_t from,
                                                       std::size_t max_records,
                                                       std::size_t max_bytes) = 0;

    /// The lowest offset that is still there; `durable_end` when nothing is.
    virtual std::uint64_t first_offset(Partition partition) const = 0;

    /// The offset behind the last durable record.
    virtual std::uint64_t durable_end(Partition partition) const = 0;

    /// Waits until `durable_end` > `offset`, or `time` is over, or `stop` is asked for. Returns:
    /// whether there is something to read at `offset`.
    virtual bool wait_beyond(Partition partition, std::uint64_t offset,
                             std::chrono::milliseconds time, std::stop_token stop) = 0;
};

}  // namespace eventlog
