// Proves how values become text: masking, seconds and ratios, CSV. How: tables.
#include <gtest/gtest.h>

#include "query/csv.h"
#include "query/masking.h"
#include "query/value_text.h"
#include "world.h"

namespace query_test {
namespace {

TEST(Masking, LeavesTheFirstTwoAndTheLastFourCharacters) {
    const std::pair<const char*, const char*> rows[] = {
        {"+74951234567", "+7 *** ***-45-67"},
        {"84951234567", "84 *** ***-45-67"},
        {"1234567", "12 *** ***-45-67"},
        {"123456", "123456"},
        {"101", "101"},
        {"", ""},
        {"иванович", "ив *** ***-ов-ич"},
    };
    for (const auto& [number, shown] : rows) {
        EXPECT_EQ(query::masked(number), shown);
    }
}

TEST(Seconds, HaveUpToThreeDecimals) {
    const std::pair<std::int64_t, const char*> rows[] = {{0, "0"},        {1, "0.001"},
                                                         {90'000, "90"},  {90'500, "90.5"},
                                                         {1'010, "1.01"}, {-1'500, "-1.5"}};
    for (const auto& [ms, text] : rows) {
        EXPECT_EQ(query::seconds_text(ms), text);
    }
}

TEST(Ratios, HaveUpToFourDecimalsHalfUp) {
    EXPECT_EQ(query::ratio_text(1, 1), "1");
    EXPECT_EQ(query::ratio_text(1, 3), "0.3333");
    EXPECT_EQ(query::ratio_text(2, 3), "0.6667");
    EXPECT_EQ(query::ratio_text(1, 20'000), "0.0001");
    EXPECT_EQ(query::ratio_text(1, 20'001), "0");
    EXPECT_EQ(query::ratio_text(0, 7), "0");
    EXPECT_EQ(query::ratio_text(7, 2), "3.5");
}

TEST(HalfUp, RoundsAwayFromZero) {
    EXPECT_EQ(static_cast<int>(kpi::half_up(5, 2)), 3);
    EXPECT_EQ(static_cast<int>(kpi::half_up(-5, 2)), -3);
    EXPECT_EQ(static_cast<int>(kpi::half_up(4, 3)), 1);
}

TEST(Csv, OfKpisHasDimensionsAndKpis) {
    EXPECT_EQ(
        text_of(query::csv(
            R"({"rows":[{"manager":"m-bob","day":"2026-11-02","values":{"calls_in":3,)"
            R"("payments_amount":{"minor":2500,"currency":"RUB"},"payments_amount_other":[],)"
            R"("answer_rate":0.5}},{"manager":null,"day":"2026-11-02","values":{"calls_in":1,)"
            R"("payments_amount":{"minor":0,"currency":"RUB"},"answer_rate":null}}],"totals":)"
            R"({"calls_in":4,"payments_amount":{},"payments_amount_other":[],"answer_rate":1}})")),
        "manager,day,calls_in,payments_amount,answer_rate\r\n"
        "m-bob,2026-11-02,3,2500,0.5\r\n,2026-11-02,1,0,\r\n");
}

TEST(Csv, OfContributionsJoinsEvents) {
    EXPECT_EQ(
        text_of(query::csv(
            R"({"contributions":[{"entity":"invoice","id":"1c/i1","at":"2026-11-02T07:00:00.000Z",)"
            R"("group":null,"value":{"minor":7,"currency":"EUR"},)"
            R"("events":[{"id":"a"},{"id":"b"}]}]})")),
        "entity,id,at,group,value,value_currency,events_id\r\n"
        "invoice,1c/i1,2026-11-02T07:00:00.000Z,,7,EUR,a;b\r\n");
}

TEST(Csv, NeverHoldsAFormula) {
    const std::pair<const char*, const char*> rows[] = {{"=1+1", "'=1+1"},
                                                        {"+7 *** ***-45-67", "'+7 *** ***-45-67"},
                                                        {"-1", "'-1"},
                                                        {"@SUM(A1)", "'@SUM(A1)"},
                                                        {"\\t=1", "'\t=1"},
                                                        {"a\\\"b,c", "\"a\"\"b,c\""},
                                                        {"=\\\"x\\\"", "\"'=\"\"x\"\"\""},
                                                        {"two\\nlines", "\"two\nlines\""},
                                                        {"plain", "plain"}};
    for (const auto& [json, field] : rows) {
        const std::string answer = std::string(R"({"sources":[{"id":")") + json + "\"}]}";
        EXPECT_EQ(text_of(query::csv(answer)),
                  "id,kind,class,state,last_event_at,up_to,events,duplicates,quarantined\r\n" +
                      std::string(field) + ",,,,,,,,\r\n");
    }
}

TEST(Csv, OfWhatHasNoListIsRefused) {
    EXPECT_EQ(text_of(query::csv(R"({"call_id":"x"})")),
              "invalid: an answer without a list has no CSV");
    EXPECT_EQ(text_of(query::csv("[]")), "invalid: no answer to write as CSV");
}

}  // namespace
}  // namespace query_test
