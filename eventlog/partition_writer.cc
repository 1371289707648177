#include "eventlog/partition_writer.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"

namespace eventlog {
namespace {

constexpr std::size_t zeros_bytes = std::size_t{1} << 20;

std::string_view zeros(std::uint64_t size) {
    static const std::string block(zeros_bytes, '\0');
    return std::string_view(block).substr(0, std::min<std::uint64_t>(size, zeros_bytes));
}

}  // namespace

PartitionWriter::PartitionWriter(base::Files& files, std::string dir, std::uint32_t partition,
                                 const LogId& log_id, const SegmentLogOptions& options,
                                 const RecoveredPartition& recovered)
    : files_(files),
      dir_(std::move(dir)),
      partition_(partition),
      log_id_(log_id),
      segment_bytes_(options.segment_bytes),
      zero_step_(options.zero_step),
      compress_(options.compress),
      // The zeros behind the end may be those of a failed sync: they are written again.
      active_{recovered.last, recovered.end_position},
      position_(recovered.end_position),
      next_offset_(recovered.next_offset),
      durable_end_(recovered.next_offset) {
}

/// Zeroes step by step until `position` lies below the border.
base::Result<void> PartitionWriter::zero_until(ZeroedFile& target, std::uint64_t position) const {
    while (target.zeroed < position) {
        const std::uint64_t step_end =
            std::min((target.zeroed / zero_step_ + 1) * zero_step_, segment_bytes_);
        ENSURE(step_end > target.zeroed);
        for (std::uint64_t at = target.zeroed; at < step_end;) {
            const std::string_view block = zeros(step_end - at);
            BOOST_OUTCOME_TRY(target.file->write_at(at, block));
            at += block.size();
        }
        BOOST_OUTCOME_TRY(target.file->sync_data());
        target.zeroed = step_end;
    }
    return base::success();
}

base::Result<void> PartitionWriter::prepare_spare(std::uint64_t bytes) {
    if (!spare_.file) {
        BOOST_OUTCOME_TRY(spare_.file, files_.create(path_of(spare_name)));
    }
    return zero_until(spare_, bytes);
}

base::Result<void> PartitionWriter::reserve(std::uint64_t bytes_max) {
    ENSURE(file_header_bytes + bytes_max <= segment_bytes_);
    if (active_.file && position_ + bytes_max <= segment_bytes_) {
        return zero_until(active_, position_ + bytes_max);
    }
    // Where the segment changes is known only when the batches are packed: prepare both sides.
    if (active_.file) {
        BOOST_OUTCOME_TRY(zero_until(active_, segment_bytes_));
    }
    return prepare_spare(file_header_bytes + bytes_max);
}

/// Goes over to the spare. The old segment is whole on disk before the new one has its name.
base::Result<void> PartitionWriter::roll(base::UtcMillis created) {
    ENSURE(spare_.file);
    if (active_.file && is_unsynced_) {
        BOOST_OUTCOME_TRY(active_.file->sync_data());
        is_unsynced_ = false;
    }
    const std::string path = path_of(segment_name(next_offset_));
    BOOST_OUTCOME_TRY(files_.rename(path_of(spare_name), path));
    is_dir_unsynced_ = true;
    BOOST_OUTCOME_TRY(active_.file, files_.open(path));
    active_.zeroed = std::exchange(spare_, ZeroedFile{}).zeroed;
    position_ = 0;
    pending_header_ = encode(FileHeader{partition_, log_id_, next_offset_, created});
    publication_.started.push_back(Segment{next_offset_, created, path, {}});
    return base::success();
}

base::Result<void> PartitionWriter::write(std::span<const Record> records) {
    std::string bytes =
        encode_batch(records, BatchPlace{next_offset_, durable_end_, log_id_}, compress_);
    if (!active_.file || position_ + bytes.size() > segment_bytes_) {
        BOOST_OUTCOME_TRY(roll(records.front().received_at));
    }
    if (!pending_header_.empty()) {
        bytes.insert(0, std::exchange(pending_header_, {}));
    }
    ENSURE(position_ + bytes.size() <= active_.zeroed);
    BOOST_OUTCOME_TRY(active_.file->write_at(position_, bytes));
    is_unsynced_ = true;
    publication_.entries.push_back(
        IndexEntry{next_offset_, position_ == 0 ? file_header_bytes : position_});
    position_ += bytes.size();
    next_offset_ += records.size();
    return base::success();
}

base::Result<void> PartitionWriter::sync() {
    if (is_unsynced_) {
        BOOST_OUTCOME_TRY(active_.file->sync_data());
        is_unsynced_ = false;
    }
    if (is_dir_unsynced_) {
        BOOST_OUTCOME_TRY(files_.sync_dir(dir_));
        is_dir_unsynced_ = false;
    }
    return base::success();
}

SegmentTable::Publication PartitionWriter::publication() {
    durable_end_ = next_offset_;
    publication_.durable_end = next_offset_;
    publication_.durable_position = position_;
    return std::exchange(publication_, SegmentTable::Publication{});
}

base::Result<void> PartitionWriter::prepare_ahead() {
    const auto forgive_full = [](base::Result<void> result) -> base::Result<void> {
        if (result.has_error() && result.error().code() != base::ErrorCode::exhausted) {
            return result;
        }
        return base::success();
    };
    if (!active_.file) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(
        forgive_full(zero_until(active_, std::min(position_ + zero_step_, segment_bytes_))));
    if (position_ >= segment_bytes_ / 2) {
        BOOST_OUTCOME_TRY(forgive_full(prepare_spare(zero_step_)));
    }
    return base::success();
}

}  // namespace eventlog
