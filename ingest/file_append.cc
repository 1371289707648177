#include "ingest/file_append.h"

#include "events/event.h"
#include "ingest/position.h"

namespace ingest {
namespace {

constexpr std::size_t group_records_max = 10'000;
constexpr std::size_t group_bytes_max = std::size_t{8} << 20;

}  // namespace

std::string ImportTotals::json() const {
    base::JsonWriter out;
    out.begin_object().member("read", read).member("accepted", accepted()).key("duplicates");
    if (duplicates) {
        out.value(*duplicates);
    } else {
        out.null();
    }
    out.member("quarantined", quarantined).member("lines", lines);
    write_position(out, partition, offset, collector);
    return out.end_object().take();
}

base::Result<void> GroupAppender::add(const FileItem& item) {
    eventlog::Record record{events::encode(item.event),
                            base::from_ms(item.event.head.received_at())};
    bytes_ += record.bytes.size();
    records_.push_back(std::move(record));
    rejected_ += item.rejected ? 1 : 0;
    last_line_ = item.end.line;
    if (records_.size() >= group_records_max || bytes_ >= group_bytes_max) {
        return flush();
    }
    return base::success();
}

base::Result<void> GroupAppender::flush() {
    if (records_.empty()) {
        return base::success();
    }
    const std::size_t count = records_.size();
    BOOST_OUTCOME_TRY(const eventlog::Appended appended,
                      eventlog::append_and_wait(log_, eventlog::Partition(totals_.partition),
                                                std::move(records_)));
    totals_.offset = appended.next_offset;
    totals_.read += count;
    totals_.quarantined += rejected_;
    totals_.lines = last_line_;
    records_.clear();
    bytes_ = 0;
    rejected_ = 0;
    progress_();
    return base::success();
}

}  // namespace ingest
