// A CloudEvent becomes the facts of its type, or the first reason of the quarantine in the contract's order
// (interface.md 4): a table of broken events with reason and place, one good event of every type, and where
// its people, its unknown members and its revision go.
#include "ingest/cloudevents/mapper.h"

#include <gtest/gtest.h>

#include "ingest/cloudevents/base64.h"
#include "support.h"

namespace ingest::cloudevents {
namespace {

constexpr const char* good_call =
    R"({"call_id":"k1","direction":"outbound","from":"101","to":"8 495 123-45-67",)"
    R"("started_at":"2026-11-02T10:00:00+03:00","answered_at":"2026-11-02T10:00:05+03:00",)"
    R"("ended_at":"2026-11-02T10:02:00+03:00","manager":"m-bob"})";

Mapped map(const std::string& text) { return map_text(text, cloudevents_context()); }
events::Event good(std::string_view word, std::string_view data) { return event_of(map(cloudevent(word, data))); }

/// `text` with the first `from` replaced.
std::string with(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

struct EnvelopeCase {
    const char* name;
    const char* from;
    const char* to;
    const char* verdict;
};

class BrokenEnvelopes : public testing::TestWithParam<EnvelopeCase> {};

TEST_P(BrokenEnvelopes, AreRejectedForTheFirstReason) {
    EXPECT_EQ(verdict(map(with(cloudevent("call", good_call), GetParam().from, GetParam().to))),
              GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, BrokenEnvelopes,
    testing::Values(
        EnvelopeCase{"no_specversion", R"("specversion":"1.0",)", "", "missing_field /specversion"},
        EnvelopeCase{"no_id", R"("id":"e-1",)", "", "missing_field /id"},
        EnvelopeCase{"empty_id", R"("id":"e-1")", R"("id":"")", "missing_field /id"},
        EnvelopeCase{"null_source", R"("source":"/crm")", R"("source":null)", "missing_field /source"},
        EnvelopeCase{"number_id", R"("id":"e-1")", R"("id":1)", "invalid_value /id"},
        EnvelopeCase{"no_type", R"("type")", R"("typ")", "missing_field /type"},
        EnvelopeCase{"old_version", R"("1.0")", R"("0.3")", "invalid_value /specversion"},
        EnvelopeCase{"company", R"("id":)", R"("company":"other","id":)", "refused_company /company"},
        EnvelopeCase{"company_number", R"("id":)", R"("company":1,"id":)", "invalid_value /company"},
        EnvelopeCase{"own_company", R"("id":)", R"("company":"acme","id":)", "ok"},
        EnvelopeCase{"unknown_type", "normwatch.call.v1", "normwatch.nonsense.v1", "unknown_type /type"},
        EnvelopeCase{"other_version", "normwatch.call.v1", "normwatch.call.v2", "unknown_type /type"},
        EnvelopeCase{"foreign_type", "normwatch.call.v1", "com.example.call", "unknown_type /type"},
        EnvelopeCase{"row_of_a_file", "normwatch.call.v1", "normwatch.cdr.row.v1", "unknown_type /type"},
        EnvelopeCase{"tick", "normwatch.call.v1", "normwatch.tick.v1", "refused_type /type"},
        EnvelopeCase{"begin", "normwatch.call.v1", "normwatch.directory.begin.v1", "refused_type /type"},
        EnvelopeCase{"time_word", "2026-11-02T10:00:00+03:00", "yesterday", "invalid_time /time"},
        EnvelopeCase{"time_number", R"("2026-11-02T10:00:00+03:00")", "1793602800", "invalid_time /time"},
        EnvelopeCase{"time_without_offset", "2026-11-02T10:00:00+03:00", "2026-11-02T10:00:00", "invalid_time /time"},
        EnvelopeCase{"time_null", R"("2026-11-02T10:00:00+03:00")", "null", "ok"},
        EnvelopeCase{"no_data", R"("data":)", R"("dat":)", "missing_field /data"},
        EnvelopeCase{"open", "}}", "}", "malformed "},
        EnvelopeCase{"twice", R"("id":"e-1")", R"("id":"e-1","id":"e-2")", "malformed "},
        EnvelopeCase{"twice_below", R"("call_id":"k1")", R"("call_id":"k1","call_id":"k1")", "malformed "},
        EnvelopeCase{"lone_surrogate", "m-bob", "\\ud800", "malformed "},
        EnvelopeCase{"overlong_utf8", "m-bob", "\xC0\xAF", "malformed "},
        EnvelopeCase{"cp1251", "m-bob", "\xC8\xE2\xE0\xED", "malformed "},
        EnvelopeCase{"nan", R"("e-1")", "NaN", "malformed "},
        EnvelopeCase{"raw_nul", "m-bob", "\x01", "malformed "}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(BrokenEvents, ThatAreNoObjectAreMalformed) {
    const std::string deep = std::string(10'000, '[') + std::string(10'000, ']');
    for (const std::string& text : {std::string("[]"), std::string("null"), std::string("7"),
                                    std::string("\"text\""), std::string("{"), std::string("x"), deep}) {
        EXPECT_EQ(verdict(map(text)), "malformed ") << text.substr(0, 20);
    }
}

TEST(BrokenEvents, OverOneMebibyteAreTooLargeBeforeAnythingElse) {
    EXPECT_EQ(verdict(map(std::string(item_bytes_max + 1, '['))), "too_large ");
    const std::string call = cloudevent("call", good_call);
    const std::string filler(item_bytes_max - call.size(), ' ');
    EXPECT_EQ(verdict(map(call + filler)), "ok");
    EXPECT_EQ(verdict(map(call + filler + " ")), "too_large ");
}

struct DataCase {
    const char* name;
    const char* word;
    const char* data;
    const char* verdict;
};

class BrokenData : public testing::TestWithParam<DataCase> {};

TEST_P(BrokenData, IsRejectedForTheFirstReason) {
    EXPECT_EQ(verdict(map(cloudevent(GetParam().word, GetParam().data))), GetParam().verdict);
}

#define CALL R"("call_id":"k","direction":"inbound","from":"","to":"101")"
#define AT(name, value) "\"" name "\":\"" value "\""
#define MONEY R"("amount":{"minor":1,"currency":"RUB"})"
#define PAYMENT R"("payment_id":"p","ledger":"1c","client":"c","kind":"payment")"
#define INVOICE R"("invoice_id":"i","ledger":"1c","client":"c","status":"issued",)" MONEY
#define LEG R"("leg_id":"l","endpoint":"101","direction":"inbound")"
#define MEETING R"("uid":"u","sequence":0,"status":"held","organizer":"a@b")"

INSTANTIATE_TEST_SUITE_P(
    Shapes, BrokenData,
    testing::Values(
        DataCase{"list", "call", "[]", "invalid_value /data"},
        DataCase{"missing_before_invalid", "call", R"({"call_id":7,"direction":"up"})", "missing_field /data/from"},
        DataCase{"null_is_absent", "call", R"({"call_id":null})", "missing_field /data/call_id"},
        DataCase{"blank_text", "call", R"({"call_id":" \u00a0","direction":"inbound","from":"","to":"",)" AT("started_at", "2026-11-02T10:00:00Z") "}", "invalid_value /data/call_id"},
        DataCase{"unknown_word", "call", R"({"call_id":"k","direction":"up","from":"","to":"",)" AT("started_at", "x") "}", "invalid_value /data/direction"},
        DataCase{"in_the_tables_order", "call", R"({"call_id":"k","direction":"inbound","from":7,"to":"",)" AT("started_at", "x") "}", "invalid_value /data/from"},
        DataCase{"number_as_time", "call", "{" CALL R"(,"started_at":1793602800000})", "invalid_time /data/started_at"},
        DataCase{"date_as_instant", "call", "{" CALL "," AT("started_at", "2026-11-02") "}", "invalid_time /data/started_at"},
        DataCase{"year_0", "call", "{" CALL "," AT("started_at", "0000-01-01T00:00:00Z") "}", "invalid_time /data/started_at"},
        DataCase{"before_year_1", "call", "{" CALL "," AT("started_at", "0001-01-01T00:00:00+01:00") "}", "invalid_time /data/started_at"},
        DataCase{"after_year_9999", "call", "{" CALL "," AT("started_at", "9999-12-31T23:59:59-01:00") "}", "invalid_time /data/started_at"},
        DataCase{"tags", "call", "{" CALL "," AT("started_at", "2026-11-02T10:00:00Z") R"(,"tags":["a",1]})", "invalid_value /data/tags"},
        DataCase{"recording", "call", "{" CALL "," AT("started_at", "2026-11-02T10:00:00Z") R"(,"recording":{"seconds":"9"}})", "invalid_value /data/recording/seconds"},
        DataCase{"revision_2_63", "call", "{" CALL "," AT("started_at", "2026-11-02T10:00:00Z") R"(,"revision":9223372036854775808})", "invalid_value /data/revision"},
        DataCase{"revision_huge", "call", "{" CALL "," AT("started_at", "2026-11-02T10:00:00Z") R"(,"revision":1e30})", "invalid_value /data/revision"},
        DataCase{"revision_negative", "call", "{" CALL "," AT("started_at", "2026-11-02T10:00:00Z") R"(,"revision":-1})", "invalid_value /data/revision"},
        DataCase{"revision_bool", "call", "{" CALL "," AT("started_at", "2026-11-02T10:00:00Z") R"(,"revision":true})", "invalid_value /data/revision"},
        DataCase{"nobody_written_to", "email", R"({"message_id":"m","from":"a@b","to":[],)" AT("sent_at", "2026-11-02T10:00:00Z") "}", "missing_field /data/to"},
        DataCase{"attendee", "meeting", "{" MEETING "," AT("starts_at", "2026-11-02T10:00:00Z") "," AT("ends_at", "2026-11-02T10:00:00Z") R"(,"attendees":[{}]})", "invalid_value /data/attendees"},
        DataCase{"money_text", "payment", "{" PAYMENT "," AT("received_at", "2026-11-02") R"(,"amount":{"minor":"1","currency":"RUB"}})", "invalid_value /data/amount"},
        DataCase{"money_double", "payment", "{" PAYMENT "," AT("received_at", "2026-11-02") R"(,"amount":{"minor":1.0,"currency":"RUB"}})", "invalid_value /data/amount"},
        DataCase{"money_2_63", "payment", "{" PAYMENT "," AT("received_at", "2026-11-02") R"(,"amount":{"minor":-9223372036854775808,"currency":"RUB"}})", "invalid_value /data/amount"},
        DataCase{"money_currency", "payment", "{" PAYMENT "," AT("received_at", "2026-11-02") R"(,"amount":{"minor":1,"currency":"RU"}})", "invalid_value /data/amount"},
        DataCase{"negative_payment", "payment", "{" PAYMENT "," AT("received_at", "2026-11-02") R"(,"amount":{"minor":-1,"currency":"RUB"}})", "invalid_value /data/amount/minor"},
        DataCase{"negative_invoice", "invoice", R"({"invoice_id":"i","ledger":"1c","client":"c","status":"issued","issued_at":"2026-11-02","amount":{"minor":-1,"currency":"RUB"}})", "ok"},
        DataCase{"no_such_date", "payment", "{" PAYMENT "," MONEY "," AT("received_at", "2026-02-30") "}", "invalid_time /data/received_at"},
        DataCase{"declared_by", "settings", R"({"kpis":{},"declared_by":"configuration"})", "invalid_value /data/declared_by"},
        DataCase{"setting", "settings", R"({"kpis":{"qualified_seconds":"90"}})", "invalid_value /data/kpis/qualified_seconds"},
        DataCase{"negative_setting", "settings", R"({"kpis":{"lost_after_days":-1}})", "invalid_value /data/kpis/lost_after_days"},
        DataCase{"weekday", "calendar", R"({"id":"s","weekdays":{"montag":[]}})", "invalid_value /data/weekdays/montag"},
        DataCase{"weekday_span", "calendar", R"({"id":"s","weekdays":{"mon":["9-18"]}})", "invalid_value /data/weekdays/mon"},
        DataCase{"holiday", "calendar", R"({"id":"s","weekdays":{},"holidays":["1 May"]})", "invalid_value /data/holidays"},
        DataCase{"norm_value", "norm", R"({"kpi":"calls_out","per":"day","value":"30"})", "invalid_value /data/value"},
        DataCase{"norm_grain", "norm", R"({"kpi":"calls_out","per":"hour","value":30})", "invalid_value /data/per"},
        DataCase{"scorecard", "review", R"({"call_id":"c","manager":"m","scorecard":{"id":[]}})", "invalid_value /data/scorecard/id"}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Times, BrokenData,
    testing::Values(
        DataCase{"end_first", "call", "{" CALL "," AT("started_at", "2026-11-02T12:00:00Z") "," AT("ended_at", "2026-11-02T11:00:00Z") "}", "impossible /data/ended_at"},
        DataCase{"answer_first", "call", "{" CALL "," AT("started_at", "2026-11-02T12:00:00Z") "," AT("answered_at", "2026-11-02T11:00:00Z") "}", "impossible /data/ended_at"},
        DataCase{"answer_after_end", "call", "{" CALL "," AT("started_at", "2026-11-02T12:00:00Z") "," AT("answered_at", "2026-11-02T12:02:00Z") "," AT("ended_at", "2026-11-02T12:01:00Z") "}", "impossible /data/ended_at"},
        DataCase{"year_1970", "call", "{" CALL "," AT("started_at", "1970-12-31T23:59:59Z") "}", "impossible /data/started_at"},
        DataCase{"year_1971", "call", "{" CALL "," AT("started_at", "1971-01-01T00:00:00Z") "}", "ok"},
        DataCase{"answered_never", "call", "{" CALL "," AT("started_at", "2026-11-02T12:00:00Z") R"(,"disposition":"answered"})", "impossible /data/answered_at"},
        DataCase{"future", "call", "{" CALL "," AT("started_at", "2026-11-24T09:05:00.001Z") "}", "future_time /data/started_at"},
        DataCase{"five_minutes", "call", "{" CALL "," AT("started_at", "2026-11-24T09:05:00Z") "}", "ok"},
        DataCase{"impossible_before_future", "call", "{" CALL "," AT("started_at", "2030-01-01T00:00:00Z") "," AT("ended_at", "2026-01-01T00:00:00Z") "}", "impossible /data/ended_at"},
        DataCase{"heartbeat", "heartbeat", "{" AT("up_to", "2026-11-24T10:00:00Z") "}", "future_time /data/up_to"},
        DataCase{"mail", "email", R"({"message_id":"m","from":"a@b","to":["c@d"],)" AT("sent_at", "2026-11-25T00:00:00Z") "}", "future_time /data/sent_at"},
        DataCase{"payment_instant", "payment", "{" PAYMENT "," MONEY "," AT("received_at", "2026-11-25T00:00:00Z") "}", "future_time /data/received_at"},
        DataCase{"payment_date_ahead", "payment", "{" PAYMENT "," MONEY "," AT("received_at", "2026-12-25") "}", "ok"},
        DataCase{"payment_date_far", "payment", "{" PAYMENT "," MONEY "," AT("received_at", "2037-12-25") "}", "future_time /data/received_at"},
        DataCase{"payment_date_1970", "payment", "{" PAYMENT "," MONEY "," AT("received_at", "1970-06-01") "}", "impossible /data/received_at"},
        DataCase{"invoice_ten_years", "invoice", "{" INVOICE "," AT("issued_at", "2036-11-24T09:00:00Z") "}", "ok"},
        DataCase{"invoice_beyond", "invoice", "{" INVOICE "," AT("issued_at", "2026-11-02") "," AT("due_at", "2036-11-25") "}", "future_time /data/due_at"},
        DataCase{"meeting_order", "meeting", "{" MEETING "," AT("starts_at", "2026-12-02T10:00:00Z") "," AT("ends_at", "2026-12-01T10:00:00Z") "}", "impossible /data/ends_at"},
        DataCase{"absence_order", "absence", R"({"manager":"m","from":"2026-11-02","until":"2026-11-01"})", "impossible /data/until"},
        DataCase{"zone_gap_is_a_day", "absence", R"({"manager":"m","from":"2026-11-02","until":"2026-11-02"})", "ok"},
        DataCase{"leg_no_object", "call", "{" CALL "," AT("started_at", "2026-11-02T12:00:00Z") R"(,"legs":[null]})", "invalid_value /data/legs/0"},
        DataCase{"leg_field", "call", "{" CALL "," AT("started_at", "2026-11-02T12:00:00Z") R"(,"legs":[{)" LEG "," AT("ring_started_at", "2026-11-02T12:00:00Z") "},{" LEG "}]}", "missing_field /data/legs/1/ring_started_at"},
        DataCase{"leg_order", "call.leg", R"({"call_id":"k",)" LEG "," AT("ring_started_at", "2026-11-02T12:00:00Z") "," AT("ended_at", "2026-11-02T11:00:00Z") "}", "impossible /data/ended_at"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(BrokenData2037, IsImpossibleWhereItIsNoFuture) {
    MapContext context = cloudevents_context();
    context.received_at = base::from_ms(ms("2030-01-01T00:00:00Z"));
    const auto of = [&context](const char* issued) {
        return verdict(map_text(cloudevent("invoice", "{" INVOICE R"(,"issued_at":")" + std::string(issued) + "\"}"),
                                context));
    };
    EXPECT_EQ(of("2037-12-31"), "ok");
    EXPECT_EQ(of("2038-06-01"), "impossible /data/issued_at");
    EXPECT_EQ(of("2041-06-01"), "future_time /data/issued_at");
}

TEST(AllowedTypes, AreThoseOfTheSourceAndOfTheCallersRole) {
    MapContext context = cloudevents_context();
    context.types = {"call*", "heartbeat"};
    const auto of = [&context](const char* word, const char* data) {
        return verdict(map_text(cloudevent(word, data), context));
    };
    EXPECT_EQ(of("call", good_call), "ok");
    EXPECT_EQ(of("heartbeat", R"({"up_to":"2026-11-02T10:00:00Z"})"), "ok");
    EXPECT_EQ(of("lead", "{}"), "refused_type /type");
    EXPECT_EQ(of("team", R"({"id":"north"})"), "ok");
    context.privileged = false;
    EXPECT_EQ(of("call", good_call), "ok");
    EXPECT_EQ(of("team", R"({"id":"north"})"), "refused_type /type");
    EXPECT_EQ(of("void", R"({"kind":"call","entity_id":"k"})"), "refused_type /type");
    EXPECT_EQ(of("review", "{}"), "refused_type /type");
}

TEST(Call, HasFactsPartiesAndScope) {
    const events::Event event = good("call", good_call);
    EXPECT_EQ(event.head.type(), "normwatch.call.v1");
    EXPECT_EQ(event.head.id(), "e-1");
    EXPECT_EQ(event.head.source(), "/crm");
    EXPECT_EQ(event.head.scope(), "crm /crm");
    EXPECT_EQ(event.head.company(), "acme");
    EXPECT_EQ(event.head.time(), ms("2026-11-02T07:00:00Z"));
    EXPECT_EQ(event.head.source_revision(), 1U);
    EXPECT_EQ(event.head.mapper_revision(), 1U);
    const auto& call = event.head.call();
    EXPECT_EQ(call.call_id(), "k1");
    EXPECT_EQ(call.started_at(), ms("2026-11-02T07:00:00Z"));
    EXPECT_EQ(call.answered_at(), ms("2026-11-02T07:00:05Z"));
    EXPECT_EQ(call.manager(), "m-bob");
    EXPECT_EQ(parties_of(event), (std::vector<std::string>{"101", "+74951234567"}));
    EXPECT_EQ(events::party_at(event, call.to())->raw(), "8 495 123-45-67");
    EXPECT_TRUE(event.personal.raw().empty());
    EXPECT_TRUE(event.personal.extra().empty());
}

TEST(Call, OfASourceWithPbxHasItAsScope) {
    MapContext context = cloudevents_context();
    context.source_pbx = "main";
    EXPECT_EQ(event_of(map_text(cloudevent("call", good_call), context)).head.scope(), "main");
}

TEST(Call, HasItsLegsAndNothingOfTheirRevision) {
    const events::Event event = good("call", "{" CALL R"(,"revision":3,"started_at":"2026-11-02T12:00:00Z","legs":[)"
                                             R"({"call_id":7,"remote":"+74951234567","revision":9,)" LEG
                                             R"(,"ring_started_at":"2026-11-02T12:00:00Z"}]})");
    ASSERT_EQ(event.head.call().legs_size(), 1);
    EXPECT_EQ(event.head.source_revision(), 3U);
    EXPECT_EQ(event.head.call().legs(0).call_id(), "k");
    EXPECT_EQ(event.head.call().legs(0).leg_id(), "l");
    EXPECT_EQ(parties_of(event), (std::vector<std::string>{"-", "101", "101", "+74951234567"}));
}

TEST(Email, IsNormalised) {
    const events::Event event =
        good("email", R"({"message_id":" <17@x> ","from":"Bob <BOB@Acme.example>","to":["buyer@romashka.example"],)"
                      R"("cc":["a@b"],"sent_at":"2026-11-02T10:00:00Z","subject":"hello","in_reply_to":"<16@x>",)"
                      R"("references":["<1@x>"," 2@x"],"class":"human","mailbox":"bob@acme.example"})");
    const auto& mail = event.head.email();
    EXPECT_EQ(mail.message_id(), "17@x");
    EXPECT_EQ(mail.in_reply_to(), "16@x");
    EXPECT_EQ(mail.references(1), "2@x");
    EXPECT_EQ(mail.class_(), "human");
    EXPECT_EQ(event.personal.subject_line(), "hello");
    EXPECT_EQ(event.head.scope(), "");
    EXPECT_EQ(parties_of(event), (std::vector<std::string>{"bob@acme.example", "buyer@romashka.example", "a@b",
                                                           "bob@acme.example"}));
    EXPECT_EQ(mail.mailbox(), 4U);
}

TEST(Meeting, HasItsSequenceAsRevision) {
    const events::Event event =
        good("meeting", R"({"uid":"u","sequence":4,"status":"held","organizer":"bob@acme.example",)"
                        R"("attendees":[{"address":"Buyer <B@x>","status":"accepted"}],)"
                        R"("starts_at":"2026-11-02T10:00:00Z","ends_at":"2026-11-02T11:00:00Z"})");
    EXPECT_EQ(event.head.source_revision(), 4U);
    EXPECT_EQ(event.head.meeting().attendees(0).status(), "accepted");
    EXPECT_EQ(parties_of(event), (std::vector<std::string>{"bob@acme.example", "b@x"}));
}

TEST(Money, DocumentsHaveTheLedgerAsScopeAndDatesAsGiven) {
    const events::Event invoice = good("invoice", "{" INVOICE R"(,"issued_at":"2026-11-02","revision":2})");
    EXPECT_EQ(invoice.head.scope(), "1c");
    EXPECT_EQ(invoice.head.source_revision(), 2U);
    EXPECT_EQ(invoice.head.invoice().issued_at().date(), "2026-11-02");
    const events::Event payment =
        good("payment", "{" PAYMENT "," MONEY R"(,"received_at":"2026-11-02T10:00:00.5+03:00"})");
    EXPECT_EQ(payment.head.payment().received_at().at(), ms("2026-11-02T07:00:00.500Z"));
    EXPECT_EQ(payment.head.payment().amount().minor(), 1);
}

TEST(Void, OfACallWithoutScopeMeansTheSendersOwn) {
    EXPECT_EQ(good("void", R"({"kind":"call","entity_id":"k"})").head.void_().scope(), "crm /crm");
    EXPECT_EQ(good("void", R"({"kind":"call.leg","entity_id":"k/l"})").head.void_().scope(), "crm /crm");
    EXPECT_EQ(good("void", R"({"kind":"call","entity_id":"k","scope":"main"})").head.void_().scope(), "main");
    const events::Event invoice =
        good("void", R"({"kind":"invoice","entity_id":"i","ledger":"1c","revision":0,"reason":"twice"})");
    EXPECT_EQ(invoice.head.void_().scope(), "");
    EXPECT_EQ(invoice.head.scope(), "");
    EXPECT_TRUE(invoice.head.void_().has_revision());
    EXPECT_EQ(invoice.head.source_revision(), 1U);
    EXPECT_EQ(invoice.personal.comment(), "twice");
    EXPECT_FALSE(good("void", R"({"kind":"call","entity_id":"k"})").head.void_().has_revision());
}

TEST(Lead, IsKeptWholeInOneForm) {
    const events::Event event = good("lead", R"({"b":1.50,"a":{"d":null,"c":[true]},"revision":2,"e":null})");
    EXPECT_EQ(event.head.opaque().data(), R"({"a":{"c":[true],"d":null},"b":1.5})");
    EXPECT_EQ(event.head.source_revision(), 2U);
}

TEST(Directory, EntriesHaveNormalFormsInTheCompanysPlan) {
    const events::Event client =
        good("client", R"({"id":"c-17","name":"Romashka","owner":"m","class":"A","value":5,"interest":1,)"
                       R"("phones":["8 495 123-45-67"],"emails":["Buyer@Romashka.example"],"from":"2026-01-01"})");
    EXPECT_EQ(parties_of(client), (std::vector<std::string>{"Romashka", "+74951234567", "buyer@romashka.example"}));
    EXPECT_EQ(client.head.client().value(), "5");
    EXPECT_EQ(client.head.client().from().date(), "2026-01-01");
    const auto normalised = [](const char* data) { return good("endpoint", data).head.endpoint().normalised(); };
    EXPECT_EQ(normalised(R"({"kind":"did","address":"8 495 777-00-01"})"), "+74957770001");
    EXPECT_EQ(normalised(R"({"kind":"mobile","address":"+79031112233"})"), "+79031112233");
    EXPECT_EQ(normalised(R"({"kind":"email","address":"Bob@Acme.example"})"), "bob@acme.example");
    EXPECT_EQ(normalised(R"({"kind":"extension","address":"101"})"), "");
    const events::Event calendar =
        good("calendar", R"({"id":"s","weekdays":{"sat":[],"mon-fri":["09:00-13:00"]},"for":{"team":"north"}})");
    EXPECT_EQ(calendar.head.calendar().for_team(), "north");
    EXPECT_EQ(calendar.head.calendar().weekdays(), R"({"mon-fri":["09:00-13:00"],"sat":[]})");
}

TEST(UnknownMembers, AreKeptBesideThePeople) {
    const std::string call = with(cloudevent("call", "{" CALL R"(,"started_at":"2026-11-02T12:00:00Z","mood":"good",)"
                                                     R"("none":null,"recording":{"url":"u","codec":"opus"}})"),
                                  R"("id":)", R"("traceparent":"00-1","subject":"s","id":)");
    const events::Event event = event_of(map(call));
    EXPECT_EQ(event.personal.extra(), R"({"data":{"mood":"good","recording":{"codec":"opus"}},)"
                                      R"("extensions":{"subject":"s","traceparent":"00-1"}})");
    EXPECT_EQ(event.personal.recording_url(), "u");
}

TEST(DataBase64, IsDataInAnotherSpelling) {
    const auto with_base64 = [](const char* base64) {
        return verdict(map(R"({"specversion":"1.0","id":"1","source":"/s","type":"normwatch.lead.v1","data_base64":)" +
                           std::string(base64) + "}"));
    };
    EXPECT_EQ(with_base64(R"("eyJhIjoxfQ==")"), "ok");
    EXPECT_EQ(with_base64(R"("eyJhIjoxfQ=")"), "malformed /data_base64");
    EXPECT_EQ(with_base64(R"("e w=")"), "malformed /data_base64");
    EXPECT_EQ(with_base64(R"("ew==")"), "malformed ");
    EXPECT_EQ(with_base64(R"("bnVsbA==")"), "missing_field /data");
    EXPECT_EQ(with_base64("7"), "missing_field /data");
    EXPECT_EQ(decode_base64("AP+A"), std::string("\0\xFF\x80", 3));
    EXPECT_EQ(decode_base64(""), "");
}

TEST(RejectedEvent, KeepsTheFirst256KibibytesAndTheirSum) {
    events::pb::Origin origin;
    origin.set_line(7);
    const std::string raw(300 * 1024, 'a');
    const events::Event event =
        rejected_event({"too_large", "/x", "over 1 MiB"}, raw, 5'000'000, origin, cloudevents_context());
    EXPECT_EQ(event.head.type(), "normwatch.rejected.v1");
    EXPECT_EQ(event.head.rejected().reason(), "too_large");
    EXPECT_EQ(event.head.rejected().stage(), "map");
    EXPECT_EQ(event.head.rejected().pointer(), "/x");
    EXPECT_EQ(event.head.rejected().bytes(), 5'000'000U);
    EXPECT_EQ(event.personal.raw().size(), 256U * 1024);
    EXPECT_EQ(event.head.origin().line(), 7U);
    const events::Event empty = rejected_event({"malformed", "", ""}, "", 0, origin, cloudevents_context());
    const std::string sum = empty.head.rejected().sha256();
    ASSERT_EQ(sum.size(), 32U);  // of nothing: e3b0c442...
    EXPECT_EQ(sum.substr(0, 4), "\xE3\xB0\xC4\x42");
    EXPECT_NE(event.head.rejected().sha256(), sum);
}

}  // namespace
}  // namespace ingest::cloudevents
