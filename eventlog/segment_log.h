#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "eventlog/data_dir.h"
#include "eventlog/log.h"
#include "eventlog/log_probe.h"
#include "eventlog/partition_reader.h"
#include "eventlog/partition_writer.h"
#include "eventlog/segment_options.h"
#include "eventlog/segment_table.h"

namespace eventlog {

/// The log of one data directory, in segment files (docs/segment_format.md).
///
/// One thread writes all partitions. Whatever waits when the last sync ended is the next group: it
/// is written, each touched segment is synced once, the new durable end is published, and only then
/// are its appends acknowledged. There is no timer.
///
/// Lifetime: `files` must outlive it. The destructor closes it.
class SegmentLog final : public LogWriter, public LogReader {
    /// `open` alone constructs.
    class Key {
        friend class SegmentLog;
        Key() = default;
    };

public:
    SegmentLog(Key, base::Files& files, DataDir dir, SegmentLogOptions options);

    /// Opens the data directory `path` (made when missing) and recovers every partition.
    ///
    /// Errors: of DataDir::open. corrupt - damage; file, byte and offset are named.
    ///         invalid - the options contradict each other, or files of another log.
    static base::Result<std::unique_ptr<SegmentLog>> open(base::Files& files,
                                                          const std::string& path,
                                                          SegmentLogOptions options);
    /// The same on a directory that is held already; `options.partitions` is its number.
    static base::Result<std::unique_ptr<SegmentLog>> open(base::Files& files, DataDir dir,
                                                          SegmentLogOptions options);

    SegmentLog(const SegmentLog&) = delete;
    SegmentLog& operator=(const SegmentLog&) = delete;
    ~SegmentLog() override;

    void append(Partition partition, std::vector<Record> records, Done done) override;

    base::Result<std::vector<ReadRecord>> read(Partition partition, std::uint64_t from,
                                               std::size_t max_records,
                                               std::size_t max_bytes) override;
    std::uint64_t first_offset(Partition partition) const override;
    std::uint64_t durable_end(Partition partition) const override;
    bool wait_beyond(Partition partition, std::uint64_t offset, std::chrono::milliseconds time,
                     std::stop_token stop) override;

    /// Drops whole sealed segments whose records lie below `offset` and came before `older_than`;
    /// the last segment stays. Returns: the new first offset.
    ///
    /// Errors:  invalid - no such partition. Of Files: what was not dropped comes back at a start.
    /// Threads: any but the writer's, one a partition.
    base::Result<std::uint64_t> truncate_before(Partition partition, std::uint64_t offset,
                                                base::UtcMillis older_than = base::for_ever);

    /// Writes what waits, acknowledges it, and ends the writer. Later appends get `unavailable`;
    /// reading goes on. Threads: any but the writer's.
    void close();

    const DataDir& data_dir() const { return dir_; }
    const base::Probe& probe() const { return probe_; }
    /// One line for each torn tail that the start cut.
    const std::vector<std::string>& recovery_notes() const { return notes_; }

private:
    using Clock = std::chrono::steady_clock;

    /// One append.
    struct Request {
        std::uint32_t partition = 0;
        std::vector<Record> records;
        std::size_t bytes_max = 0;  ///< what its batches take at most
        Done done;
        Clock::time_point since;
        std::size_t count = 0;  ///< records; they are handed on when they are written
        Appended appended;
    };

    /// The appends of a group to one partition.
    struct Part {
        std::uint32_t partition = 0;
        std::vector<Request> requests;
    };

    /// What is written, synced and acknowledged together.
    using Group = std::vector<Part>;

    /// What belongs to one partition; the writer is used by the writer's thread alone.
    struct PartitionState {
        PartitionState(base::Files& files, const LogId& log_id) : reader(files, table, log_id) {}
        SegmentTable table;
        PartitionReader reader;
        std::optional<PartitionWriter> writer;
    };

    base::Result<void> recover();
    bool has(Partition partition) const { return partition.value() < partitions_.size(); }
    std::optional<base::Error> flaw_of(Partition partition, const Request& request) const;
    std::optional<base::Error> enqueue(Request& request);

    void run();
    Group take_group();
    base::Result<void> commit(Group& group);
    base::Result<void> write(Group& group);
    base::Result<void> make_room(Part& part);
    base::Result<void> write_part(Part& part);
    base::Result<void> sync(const Group& group);
    void publish(const Group& group);
    void acknowledge(Group& group);
    base::Result<void> prepare_ahead(const Group& group);
    void refuse(std::span<Request> requests, const base::Error& error);
    void release(std::span<const Request> requests);
    void end_in_failure(Group& group, const base::Error& error);

    base::Files& files_;
    DataDir dir_;
    SegmentLogOptions options_;
    std::deque<PartitionState> partitions_;  // they do not move
    std::vector<std::string> notes_;
    LogProbe probe_;

    std::mutex mutex_;  // appends come from every thread; it guards the queue below
    std::condition_variable queued_;
    std::deque<Request> queue_;
    std::size_t in_flight_records_ = 0;
    std::size_t in_flight_bytes_ = 0;
    bool is_closing_ = false;
    std::mutex closing_;  // two threads may close
    std::jthread thread_;
};

}  // namespace eventlog
