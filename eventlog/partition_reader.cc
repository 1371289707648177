#include "eventlog/partition_reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "eventlog/segment_recovery.h"

namespace eventlog {
namespace {

/// What to say of a walk that did not find the batch of `scanner.next_offset()`.
base::Error not_there(const std::string& path, const BatchScanner& scanner,
                      BatchScanner::Found found) {
    return damage(path, scanner.position(), scanner.next_offset(),
                  found == BatchScanner::Found::bad ? scanner.flaw() : "the batch is missing");
}

}  // namespace

bool PartitionReader::has_batch_of(std::uint64_t offset) const {
    return offset >= batch_.base_offset && offset - batch_.base_offset < batch_.slices.size();
}

base::Result<std::vector<ReadRecord>> PartitionReader::read(std::uint64_t from,
                                                            std::size_t max_records,
                                                            std::size_t max_bytes) {
    const std::lock_guard lock(mutex_);
    std::vector<ReadRecord> records;
    std::size_t bytes = 0;
    while (records.size() < std::max<std::size_t>(max_records, 1)) {
        const std::uint64_t offset = from + records.size();
        const auto place = table_.find(offset);
        if (!place && records.empty() && offset < table_.first_offset()) {
            return base::Error(base::ErrorCode::not_found,
                               "offset " + std::to_string(offset) + " is below the first one, " +
                                   std::to_string(table_.first_offset()));
        }
        if (!place) {
            break;
        }
        if (!has_batch_of(offset)) {
            BOOST_OUTCOME_TRY(load_batch_of(offset, *place));
        }
        const std::size_t begin = offset - batch_.base_offset;
        for (std::size_t index = begin; index < batch_.slices.size(); ++index) {
            const RecordSlice& slice = batch_.slices[index];
            const bool is_full = !records.empty() &&
                                 (records.size() >= max_records || slice.size > max_bytes - bytes);
            if (is_full) {
                return records;
            }
            bytes = std::min(bytes + slice.size, max_bytes);
            records.push_back({batch_.base_offset + index, slice.received_at,
                               batch_.payload.substr(slice.position, slice.size)});
        }
    }
    return records;
}

/// Walks to the batch that holds `offset` and unpacks it.
base::Result<void> PartitionReader::load_batch_of(std::uint64_t offset,
                                                  const SegmentTable::Place& place) {
    const bool goes_on =
        walk_ && walk_->segment_base == place.base_offset && walk_->scanner.next_offset() == offset;
    batch_ = {};
    if (!goes_on) {
        BOOST_OUTCOME_TRY(start_walk(offset, place));
    }
    BatchScanner& scanner = walk_->scanner;
    const std::uint64_t limit = place.durable_position.value_or(UINT64_MAX);
    for (;;) {
        BOOST_OUTCOME_TRY(const auto found, scanner.next(limit));
        if (found != BatchScanner::Found::batch) {
            return not_there(place.path, scanner, found);
        }
        if (scanner.next_offset() > place.end_offset) {
            return damage(place.path, scanner.batch_position(), scanner.header().base_offset,
                          "the segment goes on beyond the next one");
        }
        if (scanner.next_offset() > offset) {
            break;
        }
    }
    base::Result<DecodedBatch> batch = decode_batch(scanner.bytes(), scanner.header());
    if (batch.has_error()) {
        return damage(place.path, scanner.batch_position(), scanner.header().base_offset,
                      batch.error().context());
    }
    batch_ = std::move(batch).value();
    return base::success();
}

base::Result<void> PartitionReader::start_walk(std::uint64_t offset,
                                               const SegmentTable::Place& place) {
    IndexEntry start = place.start;
    const bool wants_index = !place.is_indexed && offset != place.base_offset;
    if (wants_index) {
        BOOST_OUTCOME_TRY(start, build_index(offset, place));
    }
    BOOST_OUTCOME_TRY(std::shared_ptr<const base::File> file, files_.open_readonly(place.path));
    walk_.emplace(Walk{place.base_offset,
                       BatchScanner(std::move(file), log_id_, BatchScanner::Depth::everything)});
    walk_->scanner.seek(start.position, start.offset);
    return base::success();
}

/// Walks over the headers of a sealed segment. Returns: the entry at or below `offset`.
base::Result<IndexEntry> PartitionReader::build_index(std::uint64_t offset,
                                                      const SegmentTable::Place& place) {
    BOOST_OUTCOME_TRY(std::shared_ptr<const base::File> file, files_.open_readonly(place.path));
    BatchScanner scanner(std::move(file), log_id_, BatchScanner::Depth::headers);
    scanner.seek(file_header_bytes, place.base_offset);
    std::vector<IndexEntry> index;
    while (scanner.next_offset() < place.end_offset) {
        BOOST_OUTCOME_TRY(const auto found, scanner.next(UINT64_MAX));
        if (found != BatchScanner::Found::batch) {
            return not_there(place.path, scanner, found);
        }
        add_sparsely(index, {scanner.header().base_offset, scanner.batch_position()});
    }
    IndexEntry start = place.start;
    for (const IndexEntry& entry : index) {
        if (entry.offset <= offset) {
            start = entry;
        }
    }
    table_.keep_index(place.base_offset, std::move(index));
    return start;
}

}  // namespace eventlog
