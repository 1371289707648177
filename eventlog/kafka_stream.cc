#include "eventlog/kafka_stream.h"

#include <algorithm>
#include <utility>

namespace eventlog {

void KafkaStream::own(std::uint64_t next) {
    const std::uint64_t end = end_;
    *this = KafkaStream(number_);
    is_owned_ = true;
    next_ = next;
    end_ = std::max(end, next);
}

void KafkaStream::disown() {
    const std::uint64_t end = end_;
    *this = KafkaStream(number_);
    end_ = end;
}

void KafkaStream::move(std::uint64_t next) {
    const bool has_met_end = has_met_end_;
    own(next);
    has_met_end_ = has_met_end;
}

base::Error KafkaStream::hole(std::uint64_t expected, std::uint64_t got) const {
    return base::Error(base::ErrorCode::unavailable,
                       "kafka: partition " + std::to_string(number_) + ": expected offset " +
                           std::to_string(expected) + ", got " + std::to_string(got) +
                           ": records are missing");
}

KafkaStream::Accepted KafkaStream::accept(base::Result<ReadRecord> record, std::uint64_t offset,
                                          std::uint64_t end) {
    if (!is_owned_ || failure_) {
        return Accepted::stopped;
    }
    if (offset < next_) {
        return Accepted::repeated;
    }
    if (offset > next_ && !was_sought_) {
        was_sought_ = true;
        return Accepted::sought;
    }
    if (offset > next_ || !record) {
        failure_ = offset > next_ ? hole(next_, offset) : record.error();
        return Accepted::stopped;
    }
    was_sought_ = false;
    ++next_;
    end_ = std::max({end_, next_, end});
    queue_bytes_ += record.value().bytes.size();
    queue_.push_back(std::move(record).value());
    return Accepted::taken;
}

void KafkaStream::meet_end(std::uint64_t offset) {
    end_ = std::max(end_, offset);
    has_met_end_ = true;
}

base::Result<std::vector<ReadRecord>> KafkaStream::read(std::uint64_t from, std::size_t max_records,
                                                        std::size_t max_bytes) {
    std::vector<ReadRecord> records;
    std::size_t bytes = 0;
    while (!queue_.empty() && records.size() < max_records && bytes < max_bytes) {
        ReadRecord& first = queue_.front();
        queue_bytes_ -= first.bytes.size();
        if (first.offset >= from) {
            bytes += first.bytes.size();
            records.push_back(std::move(first));
        }
        queue_.pop_front();
    }
    if (records.empty() && failure_) {
        return *failure_;
    }
    if (!records.empty() && records.front().offset != from) {
        return hole(from, records.front().offset);
    }
    return records;
}

}  // namespace eventlog
