// The alphabet of keys and values. Proved: keys sort as what they are made of, also texts with zero
// bytes in the middle of a key; values read back; every number has one form; no bytes make a reader
// run over its end.

#include "store/bytes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace {

using store::KeyReader;
using store::KeyWriter;
using store::ValueReader;
using store::ValueWriter;

constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();

TEST(KeyWriter, SignedNumbersSortByValueAndDescendingOnesAgainstIt) {
    const std::vector<std::int64_t> rising = {lowest, lowest + 1, -65'536, -1,     0,
                                              1,      255,        256,     highest};
    for (std::size_t i = 1; i < rising.size(); ++i) {
        EXPECT_LT(KeyWriter().i64(rising[i - 1]).take(), KeyWriter().i64(rising[i]).take());
        EXPECT_GT(KeyWriter().descending(rising[i - 1]).take(),
                  KeyWriter().descending(rising[i]).take());
    }
    for (const std::int64_t number : rising) {
        EXPECT_EQ(KeyReader(KeyWriter().i64(number).take()).i64(), number);
        EXPECT_EQ(KeyReader(KeyWriter().descending(number).take()).descending(), number);
    }
}

TEST(KeyWriter, TextsSortAsTextsWhateverFollows) {
    using namespace std::string_literals;
    std::vector<std::string> texts = {"",   "\0"s,   "\0\0"s,  "\0\xff"s, "\0a"s,
                                      "a",  "a\0"s,  "a\0\0"s, "a\0b"s,   "a\1"s,
                                      "ab", "a\xff", "b",      "\xff",    "\xff\xff"};
    std::sort(texts.begin(), texts.end());
    for (const std::string& first : texts) {
        for (const std::string& second : texts) {
            const std::string low = KeyWriter().text(first).u8(255).take();
            const std::string high = KeyWriter().text(second).u8(0).take();
            EXPECT_EQ(low < high, first < second);
        }
        const std::string key = KeyWriter().text(first).u32(7).take();
        KeyReader in(key);
        EXPECT_EQ(in.text(), first);
        EXPECT_EQ(in.u32(), 7U);
        EXPECT_TRUE(in.ok());
    }
}

TEST(KeyReader, SaysWhatIsMissing) {
    using namespace std::string_literals;
    for (const std::string& bytes : {""s, "a"s, "a\0"s, "\0"s, "a\0b"s}) {
        KeyReader in(bytes);
        in.text();
        EXPECT_FALSE(in.ok()) << bytes.size();
    }
    KeyReader number("abc");
    EXPECT_EQ(number.u32(), 0U);
    EXPECT_FALSE(number.ok());
}

TEST(ValueWriter, NumbersReadBack) {
    const std::vector<std::int64_t> numbers = {lowest, -300, -1, 0, 1, 63, 64, 127, 128, highest};
    ValueWriter out;
    for (const std::int64_t number : numbers) {
        out.i(number);
        out.u(static_cast<std::uint64_t>(number));
        out.i128(number);
        out.i128(base::Int128{number} << 64);
        out.fixed64(static_cast<std::uint64_t>(number));
        out.f64(static_cast<double>(number) / 3);
        out.text(std::to_string(number));
    }
    const std::string bytes = out.take();
    ValueReader in(bytes);
    for (const std::int64_t number : numbers) {
        EXPECT_EQ(in.i(), number);
        EXPECT_EQ(in.u(), static_cast<std::uint64_t>(number));
        EXPECT_TRUE(in.i128() == base::Int128{number});
        EXPECT_TRUE(in.i128() == base::Int128{number} << 64);
        EXPECT_EQ(in.fixed64(), static_cast<std::uint64_t>(number));
        EXPECT_EQ(in.f64(), static_cast<double>(number) / 3);
        EXPECT_EQ(in.text(), std::to_string(number));
    }
    EXPECT_TRUE(in.ok());
    EXPECT_TRUE(in.at_end());
}

struct Refused {
    std::string name;
    std::string bytes;
};
class RefusedNumber : public testing::TestWithParam<Refused> {};

TEST_P(RefusedNumber, HasNoSecondForm) {
    ValueReader in(GetParam().bytes);
    EXPECT_EQ(in.u(), 0U);
    EXPECT_FALSE(in.ok());
}
INSTANTIATE_TEST_SUITE_P(
    Varints, RefusedNumber,
    testing::Values(Refused{"empty", ""}, Refused{"cut", "\x80"},
                    Refused{"padded", {"\x81\x00", 2}},
                    Refused{"beyond_64_bits", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"},
                    Refused{"too_long", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"}),
    [](const auto& tested) { return tested.param.name; });

TEST(ValueReader, CountIsNeverMoreThanCouldFollow) {
    EXPECT_EQ(ValueReader({"\x02"
                           "abcd",
                           5})
                  .count(2),
              2U);
    ValueReader in(
        {"\x03"
         "abcd",
         5});
    EXPECT_EQ(in.count(2), 0U);
    EXPECT_FALSE(in.ok());
}

TEST(ValueReader, AcceptsOfRandomBytesOnlyWhatWouldBeWrittenSo) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(1 + random() % 22, '\0');
        for (char& c : bytes) {
            c = static_cast<char>(random());
        }
        ValueReader in(bytes);
        const base::Int128 number = in.i128();
        if (in.ok()) {
            ValueWriter out;
            out.i128(number);
            const std::string written = out.take();
            EXPECT_EQ(written, bytes.substr(0, written.size()));
        }
    }
}

}  // namespace
