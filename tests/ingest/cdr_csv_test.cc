// A row becomes the call that its columns say: by number and by name, with the instants in the form
// that the configuration gives. Then a table of broken rows, each with the reason and the place it
// must be kept with; and the fixtures, whose every row is a call.
#include "ingest/cdr_csv/mapper.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ingest/file_import.h"
#include "support.h"

namespace ingest::cdr_csv {
namespace {

TimeFormat format(std::string_view text) {
    auto parsed = TimeFormat::parse(text);
    EXPECT_TRUE(parsed) << text;
    return parsed ? std::move(parsed).value() : TimeFormat();
}

/// Every field by number, in the order of Field, as call_id,from,to,started_at,...
Mapping all_columns() {
    Mapping mapping;
    mapping.time = format("%Y-%m-%d %H:%M:%S");
    for (std::uint32_t n = 0; n < fields_count; ++n) {
        mapping.columns[n] = Column{n + 1, {}};
    }
    mapping.values[static_cast<std::size_t>(Field::direction)] = {{"in", "inbound"}};
    mapping.values[static_cast<std::size_t>(Field::disposition)] = {{"OK", "answered"}};
    return mapping;
}

const std::string whole =
    "c-1,84951234567,101,2026-11-02 10:00:00,2026-11-02 10:00:05,2026-11-02 "
    "10:00:35,35,30,in,OK,101";

/// `whole` with one field changed.
std::string with(Field field, std::string_view value, std::string row = whole) {
    std::size_t at = 0;
    for (std::size_t n = 0; n < static_cast<std::size_t>(field); ++n) {
        at = row.find(',', at) + 1;
    }
    const std::size_t end = std::min(row.find(',', at), row.size());
    return row.replace(at, end - at, value);
}

std::string without(std::initializer_list<Field> fields) {
    std::string row = whole;
    for (const Field field : fields) {
        row = with(field, "", row);
    }
    return row;
}

Mapped map(std::string_view row, const Mapping& mapping = all_columns(),
           std::string_view zone = "Europe/Moscow") {
    return map_row(row, mapping, layout_of_numbers(mapping), cdr_context(zone));
}

TEST(CdrCsv, MakesACallOfARow) {
    const events::Event event = event_of(map(whole));
    const events::pb::Call& call = event.head.call();
    EXPECT_EQ(event.head.type(), "normwatch.call.v1");
    EXPECT_EQ(event.head.scope(), "main");
    EXPECT_EQ(event.head.source(), "/pbx-1");
    EXPECT_EQ(event.head.time(), ms("2026-11-02T10:00:00+03:00"));
    EXPECT_EQ(call.call_id(), "c-1");
    EXPECT_EQ(call.direction(), "inbound");
    EXPECT_EQ(call.started_at(), ms("2026-11-02T10:00:00+03:00"));
    EXPECT_EQ(call.answered_at(), ms("2026-11-02T10:00:05+03:00"));
    EXPECT_EQ(call.ended_at(), ms("2026-11-02T10:00:35+03:00"));
    EXPECT_EQ(call.disposition(), "answered");
    EXPECT_EQ(call.endpoint(), "101");
    EXPECT_EQ(parties_of(event), (std::vector<std::string>{"+74951234567", "101"}));
    EXPECT_EQ(event.personal.raw(), whole);
    EXPECT_TRUE(event.head.quality().empty());
}

TEST(CdrCsv, KeysAndIdsAreFrozen) {
    EXPECT_EQ(event_of(map(whole)).head.id(), "c-1-52a7c31da81c1674");
    const events::Event weak = event_of(map(with(Field::call_id, "")));
    EXPECT_EQ(weak.head.call().call_id(), "55d000a10ffc9e248fe805b950d918db");
    EXPECT_EQ(weak.head.quality(0), "weak_key");
}

TEST(CdrCsv, IdsSayNothingOfWhoSpoke) {
    const std::string other = with(Field::to, "102", with(Field::from, "84957654321"));
    EXPECT_EQ(event_of(map(other)).head.id(), event_of(map(whole)).head.id());
    EXPECT_EQ(event_of(map(with(Field::call_id, "", other))).head.call().call_id(),
              event_of(map(with(Field::call_id, ""))).head.call().call_id());
    EXPECT_NE(event_of(map(with(Field::talk, "29"))).head.id(), event_of(map(whole)).head.id());
}

TEST(CdrCsv, FindsTheAnswerBeforeTheTalkAndTheEndBehindTheDuration) {
    const auto call = [](const std::string& row) { return event_of(map(row)).head.call(); };
    const auto spoken = call(without({Field::answered_at, Field::ended_at}));
    EXPECT_EQ(spoken.ended_at(), ms("2026-11-02T10:00:35+03:00"));
    EXPECT_EQ(spoken.answered_at(), ms("2026-11-02T10:00:05+03:00"));
    const auto half = call(with(Field::duration, "35.25", without({Field::ended_at})));
    EXPECT_EQ(half.ended_at(), ms("2026-11-02T10:00:35.250+03:00"));
    const auto silent = call(with(Field::disposition, "no_answer",
                                  with(Field::talk, "0", without({Field::answered_at}))));
    EXPECT_FALSE(silent.has_answered_at());
    const auto zero = call(with(Field::talk, "0", without({Field::answered_at})));
    EXPECT_EQ(zero.answered_at(), zero.ended_at());
}

TEST(CdrCsv, AssumesTheDirectionOfWhoDoesNotSayIt) {
    const auto direction = [](std::string_view from, std::string_view to) {
        std::string row = with(Field::to, to, with(Field::from, from));
        return event_of(map(with(Field::direction, "", row))).head.call().direction();
    };
    EXPECT_EQ(direction("101", "84951234567"), "outbound");
    EXPECT_EQ(direction("84951234567", "101"), "inbound");
    EXPECT_EQ(direction("101", "102"), "internal");
    EXPECT_EQ(direction("", "101"), "inbound");
    EXPECT_EQ(direction("84951234567", "84957654321"), "inbound");
}

TEST(CdrCsv, TakesABlankNumberAsAnonymous) {
    const events::Event event = event_of(map(with(Field::from, "  ")));
    EXPECT_EQ(parties_of(event), (std::vector<std::string>{"-", "101"}));
}

TEST(CdrCsv, ReadsWindows1251AndTrimsBlanks) {
    EXPECT_EQ(event_of(map(with(Field::endpoint, " \xC8\xE2\xE0\xED\t"))).head.call().endpoint(),
              "Иван");
}

TEST(CdrCsv, TakesAnotherSeparatorAndQuotes) {
    Mapping mapping = all_columns();
    mapping.separator = ';';
    std::string row = with(Field::call_id, R"("c;""1""")");
    std::replace(row.begin(), row.end(), ',', ';');
    EXPECT_EQ(event_of(map(row, mapping)).head.call().call_id(), "c;\"1\"");
}

TEST(CdrCsv, ReadsAnAutumnHourByTheDuration) {
    // 02:50 in summer time, 02:10 in winter time: twenty minutes.
    std::string row = with(Field::started_at, "2026-10-25 02:50:00");
    row = with(Field::ended_at, "2026-10-25 02:10:00", with(Field::answered_at, "", row));
    row = with(Field::talk, "1100", with(Field::duration, "1200", row));
    const events::Event event = event_of(map(row, all_columns(), "Europe/Berlin"));
    EXPECT_EQ(event.head.call().started_at(), ms("2026-10-25T00:50:00Z"));
    EXPECT_EQ(event.head.call().ended_at(), ms("2026-10-25T01:10:00Z"));
    EXPECT_EQ(event.head.quality(0), "tz_ambiguous");
    const events::Event by_duration =
        event_of(map(with(Field::ended_at, "", row), all_columns(), "Europe/Berlin"));
    EXPECT_EQ(by_duration.head.call().ended_at(), ms("2026-10-25T01:10:00Z"));
    EXPECT_EQ(by_duration.head.quality(0), "tz_ambiguous");
}

struct Broken {
    std::string name;
    std::string row;
    std::string verdict;
};

class BrokenRow : public testing::TestWithParam<Broken> {};

TEST_P(BrokenRow, IsRejectedWithItsReasonAndPlace) {
    EXPECT_EQ(verdict(map(GetParam().row)), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BrokenRow,
    testing::Values(
        Broken{"monster", std::string(item_bytes_max + 1, 'x'), "too_large "},
        Broken{"wide", std::string(64 * 1024 + 1, 'x'), "malformed "},
        Broken{"open_quote", whole + ",\"x", "malformed "},
        Broken{"text_behind_a_quote", "\"c\"1," + whole, "malformed "},
        Broken{"nul", whole + std::string(1, '\0'), "malformed "},
        Broken{"two_rows", whole + "\n" + whole, "malformed "},
        Broken{"few_columns", "c-1,101,102", "malformed "},
        Broken{"no_start", with(Field::started_at, ""), "missing_field /started_at"},
        Broken{"no_end", without({Field::ended_at, Field::duration}), "missing_field /ended_at"},
        Broken{"missing_before_invalid", with(Field::started_at, "", with(Field::talk, "x")),
               "missing_field /started_at"},
        Broken{"start", with(Field::started_at, "yesterday"), "invalid_time /started_at"},
        Broken{"answer", with(Field::answered_at, "2026-13-02 10:00:00"),
               "invalid_time /answered_at"},
        Broken{"end", with(Field::ended_at, "2026-11-02T10:00:35"), "invalid_time /ended_at"},
        Broken{"february", with(Field::started_at, "2026-02-30 10:00:00"),
               "invalid_time /started_at"},
        Broken{"rest", with(Field::started_at, "2026-11-02 10:00:00 x"),
               "invalid_time /started_at"},
        Broken{"gap", with(Field::started_at, "2011-03-27 02:30:00"), "invalid_time /started_at"},
        Broken{"duration", with(Field::duration, "0:35"), "invalid_value /duration"},
        Broken{"duration_sign", with(Field::duration, "+35"), "invalid_value /duration"},
        Broken{"duration_endless", with(Field::duration, "9999999999"), "invalid_value /duration"},
        Broken{"duration_point", with(Field::duration, "35."), "invalid_value /duration"},
        Broken{"talk", with(Field::talk, "nan"), "invalid_value /talk"},
        Broken{"direction", with(Field::direction, "IN"), "invalid_value /direction"},
        Broken{"disposition", with(Field::disposition, "ANSWERED"), "invalid_value /disposition"},
        Broken{"time_before_word", with(Field::direction, "x", with(Field::ended_at, "x")),
               "invalid_time /ended_at"},
        Broken{"negative", with(Field::duration, "-1"), "impossible /duration"},
        Broken{"negative_talk", with(Field::talk, "-0.5"), "impossible /talk"},
        Broken{"end_first", with(Field::ended_at, "2026-11-02 09:59:59"), "impossible /ended_at"},
        Broken{"answer_last", with(Field::answered_at, "2026-11-02 10:00:36"),
               "impossible /ended_at"},
        Broken{"answer_behind_duration", with(Field::duration, "4", without({Field::ended_at})),
               "impossible /duration"},
        Broken{"long_talk", with(Field::talk, "36", without({Field::answered_at})),
               "impossible /talk"},
        Broken{"never_answered", without({Field::answered_at, Field::talk}),
               "impossible /answered_at"},
        Broken{"epoch", with(Field::started_at, "1970-01-01 10:00:00"), "impossible /started_at"},
        Broken{"future", with(Field::ended_at, "2026-11-24 12:05:01"), "future_time /ended_at"},
        Broken{"future_by_duration", with(Field::duration, "99999999", without({Field::ended_at})),
               "future_time /started_at"}),
    [](const auto& tested) { return tested.param.name; });

TEST(CdrCsv, NamesTheDurationWhenThereIsNoColumnOfAnEnd) {
    Mapping mapping = all_columns();
    mapping.column(Field::ended_at).reset();
    EXPECT_EQ(verdict(map(without({Field::duration}), mapping)), "missing_field /duration");
}

struct Written {
    std::string name;
    std::string format;
    std::string value;
    std::string instant;  ///< empty: invalid_time
};

class TimeOfACall : public testing::TestWithParam<Written> {};

TEST_P(TimeOfACall, IsReadAsItsFormatSays) {
    const auto zone = kpi::Zone::find("Europe/Moscow");
    ASSERT_TRUE(zone);
    const auto read = format(GetParam().format).read(GetParam().value, "/x", zone.value());
    if (GetParam().instant.empty()) {
        ASSERT_TRUE(std::holds_alternative<Rejection>(read));
        EXPECT_EQ(std::get<Rejection>(read).reason + std::get<Rejection>(read).pointer,
                  "invalid_time/x");
        return;
    }
    ASSERT_TRUE(std::holds_alternative<Readings>(read));
    EXPECT_EQ(base::to_ms(std::get<Readings>(read).front()), ms(GetParam().instant));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, TimeOfACall,
    testing::Values(
        Written{"american", "%m/%d/%y %I:%M:%S %p", "1/2/26 12:05:09 am",
                "2026-01-02T00:05:09+03:00"},
        Written{"noon", "%m/%d/%Y %I:%M %p", "11/02/2026 12:05 PM", "2026-11-02T12:05:00+03:00"},
        Written{"last_century", "%d.%m.%y %H:%M", "02.11.99 10:00", "1999-11-02T10:00:00+03:00"},
        Written{"short", "%FT%T", "2026-11-02T10:00:00", "2026-11-02T10:00:00+03:00"},
        Written{"fraction", "%F %T.%f", "2026-11-02 10:00:00.1239",
                "2026-11-02T10:00:00.123+03:00"},
        Written{"offset", "%F %T%z", "2026-11-02 10:00:00+0530", "2026-11-02T10:00:00+05:30"},
        Written{"west", "%F %T %z", "2026-11-02 10:00:00 -03:00", "2026-11-02T10:00:00-03:00"},
        Written{"zulu", "%F %T%z", "2026-11-02 10:00:00Z", "2026-11-02T10:00:00Z"},
        Written{"epoch", "%s", "1327521966", "2012-01-25T20:06:06Z"},
        Written{"epoch_fraction", "%s.%f", "1327521966.5", "2012-01-25T20:06:06.500Z"},
        Written{"percent", "%%%s", "%1327521966", "2012-01-25T20:06:06Z"},
        Written{"second_60", "%F %T", "2026-11-02 10:00:60", ""},
        Written{"no_half", "%F %I:%M %p", "2026-11-02 10:00 xm", ""},
        Written{"hour_13_pm", "%F %I:%M %p", "2026-11-02 13:00 PM", ""},
        Written{"no_offset", "%F %T%z", "2026-11-02 10:00:00", ""},
        Written{"endless_epoch", "%s", "9999999999999", ""},
        Written{"year_9999", "%s", "253402300800", ""},
        Written{"empty_fraction", "%s.%f", "1327521966.", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST(TimeFormatTest, RefusesWhatTellsNoInstant) {
    const auto refusal = [](std::string_view text) {
        const auto parsed = TimeFormat::parse(text);
        return parsed ? "accepted" : parsed.error().context();
    };
    EXPECT_EQ(refusal("%Y-%m-%d %H:%M:%Q"), "unknown %Q");
    EXPECT_EQ(refusal("%Y-%m-%d %H:%M:%S%"), "a % at the end");
    EXPECT_EQ(refusal("%F \xD0 %T"), "not UTF-8");
    EXPECT_EQ(refusal("%F %T %H"), "%H stands there twice");
    EXPECT_EQ(refusal("%s %H"), "%s stands alone, or with %f");
    EXPECT_EQ(refusal("%F %I:%M"), "%I needs %p; one of %H and %I, one of %Y and %y");
    for (const std::string_view text : {"%F", "%T", "", "%m-%d %T", "%Y-%m %T", "%F %H"}) {
        EXPECT_EQ(refusal(text),
                  "expected the parts of a date and a time, as %Y-%m-%d %H:%M:%S, or %s")
            << text;
    }
}

std::vector<std::string> imported(const Mapping& mapping, std::string_view bytes,
                                  std::uint64_t skip = 0) {
    MapContext context = cdr_context();
    context.columns = std::make_shared<const Mapping>(mapping);
    FileMapper mapper(LineFormat::cdr_csv, context, "file", skip);
    mapper.feed(bytes);
    mapper.finish();
    std::vector<std::string> out;
    for (const FileItem& item : mapper.take()) {
        const auto& head = item.event.head;
        out.push_back(std::to_string(head.origin().line()) + " " +
                      (item.rejected ? head.rejected().reason() + head.rejected().pointer()
                                     : head.call().call_id()));
    }
    return out;
}

using Shown = std::vector<std::string>;

Mapping by_name() {
    Mapping mapping = all_columns();
    mapping.header = true;
    mapping.column(Field::from) = Column{0, "caller"};
    mapping.column(Field::to) = Column{0, "callee"};
    return mapping;
}

const std::string header =
    "id,caller,callee,start,answer,end,duration,talk,direction,disposition,endpoint";

TEST(CdrCsvFile, FindsColumnsByTheNamesOfTheHeader) {
    const std::string turned = "id, callee ,caller,start,answer,end,duration,talk,dir,state,who";
    MapContext context = cdr_context();
    context.columns = std::make_shared<const Mapping>(by_name());
    FileMapper mapper(LineFormat::cdr_csv, context, "file");
    mapper.feed(turned + "\n" + whole + "\n");
    const auto items = mapper.take();
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(parties_of(items[0].event), (Shown{"101", "+74951234567"}));
    EXPECT_EQ(mapper.header(), turned);
}

TEST(CdrCsvFile, PassesOverTheHeaderAndItsRepetitions) {
    const std::string bytes = header + "\n" + whole + "\n" + header + "\n" + whole + "\n";
    EXPECT_EQ(imported(by_name(), bytes), (Shown{"2 c-1", "4 c-1"}));
}

TEST(CdrCsvFile, ReadsTheHeaderAlsoWhenItsLineIsSkipped) {
    EXPECT_EQ(imported(by_name(), header + "\n" + whole + "\n" + whole + "\n", 2),
              (Shown{"3 c-1"}));
}

TEST(CdrCsvFile, KeepsHeaderAndRowsWhenANameIsMissing) {
    EXPECT_EQ(imported(by_name(), "id,caller\n" + whole + "\n"),
              (Shown{"1 missing_field/to", "2 missing_field/to"}));
}

TEST(CdrCsvFile, MapsEveryRowWhenNoHeaderIsConfigured) {
    EXPECT_EQ(imported(all_columns(), header + "\n" + whole + "\n"),
              (Shown{"1 invalid_time/started_at", "2 c-1"}));
}

TEST(CdrCsvFile, ReadsARowThatGoesOnInTheNextLine) {
    EXPECT_EQ(imported(all_columns(), with(Field::call_id, "\"a\nb\"") + "\n" + whole),
              (Shown{"1 a\nb", "3 c-1"}));
    EXPECT_EQ(imported(all_columns(), "\"open\n" + whole + "\n" + whole),
              (Shown{"1 malformed", "2 c-1", "3 c-1"}));
}

/// A mapper that goes on in a file whose header it knows.
std::string first_of_a_new_file(const Mapping& mapping, std::string_view line) {
    MapContext context = cdr_context();
    context.columns = std::make_shared<const Mapping>(mapping);
    FileMapper mapper(LineFormat::cdr_csv, context, "file");
    mapper.begin_at({}, header);
    mapper.feed(std::string(line) + "\n");
    const auto items = mapper.take();
    return items.empty()       ? "header"
           : items[0].rejected ? items[0].event.head.rejected().reason()
                               : "row";
}

TEST(CdrCsvFile, TellsARowFromAHeaderWhereAFileBeginsAnew) {
    Mapping numbers = all_columns();
    numbers.header = true;
    for (const Mapping& mapping : {by_name(), numbers}) {
        EXPECT_EQ(first_of_a_new_file(mapping, header), "header");
        EXPECT_EQ(first_of_a_new_file(mapping, whole), "row");
        EXPECT_EQ(first_of_a_new_file(mapping, "x,y"), "malformed");
    }
    EXPECT_EQ(first_of_a_new_file(by_name(), "callee,caller"), "header");
}

TEST(CdrCsvFile, GoesOnInTheMiddleOfAFile) {
    MapContext context = cdr_context();
    context.columns = std::make_shared<const Mapping>(by_name());
    FileMapper first(LineFormat::cdr_csv, context, "file");
    first.feed(header + "\n" + whole + "\n" + whole);
    EXPECT_EQ(first.take().size(), 1U);
    FileMapper second(LineFormat::cdr_csv, context, "file");
    second.begin_at(first.place(), first.header());
    second.feed(whole + "\n");
    const auto items = second.take();
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(items[0].event.head.origin().line(), 3U);
    EXPECT_EQ(items[0].event.head.origin().byte(), header.size() + 1 + whole.size() + 1);
    EXPECT_EQ(parties_of(items[0].event), (Shown{"+74951234567", "101"}));
}

std::string fixture(const std::string& name) {
    const char* folder = std::getenv("NORMWATCH_FIXTURES");
    std::ifstream file(std::string(folder == nullptr ? "../shared/data" : folder) +
                       "/generic_cdr_csv/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(CdrCsvFixtures, EveryRowIsACall) {
    const std::string rows = fixture("import_cdr.txt");
    if (rows.empty() && std::getenv("NORMWATCH_FIXTURES") == nullptr) {
        GTEST_SKIP() << "NORMWATCH_FIXTURES names no folder with fixtures";
    }
    ASSERT_FALSE(rows.empty()) << "import_cdr.txt is not in NORMWATCH_FIXTURES";
    Mapping mapping;
    mapping.time = format("%s");
    mapping.column(Field::call_id) = Column{8, {}};
    mapping.column(Field::from) = Column{3, {}};
    mapping.column(Field::to) = Column{6, {}};
    mapping.column(Field::direction) = Column{7, {}};
    mapping.column(Field::started_at) = Column{10, {}};
    mapping.column(Field::duration) = Column{4, {}};
    mapping.column(Field::talk) = Column{5, {}};
    const Shown items = imported(mapping, rows);
    EXPECT_EQ(items.size(), 5U);
    EXPECT_EQ(items.at(0), "1 3e308846-9036-11e1-964f-000c296bd875");
    EXPECT_EQ(items.at(4), "5 3e308846-9036-11e1-964f-000c296bd879");
}

}  // namespace
}  // namespace ingest::cdr_csv
