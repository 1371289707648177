// A row of cdr_csv becomes the facts, parties and keys that domain.md 2, 3 and 8 define, or one
// reason of the quarantine: a table of broken rows, the layouts of 16 to 21 columns, wall clocks in
// hours that exist twice or never. Keys are frozen: the golden values are hashes of the columns
// named in the folder's README.
#include "ingest/asterisk_cdr_csv/mapper.h"

#include <gtest/gtest.h>

#include <functional>

#include "support.h"

namespace ingest::asterisk_cdr_csv {
namespace {

events::Event map(const RowText& row, std::string_view zone = "Europe/Moscow") {
    return event_of(map_row(row.text(), cdr_context(zone)));
}
std::string verdict_of(const RowText& row, std::string_view zone = "Europe/Moscow") {
    return verdict(map_row(row.text(), cdr_context(zone)));
}

struct BrokenRow {
    const char* name;
    std::function<void(RowText&)> change;
    const char* verdict;
};

class BrokenRows : public testing::TestWithParam<BrokenRow> {};

TEST_P(BrokenRows, AreRejectedForTheFirstReason) {
    RowText row;
    GetParam().change(row);
    EXPECT_EQ(verdict_of(row), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, BrokenRows,
    testing::Values(
        BrokenRow{"no_start", [](RowText& r) { r.start = ""; }, "missing_field /start"},
        BrokenRow{"no_end", [](RowText& r) { r.end = ""; }, "missing_field /end"},
        BrokenRow{"no_disposition", [](RowText& r) { r.disposition = ""; },
                  "missing_field /disposition"},
        BrokenRow{"no_channel", [](RowText& r) { r.channel = ""; }, "missing_field /channel"},
        BrokenRow{"answered_never", [](RowText& r) { r.answer = ""; }, "missing_field /answer"},
        BrokenRow{"duration_word", [](RowText& r) { r.duration = "x"; }, "invalid_value /duration"},
        BrokenRow{"duration_empty", [](RowText& r) { r.duration = ""; }, "invalid_value /duration"},
        BrokenRow{"duration_long", [](RowText& r) { r.duration = "1234567890"; },
                  "invalid_value /duration"},
        BrokenRow{"billsec_float", [](RowText& r) { r.billsec = "1.5"; }, "invalid_value /billsec"},
        BrokenRow{"billsec_plus", [](RowText& r) { r.billsec = "+1"; }, "invalid_value /billsec"},
        BrokenRow{"disposition", [](RowText& r) { r.disposition = "answered"; },
                  "invalid_value /disposition"},
        BrokenRow{"month_13", [](RowText& r) { r.start = "2026-13-02 10:00:00"; },
                  "invalid_time /start"},
        BrokenRow{"day_31", [](RowText& r) { r.end = "2026-11-31 10:00:00"; }, "invalid_time /end"},
        BrokenRow{"hour_24", [](RowText& r) { r.answer = "2026-11-02 24:00:00"; },
                  "invalid_time /answer"},
        BrokenRow{"second_60", [](RowText& r) { r.end = "2026-11-02 10:00:60"; },
                  "invalid_time /end"},
        BrokenRow{"year_0", [](RowText& r) { r.start = "0000-01-01 00:00:00"; },
                  "invalid_time /start"},
        BrokenRow{"year_1_in_utc", [](RowText& r) { r.start = "0001-01-01 00:00:00"; },
                  "invalid_time /start"},
        BrokenRow{"year_9999", [](RowText& r) { r.end = "9999-12-31 23:59:59"; },
                  "future_time /end"},
        BrokenRow{"epoch", [](RowText& r) { r.start = "1793602800"; }, "invalid_time /start"},
        BrokenRow{"rfc_3339", [](RowText& r) { r.start = "2026-11-02T10:00:00"; },
                  "invalid_time /start"},
        BrokenRow{"end_first", [](RowText& r) { r.end = "2026-11-02 09:59:59"; },
                  "impossible /end"},
        BrokenRow{"answer_late", [](RowText& r) { r.answer = "2026-11-02 10:00:36"; },
                  "impossible /end"},
        BrokenRow{"negative", [](RowText& r) { r.billsec = "-1"; }, "impossible /duration"},
        BrokenRow{"year_1970",
                  [](RowText& r) { r.start = r.answer = r.end = "1970-12-31 10:00:00"; },
                  "impossible /start"},
        BrokenRow{"future", [](RowText& r) { r.end = "2026-11-24 12:05:01"; }, "future_time /end"},
        BrokenRow{"five_minutes", [](RowText& r) { r.end = "2026-11-24 12:05:00"; }, "ok"},
        BrokenRow{"cancel",
                  [](RowText& r) {
                      r.disposition = "CANCEL";
                      r.answer = "";
                  },
                  "ok"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(BrokenRecords, AreMalformed) {
    const std::string good = RowText().text();
    const std::string wide = RowText{.userfield = std::string(64 * 1024, 'x')}.text();
    for (const std::string& record :
         {std::string("not a csv line at all"), good.substr(0, good.size() / 2), good + ",1",
          good.substr(0, good.find("\"ANSWERED\"")), std::string("\"open"), good + "\"",
          std::string("\0", 1) + good, std::string(), wide}) {
        EXPECT_EQ(verdict(map_row(record, cdr_context())), "malformed ") << record.substr(0, 40);
    }
}

TEST(BrokenRecords, OverOneMebibyteAreTooLarge) {
    EXPECT_EQ(verdict(map_row(std::string(item_bytes_max + 1, 'x'), cdr_context())), "too_large ");
    EXPECT_EQ(verdict(map_row(std::string(item_bytes_max, 'x'), cdr_context())), "malformed ");
}

TEST(CdrRow, HasItsFactsInUtc) {
    const events::Event event = map({});
    const auto& row = event.head.cdr_row();
    EXPECT_EQ(row.started_at(), ms("2026-11-02T07:00:00Z"));
    EXPECT_EQ(row.answered_at(), ms("2026-11-02T07:00:05Z"));
    EXPECT_EQ(row.ended_at(), ms("2026-11-02T07:00:35Z"));
    EXPECT_EQ(row.duration_seconds(), 35);
    EXPECT_EQ(row.billed_seconds(), 30);
    EXPECT_EQ(row.disposition(), "ANSWERED");
    EXPECT_EQ(row.last_application(), "Dial");
    EXPECT_EQ(row.context(), "default");
    EXPECT_EQ(row.ama_flags(), "DOCUMENTATION");
    EXPECT_EQ(event.head.time(), row.started_at());
    EXPECT_EQ(event.head.scope(), "main");
    EXPECT_EQ(event.head.source(), "/pbx-1");
    EXPECT_EQ(event.head.quality_size(), 0);
    EXPECT_EQ(event.personal.raw(), RowText().text());
    EXPECT_EQ(event.personal.clid(), R"("Client" <84951234567>)");
}

TEST(CdrRow, HasFourParties) {
    const events::Event event = map({});
    EXPECT_EQ(parties_of(event),
              (std::vector<std::string>{"+74951234567", "101", "PJSIP/trunk", "PJSIP/101"}));
    EXPECT_EQ(events::party_at(event, event.head.cdr_row().caller())->raw(), "84951234567");
    EXPECT_EQ(event.head.cdr_row().peer(), 4U);
}

TEST(CdrRow, HasNoPeerWithoutDstchannel) {
    const events::Event event = map({.dst = "8500", .dstchannel = "", .lastapp = "VoiceMail"});
    EXPECT_EQ(event.head.cdr_row().peer(), 0U);
    EXPECT_EQ(parties_of(event).size(), 3U);
}

struct ChannelCase {
    const char* name;
    const char* channel;
    const char* peer;
    bool is_local;
};

class Channels : public testing::TestWithParam<ChannelCase> {};

TEST_P(Channels, GiveTheirPeer) {
    const events::Event event = map({.channel = GetParam().channel});
    EXPECT_EQ(parties_of(event).at(2), GetParam().peer);
    EXPECT_EQ(event.head.cdr_row().channel_is_local(), GetParam().is_local);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Channels,
    testing::Values(ChannelCase{"suffix", "PJSIP/101-0000002a", "PJSIP/101", false},
                    ChannelCase{"dash_in_name", "SIP/my-trunk-0001", "SIP/my-trunk", false},
                    ChannelCase{"no_suffix", "SIP/bob", "SIP/bob", false},
                    ChannelCase{"no_slash", "OutgoingSpoolFailed", "OutgoingSpoolFailed", false},
                    ChannelCase{"local", "Local/101@from-internal-00000001;1", "Local/101", true},
                    ChannelCase{"local_bare", "Local/101;2", "Local/101", true}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(CdrRow, TakesTheCallerFromClidWhenSrcIsAnonymous) {
    EXPECT_EQ(parties_of(map({.src = "anonymous"})).at(0), "+74951234567");
    EXPECT_EQ(parties_of(map({.src = "", .clid = "\"a < b\" <8 495 123-45-67>"})).at(0),
              "+74951234567");
    EXPECT_EQ(parties_of(map({.src = "unknown", .clid = "no number"})).at(0), "-");
    EXPECT_EQ(parties_of(map({.src = "", .clid = "<>"})).at(0), "-");
    EXPECT_EQ(parties_of(map({.src = "102"})).at(0), "102");
}

TEST(CdrRow, ReadsWindows1251WhereItIsNoUtf8) {
    RowText row;
    row.dcontext = "\xC8\xE2\xE0\xED";
    EXPECT_EQ(map(row).head.cdr_row().context(), "Иван");
    row.dcontext = "Иван";
    EXPECT_EQ(map(row).head.cdr_row().context(), "Иван");
}

TEST(CdrRow, KeepsNoLongRawText) {
    EXPECT_TRUE(map({.userfield = std::string(4096, 'x')}).personal.raw().empty());
}

/// The columns up to amaflags, then these.
std::string with_columns(const std::string& columns) {
    const std::string row = RowText().text();
    const std::string last = "\"DOCUMENTATION\"";
    return row.substr(0, row.find(last) + last.size()) + columns;
}

struct LayoutCase {
    const char* name;
    const char* columns;
    const char* linkedid;
    const char* uniqueid;
    const char* sequence;  ///< empty: weak
};

class Layouts : public testing::TestWithParam<LayoutCase> {};

TEST_P(Layouts, AreToldByTheNumberOfColumns) {
    const events::Event event = event_of(map_row(with_columns(GetParam().columns), cdr_context()));
    const auto& row = event.head.cdr_row();
    const bool is_weak = *GetParam().sequence == 0;
    EXPECT_EQ(row.uniqueid(), GetParam().uniqueid);
    EXPECT_EQ(row.linkedid(), *GetParam().linkedid != 0 ? GetParam().linkedid : row.sequence());
    EXPECT_EQ(row.sequence().size(), is_weak ? 32U : std::string(GetParam().sequence).size());
    EXPECT_EQ(event.head.quality_size() == 1 && event.head.quality(0) == "weak_key", is_weak);
}

INSTANTIATE_TEST_SUITE_P(
    Columns, Layouts,
    testing::Values(
        LayoutCase{"16", "", "", "", ""},
        LayoutCase{"17_uniqueid", R"(,"1793602800.1")", "1793602800.1", "1793602800.1", ""},
        LayoutCase{"17_system_name", R"(,"pbx-a.b-1793602800.12")", "pbx-a.b-1793602800.12",
                   "pbx-a.b-1793602800.12", ""},
        LayoutCase{"17_userfield", R"(,"12345678.1")", "", "", ""},
        LayoutCase{"18", R"(,"1793602800.1","user")", "1793602800.1", "1793602800.1", ""},
        LayoutCase{"19", R"(,"","1793602800.1",7)", "1793602800.1", "", "7"},
        LayoutCase{"20_uniqueid", R"(,"1793602800.2","","1793602800.1",7)", "1793602800.1",
                   "1793602800.2", "7"},
        LayoutCase{"20_userfield", R"(,"user","","1793602800.1",7)", "1793602800.1", "", "7"},
        LayoutCase{"21", R"(,"1793602800.2","user","","1793602800.1",7)", "1793602800.1",
                   "1793602800.2", "7"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(CdrKey, IsFrozen) {
    EXPECT_EQ(map({}).head.id(), "1793602800.1:1793602800.1:1-56a3d662e3d3407e");
    const events::Event weak = map({.sequence = ""});
    EXPECT_EQ(weak.head.cdr_row().sequence(), "3eec0992165a8c4e938d403eda6ecf24");
}

TEST(CdrKey, DoesNotDependOnWhoCalls) {
    RowText other;
    other.src = "102";
    other.dst = "103";
    other.clid = "another";
    other.channel = "PJSIP/x-1";
    other.dstchannel = "PJSIP/y-1";
    other.lastdata = other.userfield = other.accountcode = other.peeraccount = "another";
    EXPECT_EQ(map(other).head.id(), map({}).head.id());
    EXPECT_NE(map({.billsec = "29"}).head.id(), map({}).head.id());
}

TEST(CdrKey, OfARowWithoutSequenceTellsEqualRowsFromOthers) {
    const auto key = [](RowText row) {
        row.sequence = "";
        return map(row).head.cdr_row().sequence();
    };
    EXPECT_EQ(key({}), key({.userfield = "x"}));
    EXPECT_NE(key({}), key({.dstchannel = "PJSIP/101-00000003"}));
    EXPECT_NE(key({}), key({.billsec = "29"}));
}

struct ClockCase {
    const char* name;
    const char* zone;
    RowText row;
    const char* start;
    const char* end;
    bool ambiguous;
};

class WallClocks : public testing::TestWithParam<ClockCase> {};

TEST_P(WallClocks, AreReadAsDefined) {
    const events::Event event = map(GetParam().row, GetParam().zone);
    EXPECT_EQ(kpi::render(base::from_ms(event.head.cdr_row().started_at())), GetParam().start);
    EXPECT_EQ(kpi::render(base::from_ms(event.head.cdr_row().ended_at())), GetParam().end);
    EXPECT_EQ(event.head.quality_size() == 1 && event.head.quality(0) == "tz_ambiguous",
              GetParam().ambiguous);
}

RowText clocks(const char* start, const char* end, const char* duration, const char* uniqueid) {
    return {.start = start,
            .answer = "",
            .end = end,
            .duration = duration,
            .billsec = "0",
            .disposition = "NO ANSWER",
            .uniqueid = uniqueid};
}

INSTANTIATE_TEST_SUITE_P(
    Ambiguous, WallClocks,
    testing::Values(
        ClockCase{"plain", "Europe/Berlin",
                  clocks("2026-10-25 01:59:00", "2026-10-25 01:59:30", "30", ""),
                  "2026-10-24T23:59:00.000Z", "2026-10-24T23:59:30.000Z", false},
        ClockCase{"earliest", "Europe/Berlin",
                  clocks("2026-10-25 02:30:00", "2026-10-25 02:31:00", "60", ""),
                  "2026-10-25T00:30:00.000Z", "2026-10-25T00:31:00.000Z", true},
        ClockCase{"by_duration", "Europe/Berlin",
                  clocks("2026-10-25 02:30:00", "2026-10-25 02:31:00", "3660", ""),
                  "2026-10-25T00:30:00.000Z", "2026-10-25T01:31:00.000Z", true},
        ClockCase{"by_channel", "Europe/Berlin",
                  clocks("2026-10-25 02:30:00", "2026-10-25 02:31:00", "60", "1792891800.1"),
                  "2026-10-25T01:30:00.000Z", "2026-10-25T01:31:00.000Z", true},
        ClockCase{"two_seconds_of_slack", "Europe/Berlin",
                  clocks("2026-10-25 02:30:00", "2026-10-25 02:31:00", "60", "1792888202.1"),
                  "2026-10-25T00:30:00.000Z", "2026-10-25T00:31:00.000Z", true},
        ClockCase{"into_the_hour", "Europe/Berlin",
                  clocks("2026-10-25 02:59:00", "2026-10-25 02:01:00", "120", ""),
                  "2026-10-25T00:59:00.000Z", "2026-10-25T01:01:00.000Z", true},
        ClockCase{"out_of_the_hour", "Europe/Berlin",
                  clocks("2026-10-25 02:59:00", "2026-10-25 03:01:00", "120", ""),
                  "2026-10-25T01:59:00.000Z", "2026-10-25T02:01:00.000Z", true},
        ClockCase{"new_york", "America/New_York",
                  clocks("2026-11-01 01:30:00", "2026-11-01 01:30:10", "10", "1793514600.1"),
                  "2026-11-01T06:30:00.000Z", "2026-11-01T06:30:10.000Z", true}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(WallClock, ThatNoClockShowedIsInvalid) {
    EXPECT_EQ(
        verdict_of(clocks("2026-03-29 02:30:00", "2026-03-29 03:30:00", "0", ""), "Europe/Berlin"),
        "invalid_time /start");
    EXPECT_EQ(
        verdict_of(clocks("2026-03-29 01:59:59", "2026-03-29 02:00:00", "1", ""), "Europe/Berlin"),
        "invalid_time /end");
}

TEST(WallClock, OfASourceWithoutZoneIsFlagged) {
    MapContext context = cdr_context();
    context.zone_assumed = true;
    const events::Event event = event_of(map_row(RowText().text(), context));
    ASSERT_EQ(event.head.quality_size(), 1);
    EXPECT_EQ(event.head.quality(0), "tz_assumed");
}

TEST(CdrRow, HasTheSourceAsScopeWithoutPbx) {
    MapContext context = cdr_context();
    context.source_pbx.reset();
    EXPECT_EQ(event_of(map_row(RowText().text(), context)).head.scope(), "pbx-1");
}

}  // namespace
}  // namespace ingest::asterisk_cdr_csv
