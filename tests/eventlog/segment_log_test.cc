// Proves the contract of the log on both file systems: what is appended is read back with its
// offsets and times, across segments, restarts, retention and many threads. Each test runs over the
// real file system in a temporary directory, and over the one in memory.
#include "eventlog/segment_log.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <mutex>
#include <ostream>
#include <set>
#include <thread>

#include "eventlog/batch_scanner.h"
#include "eventlog/segment_format.h"
#include "tests/eventlog/log_support.h"

namespace eventlog {
namespace {

constexpr Partition zero{0};
constexpr Partition one{1};

struct Case {
    std::string name;
    std::function<std::unique_ptr<base::Files>()> make;
    friend std::ostream& operator<<(std::ostream& out, const Case& tested) {
        return out << tested.name;
    }
};

class SegmentLogTest : public testing::TestWithParam<Case> {
protected:
    SegmentLogTest() : files_(GetParam().make()), options_(small_options()) {
        std::string pattern = testing::TempDir() + "log_XXXXXX";
        root_ = ::mkdtemp(pattern.data());
        options_.partitions = 2;
        open();
    }
    ~SegmentLogTest() override {
        log_.reset();
        std::filesystem::remove_all(root_);
    }

    void open() {
        log_.reset();
        log_ = open_log(*files_, options_, root_ + "/data");
    }

    void append_until(std::uint64_t end) {
        while (log_->durable_end(zero) < end) {
            const std::uint64_t count = std::min<std::uint64_t>(end - log_->durable_end(zero), 9);
            ASSERT_TRUE(append(*log_, count).has_value());
        }
    }

    std::vector<std::string> segment_files() const {
        auto names = files_->list(root_ + "/data/log/0").value();
        std::erase(names, std::string(spare_name));
        return names;
    }

