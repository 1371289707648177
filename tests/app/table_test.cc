// Proves what people see: tables of answers, byte for byte, and the formats of single values.
// Answers are written by hand in the shape of docs/http_api.md.
#include "app/answer_table.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include "app/report_table.h"
#include "app/text_table.h"

namespace app {
namespace {

std::string shown(AnswerKind kind, const char* text) {
    return answer_table(kind, boost::json::parse(text));
}

constexpr const char* report =
    R"({"from": "2026-11-02T00:00:00.000+03:00", "until": "2026-11-03T00:00:00.000+03:00",
 "tz": "Europe/Moscow", "rows": [
 {"manager": "m-ivanov", "values": {"calls_in": 12, "calls_missed": 0, "calls_qualified": 0,
  "talk_seconds": 3723.4,
   "hold_seconds": null, "answer_rate": 0.8333, "invoices_amount": {"minor": 123456789,
  "currency": "RUB"}}},
 {"manager": "м-петрова", "values": {"calls_in": 1200, "calls_missed": 3,
  "calls_qualified": 0, "talk_seconds": 0,
   "hold_seconds": null, "answer_rate": null, "invoices_amount": {"minor": 0,
  "currency": "RUB"}}},
 {"manager": null, "values": {"calls_in": 0, "calls_missed": 1, "calls_qualified": 0,
  "talk_seconds": 0,
   "hold_seconds": null, "answer_rate": 0, "invoices_amount": {"minor": -5, "currency": "RUB"}}}],
 "totals": {"calls_in": 1210, "calls_missed": 4, "calls_qualified": 0,
  "talk_seconds": 3723.4, "hold_seconds": null,
   "answer_rate": 0.9967, "invoices_amount": {"minor": 123456784, "currency": "RUB"},
   "invoices_amount_other": [{"minor": 10050, "currency": "USD"}, {"minor": 700,
  "currency": "JPY"}]},
 "reconciliation": {"calls": {"managers": 61, "shared": 5, "unattributed": 1, "department": 57},
   "missed": {"managers": 3, "shared": 0, "unattributed": 0, "department": 4}},
  "next_cursor": null,
 "meta": {"as_of": "2026-11-03T08:00:00.000Z", "applied_offset": 77, "complete_until": null,
  "quarantined": 2,
   "reattributing": null}})";

TEST(ReportTable, AlignsGroupsAndHidesWhatIsAllZero) {
    EXPECT_EQ(
        shown(AnswerKind::report, report),
        "2026-11-02 00:00:00 until 2026-11-03 00:00:00  Europe/Moscow\n"
        "\n"
        "           Calls          Time     Rates     Invoices\n"
        "manager       in  missed     talk  answered    amount RUB\n"
        "─────────────────────────────────────────────────────────\n"
        "m-ivanov      12       0  1:02:03    83.3 %  1,234,567.89\n"
        "м-петрова  1,200       3  0:00:00         -          0.00\n"
        "-              0       1  0:00:00     0.0 %         -0.05\n"
        "─────────────────────────────────────────────────────────\n"
        "total      1,210       4  1:02:03    99.7 %  1,234,567.84\n"
        "2 KPIs without a value hidden\n"
        "\n"
        "invoices_amount in other currencies: 100.50 USD, 700 JPY\n"
        "calls: 57 = managers 61 - shared 5 + unattributed 1 ✓\n"
        "missed: 4 = managers 3 - shared 0 + unattributed 0 ✗ does not balance\n"
        "as of 2026-11-03 08:00:00 UTC, offset 77; in quarantine: 2 (normwatch quarantine list)\n");
}

TEST(ReportTable, ShowsTotalsOfAnEmptyDay) {
    EXPECT_EQ(
        shown(AnswerKind::report,
              R"({"from": "2026-11-02T00:00:00Z", "until": "2026-11-03T00:00:00Z", "tz": "UTC",
  "rows": [],
                        "totals": {"calls_in": 0}, "reconciliation": {}, "next_cursor": null})"),
        "2026-11-02 00:00:00 until 2026-11-03 00:00:00  UTC\n\n"
        "       Calls\n"
        "          in\n"
        "────────────\n"
        "────────────\n"
        "total      0\n\n");
}

