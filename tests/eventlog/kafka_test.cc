// Proves the Kafka path against a real broker: what is durable here is in the topic once and in its
// order, comes back whole with its origin, and nobody jumps over what is missing.
#include <gtest/gtest.h>

#include <set>

#include "base/clock.h"
#include "eventlog/forwarder.h"
#include "eventlog/kafka_reader.h"
#include "tests/eventlog/kafka_support.h"

namespace eventlog {
namespace {

constexpr Partition zero{0};
constexpr Partition one{1};

class KafkaTest : public testing::Test {
protected:
    void SetUp() override {
        if (brokers().empty()) {
            GTEST_SKIP() << "NORMWATCH_KAFKA names no broker";
        }
        options_ = options_of(testing::UnitTest::GetInstance()->current_test_info()->name());
        SegmentLogOptions log_options = small_options();
        log_options.partitions = options_.partitions;
        log_options.group_bytes_max = 64 << 10;
        log_options.zero_step = 64 << 10;
        log_options.segment_bytes = 256 << 10;
        log_ = open_log(files_, log_options);
        forwarder_ = new_forwarder();
    }

    std::unique_ptr<Forwarder> new_forwarder() {
        return std::make_unique<Forwarder>(
            files_, *log_, log_->data_dir().log_id(), clock_,
            ForwarderOptions{.kafka = options_, .marks_dir = "/data/forward", .spool = spool_});
    }

    bool is_all_forwarded() {
        return becomes_true([&] {
            return forwarder_->acknowledged_end(zero) == log_->durable_end(zero) &&
                   forwarder_->acknowledged_end(one) == log_->durable_end(one);
        });
    }

    void forward(std::uint64_t count) {
        ASSERT_TRUE(append(*log_, count).has_value());
        ASSERT_TRUE(forwarder_->start().has_value());
        ASSERT_TRUE(is_all_forwarded());
    }

    std::unique_ptr<LogReader> open_reader() {
        auto reader = open_kafka_reader(options_);
        EXPECT_TRUE(reader.has_value()) << reader.error().context();
        return std::move(reader).value();
    }

    void expect_origins(const std::vector<ReadRecord>& records, std::uint64_t first) const {
        for (std::size_t i = 0; i < records.size(); ++i) {
            const Origin origin{
                .log_id = log_->data_dir().log_id(), .offset = first + i, .begin = 0};
            ASSERT_EQ(records[i].origin, origin) << i;
        }
    }

