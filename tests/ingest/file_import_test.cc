// A file gives the same items however its bytes are cut into pieces: line numbers and byte offsets
// of the physical lines, rows that go on in the next line, rows that are cut off, marks, blanks and
// monsters.
#include "ingest/file_import.h"

#include <gtest/gtest.h>

#include "support.h"

namespace ingest {
namespace {

std::vector<FileItem> import(LineFormat format, std::string_view bytes, std::size_t piece,
                             std::uint64_t skip = 0) {
    FileMapper mapper(format,
                      format == LineFormat::cloudevents ? cloudevents_context() : cdr_context(),
                      "file", skip);
    std::vector<FileItem> items;
    const auto take = [&] {
        for (FileItem& item : mapper.take()) {
            items.push_back(std::move(item));
        }
    };
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        mapper.feed(bytes.substr(at, piece));
        take();
    }
    mapper.finish();
    take();
    return items;
}

/// `line@byte verdict` of each item.
std::vector<std::string> shown(const std::vector<FileItem>& items) {
    std::vector<std::string> out;
    for (const FileItem& item : items) {
        const auto& head = item.event.head;
        out.push_back(std::to_string(head.origin().line()) + "@" +
                      std::to_string(head.origin().byte()) + " " +
                      (item.rejected ? head.rejected().reason() : "ok"));
        EXPECT_EQ(head.origin().file(), "file");
        EXPECT_EQ(item.rejected, head.has_rejected());
    }
    return out;
}

using Shown = std::vector<std::string>;

Shown rows(std::string_view bytes, std::uint64_t skip = 0) {
    const Shown whole = shown(import(LineFormat::asterisk_cdr_csv, bytes, bytes.size() + 1, skip));
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{100}}) {
        EXPECT_EQ(shown(import(LineFormat::asterisk_cdr_csv, bytes, piece, skip)), whole) << piece;
    }
    return whole;
}

const std::string row = RowText().text();
std::string at(std::size_t byte) {
    return "@" + std::to_string(byte) + " ";
}

TEST(FileMapper, NumbersPhysicalLinesFromOne) {
    EXPECT_EQ(rows(row + "\n" + row + "\n"), (Shown{"1@0 ok", "2" + at(row.size() + 1) + "ok"}));
}

TEST(FileMapper, ReadsALastLineWithoutLineFeed) {
    EXPECT_EQ(rows(row + "\n" + row), (Shown{"1@0 ok", "2" + at(row.size() + 1) + "ok"}));
    EXPECT_EQ(rows("x"), (Shown{"1@0 malformed"}));
    EXPECT_EQ(rows(""), Shown{});
}

TEST(FileMapper, CutsAFileShorterThanAByteOrderMark) {
    EXPECT_EQ(rows("\nx"), (Shown{"2@1 malformed"}));
    EXPECT_EQ(rows("x\n"), (Shown{"1@0 malformed"}));
    EXPECT_EQ(rows("x"), (Shown{"1@0 malformed"}));
    EXPECT_EQ(rows("\n\n"), (Shown{}));
}

TEST(FileMapper, SkipsAByteOrderMarkAtTheVeryStart) {
    EXPECT_EQ(rows("\xEF\xBB\xBF" + row + "\n" + row),
              (Shown{"1@3 ok", "2" + at(3 + row.size() + 1) + "ok"}));
    EXPECT_EQ(rows("\xEF\xBB\xBF"), Shown{});
    const auto items = import(LineFormat::asterisk_cdr_csv, row + "\n\xEF\xBB\xBF" + row, 9);
    EXPECT_EQ(items.at(1).event.personal.raw(), "\xEF\xBB\xBF" + row);
}

TEST(FileMapper, PassesOverBlankLinesButCountsThem) {
    EXPECT_EQ(rows("\n \t\r\n" + row + "\n\n"), (Shown{"3@5 ok"}));
}

TEST(FileMapper, StripsCarriageReturns) {
    const auto items = import(LineFormat::asterisk_cdr_csv, row + "\r\n" + row + "\r\r\n", 7);
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(items[0].event.personal.raw(), row);
    EXPECT_EQ(items[1].event.personal.raw(), row);
}

TEST(FileMapper, ReadsARowThatGoesOnInTheNextLine) {
    RowText two;
    two.userfield = "first line\nsecond line";
    const std::string bytes = two.text() + "\n" + row + "\n";
    EXPECT_EQ(rows(bytes), (Shown{"1@0 ok", "3" + at(two.text().size() + 1) + "ok"}));
    const auto items = import(LineFormat::asterisk_cdr_csv, bytes, 10);
    EXPECT_EQ(items[0].end.line, 2U);
    EXPECT_EQ(items[1].end.line, 3U);
}

