// Records are split as strictly as the format is written: what a lenient reader would guess is
// refused, so that a broken row is never read as another one.
#include "ingest/csv.h"

#include <gtest/gtest.h>

#include "ingest/asterisk_cdr_csv/mapper.h"
#include "support.h"

namespace ingest::asterisk_cdr_csv {
namespace {

using Values = std::vector<std::string>;

Values split(std::string_view text) {
    Values values;
    return split_csv(text, values) ? values : Values{"refused"};
}

TEST(Csv, SplitsFieldsBetweenCommas) {
    EXPECT_EQ(split("a,b,,d"), (Values{"a", "b", "", "d"}));
    EXPECT_EQ(split(","), (Values{"", ""}));
    EXPECT_EQ(split(""), (Values{""}));
    EXPECT_EQ(split(R"("a,b",c)"), (Values{"a,b", "c"}));
}

TEST(Csv, HalvesDoubledQuotes) {
    EXPECT_EQ(split(R"("""Name, ""X"""" <101>",b)"), (Values{R"("Name, "X"" <101>)", "b"}));
    EXPECT_EQ(split(R"("","""")"), (Values{"", "\""}));
}

TEST(Csv, KeepsLineEndsInsideQuotes) {
    EXPECT_EQ(split("\"a\r\nb\",c"), (Values{"a\r\nb", "c"}));
}

TEST(Csv, EndsARecordAtAnUnquotedLineEnd) {
    EXPECT_EQ(split("a,b\nc,d"), (Values{"a", "b"}));
    EXPECT_EQ(split("a,\"b\"\rc"), (Values{"a", "b"}));
}

TEST(Csv, TakesAQuoteInsideAnUnquotedFieldAsItStands) {
    EXPECT_EQ(split(R"(a"b,c)"), (Values{R"(a"b)", "c"}));
}

TEST(Csv, RefusesAnOpenQuoteAndTextAfterAClosingOne) {
    EXPECT_EQ(split(R"(a,"b)"), (Values{"refused"}));
    EXPECT_EQ(split(R"("a"b,c)"), (Values{"refused"}));
    EXPECT_EQ(split(R"("a" ,c)"), (Values{"refused"}));
}

TEST(Csv, ReadsWindows1251) {
    EXPECT_EQ(from_cp1251("\xC8\xE2\xE0\xED \xB8\xB9\x98"), "Иван ё№\uFFFD");
}

std::size_t lines(std::vector<std::string> texts) {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    return lines_of_record(views);
}

TEST(LinesOfRecord, IsOneOfAWholeRow) {
    EXPECT_EQ(lines({RowText().text(), "x"}), 1U);
}

TEST(LinesOfRecord, CountsLinesInsideAValue) {
    RowText row;
    row.userfield = "first\nsecond\nthird";
    const std::string text = row.text();
    const std::size_t one = text.find('\n');
    const std::size_t two = text.find('\n', one + 1);
    const Values parts = {text.substr(0, one), text.substr(one + 1, two - one - 1),
                          text.substr(two + 1), RowText().text()};
    EXPECT_EQ(lines(parts), 3U);
    EXPECT_EQ(lines({parts[0] + "\r", parts[1] + "\r", parts[2] + "\r"}), 3U);
}

TEST(LinesOfRecord, IsTheFirstAloneWhenTheRestDoesNotFit) {
    const std::string cut = RowText().text().substr(0, 60);
    EXPECT_EQ(lines({cut, RowText().text()}), 1U);
    EXPECT_EQ(lines({cut}), 1U);
    EXPECT_EQ(lines({"\"open", "x", "x", "x", "x", "x", "x", "x", "closed\""}), 1U);
}

TEST(LinesOfRecord, NeverSwallowsNeighboursForAStrayQuote) {
    std::string stray = RowText().text();
    stray.erase(stray.find("\"101\""), 1);  // 101" is no quoted field: the row ends at its line end
    const std::string cut = RowText().text().substr(0, 60);
    EXPECT_EQ(lines({stray, RowText().text(), cut, RowText().text()}), 1U);
}

TEST(LinesOfRecord, IsTheFirstAloneOverEightLinesOr64KiB) {
    RowText nine;
    nine.userfield = "1\n2\n3\n4\n5\n6\n7\n8\n9";
    Values parts;
    std::string rest = nine.text();
    for (std::size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
        parts.push_back(rest.substr(0, end));
        rest.erase(0, end + 1);
    }
    parts.push_back(rest);
    ASSERT_EQ(parts.size(), 9U);
    EXPECT_EQ(lines(parts), 1U);
    RowText wide;
    wide.userfield = std::string(record_bytes_max, 'x') + "\n";
    const std::string text = wide.text();
    EXPECT_EQ(lines({text.substr(0, text.find('\n')), text.substr(text.find('\n') + 1)}), 1U);
}

}  // namespace
}  // namespace ingest::asterisk_cdr_csv
