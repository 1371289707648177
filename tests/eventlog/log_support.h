#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/memory_files.h"
#include "eventlog/segment_log.h"

namespace eventlog {

/// A small log: a segment holds a few groups, a group a few batches.
inline SegmentLogOptions small_options() {
    SegmentLogOptions options;
    options.segment_bytes = 16 << 10;
    options.zero_step = 4 << 10;
    options.group_bytes_max = 4 << 10;
    options.batch_bytes_max = 1 << 10;
    options.record_bytes_max = 2 << 10;
    options.compress = false;
    return options;
}

inline base::UtcMillis instant(std::uint64_t number) {
    return base::from_ms(1'700'000'000'000 + static_cast<std::int64_t>(number));
}

/// The record with this number: another length and other bytes for each.
inline Record record(std::uint64_t number, std::size_t size = 0) {
    std::string bytes = "record " + std::to_string(number) + ":";
    bytes.resize(size != 0 ? size : bytes.size() + number * 7 % 90,
                 static_cast<char>('a' + number % 26));
    return Record{std::move(bytes), instant(number)};
}

/// Records `first` to `first` + `count` - 1.
inline std::vector<Record> records(std::uint64_t first, std::uint64_t count) {
    std::vector<Record> made;
    for (std::uint64_t number = first; number < first + count; ++number) {
        made.push_back(record(number));
    }
    return made;
}

inline std::unique_ptr<SegmentLog> open_log(base::Files& files, SegmentLogOptions options,
                                            const std::string& path = "/data") {
    auto log = SegmentLog::open(files, path, std::move(options));
    EXPECT_TRUE(log.has_value()) << log.error().context();
    return log.has_value() ? std::move(log).value() : nullptr;
}

/// Appends `count` records, numbered from the end of the log, as one request.
inline base::Result<Appended> append(SegmentLog& log, std::uint64_t count,
                                     Partition partition = Partition{0}) {
    return append_and_wait(log, partition, records(log.durable_end(partition), count));
}

/// Everything in a partition, read in pieces of `max_records`.
inline base::Result<std::vector<ReadRecord>> read_all(LogReader& log,
                                                      Partition partition = Partition{0},
                                                      std::size_t max_records = 100) {
    std::vector<ReadRecord> all;
    std::uint64_t offset = log.first_offset(partition);
    for (;;) {
        BOOST_OUTCOME_TRY(const auto some, log.read(partition, offset, max_records, 1 << 20));
        if (some.empty()) {
            return all;
        }
        offset = some.back().offset + 1;
        all.insert(all.end(), some.begin(), some.end());
    }
}

/// Expects records `first` to `end` - 1, each as `record(offset)` makes it.
inline void expect_numbered(const std::vector<ReadRecord>& read, std::uint64_t first,
                            std::uint64_t end) {
    ASSERT_EQ(read.size(), end - first);
    for (std::size_t index = 0; index < read.size(); ++index) {
        const Record expected = record(first + index);
        ASSERT_EQ(read[index].offset, first + index);
        ASSERT_EQ(read[index].received_at, expected.received_at);
        ASSERT_EQ(read[index].bytes, expected.bytes);
    }
}

}  // namespace eventlog