TEST(ReportTable, IsCutIntoBlocksOfWholeColumnsWhenTooWide) {
    TextTable table(
        {{"key", "", false}, {"one", "", true}, {"two", "", true}, {"three", "", true}});
    table.add({"k", "1", "2", "3"});
    EXPECT_EQ(
        table.print(1, 14),
        "key  one  two\n─────────────\nk      1    2\n\nkey  three\n──────────\nk        3\n");
}

TEST(CallsTable, NamesClientManagersAndFlags) {
    EXPECT_EQ(
        shown(AnswerKind::calls,
              R"({"calls": [{"call_id": "x", "direction": "inbound", "disposition": "answered",
 "started_at": "2026-11-02T07:00:00.000Z", "client": {"id": "c-17", "name": "Ромашка",
  "number": "+7 *** ***-45-67", "anonymous": false},
 "wait_seconds": 7.0, "talk_seconds": 65, "missed": false, "short_abandon": false,
  "quality": ["weak_key"],
 "participations": [{"manager": "m-bob", "endpoint": "101", "result": "answered"},
  {"manager": null, "endpoint": "102", "result": "ring_no_answer"}]},
 {"direction": "inbound", "disposition": "no_answer", "started_at": "2026-11-02T06:00:00.000Z",
 "client": {"id": null, "name": null, "number": null, "anonymous": true},
  "wait_seconds": null, "talk_seconds": 0, "missed": true,
 "short_abandon": true, "quality": [], "participations": []}], "next_cursor": "abc"})"),
        "started (UTC)        dir  disposition  client     managers        wait     talk  notes\n"
        "──────────────────────────────────────────────────────────────────────────────────────────"
        "───"
        "\n"
        "2026-11-02 07:00:00  in   answered     Ромашка    m-bob (102)  0:00:07  0:01:05  "
        "weak_key\n"
        "2026-11-02 06:00:00  in   no_answer    anonymous  -                  -  0:00:00  "
        "missed short\n"
        "2 calls\nmore: --cursor abc\n");
}

TEST(CallsTable, SaysInWhichOffsetItsTimesStand) {
    const std::string text =
        shown(AnswerKind::calls, R"({"calls": [{"started_at": "2026-11-02T10:00:00.000+03:00"}]})");
    EXPECT_TRUE(text.starts_with("started (+03:00)")) << text;
}

TEST(ReportTable, ShowsItsRangeOnTheWallClockOfItsZone) {
    const std::string text =
        shown(AnswerKind::report,
              R"({"from": "2026-11-01T21:00:00.000Z", "until": "2026-11-02T21:00:00.000Z",
            "tz": "Europe/Moscow", "rows": [], "totals": {}})");
    EXPECT_TRUE(text.starts_with("2026-11-02 00:00:00 until 2026-11-03 00:00:00")) << text;
}

constexpr const char* pace_rows =
    R"([{"manager": "m-bob", "team": "north", "kpi": "calls_out", "segment": "all", "period": "day",
  "actual": 6, "norm": 30, "expected_to_date": 7.5, "attainment": 0.2, "pace": 0.8,
  "projected": 24, "required_rate": 4, "deviation": -1.5, "status": "warn",
  "client_class": null, "plan": false},
 {"manager": "m-bob", "team": "north", "kpi": "talk_seconds", "segment": "new", "period": "week",
  "actual": 90.5, "norm": null, "expected_to_date": null, "attainment": null, "pace": null,
  "projected": null, "required_rate": null, "deviation": null, "status": "insufficient",
  "client_class": "A", "plan": false}])";

