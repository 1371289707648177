#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/error.h"
#include "eventlog/log.h"

namespace eventlog {

/// How a SegmentLog divides and bounds what it writes. Sizes are bytes.
///
/// Invariants: zero_step divides segment_bytes; batch_bytes_max <= group_bytes_max; a record and
/// its
///             batch fit into a group; 2 * group_bytes_max <= segment_bytes, so that a group begins
///             one segment at most. `open` answers `invalid` otherwise.
struct SegmentLogOptions {
    std::uint32_t partitions = 1;
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;
    std::uint64_t zero_step = std::uint64_t{4} << 20;  ///< zeros are synced ahead in such steps
    std::size_t group_bytes_max = std::size_t{16} << 20;
    std::size_t batch_bytes_max = whole_append_bytes_max;  ///< before compression
    std::size_t record_bytes_max = std::size_t{2} << 20;   ///< a larger record is `invalid`
    std::size_t in_flight_records_max = 200'000;           ///< more are `exhausted`
    std::size_t in_flight_bytes_max = std::size_t{64} << 20;
    bool compress = true;  ///< zstd level 1, batch by batch, where it helps
    /// Called once on the writer's thread after a failed write or sync, when everything in flight
    /// got `unavailable`. Empty: one line on stderr, and the process exits with 3. There is no
    /// retry in a living process: the pages of a failed sync read well and are not on disk.
    std::function<void(const base::Error&)> on_fatal;
};

}  // namespace eventlog
