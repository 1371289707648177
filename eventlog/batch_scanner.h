#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"
#include "eventlog/segment_format.h"

namespace eventlog {

/// Walks over the batches of one segment file, in order, reading ahead.
///
/// Threads: one at a time. Cost: one read of the file per 256 KiB.
class BatchScanner {
public:
    /// How much of a batch is looked at: its header's form and offset, or every byte.
    enum class Depth { headers, everything };
    enum class Found {
        batch,  ///< `header`, `bytes` and `batch_position` tell of it; the walk stands behind it
        end,    ///< a zero magic, or no room below the limit
        bad,    ///< `flaw` says why; the walk stays
    };

    BatchScanner(std::shared_ptr<const base::File> file, const LogId& log_id, Depth depth);

    /// Goes to a batch known to stand at `position`, whose first offset is `offset`.
    void seek(std::uint64_t position, std::uint64_t offset);

    /// Looks at the next batch. `limit`: the bytes below it are written and do not change; of a
    /// sealed file, UINT64_MAX.
    base::Result<Found> next(std::uint64_t limit);

    std::uint64_t position() const { return position_; }
    std::uint64_t next_offset() const { return next_offset_; }
    std::string_view flaw() const { return flaw_; }
    const BatchHeader& header() const { return header_; }
    std::uint64_t batch_position() const { return batch_position_; }
    /// The whole batch, until the next call. Only with Depth::everything.
    std::string_view bytes() const { return bytes_; }

private:
    base::Result<std::string_view> window(std::uint64_t position, std::size_t size,
                                          std::uint64_t limit);
    std::string_view header_flaw(const BatchHeader& header, std::uint64_t limit) const;

    std::shared_ptr<const base::File> file_;
    std::array<unsigned char, 8> log_id_{};
    Depth depth_;
    std::uint64_t position_ = file_header_bytes;
    std::uint64_t next_offset_ = 0;
    BatchHeader header_;
    std::uint64_t batch_position_ = 0;
    std::string_view bytes_;
    std::string_view flaw_;
    std::string buffer_;
    std::uint64_t buffer_position_ = 0;
};

}  // namespace eventlog
