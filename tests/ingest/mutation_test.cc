// No bytes crash a mapper: seeded mutations of good lines give an event that survives its encoding,
// or a reason of the closed set, and never disturb the lines around them. A failure prints its
// seed.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "ingest/file_import.h"
#include "support.h"

namespace ingest {
namespace {

using Random = std::mt19937_64;

const std::set<std::string> reasons = {
    "malformed",   "missing_field", "invalid_value", "invalid_time", "impossible",
    "future_time", "unknown_type",  "refused_type",  "too_large",    "refused_company"};

std::string mutated(std::string text, Random& random) {
    static constexpr std::string_view pieces[] = {"\"",
                                                  ",",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "null",
                                                  "-1",
                                                  "1e999",
                                                  "\\ud800",
                                                  "\xFF",
                                                  "9223372036854775808",
                                                  "2026-02-30",
                                                  "0000-01-01T00:00:00Z",
                                                  "\r",
                                                  ";",
                                                  "<",
                                                  ">",
                                                  "@"};
    for (std::uint64_t n = 1 + random() % 3; n > 0 && !text.empty(); --n) {
        const std::size_t place = random() % text.size();
        switch (random() % 4) {
            case 0: text[place] = static_cast<char>(random() % 256); break;
            case 1: text.erase(place, 1 + random() % 8); break;
            case 2: text.insert(place, pieces[random() % std::size(pieces)]); break;
            default: text.resize(place); break;
        }
    }
    std::erase(text, '\n');
    return text;
}

/// Good lines with a mutated one behind each; the good ones must all be read.
void check(LineFormat format, const std::vector<std::string>& good, std::uint64_t seed) {
    Random random(seed);
    std::string bytes;
    std::size_t good_lines = 0;
    for (int n = 0; n < 400; ++n) {
        const std::string& line = good[random() % good.size()];
        bytes += line + "\n" + mutated(line, random) + "\n";
        ++good_lines;
    }
    FileMapper mapper(
        format, format == LineFormat::cloudevents ? cloudevents_context() : cdr_context(), "f");
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t piece = 1 + random() % 3000;
        mapper.feed(std::string_view(bytes).substr(at, piece));
        at += piece;
    }
    mapper.finish();
    std::size_t read_good = 0;
    for (const FileItem& item : mapper.take()) {
        const std::string record = events::encode(item.event);
        const auto decoded = events::decode(record);
        ASSERT_TRUE(decoded) << "seed " << seed;
        ASSERT_EQ(events::encode(decoded.value()), record) << "seed " << seed;
        if (item.rejected) {
            ASSERT_TRUE(reasons.contains(item.event.head.rejected().reason())) << "seed " << seed;
        }
        read_good += !item.rejected && item.event.head.origin().line() % 2 == 1 ? 1 : 0;
    }
    EXPECT_EQ(read_good, good_lines) << "seed " << seed;
}

TEST(Mutations, OfRowsNeverDisturbTheirNeighbours) {
    RowText two;
    two.userfield = "a, \"b\"";
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        check(LineFormat::asterisk_cdr_csv, {RowText().text(), two.text()}, seed);
    }
}

TEST(Mutations, OfEventsNeverDisturbTheirNeighbours) {
    const std::vector<std::string> good = {
        cloudevent("call",
                   R"({"call_id":"k","direction":"inbound","from":"","to":"101","tags":["a"],)"
                   R"("started_at":"2026-11-02T10:00:00Z","recording":{"seconds":1.5},"legs":[)"
                   R"({"leg_id":"l","endpoint":"1","direction":"inbound",)"
                   R"("ring_started_at":"2026-11-02T10:00:00Z"}]})"),
        cloudevent(
            "email",
            R"({"message_id":"m","from":"a@b","to":["c@d"],"sent_at":"2026-11-02T10:00:00Z"})"),
        cloudevent("invoice",
                   R"({"invoice_id":"i","ledger":"l","client":"c","issued_at":"2026-11-02",)"
                   R"("amount":{"minor":1,"currency":"RUB"},"status":"issued"})"),
        cloudevent(
            "calendar",
            R"({"id":"s","weekdays":{"mon-fri":["09:00-13:00"]},"holidays":["2026-01-01"]})"),
        cloudevent("lead", R"({"a":[1,{"b":null}]})")};
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        check(LineFormat::cloudevents, good, seed);
    }
}

}  // namespace
}  // namespace ingest
