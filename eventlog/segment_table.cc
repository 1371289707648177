#include "eventlog/segment_table.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "eventlog/segment_format.h"

namespace eventlog {
namespace {

constexpr std::uint64_t index_distance_bytes = std::uint64_t{64} << 10;

/// The last element whose offset (by `offset_of`) is at most `offset`; `last` + 1 elements exist.
template <class Elements, class OffsetOf>
auto last_at_or_below(Elements& elements, std::uint64_t offset, OffsetOf offset_of) {
    const auto above = std::upper_bound(
        elements.begin(), elements.end(), offset,
        [&](std::uint64_t wanted, const auto& element) { return wanted < offset_of(element); });
    ENSURE(above != elements.begin());
    return std::prev(above);
}

std::uint64_t base_of(const Segment& segment) {
    return segment.base_offset;
}
std::uint64_t offset_of(const IndexEntry& entry) {
    return entry.offset;
}

}  // namespace

void add_sparsely(std::vector<IndexEntry>& index, const IndexEntry& entry) {
    if (index.empty() || entry.position >= index.back().position + index_distance_bytes) {
        index.push_back(entry);
    }
}

void SegmentTable::reset(std::vector<Segment> segments, std::uint64_t durable_end,
                         std::uint64_t durable_position) {
    const std::lock_guard lock(mutex_);
    segments_ = std::move(segments);
    durable_end_ = durable_end;
    durable_position_ = durable_position;
}

void SegmentTable::publish(Publication publication) {
    {
        const std::lock_guard lock(mutex_);
        ENSURE(publication.durable_end >= durable_end_);
        for (Segment& segment : publication.started) {
            segments_.push_back(std::move(segment));
        }
        for (const IndexEntry& entry : publication.entries) {
            add_sparsely(last_at_or_below(segments_, entry.offset, base_of)->index, entry);
        }
        durable_end_ = publication.durable_end;
        durable_position_ = publication.durable_position;
    }
    grown_.notify_all();
}

std::uint64_t SegmentTable::first_offset() const {
    const std::lock_guard lock(mutex_);
    return segments_.empty() ? durable_end_ : segments_.front().base_offset;
}

std::uint64_t SegmentTable::durable_end() const {
    const std::lock_guard lock(mutex_);
    return durable_end_;
}

std::optional<SegmentTable::Place> SegmentTable::find(std::uint64_t offset) const {
    const std::lock_guard lock(mutex_);
    if (segments_.empty() || offset >= durable_end_ || offset < segments_.front().base_offset) {
        return std::nullopt;
    }
    const auto segment = last_at_or_below(segments_, offset, base_of);
    Place place;
    place.base_offset = segment->base_offset;
    place.path = segment->path;
    place.start = {segment->base_offset, file_header_bytes};
    place.is_indexed = !segment->index.empty();
    if (place.is_indexed) {
        place.start = *last_at_or_below(segment->index, offset, offset_of);
    }
    const auto following = std::next(segment);
    if (following == segments_.end()) {
        place.end_offset = durable_end_;
        place.durable_position = durable_position_;
    } else {
        place.end_offset = following->base_offset;
    }
    return place;
}

void SegmentTable::keep_index(std::uint64_t base_offset, std::vector<IndexEntry> index) {
    const std::lock_guard lock(mutex_);
    for (Segment& segment : segments_) {
        if (segment.base_offset == base_offset && segment.index.empty()) {
            segment.index = std::move(index);
            return;
        }
    }
}

std::optional<std::string> SegmentTable::drop_first(std::uint64_t offset,
                                                    base::UtcMillis older_than) {
    const std::lock_guard lock(mutex_);
    // What came into the next segment first came no earlier than all of this one.
    if (segments_.size() < 2 || segments_[1].base_offset > offset ||
        segments_[1].created >= older_than) {
        return std::nullopt;
    }
    std::string path = std::move(segments_.front().path);
    segments_.erase(segments_.begin());
    return path;
}

bool SegmentTable::wait_beyond(std::uint64_t offset, base::Millis time,
                               std::stop_token stop) const {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::move(stop), time, [&] { return durable_end_ > offset; });
}

}  // namespace eventlog
