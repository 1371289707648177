#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/time.h"

namespace eventlog {

/// Where a batch stands in its file. A sparse index holds one of these per 64 KiB.
struct IndexEntry {
    std::uint64_t offset = 0;
    std::uint64_t position = 0;
};

/// Adds `entry` to `index` when the last one is far enough behind it.
void add_sparsely(std::vector<IndexEntry>& index, const IndexEntry& entry);

/// One segment file. Its records are [base_offset, base of the next one).
struct Segment {
    std::uint64_t base_offset = 0;
    base::UtcMillis created{};  ///< `received_at` of its first record
    std::string path;
    std::vector<IndexEntry> index;  ///< empty until the file was walked over
};

/// The segments of one partition and its durable end: what the writer and the readers share.
///
/// Invariants: segments in rising order; the last is the one being written; records below the
/// durable
///             end are on disk.
/// Threads:    any. The mutex guards a few words; no file is touched under it.
class SegmentTable {
public:
    /// What one group made durable. Steps: entries and segments in the order of their offsets.
    struct Publication {
        std::vector<Segment> started;     ///< segments that begin with it
        std::vector<IndexEntry> entries;  ///< every batch
        std::uint64_t durable_end = 0;
        std::uint64_t durable_position = 0;  ///< in the last segment
    };

    /// Where to look for an offset.
    struct Place {
        std::uint64_t base_offset = 0;
        std::string path;
        IndexEntry start;                               ///< a batch at or below the offset
        bool is_indexed = false;                        ///< otherwise `start` is the first batch
        std::uint64_t end_offset = 0;                   ///< records of this segment end here
        std::optional<std::uint64_t> durable_position;  ///< only of the segment being written
    };

    /// The state after a start. `segments` may be empty.
    void reset(std::vector<Segment> segments, std::uint64_t durable_end,
               std::uint64_t durable_position);
    void publish(Publication publication);

    std::uint64_t first_offset() const;
    std::uint64_t durable_end() const;
    /// Nothing when `offset` is not below the durable end, or below the first offset.
    std::optional<Place> find(std::uint64_t offset) const;
    /// Keeps the index of a sealed segment.
    void keep_index(std::uint64_t base_offset, std::vector<IndexEntry> index);

    /// Forgets the lowest segment when it is sealed, lies below `offset` as a whole, and its
    /// records came before `older_than`. Returns: its path.
    std::optional<std::string> drop_first(std::uint64_t offset, base::UtcMillis older_than);

    bool wait_beyond(std::uint64_t offset, base::Millis time, std::stop_token stop) const;

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable_any grown_;
    std::vector<Segment> segments_;
    std::uint64_t durable_end_ = 0;
    std::uint64_t durable_position_ = 0;
};

}  // namespace eventlog
