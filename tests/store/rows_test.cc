// Values of the views. Proved: golden bytes of a row of every kind with every field set (a change
// of one is a change of the format), each reads back equal, and a decoder takes exactly the bytes
// that an encoder gives: cut, stretched, changed and random bytes are `corrupt` or a row that is
// written in these same bytes.

#include "store/rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "sample_rows.h"
#include "support.h"

namespace {

using store::Measure;
using store_test::for_each_row;
using store_test::to_hex;

/// Decodes as `Row`; what is accepted must be written back the same. True when it was accepted.
template <class Row>
bool is_accepted(const std::string& bytes) {
    const base::Result<Row> row = store::decode<Row>(bytes);
    if (!row) {
        EXPECT_EQ(row.error().code(), base::ErrorCode::corrupt);
        return false;
    }
    EXPECT_EQ(to_hex(store::encode(row.value())), to_hex(bytes));
    return true;
}

TEST(Rows, HaveTheGoldenBytes) {
    store_test::Golden lines;
    for_each_row([&](const char* name, const auto& row) {
        lines.emplace_back(name, to_hex(store::encode(row)));
    });
    store_test::expect_golden("rows.txt", lines);
}

TEST(Rows, ReadBackEqual) {
    for_each_row([]<class Row>(const char* name, const Row& row) {
        const base::Result<Row> read = store::decode<Row>(store::encode(row));
        ASSERT_TRUE(read) << name;
        EXPECT_TRUE(read.value() == row) << name;
        const base::Result<Row> empty = store::decode<Row>(store::encode(Row{}));
        ASSERT_TRUE(empty) << name;
        EXPECT_TRUE(empty.value() == Row{}) << name;
    });
}

TEST(Rows, EmptyOneIsTwoBytes) {
    for_each_row([]<class Row>(const char* name, const Row&) {
        EXPECT_EQ(to_hex(store::encode(Row{})), "0100") << name;
    });
}

TEST(Rows, OfAPlainCallIsSmall) {
    const std::string bytes = store::encode(store_test::plain_call());
    EXPECT_LT(bytes.size(), 200U);
}

TEST(Rows, CutStretchedOrOfAnotherVersionAreCorrupt) {
    for_each_row([]<class Row>(const char* name, const Row& row) {
        const std::string bytes = store::encode(row);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_FALSE(is_accepted<Row>(bytes.substr(0, size))) << name << size;
        }
        EXPECT_FALSE(is_accepted<Row>(bytes + '\0')) << name;
        EXPECT_FALSE(is_accepted<Row>('\2' + bytes.substr(1))) << name;
    });
}

TEST(Rows, OfAFieldThatIsNotKnownAreCorrupt) {
    // Version, then a bitmap with bit 62 alone; a cell knows bits for all its measures.
    const std::string bytes = "\x01\x80\x80\x80\x80\x80\x80\x80\x80\x40";
    for_each_row([&]<class Row>(const char* name, const Row&) {
        EXPECT_FALSE(is_accepted<Row>(bytes)) << name;
    });
}

TEST(Rows, DefaultOfAFieldHasNoBit) {
    EXPECT_FALSE(is_accepted<store::AliasRow>(std::string("\x01\x01\x00", 3)));
    EXPECT_TRUE(is_accepted<store::AliasRow>("\x01\x01\x01x"));
    EXPECT_FALSE(is_accepted<store::CellRow>(std::string("\x01\x01\x00", 3)));
    EXPECT_TRUE(is_accepted<store::CellRow>("\x01\x01\x02"));
    EXPECT_FALSE(is_accepted<store::KeptRow>(std::string("\x01\x01\x00", 3)));
}

TEST(Rows, LargeCountsOfNothingAreCorruptAtOnce) {
    // A call with 2^63 legs, a set with 2^63 members.
    const std::string count = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01";
    EXPECT_FALSE(is_accepted<store::CallRow>("\x01\x01" + count));
    EXPECT_FALSE(is_accepted<store::SetRow>("\x01" + count));
    EXPECT_FALSE(is_accepted<store::AliasRow>("\x01\x01" + count));
}

TEST(Rows, ChangedBytesAreCorruptOrAnotherRow) {
    std::mt19937_64 random(3);
    for_each_row([&]<class Row>(const char*, const Row& row) {
        const std::string bytes = store::encode(row);
        for (int round = 0; round < 3'000; ++round) {
            std::string changed = bytes;
            for (std::uint64_t edits = 1 + random() % 3; edits != 0; --edits) {
                const std::size_t place = random() % changed.size();
                switch (random() % 3) {
                    case 0: changed[place] = static_cast<char>(random()); break;
                    case 1: changed.erase(place, 1 + random() % 4); break;
                    default: changed.insert(place, 1, static_cast<char>(random())); break;
                }
                if (changed.empty()) {
                    break;
                }
            }
            is_accepted<Row>(changed);
        }
    });
}

