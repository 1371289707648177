// Proves what the views remember of the logs that their records came from: exactly which are there,
// in whatever order and however often they come.
#include "processors/origins.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace processors {
namespace {

constexpr eventlog::LogId first_log{1, 2, 3};
constexpr eventlog::LogId second_log{1, 2, 3, 0, 0, 0, 0, 0, 9};

TEST(Origins, ARecordIsNewOnce) {
    store::PositionRow position;
    EXPECT_FALSE(note_origin(position, {first_log, 7}));
    EXPECT_TRUE(note_origin(position, {first_log, 7}));
    EXPECT_FALSE(note_origin(position, {second_log, 7}));
    EXPECT_FALSE(note_origin(position, {first_log, 8}));
    EXPECT_EQ(position.origins.size(), 2U);
}

TEST(Origins, InTheirOrderTheyAreOneRange) {
    store::PositionRow position;
    for (std::uint64_t offset = 3; offset < 1000; ++offset) {
        note_origin(position, {first_log, offset, 3});
    }
    ASSERT_EQ(position.origins.size(), 1U);
    EXPECT_EQ(position.origins.front().seen, (std::vector<store::OffsetRange>{{3, 1000}}));
}

TEST(Origins, AnyOrderGivesTheSame) {
    std::vector<std::uint64_t> offsets(500);
    std::iota(offsets.begin(), offsets.end(), 0);
    std::mt19937 random(7);
    for (int round = 0; round < 20; ++round) {
        std::shuffle(offsets.begin(), offsets.end(), random);
        store::PositionRow position;
        std::size_t taken = 0;
        for (const std::uint64_t offset : offsets) {
            ASSERT_FALSE(note_origin(position, {first_log, offset}));
            ASSERT_TRUE(note_origin(position, {first_log, offset}));
            ++taken;
            std::uint64_t covered = 0;
            for (const store::OffsetRange& range : position.origins.front().seen) {
                ASSERT_LE(range.from, range.until);
                covered += range.until - range.from;
            }
            ASSERT_EQ(covered, taken);
        }
        EXPECT_EQ(position.origins.front().seen, (std::vector<store::OffsetRange>{{0, 500}}));
    }
}

TEST(Origins, ATailThatComesAgainBehindNewerRecordsFillsItsHole) {
    store::PositionRow position;
    for (const std::uint64_t offset : {0U, 1U, 2U, 6U, 7U}) {
        note_origin(position, {first_log, offset});
    }
    EXPECT_FALSE(has_all_below(position, first_log, 6));
    for (const std::uint64_t offset : {3U, 4U, 5U}) {
        EXPECT_FALSE(note_origin(position, {first_log, offset}));
    }
    EXPECT_TRUE(has_all_below(position, first_log, 8));
    EXPECT_EQ(position.origins.front().seen, (std::vector<store::OffsetRange>{{0, 8}}));
}

TEST(Origins, WhatIsMissingBeforeTheFirstIsAHole) {
    store::PositionRow position;
    EXPECT_FALSE(note_origin(position, {first_log, 5, 2}));
    EXPECT_EQ(position.origins.front().seen, (std::vector<store::OffsetRange>{{2, 2}, {5, 6}}));
    for (const std::uint64_t offset : {2U, 3U, 4U}) {
        EXPECT_FALSE(note_origin(position, {first_log, offset, 2}));
    }
    EXPECT_EQ(position.origins.front().seen, (std::vector<store::OffsetRange>{{2, 6}}));
    store::PositionRow whole;
    note_origin(whole, {first_log, 2, 2});
    EXPECT_EQ(whole.origins.front().seen, (std::vector<store::OffsetRange>{{2, 3}}));
}

TEST(Origins, WhoHoldsLessDoesNotCover) {
    store::PositionRow less;
    store::PositionRow more;
    EXPECT_TRUE(covers(more, less));
    note_origin(less, {first_log, 0});
    EXPECT_FALSE(covers(more, less));
    for (const std::uint64_t offset : {0U, 1U, 2U}) {
        note_origin(more, {first_log, offset});
    }
    EXPECT_TRUE(covers(more, less));
    EXPECT_FALSE(covers(less, more));
    note_origin(less, {second_log, 7, 7});
    EXPECT_FALSE(covers(more, less));
}

TEST(Origins, NothingIsAlwaysThere) {
    const store::PositionRow position;
    EXPECT_TRUE(has_all_below(position, first_log, 0));
    EXPECT_FALSE(has_all_below(position, first_log, 1));
}

}  // namespace
}  // namespace processors