    base::MemoryFiles files_;
    base::ManualClock clock_{instant(0)};
    std::chrono::hours spool_{1};
    KafkaOptions options_;
    std::unique_ptr<SegmentLog> log_;
    std::unique_ptr<Forwarder> forwarder_;
};

TEST_F(KafkaTest, TheTopicIsMadeOnceAndCheckedAfterwards) {
    const std::chrono::milliseconds patience(10'000);
    ASSERT_TRUE(ensure_topic(options_, patience).has_value());
    EXPECT_TRUE(ensure_topic(options_, patience).has_value());
    options_.partitions = 3;
    const auto other = ensure_topic(options_, patience);
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code(), base::ErrorCode::invalid);
    EXPECT_NE(other.error().context().find("has 2 partitions, the configuration 3"),
              std::string::npos)
        << other.error().context();
}

TEST_F(KafkaTest, NobodyThereIsToldInTime) {
    options_.brokers = "127.0.0.1:1";
    const auto nobody = ensure_topic(options_, std::chrono::milliseconds(500));
    ASSERT_FALSE(nobody.has_value());
    EXPECT_EQ(nobody.error().code(), base::ErrorCode::unavailable);
}

TEST_F(KafkaTest, WhatIsDurableHereIsThereOnceInItsOrder) {
    ASSERT_TRUE(append(*log_, 40, one).has_value());
    forward(250);
    ASSERT_TRUE(append(*log_, 50).has_value());
    ASSERT_TRUE(is_all_forwarded());
    const auto reader = open_reader();
    EXPECT_EQ(reader->durable_end(zero), 300U);
    const auto read = read_all(*reader);
    ASSERT_TRUE(read.has_value()) << read.error().context();
    expect_numbered(read.value(), 0, 300);
    expect_origins(read.value(), 0);
    expect_numbered(read_all(*reader, one).value(), 0, 40);
}

TEST_F(KafkaTest, AnotherForwarderGoesOnBehindTheMarks) {
    forward(100);
    forwarder_.reset();
    forwarder_ = new_forwarder();
    forward(20);
    EXPECT_EQ(open_reader()->durable_end(zero), 120U);
}

TEST_F(KafkaTest, WithoutMarksItPublishesAgainUnderTheSameOrigin) {
    forward(30);
    forwarder_.reset();
    ASSERT_TRUE(files_.unlink("/data/forward/0").has_value());
    forwarder_ = new_forwarder();
    ASSERT_TRUE(forwarder_->start().has_value());
    const auto reader = open_reader();
    ASSERT_TRUE(becomes_true(
        [&] { return reader->wait_beyond(zero, 59, std::chrono::milliseconds(100), {}); }));
    const auto read = read_all(*reader).value();
    ASSERT_EQ(read.size(), 60U);
    expect_origins({read.begin(), read.begin() + 30}, 0);
    expect_origins({read.begin() + 30, read.end()}, 0);
}

TEST_F(KafkaTest, ATopicThatLostEverythingGetsItFromTheSpool) {
    forward(80);
    delete_topic(options_);
    ASSERT_TRUE(append(*log_, 20).has_value());
    const auto topic_is_whole = [&] {
        const auto reader = open_kafka_reader(options_);
        return reader.has_value() && reader.value()->durable_end(zero) >= 100;
    };
    ASSERT_TRUE(becomes_true(topic_is_whole));
    std::set<std::uint64_t> offsets;
    const auto reader = open_reader();
    const auto read = read_all(*reader);
    ASSERT_TRUE(read.has_value());
    for (const ReadRecord& record : read.value()) {
        offsets.insert(record.origin->offset);
    }
    EXPECT_EQ(offsets.size(), 100U);
}

TEST_F(KafkaTest, AReaderSeesThatTheTopicWasMadeAnew) {
    forward(80);
    const auto reader = open_reader();
    expect_numbered(read_all(*reader).value(), 0, 80);
    forwarder_.reset();
    delete_topic(options_);
    ASSERT_TRUE(becomes_true(
        [&] { return ensure_topic(options_, std::chrono::milliseconds(5'000)).has_value(); }));
    ASSERT_TRUE(becomes_true([&] {
        const auto nothing = reader->read(zero, 40, 10, 1 << 20);
        return nothing.has_value() && nothing.value().empty();
    }));
}

TEST_F(KafkaTest, TheSpoolEndsWhereKafkaAcknowledgedLongEnoughAgo) {
    forward(60);
    EXPECT_EQ(forwarder_->spool_begin(zero), 0U);
    clock_.advance(std::chrono::minutes(59));
    EXPECT_EQ(forwarder_->spool_begin(zero), 0U);
    clock_.advance(std::chrono::minutes(2));
    EXPECT_EQ(forwarder_->spool_begin(zero), 60U);
}

TEST_F(KafkaTest, AMemberReadsFromWhereItsViewsStand) {
    ASSERT_TRUE(append(*log_, 30, one).has_value());
    forward(200);
    Folding folding;
    folding.stand_at(zero, 150);
    const auto group = joined(options_, folding);
    ASSERT_TRUE(becomes_true([&] { return folding.owned() == 2; }));
    expect_numbered(read_on(*group, zero, 150, 50), 150, 200);
    expect_numbered(read_on(*group, one, 0, 30), 0, 30);
    ASSERT_TRUE(append(*log_, 5).has_value());
    ASSERT_TRUE(group->wait_beyond(zero, 200, std::chrono::milliseconds(30'000), {}));
    expect_numbered(read_on(*group, zero, 200, 5), 200, 205);
    group->stop();
    EXPECT_EQ(folding.owned(), 0U);
}

TEST_F(KafkaTest, TwoMembersShareAndOneThatStaysAwayIsReplaced) {
    forward(10);
    Folding first;
    Folding second;
    auto here = joined(options_, first);
    ASSERT_TRUE(becomes_true([&] { return first.owned() == 2; }));
    KafkaOptions other = options_;
    other.instance_id = "two";
    const auto there = joined(other, second);
    ASSERT_TRUE(becomes_true([&] { return first.owned() == 1 && second.owned() == 1; }));
    here.reset();
    ASSERT_TRUE(becomes_true([&] { return second.owned() == 2; }));
    expect_numbered(read_on(*there, zero, 0, 10), 0, 10);
}

TEST_F(KafkaTest, OfTwoWithOneNameTheFirstIsToldForGood) {
    forward(1);
    Folding first;
    Folding second;
    const auto here = joined(options_, first);
    ASSERT_TRUE(becomes_true([&] { return first.owned() == 2; }));
    const auto there = joined(options_, second);
    ASSERT_TRUE(becomes_true([&] { return here->fatal().has_value(); }));
    EXPECT_NE(here->fatal()->context().find("one"), std::string::npos);
}

TEST_F(KafkaTest, WhoStandsBehindTheEndStopsAndSaysWhy) {
    forward(20);
    Folding folding;
    folding.stand_at(zero, 25);
    const auto group = joined(options_, folding);
    ASSERT_TRUE(becomes_true([&] { return group->failure(zero).has_value(); }));
    EXPECT_NE(group->failure(zero)->context().find("the views stand at offset 25, the topic holds "
                                                   "0 to 20"),
              std::string::npos)
        << group->failure(zero)->context();
    EXPECT_FALSE(group->read(zero, 25, 1, 1).has_value());
    EXPECT_FALSE(group->failure(one).has_value());
}

TEST_F(KafkaTest, WhoStandsBeforeTheBeginStopsAndSaysWhy) {
    forward(50);
    trim(options_, 30);
    Folding folding;
    folding.stand_at(zero, 10);
    const auto group = joined(options_, folding);
    ASSERT_TRUE(becomes_true([&] { return group->failure(zero).has_value(); }));
    EXPECT_NE(group->failure(zero)->context().find("offset 10, the topic holds 30 to 50"),
              std::string::npos)
        << group->failure(zero)->context();
}

TEST_F(KafkaTest, AQueueThatIsNotReadStaysSmallAndLosesNothing) {
    constexpr std::size_t size = 1'900;
    constexpr std::uint64_t count = 30'000;  // 57 MB: twice what the queues of both may hold
    ASSERT_TRUE(forwarder_->start().has_value());
    for (std::uint64_t number = 0; number < count; number += 2) {
        ASSERT_TRUE(append_and_wait(*log_, zero, {record(number, size), record(number + 1, size)})
                        .has_value());
    }
    ASSERT_TRUE(is_all_forwarded());
    Folding folding;
    const auto group = joined(options_, folding);
    ASSERT_TRUE(becomes_true([&] { return group->has_waiting(zero); }));
    std::uint64_t next = 0;
    while (next < count) {
        const auto some = read_on(*group, zero, next, 500);
        ASSERT_EQ(some.size(), 500U);
        for (const ReadRecord& read : some) {
            ASSERT_EQ(read.bytes, record(next, size).bytes);
            ++next;
        }
    }
    EXPECT_FALSE(group->failure(zero).has_value());
}

}  // namespace
}  // namespace eventlog