    std::unique_ptr<base::Files> files_;
    std::string root_;
    SegmentLogOptions options_;
    std::unique_ptr<SegmentLog> log_;
};

TEST_P(SegmentLogTest, AnEmptyLogBeginsAtZero) {
    EXPECT_EQ(log_->first_offset(zero), 0U);
    EXPECT_EQ(log_->durable_end(zero), 0U);
    EXPECT_TRUE(log_->read(zero, 0, 10, 1000).value().empty());
    EXPECT_TRUE(log_->read(zero, 7, 10, 1000).value().empty());
    open();
    EXPECT_EQ(log_->durable_end(zero), 0U);
}

TEST_P(SegmentLogTest, AppendsGetConsecutiveOffsets) {
    const Appended first = append(*log_, 3).value();
    const Appended second = append(*log_, 2).value();
    EXPECT_EQ(first.first_offset, 0U);
    EXPECT_EQ(first.next_offset, 3U);
    EXPECT_EQ(second.first_offset, 3U);
    EXPECT_EQ(second.next_offset, 5U);
    expect_numbered(read_all(*log_).value(), 0, 5);
}

TEST_P(SegmentLogTest, PartitionsCountApart) {
    ASSERT_TRUE(append(*log_, 3, zero).has_value());
    ASSERT_TRUE(append(*log_, 2, one).has_value());
    EXPECT_EQ(log_->durable_end(zero), 3U);
    EXPECT_EQ(log_->durable_end(one), 2U);
    expect_numbered(read_all(*log_, one).value(), 0, 2);
}

TEST_P(SegmentLogTest, EveryBytesAndEveryTimeSurvive) {
    std::vector<Record> odd;
    odd.push_back({"", instant(5)});
    odd.push_back({std::string("\0\x01NWB\xFF", 6), instant(3)});
    odd.push_back({"epoch", base::from_ms(0)});
    odd.push_back({"before", base::from_ms(INT64_MIN)});
    odd.push_back({"after", base::from_ms(INT64_MAX)});
    ASSERT_TRUE(append_and_wait(*log_, zero, odd).has_value());
    open();
    const auto read = read_all(*log_).value();
    ASSERT_EQ(read.size(), odd.size());
    for (std::size_t index = 0; index < odd.size(); ++index) {
        EXPECT_EQ(read[index].bytes, odd[index].bytes);
        EXPECT_EQ(read[index].received_at, odd[index].received_at);
    }
}

TEST_P(SegmentLogTest, SegmentsRollAndAreReadAcross) {
    append_until(600);
    EXPECT_GE(segment_files().size(), 3U);
    expect_numbered(read_all(*log_).value(), 0, 600);
    expect_numbered(read_all(*log_, zero, 1).value(), 0, 600);
}

TEST_P(SegmentLogTest, AReopenedLogGoesOn) {
    for (std::uint64_t end = 50; end <= 500; end += 50) {
        append_until(end);
        open();
        ASSERT_EQ(log_->durable_end(zero), end);
        EXPECT_TRUE(log_->recovery_notes().empty()) << log_->recovery_notes().front();
    }
    expect_numbered(read_all(*log_).value(), 0, 500);
}

TEST_P(SegmentLogTest, AnyOffsetCanBeReadFirst) {
    append_until(400);
    for (const bool is_fresh : {false, true}) {
        for (std::uint64_t offset = 0; offset < 400; offset += 37) {
            if (is_fresh) {
                open();
            }
            const auto read = log_->read(zero, offset, 3, 1 << 20).value();
            expect_numbered(read, offset, std::min<std::uint64_t>(offset + 3, 400));
        }
    }
}

TEST_P(SegmentLogTest, ReadingBackwardsFindsEveryRecord) {
    append_until(300);
    open();
    for (std::uint64_t offset = 300; offset > 0; --offset) {
        expect_numbered(log_->read(zero, offset - 1, 1, 1).value(), offset - 1, offset);
    }
}

TEST_P(SegmentLogTest, ReadsKeepTheirLimits) {
    std::vector<Record> equal;
    for (std::uint64_t number = 0; number < 10; ++number) {
        equal.push_back(record(number, 100));
    }
    ASSERT_TRUE(append_and_wait(*log_, zero, equal).has_value());
    EXPECT_EQ(log_->read(zero, 0, 4, 1000).value().size(), 4U);
    EXPECT_EQ(log_->read(zero, 0, 100, 350).value().size(), 3U);
    EXPECT_EQ(log_->read(zero, 0, 100, 1).value().size(), 1U) << "one at least";
    EXPECT_EQ(log_->read(zero, 8, 100, 1000).value().size(), 2U);
}

TEST_P(SegmentLogTest, CompressedBatchesReadTheSame) {
    options_.compress = true;
    open();
    append_until(300);
    open();
    expect_numbered(read_all(*log_).value(), 0, 300);
    EXPECT_EQ(segment_files().size(), 1U) << "packed, these fit into one segment";
}

TEST_P(SegmentLogTest, RetentionDropsWholeSealedSegmentsBelowTheOffset) {
    append_until(600);
    const auto names = segment_files();
    const std::uint64_t second = segment_base(names[1]).value();
    EXPECT_EQ(log_->truncate_before(zero, second - 1).value(), 0U);
    EXPECT_EQ(log_->truncate_before(zero, second).value(), second);
    EXPECT_EQ(log_->first_offset(zero), second);
    EXPECT_EQ(log_->read(zero, 0, 1, 1).error().code(), base::ErrorCode::not_found);
    EXPECT_FALSE(files_->exists(root_ + "/data/log/0/" + names[0]).value());
    open();
    EXPECT_EQ(log_->first_offset(zero), second);
    expect_numbered(read_all(*log_).value(), second, 600);
}

TEST_P(SegmentLogTest, RetentionKeepsTheLastSegment) {
    append_until(600);
    const std::uint64_t last = segment_base(segment_files().back()).value();
    EXPECT_EQ(log_->truncate_before(zero, 1'000'000).value(), last);
    expect_numbered(read_all(*log_).value(), last, 600);
    append_until(700);
    open();
    expect_numbered(read_all(*log_).value(), last, 700);
}

TEST_P(SegmentLogTest, RetentionByTimeKeepsWhatIsYounger) {
    append_until(600);
    const std::uint64_t second = segment_base(segment_files()[1]).value();
    open();
    EXPECT_EQ(log_->truncate_before(zero, 600, instant(second)).value(), 0U);
    EXPECT_EQ(log_->truncate_before(zero, 600, instant(second + 1)).value(), second);
}

TEST_P(SegmentLogTest, AnAppendThatFitsIntoABatchIsNeverCut) {
    // The writer stands in the first acknowledgement until all others wait: they share its groups.
    std::latch queued(1);
    log_->append(zero, records(0, 1), [&](const base::Result<Appended>&) { queued.wait(); });
    std::vector<std::future<Appended>> pairs;
    for (int n = 0; n < 40; ++n) {
        auto appended = std::make_shared<std::promise<Appended>>();
        pairs.push_back(appended->get_future());
        log_->append(zero, {record(1, 300), record(2, 300)},
                     [appended](const base::Result<Appended>& result) {
                         appended->set_value(result.value());
                     });
    }
    queued.count_down();
    std::set<std::uint64_t> borders;
    std::vector<Appended> places;
    for (auto& pair : pairs) {
        places.push_back(pair.get());
    }
    for (const std::string& name : segment_files()) {
        BatchScanner scanner(files_->open_readonly(root_ + "/data/log/0/" + name).value(),
                             log_->data_dir().log_id(), BatchScanner::Depth::headers);
        scanner.seek(file_header_bytes, *segment_base(name));
        while (scanner.next(UINT64_MAX).value() == BatchScanner::Found::batch) {
            borders.insert(scanner.next_offset());
        }
    }
    ASSERT_FALSE(borders.empty());
    for (const Appended& pair : places) {
        EXPECT_FALSE(borders.contains(pair.first_offset + 1)) << pair.first_offset;
    }
}

TEST_P(SegmentLogTest, BadAppendsAreRefusedForGood) {
    const auto code = [&](Partition partition, std::vector<Record> wrong) {
        return append_and_wait(*log_, partition, std::move(wrong)).error().code();
    };
    EXPECT_EQ(code(Partition{2}, records(0, 1)), base::ErrorCode::invalid);
    EXPECT_EQ(code(zero, {}), base::ErrorCode::invalid);
    EXPECT_EQ(code(zero, {record(0, options_.record_bytes_max + 1)}), base::ErrorCode::invalid);
    EXPECT_EQ(code(zero, records(0, 200)), base::ErrorCode::invalid) << "larger than a group";
    EXPECT_EQ(log_->read(Partition{2}, 0, 1, 1).error().code(), base::ErrorCode::invalid);
    EXPECT_TRUE(append_and_wait(*log_, zero, {record(0, options_.record_bytes_max)}).has_value());
}

TEST_P(SegmentLogTest, AClosedLogRefusesAppendsAndStillReads) {
    append_until(10);
    log_->close();
    EXPECT_EQ(append(*log_, 1).error().code(), base::ErrorCode::unavailable);
    expect_numbered(read_all(*log_).value(), 0, 10);
}

TEST_P(SegmentLogTest, ClosingWritesAndAcknowledgesWhatWaits) {
    std::atomic<int> acked = 0;
    for (int round = 0; round < 50; ++round) {
        log_->append(zero, records(static_cast<std::uint64_t>(round), 1),
                     [&](const base::Result<Appended>& result) { acked += result.has_value(); });
    }
    log_->close();
    EXPECT_EQ(acked, 50);
    open();
    expect_numbered(read_all(*log_).value(), 0, 50);
}

TEST_P(SegmentLogTest, ASecondProcessIsRefused) {
    const auto second = SegmentLog::open(*files_, root_ + "/data", options_);
    ASSERT_TRUE(second.has_error());
    EXPECT_EQ(second.error().code(), base::ErrorCode::already_exists);
}

TEST_P(SegmentLogTest, WaitingEndsWithTheRecordTheDeadlineOrTheStop) {
    std::stop_source stop;
    EXPECT_FALSE(log_->wait_beyond(zero, 0, std::chrono::milliseconds(1), stop.get_token()));
    auto waiting = std::async(std::launch::async, [&] {
        return log_->wait_beyond(zero, 0, std::chrono::hours(1), stop.get_token());
    });
    ASSERT_TRUE(append(*log_, 1).has_value());
    EXPECT_TRUE(waiting.get());
    waiting = std::async(std::launch::async, [&] {
        return log_->wait_beyond(zero, 1, std::chrono::hours(1), stop.get_token());
    });
    stop.request_stop();
    EXPECT_FALSE(waiting.get());
}

TEST_P(SegmentLogTest, ManyThreadsAppendAndNothingIsLostOrMixed) {
    constexpr std::uint64_t threads = 8;
    constexpr std::uint64_t rounds = 40;
    std::mutex mutex;
    std::map<std::uint64_t, std::string> acked;
    {
        std::vector<std::jthread> senders;
        for (std::uint64_t sender = 0; sender < threads; ++sender) {
            senders.emplace_back([&, sender] {
                for (std::uint64_t round = 0; round < rounds; ++round) {
                    auto mine = records(sender * 10'000 + round * 10, 1 + round % 4);
                    const auto place = append_and_wait(*log_, zero, mine).value();
                    const std::lock_guard lock(mutex);
                    for (std::size_t index = 0; index < mine.size(); ++index) {
                        acked.emplace(place.first_offset + index, mine[index].bytes);
                    }
                }
            });
        }
    }
    open();
    const auto read = read_all(*log_).value();
    ASSERT_EQ(read.size(), acked.size()) << "an offset was given twice, or a record was invented";
    for (const ReadRecord& found : read) {
        ASSERT_EQ(found.bytes, acked.at(found.offset));
    }
}

TEST_P(SegmentLogTest, ReadersFollowTheWriter) {
    constexpr std::uint64_t end = 400;
    auto follower = std::async(std::launch::async, [&] {
        std::vector<ReadRecord> seen;
        while (seen.size() < end) {
            if (log_->wait_beyond(zero, seen.size(), std::chrono::seconds(10), {})) {
                const auto some = log_->read(zero, seen.size(), 1000, 1 << 20).value();
                seen.insert(seen.end(), some.begin(), some.end());
            }
        }
        return seen;
    });
    append_until(end);
    expect_numbered(follower.get(), 0, end);
}

TEST_P(SegmentLogTest, TheProbeCountsWhatWasAcknowledged) {
    append_until(30);
    EXPECT_TRUE(append_and_wait(*log_, zero, {}).has_error());
    std::map<std::string, base::Sample> samples;
    log_->probe().visit([&](const base::Sample& sample) {
        std::string key = sample.name;
        for (const auto& [label, value] : sample.labels) {
            key.append("," + label + "=" + value);
        }
        samples.emplace(key, sample);
    });
    EXPECT_EQ(samples.at("log_events_acked_total,partition=0").value, 30);
    EXPECT_EQ(samples.at("log_events_acked_total,partition=1").value, 0);
    EXPECT_EQ(samples.at("log_append_seconds").count, 4U);
    EXPECT_EQ(samples.at("log_fsync_seconds").count, 4U);
    EXPECT_EQ(samples.at("log_events_in_flight").value, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Both, SegmentLogTest,
    testing::Values(Case{"posix", [] { return std::make_unique<base::PosixFiles>(); }},
                    Case{"memory", [] { return std::make_unique<base::MemoryFiles>(); }}),
    [](const auto& tested) { return tested.param.name; });

TEST(SegmentLogOptions, ContradictionsAreRefused) {
    base::MemoryFiles files;
    SegmentLogOptions options = small_options();
    options.segment_bytes = options.group_bytes_max;
    EXPECT_EQ(SegmentLog::open(files, "/data", options).error().code(), base::ErrorCode::invalid);
    EXPECT_TRUE(SegmentLog::open(files, "/data", SegmentLogOptions{}).has_value());
}

}  // namespace
}  // namespace eventlog