TEST(Rows, RandomBytesAreCorruptOrARow) {
    std::mt19937_64 random(4);
    for_each_row([&]<class Row>(const char*, const Row&) {
        for (int round = 0; round < 3'000; ++round) {
            std::string bytes(random() % 64, '\0');
            for (char& c : bytes) {
                // Small numbers get further into a row than large ones.
                c = static_cast<char>(random() % 2 == 0 ? random() % 8 : random());
            }
            if (!bytes.empty() && random() % 8 != 0) {
                bytes.front() = '\1';
            }
            is_accepted<Row>(bytes);
        }
    });
}

TEST(CellRow, OfAMeasureThatIsNotKnownIsCorrupt) {
    // Bit 27 lies between the groups.
    EXPECT_FALSE(is_accepted<store::CellRow>("\x01\x80\x80\x80\x40\x02"));
    EXPECT_TRUE(is_accepted<store::CellRow>("\x01\x80\x80\x80\x20\x02"));
}

TEST(CellRow, WhatIsTakenBackIsGone) {
    store::CellRow cell;
    const std::string empty = store::encode(cell);
    cell.add(Measure::calls_in, 2);
    cell.add(Measure::talk_ms, 5);
    EXPECT_TRUE(cell.get(Measure::calls_in) == 2);
    EXPECT_TRUE(cell.get(Measure::calls_out) == 0);
    cell.add(Measure::calls_in, -2);
    cell.add(Measure::talk_ms, -5);
    EXPECT_TRUE(cell.is_empty());
    EXPECT_EQ(store::encode(cell), empty);
}

TEST(CellRow, AddsAnotherCellMeasureByMeasure) {
    store::CellRow cell;
    cell.add(Measure::talk_ms, 5);
    store::CellRow other;
    other.add(Measure::calls_in, 0);
    EXPECT_TRUE(other.is_empty());
    other.add(Measure::paid_count, 7);
    other.add(Measure::talk_ms, -5);
    other.add(Measure::calls_in, 1);
    cell.add(other);
    std::vector<std::pair<Measure, std::int64_t>> shown;
    cell.visit([&](Measure measure, base::Int128 value) {
        shown.emplace_back(measure, static_cast<std::int64_t>(value));
    });
    EXPECT_EQ(shown, (std::vector<std::pair<Measure, std::int64_t>>{{Measure::calls_in, 1},
                                                                    {Measure::paid_count, 7}}));
}

TEST(SetRow, IsTheSameInWhateverOrderItWasMade) {
    store::SetRow one;
    store::SetRow other;
    for (const std::uint64_t member : {5U, 1U, 9U, 1U}) {
        one.add(member, 1);
    }
    for (const std::uint64_t member : {1U, 9U, 7U, 5U, 1U}) {
        other.add(member, 1);
    }
    other.add(7, -1);
    EXPECT_EQ(store::encode(one), store::encode(other));
    EXPECT_EQ(one.members,
              (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{1, 2}, {5, 1}, {9, 1}}));
}

TEST(SetRow, MembersThatDoNotRiseOrThatNobodyGaveAreCorrupt) {
    EXPECT_TRUE(is_accepted<store::SetRow>(std::string("\x01\x02\x00\x01\x01\x01", 6)));
    EXPECT_FALSE(is_accepted<store::SetRow>(std::string("\x01\x02\x01\x01\x00\x01", 6)));
    EXPECT_FALSE(is_accepted<store::SetRow>(std::string("\x01\x01\x01\x00", 4)));
    // 7, then 7 + (2^64 - 1): falls back to 6.
    EXPECT_FALSE(
        is_accepted<store::SetRow>("\x01\x02\x07\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01"));
}

TEST(VoidRow, HitsUpToItsRevisionOrForEver) {
    store::VoidRow row;
    EXPECT_FALSE(row.hits(0));
    row.voids.push_back({.revision = 3, .head = {}});
    EXPECT_TRUE(row.hits(3));
    EXPECT_FALSE(row.hits(4));
    row.voids.push_back({.revision = std::nullopt, .head = {}});
    EXPECT_TRUE(row.hits(4));
}

}  // namespace
