// Proves the accept rule: the next record is taken, a lower one skipped, a higher one asked for
// again once; then the partition stops and says why. Nobody jumps over a hole.
#include "eventlog/kafka_stream.h"

#include <gtest/gtest.h>

#include "tests/eventlog/log_support.h"

namespace eventlog {
namespace {

using Accepted = KafkaStream::Accepted;

ReadRecord numbered(std::uint64_t offset) {
    const Record made = record(offset);
    return {.offset = offset, .received_at = made.received_at, .bytes = made.bytes};
}

Accepted give(KafkaStream& stream, std::uint64_t offset) {
    return stream.accept(numbered(offset), offset, 0);
}

TEST(KafkaStream, NothingIsTakenOfWhatNobodyOwns) {
    KafkaStream stream;
    EXPECT_EQ(give(stream, 0), Accepted::stopped);
    EXPECT_FALSE(stream.has_waiting());
}

TEST(KafkaStream, IsReadFromWhereItsOwnerStands) {
    KafkaStream stream;
    stream.own(5);
    for (std::uint64_t offset = 5; offset < 9; ++offset) {
        EXPECT_EQ(give(stream, offset), Accepted::taken);
    }
    const auto some = stream.read(5, 3, 1 << 20);
    ASSERT_TRUE(some.has_value());
    expect_numbered(some.value(), 5, 8);
    expect_numbered(stream.read(8, 3, 1 << 20).value(), 8, 9);
    EXPECT_EQ(stream.queue_bytes(), 0U);
    EXPECT_TRUE(stream.read(9, 3, 1 << 20).value().empty());
}

TEST(KafkaStream, WhatCameAlreadyIsSkipped) {
    KafkaStream stream;
    stream.own(5);
    EXPECT_EQ(give(stream, 5), Accepted::taken);
    EXPECT_EQ(give(stream, 4), Accepted::repeated);
    EXPECT_EQ(give(stream, 5), Accepted::repeated);
    EXPECT_EQ(give(stream, 6), Accepted::taken);
    expect_numbered(stream.read(5, 9, 1 << 20).value(), 5, 7);
}

TEST(KafkaStream, AHoleIsAskedForOnceAndThenStops) {
    KafkaStream stream(3);
    stream.own(0);
    EXPECT_EQ(give(stream, 0), Accepted::taken);
    EXPECT_EQ(give(stream, 2), Accepted::sought);
    EXPECT_EQ(stream.next(), 1U);
    EXPECT_EQ(give(stream, 2), Accepted::stopped);
    ASSERT_TRUE(stream.failure().has_value());
    EXPECT_EQ(stream.failure()->context(),
              "kafka: partition 3: expected offset 1, got 2: records are missing");
    EXPECT_EQ(give(stream, 1), Accepted::stopped) << "nothing is taken behind a hole";
    expect_numbered(stream.read(0, 9, 1 << 20).value(), 0, 1);
    EXPECT_FALSE(stream.read(1, 9, 1 << 20).has_value());
}

TEST(KafkaStream, WhatWasAskedForAgainGoesOn) {
    KafkaStream stream;
    stream.own(0);
    EXPECT_EQ(give(stream, 1), Accepted::sought);
    EXPECT_EQ(give(stream, 0), Accepted::taken);
    EXPECT_EQ(give(stream, 2), Accepted::sought) << "each hole has its own second try";
    EXPECT_EQ(give(stream, 1), Accepted::taken);
    EXPECT_EQ(give(stream, 2), Accepted::taken);
    EXPECT_FALSE(stream.failure().has_value());
}

TEST(KafkaStream, AMessageThatIsNotOursStopsIt) {
    KafkaStream stream;
    stream.own(0);
    EXPECT_EQ(stream.accept(base::Error(base::ErrorCode::corrupt, "not ours"), 0, 0),
              Accepted::stopped);
    EXPECT_EQ(stream.failure()->context(), "not ours");
}

TEST(KafkaStream, MovedItForgetsWhatWasAhead) {
    KafkaStream stream;
    stream.own(0);
    give(stream, 0);
    stream.fail(base::Error(base::ErrorCode::unavailable, "gone"));
    stream.move(100);
    EXPECT_FALSE(stream.failure().has_value());
    EXPECT_FALSE(stream.has_waiting());
    EXPECT_EQ(give(stream, 1), Accepted::repeated);
    EXPECT_EQ(give(stream, 100), Accepted::taken);
    expect_numbered(stream.read(100, 9, 1 << 20).value(), 100, 101);
}

TEST(KafkaStream, IsAtItsEndOnceItWasMet) {
    KafkaStream stream;
    stream.own(0);
    EXPECT_FALSE(stream.is_at_end(7));
    stream.meet_end(7);
    EXPECT_FALSE(stream.is_at_end(6));
    EXPECT_TRUE(stream.is_at_end(7));
    stream.disown();
    EXPECT_FALSE(stream.is_at_end(7));
    EXPECT_EQ(stream.end(), 7U) << "what is known of the log outlives the ownership";
}

}  // namespace
}  // namespace eventlog
