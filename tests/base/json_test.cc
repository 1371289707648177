// Proves what the JSON reader accepts, refuses and makes of numbers, by a table of texts, and what
// the writer prints, by golden strings.
#include "base/json.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <limits>

namespace base {
namespace {

struct Accepted {
    const char* name;
    std::string text;
    std::string printed;  // by JsonWriter::json
};

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

class JsonAccepted : public testing::TestWithParam<Accepted> {};

TEST_P(JsonAccepted, IsReadAndPrintsBack) {
    const auto value = parse_json(GetParam().text);
    ASSERT_TRUE(value) << value.error().context();
    EXPECT_EQ(JsonWriter().json(value.value()).take(), GetParam().printed);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, JsonAccepted,
    testing::Values(
        Accepted{"spaces", " {\"a\" : [ 1 , true , null ] }\r\n", R"({"a":[1,true,null]})"},
        Accepted{"scalar", "7", "7"}, Accepted{"empty_object", "{}", "{}"},
        Accepted{"order_is_kept", R"({"b":1,"a":2})", R"({"b":1,"a":2})"},
        Accepted{"same_name_in_other_objects", R"({"a":{"a":{"a":1}},"b":{"a":1}})",
                 R"({"a":{"a":{"a":1}},"b":{"a":1}})"},
        Accepted{"escapes", R"("\u0416\ud83d\ude00\"\\\/\n\u0000")",
                 "\"\xD0\x96\xF0\x9F\x98\x80\\\"\\\\/\\n\\u0000\""},
        Accepted{"int64_min", "-9223372036854775808", "-9223372036854775808"},
        Accepted{"uint64_max", "18446744073709551615", "18446744073709551615"},
        Accepted{"beyond_64_bits", "18446744073709551616", "18446744073709551616"},
        Accepted{"beyond_64_bits_below", "-9223372036854775809", "-9223372036854775808"},
        Accepted{"nearest_double", "8.41", "8.41"},
        Accepted{"nearest_double_long", "0.1000000000000000055511151231257827", "0.1"},
        Accepted{"exponent", "1.5e3", "1500"},
        Accepted{"negative_nothing", "[-0.0,-1e-400]", "[0,0]"}, Accepted{"tiny", "1e-400", "0"},
        Accepted{"deepest", nested(64), nested(64)}),
    [](const auto& tested) { return tested.param.name; });

struct Refused {
    const char* name;
    std::string text;
};

class JsonRefused : public testing::TestWithParam<Refused> {};

TEST_P(JsonRefused, IsInvalid) {
    const auto value = parse_json(GetParam().text);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().code(), ErrorCode::invalid);
    EXPECT_TRUE(value.error().context().starts_with("byte ")) << value.error().context();
}

INSTANTIATE_TEST_SUITE_P(
    Texts, JsonRefused,
    testing::Values(
        Refused{"nothing", ""}, Refused{"only_space", "  "}, Refused{"cut", "{\"a\":1"},
        Refused{"trailing_garbage", "{} x"}, Refused{"two_values", "1 2"},
        Refused{"same_name_twice", R"({"a":1,"b":2,"a":3})"},
        Refused{"same_name_by_escape", R"({"a":1,"\u0061":1})"},
        Refused{"same_name_inside", R"([{"x":{"a":1,"a":1}}])"}, Refused{"not_a_number", "NaN"},
        Refused{"infinity", "[Infinity]"}, Refused{"leading_zero", "01"}, Refused{"plus", "+1"},
        Refused{"comma", "[1,]"}, Refused{"comment", "[1] // one"},
        Refused{"single_quotes", "{'a':1}"}, Refused{"bare_newline", "\"a\nb\""},
        Refused{"byte_order_mark", "\xEF\xBB\xBF{}"}, Refused{"utf8_broken", "\"\xFF\""},
        Refused{"utf8_overlong", "\"\xC0\xAF\""}, Refused{"utf8_surrogate", "\"\xED\xA0\x80\""},
        Refused{"utf8_cut", "\"\xD0\""}, Refused{"lone_high_surrogate", R"("\ud83d")"},
        Refused{"lone_low_surrogate", R"("\ude00")"},
        Refused{"high_surrogate_then_letter", R"("\ud83dx")"}, Refused{"too_deep", nested(65)}),
    [](const auto& tested) { return tested.param.name; });

TEST(ParseJson, NumberBeyondDoubleIsTheLargestDouble) {
    const auto value = parse_json("[" + std::string(400, '9') + ",-1e999]");
    ASSERT_TRUE(value);
    EXPECT_EQ(value.value().at(0).as_double(), std::numeric_limits<double>::max());
    EXPECT_EQ(value.value().at(1).as_double(), std::numeric_limits<double>::lowest());
}

TEST(ParseJson, ManyMembersAreReadInReasonableTime) {
    std::string text = "{\"first\":0";
    for (int i = 0; i < 50'000; ++i) {
        text += ",\"m" + std::to_string(i) + "\":0";
    }
    const auto once = parse_json(text + "}");
    ASSERT_TRUE(once);
    EXPECT_EQ(once.value().as_object().size(), 50'001U);
    EXPECT_FALSE(parse_json(text + ",\"first\":0}"));
}

TEST(JsonWriter, WritesMembersInTheOrderGiven) {
    JsonWriter out;
    out.begin_object().member("z", 1).member("a", "x").member("yes", true).key("none").null();
    out.key("list").begin_array().value(-5).begin_object().end_object().begin_array().end_array();
    out.end_array().key("raw").raw("[1]").end_object();
    EXPECT_EQ(out.take(), R"({"z":1,"a":"x","yes":true,"none":null,"list":[-5,{},[]],"raw":[1]})");
    EXPECT_EQ(out.text(), "");
}

TEST(JsonWriter, EscapesStringsAndRepairsUtf8) {
    EXPECT_EQ(JsonWriter().value("\"\\/\b\f\n\r\t\x01\x7F").take(),
              "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7F\"");
    EXPECT_EQ(JsonWriter().value("\xD0\x96 \xD0 \xF0\x9F\x98").take(),
              "\"\xD0\x96 \xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriter, WritesWholeNumbersOfEverySize) {
    JsonWriter out;
    out.begin_array();
    out.value(std::numeric_limits<std::int64_t>::min());
    out.value(std::numeric_limits<std::uint64_t>::max());
    out.value(Int128{std::numeric_limits<std::int64_t>::max()} * 1000);
    out.end_array();
    EXPECT_EQ(out.take(), "[-9223372036854775808,18446744073709551615,9223372036854775807000]");
}

struct Rounded {
    const char* name;
    double number;
    int decimals;
    const char* printed;
};

class JsonNumber : public testing::TestWithParam<Rounded> {};

TEST_P(JsonNumber, IsRoundedAndTrimmed) {
    EXPECT_EQ(JsonWriter().number(GetParam().number, GetParam().decimals).take(),
              GetParam().printed);
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, JsonNumber,
    testing::Values(Rounded{"whole", 1, 4, "1"}, Rounded{"hundred", 100, 3, "100"},
                    Rounded{"trimmed", 0.5, 4, "0.5"}, Rounded{"rounded", 2.0 / 3, 4, "0.6667"},
                    Rounded{"three", 1.0005, 3, "1"}, Rounded{"tie_to_even", 0.125, 2, "0.12"},
                    Rounded{"negative_nothing", -0.00001, 4, "0"},
                    Rounded{"no_decimals", 2.5, 0, "2"},
                    Rounded{"large", 1e22, 4, "10000000000000000000000"},
                    Rounded{"not_finite", std::numeric_limits<double>::infinity(), 4, "null"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace base