TEST(FileMapper, RejectsARowCutOffInsideAQuoteAlone) {
    const std::string cut = row.substr(0, 60);
    EXPECT_EQ(rows(row + "\n" + cut + "\n" + row + "\n" + row + "\n"),
              (Shown{"1@0 ok", "2" + at(row.size() + 1) + "malformed",
                     "3" + at(row.size() + 1 + cut.size() + 1) + "ok",
                     "4" + at(2 * (row.size() + 1) + cut.size() + 1) + "ok"}));
    EXPECT_EQ(rows(row + "\n" + cut).back(), "2" + at(row.size() + 1) + "malformed");
}

TEST(FileMapper, GoesOnBehindTheLinesThatAreSkipped) {
    EXPECT_EQ(rows(row + "\n\n" + row + "\n" + row, 2),
              (Shown{"3" + at(row.size() + 2) + "ok", "4" + at(2 * row.size() + 3) + "ok"}));
    EXPECT_EQ(rows(row + "\n" + row, 9), Shown{});
}

TEST(FileMapper, RejectsAMonsterAndKeepsItsBeginning) {
    const std::string monster(3 * item_bytes_max, 'x');
    const std::string bytes = row + "\n" + monster + "\n" + row;
    for (const std::size_t piece : {std::size_t{4096}, std::size_t{1'000'000}, bytes.size()}) {
        const auto items = import(LineFormat::asterisk_cdr_csv, bytes, piece);
        EXPECT_EQ(shown(items), (Shown{"1@0 ok", "2" + at(row.size() + 1) + "too_large",
                                       "3" + at(row.size() + monster.size() + 2) + "ok"}));
        EXPECT_EQ(items.at(1).event.head.rejected().bytes(), monster.size());
        EXPECT_EQ(items.at(1).event.personal.raw().size(), rejected_bytes_max);
    }
}

TEST(FileMapper, CountsNoCarriageReturnAgainstTheLimit) {
    const std::string longest(item_bytes_max, 'x');
    const auto verdicts = [](const std::string& bytes) {
        return shown(import(LineFormat::cloudevents, bytes, 65536));
    };
    EXPECT_EQ(verdicts(longest), (Shown{"1@0 malformed"}));
    EXPECT_EQ(verdicts(longest + "\r\n"), (Shown{"1@0 malformed"}));
    EXPECT_EQ(verdicts(longest + "x"), (Shown{"1@0 too_large"}));
    EXPECT_EQ(verdicts(longest + "x\r\n"), (Shown{"1@0 too_large"}));
}

TEST(FileMapper, TakesEveryLineOfCloudEventsAlone) {
    const std::string event = cloudevent("lead", "{}");
    const auto items = import(LineFormat::cloudevents, event + "\n\"open\n" + event + "\n", 5);
    EXPECT_EQ(shown(items), (Shown{"1@0 ok", "2" + at(event.size() + 1) + "malformed",
                                   "3" + at(event.size() + 7) + "ok"}));
    EXPECT_EQ(items[1].event.personal.raw(), "\"open");
}

TEST(FileMapper, StampsWhatIsMappedWithTheTimeOfItsReceipt) {
    FileMapper mapper(LineFormat::asterisk_cdr_csv, cdr_context(), "file");
    mapper.feed(row + "\n");
    mapper.set_received_at(base::from_ms(ms("2026-11-24T10:00:00Z")));
    mapper.feed(row + "\n");
    const auto items = mapper.take();
    EXPECT_EQ(items.at(0).event.head.received_at(), ms("2026-11-24T09:00:00Z"));
    EXPECT_EQ(items.at(1).event.head.received_at(), ms("2026-11-24T10:00:00Z"));
    EXPECT_EQ(mapper.waiting(), 0U);
}

TEST(LineFormatTest, HasTheWordOfItsSourceKind) {
    EXPECT_EQ(line_format_of("cloudevents"), LineFormat::cloudevents);
    EXPECT_EQ(line_format_of("asterisk-cdr-csv"), LineFormat::asterisk_cdr_csv);
    EXPECT_EQ(line_format_of("smdr-avaya"), std::nullopt);
}

}  // namespace
}  // namespace ingest
