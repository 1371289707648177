// Proves what the marks of the forwarder remember: where to go on, what may leave the spool, and
// where to begin again, in a bounded file that is read back as it was written.
#include "eventlog/forward_marks.h"

#include <gtest/gtest.h>

#include "tests/eventlog/log_support.h"

namespace eventlog {
namespace {

constexpr LogId log_id{1, 2, 3};

ForwardMark mark(std::uint64_t number) {
    return {.at = base::from_ms(static_cast<std::int64_t>(number) * 20'000),
            .next_offset = number * 100,
            .kafka_offset = number * 1'000};
}

ForwardMarks marks(std::uint64_t count) {
    ForwardMarks made;
    for (std::uint64_t number = 1; number <= count; ++number) {
        made.add(mark(number));
    }
    return made;
}

TEST(ForwardMarks, TheNewestSaysWhereToGoOn) {
    EXPECT_EQ(ForwardMarks().next_offset(7), 7U);
    EXPECT_EQ(marks(3).next_offset(7), 300U);
}

TEST(ForwardMarks, WhatComesAtOnceIsOneMark) {
    ForwardMarks made = marks(2);
    for (std::uint64_t i = 1; i <= 100; ++i) {
        ForwardMark next = mark(2);
        next.at += base::Millis(static_cast<std::int64_t>(i));
        next.next_offset += i;
        made.add(next);
    }
    EXPECT_EQ(made.all().size(), 3U);
    EXPECT_EQ(made.next_offset(0), 300U);
}

TEST(ForwardMarks, AreThinnedOutAndKeepTheFirstAndTheLast) {
    const ForwardMarks made = marks(10'000);
    EXPECT_LE(made.all().size(), 512U);
    EXPECT_EQ(made.all().front(), mark(1));
    EXPECT_EQ(made.all().back(), mark(10'000));
    for (std::size_t i = 1; i < made.all().size(); ++i) {
        EXPECT_LT(made.all()[i - 1].next_offset, made.all()[i].next_offset);
    }
}

TEST(ForwardMarks, WhatWasAcknowledgedLongEnoughAgo) {
    const ForwardMarks made = marks(5);
    EXPECT_EQ(made.acknowledged_before(mark(1).at - base::Millis(1)), 0U);
    EXPECT_EQ(made.acknowledged_before(mark(3).at), 300U);
    EXPECT_EQ(made.acknowledged_before(mark(4).at - base::Millis(1)), 300U);
}

TEST(ForwardMarks, OfTheOldOnesTheNewestStays) {
    ForwardMarks made = marks(5);
    made.forget_before(mark(3).at);
    EXPECT_EQ(made.all().front(), mark(3));
    EXPECT_EQ(made.acknowledged_before(mark(3).at), 300U);
    made.forget_before(mark(100).at);
    ASSERT_EQ(made.all().size(), 1U);
    EXPECT_EQ(made.all().front(), mark(5));
}

TEST(ForwardMarks, WhatTheBrokerLostIsForgotten) {
    ForwardMarks made = marks(5);
    made.forget_from(300);
    EXPECT_EQ(made.next_offset(0), 300U);
    made.forget_from(0);
    EXPECT_TRUE(made.all().empty());
}

TEST(ForwardMarks, AreReadBackAsTheyWereWritten) {
    const ForwardMarks made = marks(3);
    const std::string text = encode(made, log_id);
    const auto read = decode_forward_marks(text, log_id);
    ASSERT_TRUE(read.has_value()) << read.error().context();
    EXPECT_EQ(read.value().all(), made.all());
    EXPECT_FALSE(decode_forward_marks(text, LogId{9}).has_value());
    EXPECT_FALSE(decode_forward_marks(text.substr(0, text.size() - 1), log_id).has_value());
    EXPECT_FALSE(decode_forward_marks(text + "mark 1 2\n", log_id).has_value());
    EXPECT_FALSE(decode_forward_marks(text + "mark 1 1 1\n", log_id).has_value());
    EXPECT_FALSE(decode_forward_marks("", log_id).has_value());
}

}  // namespace
}  // namespace eventlog
