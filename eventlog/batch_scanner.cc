#include "eventlog/batch_scanner.h"

#include <algorithm>
#include <utility>

namespace eventlog {
namespace {

constexpr std::size_t read_ahead_bytes = std::size_t{256} << 10;

}  // namespace

BatchScanner::BatchScanner(std::shared_ptr<const base::File> file, const LogId& log_id, Depth depth)
    : file_(std::move(file)), depth_(depth) {
    std::copy_n(log_id.begin(), log_id_.size(), log_id_.begin());
}

void BatchScanner::seek(std::uint64_t position, std::uint64_t offset) {
    position_ = position;
    next_offset_ = offset;
}

/// `size` bytes at `position`, or what there is of them below `limit`.
base::Result<std::string_view> BatchScanner::window(std::uint64_t position, std::size_t size,
                                                    std::uint64_t limit) {
    size = std::min<std::uint64_t>(size, limit - std::min(limit, position));
    const bool inside =
        position >= buffer_position_ && position + size <= buffer_position_ + buffer_.size();
    if (!inside) {
        const std::uint64_t wanted =
            std::min<std::uint64_t>(std::max(size, read_ahead_bytes), limit - position);
        buffer_.resize(wanted);
        buffer_position_ = position;
        base::Result<std::size_t> count = file_->read_at(position, buffer_);
        buffer_.resize(count.has_value() ? count.value() : 0);
        BOOST_OUTCOME_TRY(std::move(count));
    }
    return std::string_view(buffer_).substr(position - buffer_position_, size);
}

std::string_view BatchScanner::header_flaw(const BatchHeader& header, std::uint64_t limit) const {
    if (header.log_id != log_id_) {
        return "the batch belongs to another log";
    }
    if (header.base_offset != next_offset_) {
        return "the batch has another offset";
    }
    if (header.durable_end > header.base_offset) {
        return "the batch acknowledges itself";
    }
    if (header.total_bytes() > limit - position_) {
        return "the batch is longer than what is written";
    }
    return {};
}

base::Result<BatchScanner::Found> BatchScanner::next(std::uint64_t limit) {
    BOOST_OUTCOME_TRY(const std::string_view front, window(position_, batch_header_bytes, limit));
    if (front.size() < batch_header_bytes || is_end_of_written(front)) {
        return Found::end;
    }
    const auto header = parse_batch_header(front);
    flaw_ = header ? header_flaw(*header, limit) : "there is no batch header";
    if (!flaw_.empty()) {
        return Found::bad;
    }
    if (depth_ == Depth::everything) {
        BOOST_OUTCOME_TRY(bytes_, window(position_, header->total_bytes(), limit));
        flaw_ = bytes_.size() < header->total_bytes() ? "the file ends inside the batch"
                                                      : batch_flaw(bytes_, *header);
        if (!flaw_.empty()) {
            return Found::bad;
        }
    }
    header_ = *header;
    batch_position_ = position_;
    position_ += header->total_bytes();
    next_offset_ = header->next_offset();
    return Found::batch;
}

}  // namespace eventlog
