#include "ingest/follow/recent_items.h"

#include <xxhash.h>

#include <algorithm>

namespace ingest::follow {
namespace {

constexpr std::size_t read_records_max = 1000;
constexpr std::size_t read_bytes_max = std::size_t{4} << 20;

std::pair<std::uint64_t, std::uint64_t> key_of(events::Event item) {
    item.head.clear_received_at();
    if (item.head.has_rejected()) {
        item.head.clear_id();  // tells when it was received
    }
    const std::string bytes = events::encode(item);
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.high64, hash.low64};
}

}  // namespace

base::Result<RecentItems> RecentItems::find(eventlog::LogReader& log, eventlog::Partition partition,
                                            std::uint64_t from, std::string_view source_id,
                                            std::string_view file_name) {
    RecentItems found;
    std::uint64_t offset = std::max(from, log.first_offset(partition));
    const std::uint64_t end = log.durable_end(partition);
    while (offset < end) {
        BOOST_OUTCOME_TRY(const std::vector<eventlog::ReadRecord> records,
                          log.read(partition, offset, read_records_max, read_bytes_max));
        if (records.empty()) {
            break;
        }
        for (const eventlog::ReadRecord& record : records) {
            // What cannot be decoded is the fold's to judge; it is none of ours.
            base::Result<events::Event> event = events::decode(record.bytes);
            if (event && event.value().head.source_id() == source_id &&
                event.value().head.origin().file() == file_name) {
                found.items_.insert(key_of(std::move(event).value()));
            }
        }
        offset = records.back().offset + 1;
    }
    return found;
}

bool RecentItems::take(const events::Event& item) {
    return !items_.empty() && items_.erase(key_of(item)) > 0;
}

}  // namespace ingest::follow