TEST(PaceTable, HasALinePerNorm) {
    const std::string answer =
        std::string(R"({"at": "2026-11-02T11:00:00.000+03:00", "rows": )") + pace_rows + "}";
    EXPECT_EQ(
        shown(AnswerKind::pace, answer.c_str()),
        "at 2026-11-02 11:00:00\n\n"
        "manager  norm                      per      done  of  due  pace  projected  per hour  "
        "status\n"
        "──────────────────────────────────────────────────────────────────────────────────────"
        "────────────\n"
        "m-bob    calls_out                 day         6  30  7.5  80 %         24         4  "
        "warn\n"
        "m-bob    talk_seconds new class A  week  0:01:31   -    -     -          -         -  "
        "insufficient\n"
        "due: of the norm by then; per hour: what the rest needs of each working hour left\n");
}

TEST(BoardTable, HasAColumnPerNormOfTheDay) {
    const std::string answer = std::string(R"({"at": "2026-11-02T11:00:00.000+03:00", "rows": [
 {"manager": "m-ann", "team": null, "state": "off", "since": null, "call_id": null, "pace": []},
 {"manager": "m-bob", "team": null, "state": "in_call", "since": "2026-11-02T10:58:01.000+03:00",
  "call_id": "x", "pace": )") + pace_rows +
                               "}]}";
    EXPECT_EQ(
        shown(AnswerKind::board, answer.c_str()),
        "at 2026-11-02 11:00:00\n\n"
        "manager  state    since  calls_out  talk_seconds new class A\n"
        "────────────────────────────────────────────────────────────\n"
        "m-ann    off      -              -                         -\n"
        "m-bob    in_call  10:58  6 / 7.5 ▽             0:01:31 / - ·\n"
        "done / due by now: ▽ below 90 %, ▼ below 75 % of what was due, · too early to say\n");
}

TEST(ReportTable, ShowsTheNormOfItsPeriodBesideWhatWasDone) {
    const std::string answer = std::string(R"({"from": "2026-11-02T00:00:00.000+03:00",
 "until": "2026-11-03T00:00:00.000+03:00", "tz": "Europe/Moscow", "grain": "day",
 "rows": [{"manager": "m-bob", "values": {"calls_out": 6, "talk_seconds": 90.5}},
  {"manager": null, "values": {"calls_out": 1, "talk_seconds": 0}}],
 "totals": {"calls_out": 7, "talk_seconds": 90.5}, "reconciliation": {}, "next_cursor": null,
 "pace": {"at": "2026-11-02T08:00:00.000Z", "rows": )") +
                               pace_rows + "}}";
    EXPECT_EQ(
        shown(AnswerKind::report, answer.c_str()),
        "2026-11-02 00:00:00 until 2026-11-03 00:00:00  Europe/Moscow\n\n"
        "         Calls     Time\n"
        "manager       out     talk\n"
        "──────────────────────────\n"
        "m-bob    6 / 30 ▽  0:01:31\n"
        "-               1  0:00:00\n"
        "──────────────────────────\n"
        "total           7  0:01:31\n"
        "done / norm of the day; at 2026-11-02 11:00:00: ▽ below 90 %, ▼ below 75 % of what was "
        "due, · too early to say\n\n");
}

TEST(ExplainTable, SaysValueAndEvents) {
    EXPECT_EQ(
        shown(AnswerKind::explain,
              R"({"kpi": "talk_seconds", "manager": "m-bob", "team": null, "segment": null,
 "from": "2026-11-02T00:00:00Z", "until": "2026-11-03T00:00:00Z", "value": 65,
 "contributions": [{"entity": "call", "id": "id-1", "at": "2026-11-02T07:00:00.000Z",
  "group": null, "value": 65,
   "events": [{"source": "/s", "id": "e1", "offset": 4}, {"source": "/s", "id": "e2",
  "offset": 5}]}], "next_cursor": null})"),
        "talk_seconds, manager m-bob, 2026-11-02 00:00:00 until 2026-11-03 00:00:00: 0:01:05\n\n"
        "at (UTC)             entity  id    group    value  event @offset\n"
        "────────────────────────────────────────────────────────────────\n"
        "2026-11-02 07:00:00  call    id-1  -      0:01:05  e1 @4 +1\n"
        "1 contribution\n");
}

TEST(QuarantineTable, NamesThePlace) {
    EXPECT_EQ(
        shown(AnswerKind::quarantine,
              R"({"items": [{"id": "0-7", "source": "pbx-1", "reason": "malformed",
  "stage": "map",
 "origin": {"file": "Master.csv", "line": 12, "byte": 900, "index": null}, "detail": "3 columns",
 "received_at": "2026-11-02T07:00:00.000Z", "bytes": 1234, "state": "open"}],
  "next_cursor": null})"),
        "id   source  reason     where          detail     received (UTC)       bytes  state\n"
        "───────────────────────────────────────────────────────────────────────────────────\n"
        "0-7  pbx-1   malformed  Master.csv:12  3 columns  2026-11-02 07:00:00   1234  open\n"
        "1 item\n");
}

TEST(QuarantineItem, ShowsRawTextWithoutControlBytes) {
    const std::string text =
        shown(AnswerKind::quarantine_item,
              R"({"id": "0-7", "raw_base64": "YQBiG1sK", "origin": {"file": null, "index": 3}})");
    EXPECT_NE(text.find("\na\\x00b\\x1b[\n"), std::string::npos) << text;
    EXPECT_NE(text.find("item 3"), std::string::npos) << text;
}

TEST(DirectoryTable, MarksEachChange) {
    EXPECT_EQ(
        shown(AnswerKind::directory,
              R"({"changes": [{"section": "teams", "key": ["north"], "change": "add",
  "from": null, "to": {"id": "north"}},
 {"section": "managers", "key": ["m-bob", "2020-01-01T00:00:00.000Z"], "change": "change",
  "from": {"name": "Bob", "role": "x"}, "to": {"name": "Rob"}},
 {"section": "endpoints", "key": ["extension", "101"], "change": "remove", "from": {},
  "to": null}], "applied": false, "position": null})"),
        "+ teams north\n"
        "~ managers m-bob / 2020-01-01T00:00:00.000Z: name \"Bob\" -> \"Rob\", role \"x\" -> null\n"
        "- endpoints extension / 101\n"
        "3 changes\nnot applied; removals need --prune\n");
}

TEST(DoctorTable, PrintsTheLedger) {
    EXPECT_EQ(
        shown(AnswerKind::doctor,
              R"({"result": "equal", "digest": "ab", "partitions": [{"partition": 0,
  "offset": 9, "ledger": {"acked": 9,
 "applied": 6, "duplicate": 1, "stale": 0, "quarantined": 2, "waiting": 0}, "excluded": [],
  "differences": []}]})"),
        "equal: the views are the fold of the log\ndigest ab\n"
        "partition 0, offset 9: acked 9 = applied 6 + duplicate 1 + stale 0 + quarantined 2 + "
        "waiting 0\n");
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("Ёлка"), 4U);
    EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // e, combining acute
    EXPECT_EQ(display_width("漢字"), 4U);
    EXPECT_EQ(display_width("\xff\xc3"), 2U);  // broken bytes: one each
}

TEST(Fitted, CutsAtAWholeLetter) {
    EXPECT_EQ(fitted("Ромашка", 7), "Ромашка");
    EXPECT_EQ(fitted("Ромашка", 5), "Рома…");
    EXPECT_EQ(fitted("a\nb\x1b[31m", 20), "a b [31m");
}

TEST(Formats, AreReadable) {
    EXPECT_EQ(duration_text(59.6), "0:01:00");
    EXPECT_EQ(duration_text(360000), "100:00:00");
    EXPECT_EQ(grouped_digits(999), "999");
    EXPECT_EQ(grouped_digits(-1000), "-1,000");
    EXPECT_EQ(money_text(-12345, "RUB"), "-123.45");
    EXPECT_EQ(money_text(1234, "JPY"), "1,234");
    EXPECT_EQ(money_text(1234, "KWD"), "1.234");
}

}  // namespace
}  // namespace app
