// A broken event is rejected for the first reason in the contract's order (interface.md 4), with
// the place of what is wrong: tables of one good event each, changed in one or two members.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <map>

#include "base/json.h"
#include "ingest/cloudevents/mapper.h"
#include "support.h"

namespace ingest::cloudevents {
namespace {

namespace json = boost::json;

json::object parsed(std::string_view text) {
    auto value = base::parse_json(text);
    EXPECT_TRUE(value) << text;
    return value && value.value().is_object() ? value.value().get_object() : json::object();
}

/// A good `data` of each type.
std::string_view good_data(std::string_view word) {
    static const std::map<std::string_view, std::string_view> data = {
        {"call", R"({"call_id":"k","direction":"inbound","from":"","to":"101",)"
                 R"("started_at":"2026-11-02T12:00:00Z"})"},
        {"call.leg", R"({"call_id":"k","leg_id":"l","endpoint":"101","direction":"inbound",)"
                     R"("ring_started_at":"2026-11-02T12:00:00Z"})"},
        {"email",
         R"({"message_id":"m","from":"a@b","to":["c@d"],"sent_at":"2026-11-02T12:00:00Z"})"},
        {"meeting", R"({"uid":"u","sequence":0,"status":"held","organizer":"a@b",)"
                    R"("starts_at":"2026-11-02T12:00:00Z","ends_at":"2026-11-02T13:00:00Z"})"},
        {"proposal", R"({"proposal_id":"p","sent_at":"2026-11-02T12:00:00Z"})"},
        {"invoice", R"({"invoice_id":"i","ledger":"1c","client":"c","issued_at":"2026-11-02",)"
                    R"("amount":{"minor":1,"currency":"RUB"},"status":"issued"})"},
        {"payment", R"({"payment_id":"p","ledger":"1c","client":"c","received_at":"2026-11-02",)"
                    R"("amount":{"minor":1,"currency":"RUB"},"kind":"payment"})"},
        {"heartbeat", R"({"up_to":"2026-11-02T12:00:00Z"})"},
        {"review", R"({"call_id":"c","manager":"m","scorecard":{"id":"s"}})"},
        {"absence", R"({"manager":"m","from":"2026-11-02","until":"2026-11-02"})"},
        {"calendar", R"({"id":"s","weekdays":{}})"},
        {"norm", R"({"kpi":"calls_out","per":"day","value":30})"},
        {"settings", R"({"kpis":{}})"}};
    return data.at(word);
}

struct EnvelopeCase {
    const char* name;
    const char* change;  ///< members put into a good event
    const char* verdict;
};

class BrokenEnvelopes : public testing::TestWithParam<EnvelopeCase> {};

TEST_P(BrokenEnvelopes, AreRejectedForTheFirstReason) {
    json::object event = parsed(cloudevent("call", good_data("call")));
    for (const auto& [name, value] : parsed(GetParam().change)) {
        event.insert_or_assign(name, value);
    }
    EXPECT_EQ(verdict(map_text(json::serialize(event), cloudevents_context())), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, BrokenEnvelopes,
    testing::Values(
        EnvelopeCase{"nothing", "{}", "ok"},
        EnvelopeCase{"no_specversion", R"({"specversion":null})", "missing_field /specversion"},
        EnvelopeCase{"empty_id", R"({"id":""})", "missing_field /id"},
        EnvelopeCase{"no_source", R"({"source":null})", "missing_field /source"},
        EnvelopeCase{"no_type", R"({"type":null})", "missing_field /type"},
        EnvelopeCase{"number_id", R"({"id":1})", "invalid_value /id"},
        EnvelopeCase{"old_version", R"({"specversion":"0.3"})", "invalid_value /specversion"},
        EnvelopeCase{"company", R"({"company":"other"})", "refused_company /company"},
        EnvelopeCase{"company_number", R"({"company":1})", "invalid_value /company"},
        EnvelopeCase{"own_company", R"({"company":"acme"})", "ok"},
        EnvelopeCase{"unknown", R"({"type":"normwatch.nonsense.v1"})", "unknown_type /type"},
        EnvelopeCase{"version", R"({"type":"normwatch.call.v2"})", "unknown_type /type"},
        EnvelopeCase{"foreign", R"({"type":"com.example.call"})", "unknown_type /type"},
        EnvelopeCase{"row_of_a_file", R"({"type":"normwatch.cdr.row.v1"})", "unknown_type /type"},
        EnvelopeCase{"tick", R"({"type":"normwatch.tick.v1"})", "refused_type /type"},
        EnvelopeCase{"begin", R"({"type":"normwatch.directory.begin.v1"})", "refused_type /type"},
        EnvelopeCase{"type_before_time", R"({"type":"x","time":"x"})", "unknown_type /type"},
        EnvelopeCase{"time_word", R"({"time":"yesterday"})", "invalid_time /time"},
        EnvelopeCase{"time_number", R"({"time":1793602800})", "invalid_time /time"},
        EnvelopeCase{"time_offset", R"({"time":"2026-11-02T10:00:00"})", "invalid_time /time"},
        EnvelopeCase{"time_absent", R"({"time":null})", "ok"},
        EnvelopeCase{"time_before_data", R"({"time":"x","data":null})", "invalid_time /time"},
        EnvelopeCase{"no_data", R"({"data":null})", "missing_field /data"},
        EnvelopeCase{"list", R"({"data":[]})", "invalid_value /data"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(BrokenTexts, AreMalformed) {
    const std::string good = cloudevent("call", good_data("call"));
    const auto with = [&good](std::string_view from, std::string_view to) {
        std::string text = good;
        return text.replace(text.find(from), from.size(), to);
    };
    for (const std::string& text :
         {std::string("[]"), std::string("null"), std::string("7"), std::string("\"text\""),
          std::string("{"), std::string("x"), std::string(10'000, '[') + std::string(10'000, ']'),
          good.substr(0, good.size() - 1), good + "{}",
          with(R"("id":"e-1")", R"("id":"a","id":"b")"),
          with(R"("to":"101")", R"("to":"101","to":"101")"), with("101", "\\ud800"),
          with("101", "\xC0\xAF"), with("101", "\xC8\xE2\xE0\xED"), with(R"("101")", "NaN"),
          with("101", "\x01"), "\xEF\xBB\xBF" + good}) {
        EXPECT_EQ(verdict(map_text(text, cloudevents_context())), "malformed ")
            << text.substr(0, 200);
    }
}

TEST(BrokenTexts, OverOneMebibyteAreTooLargeBeforeAnythingElse) {
    const auto of = [](const std::string& text) {
        return verdict(map_text(text, cloudevents_context()));
    };
    EXPECT_EQ(of(std::string(item_bytes_max + 1, '[')), "too_large ");
    const std::string call = cloudevent("call", good_data("call"));
    const std::string filler(item_bytes_max - call.size(), ' ');
    EXPECT_EQ(of(call + filler), "ok");
    EXPECT_EQ(of(call + filler + " "), "too_large ");
}

TEST(BrokenTexts, ThatGrowBeyondARecordAreTooLarge) {
    const auto of = [](std::size_t recipients) {
        std::string to = R"("a@b")";
        for (std::size_t n = 1; n < recipients; ++n) {
            to += R"(,"a@b")";
        }
        const std::string data = R"({"message_id":"m","from":"a@b","to":[)" + to +
                                 R"(],"sent_at":"2026-11-02T12:00:00Z"})";
        Mapped mapped = map_text(cloudevent("email", data), cloudevents_context());
        if (is_event(mapped)) {
            EXPECT_LE(events::encode(std::get<events::Event>(mapped)).size(), event_bytes_max);
        }
        return verdict(mapped);
    };
    EXPECT_EQ(of(100'000), "ok");
    EXPECT_EQ(of(170'000), "too_large ");
}

struct DataCase {
    const char* name;
    const char* word;
    const char* change;  ///< members put into a good `data` of that type
    const char* verdict;
};

class BrokenData : public testing::TestWithParam<DataCase> {};

std::string changed(std::string_view word, std::string_view change) {
    json::object data = parsed(good_data(word));
    for (const auto& [name, value] : parsed(change)) {
        data.insert_or_assign(name, value);
    }
    return json::serialize(data);
}

TEST_P(BrokenData, IsRejectedForTheFirstReason) {
    const std::string event =
        cloudevent(GetParam().word, changed(GetParam().word, GetParam().change));
    EXPECT_EQ(verdict(map_text(event, cloudevents_context())), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BrokenData,
    testing::Values(
        DataCase{"missing_first", "call", R"({"call_id":7,"to":null})", "missing_field /data/to"},
        DataCase{"blank", "call", R"({"call_id":" \u00a0"})", "invalid_value /data/call_id"},
        DataCase{"word", "call", R"({"direction":"up"})", "invalid_value /data/direction"},
        DataCase{"tables_order", "call", R"({"started_at":"x","from":7})",
                 "invalid_value /data/from"},
        DataCase{"tables_order_2", "call", R"({"started_at":"x","tags":7})",
                 "invalid_time /data/started_at"},
        DataCase{"tags", "call", R"({"tags":["a",1]})", "invalid_value /data/tags"},
        DataCase{"recording", "call", R"({"recording":{"seconds":"9"}})",
                 "invalid_value /data/recording/seconds"},
        DataCase{"revision_2_63", "call", R"({"revision":9223372036854775808})",
                 "invalid_value /data/revision"},
        DataCase{"revision_huge", "call", R"({"revision":1e30})", "invalid_value /data/revision"},
        DataCase{"revision_minus", "call", R"({"revision":-1})", "invalid_value /data/revision"},
        DataCase{"revision_bool", "call", R"({"revision":true})", "invalid_value /data/revision"},
        DataCase{"revision_0", "call", R"({"revision":0})", "ok"},
        DataCase{"nobody", "email", R"({"to":[]})", "missing_field /data/to"},
        DataCase{"mail_class", "email", R"({"class":"robot"})", "invalid_value /data/class"},
        DataCase{"attendee", "meeting", R"({"attendees":[{}]})", "invalid_value /data/attendees"},
        DataCase{"sequence", "meeting", R"({"sequence":null})", "missing_field /data/sequence"},
        DataCase{"discount", "proposal", R"({"discount_percent":"5"})",
                 "invalid_value /data/discount_percent"},
        DataCase{"money_text", "payment", R"({"amount":{"minor":"1","currency":"RUB"}})",
                 "invalid_value /data/amount"},
        DataCase{"money_double", "payment", R"({"amount":{"minor":1.5,"currency":"RUB"}})",
                 "invalid_value /data/amount"},
        DataCase{"money_2_63", "payment",
                 R"({"amount":{"minor":9223372036854775808,"currency":"RUB"}})",
                 "invalid_value /data/amount"},
        DataCase{"money_currency", "payment", R"({"amount":{"minor":1,"currency":"RU"}})",
                 "invalid_value /data/amount"},
        DataCase{"negative_payment", "payment", R"({"amount":{"minor":-1,"currency":"RUB"}})",
                 "invalid_value /data/amount/minor"},
        DataCase{"credit_note", "invoice", R"({"amount":{"minor":-1,"currency":"RUB"}})", "ok"},
        DataCase{"declared_by", "settings", R"({"declared_by":"configuration"})",
                 "invalid_value /data/declared_by"},
        DataCase{"setting", "settings", R"({"kpis":{"qualified_seconds":"90"}})",
                 "invalid_value /data/kpis/qualified_seconds"},
        DataCase{"negative_setting", "settings", R"({"kpis":{"lost_after_days":-1}})",
                 "invalid_value /data/kpis/lost_after_days"},
        DataCase{"weekday", "calendar", R"({"weekdays":{"montag":[]}})",
                 "invalid_value /data/weekdays/montag"},
        DataCase{"weekday_span", "calendar", R"({"weekdays":{"mon":["9-18"]}})",
                 "invalid_value /data/weekdays/mon"},
        DataCase{"weekday_night", "calendar", R"({"weekdays":{"Mon-Sun":["22:00-30:00"]}})", "ok"},
        DataCase{"holiday", "calendar", R"({"holidays":["1 May"]})",
                 "invalid_value /data/holidays"},
        DataCase{"norm_value", "norm", R"({"value":"30"})", "invalid_value /data/value"},
        DataCase{"norm_grain", "norm", R"({"per":"hour"})", "invalid_value /data/per"},
        DataCase{"scorecard", "review", R"({"scorecard":{"id":[]}})",
                 "invalid_value /data/scorecard/id"}),
    [](const auto& tested) { return std::string(tested.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Times, BrokenData,
    testing::Values(
        DataCase{"number", "call", R"({"started_at":1793602800000})",
                 "invalid_time /data/started_at"},
        DataCase{"date", "call", R"({"started_at":"2026-11-02"})", "invalid_time /data/started_at"},
        DataCase{"year_0", "call", R"({"started_at":"0000-01-01T00:00:00Z"})",
                 "invalid_time /data/started_at"},
        DataCase{"before_year_1", "call", R"({"started_at":"0001-01-01T00:00:00+01:00"})",
                 "invalid_time /data/started_at"},
        DataCase{"after_9999", "call", R"({"started_at":"9999-12-31T23:59:59-01:00"})",
                 "invalid_time /data/started_at"},
        DataCase{"no_such_date", "payment", R"({"received_at":"2026-02-30"})",
                 "invalid_time /data/received_at"},
        DataCase{"end_first", "call", R"({"ended_at":"2026-11-02T11:00:00Z"})",
                 "impossible /data/ended_at"},
        DataCase{"answer_first", "call", R"({"answered_at":"2026-11-02T11:00:00Z"})",
                 "impossible /data/ended_at"},
        DataCase{"answer_after_end", "call",
                 R"({"answered_at":"2026-11-02T12:02:00Z","ended_at":"2026-11-02T12:01:00Z"})",
                 "impossible /data/ended_at"},
        DataCase{"year_1970", "call", R"({"started_at":"1970-12-31T23:59:59Z"})",
                 "impossible /data/started_at"},
        DataCase{"year_1971", "call", R"({"started_at":"1971-01-01T00:00:00Z"})", "ok"},
        DataCase{"answered_never", "call", R"({"disposition":"answered"})",
                 "impossible /data/answered_at"},
        DataCase{"future", "call", R"({"started_at":"2026-11-24T09:05:00.001Z"})",
                 "future_time /data/started_at"},
        DataCase{"five_minutes", "call", R"({"started_at":"2026-11-24T09:05:00Z"})", "ok"},
        DataCase{"impossible_first", "call",
                 R"({"started_at":"2030-01-01T00:00:00Z","ended_at":"2026-01-01T00:00:00Z"})",
                 "impossible /data/ended_at"},
        DataCase{"heartbeat", "heartbeat", R"({"up_to":"2026-11-24T10:00:00Z"})",
                 "future_time /data/up_to"},
        DataCase{"mail", "email", R"({"sent_at":"2026-11-25T00:00:00Z"})",
                 "future_time /data/sent_at"},
        DataCase{"paid_ahead", "payment", R"({"received_at":"2026-11-25T00:00:00Z"})",
                 "future_time /data/received_at"},
        DataCase{"paid_on_a_date", "payment", R"({"received_at":"2026-12-25"})", "ok"},
        DataCase{"paid_far_ahead", "payment", R"({"received_at":"2037-12-25"})",
                 "future_time /data/received_at"},
        DataCase{"paid_1970", "payment", R"({"received_at":"1970-06-01"})",
                 "impossible /data/received_at"},
        DataCase{"ten_years", "invoice", R"({"issued_at":"2036-11-24T09:00:00Z"})", "ok"},
        DataCase{"beyond_ten_years", "invoice", R"({"due_at":"2036-11-25"})",
                 "future_time /data/due_at"},
        DataCase{"meeting", "meeting", R"({"starts_at":"2026-12-02T10:00:00Z"})",
                 "impossible /data/ends_at"},
        DataCase{"absence", "absence", R"({"until":"2026-11-01"})", "impossible /data/until"},
        DataCase{"no_absence", "absence", R"({"until":"2026-11-02"})", "ok"},
        DataCase{"leg", "call.leg", R"({"ended_at":"2026-11-02T11:00:00Z"})",
                 "impossible /data/ended_at"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(BrokenLegs, AreToldByTheirNumber) {
    const auto of = [](const std::string& legs) {
        const std::string data = changed("call", R"({"legs":)" + legs + "}");
        return verdict(map_text(cloudevent("call", data), cloudevents_context()));
    };
    const std::string good = changed("call.leg", R"({"call_id":null})");
    EXPECT_EQ(of("[" + good + "," + good + "]"), "ok");
    EXPECT_EQ(of("[null]"), "invalid_value /data/legs/0");
    EXPECT_EQ(of("[" + good + "," + changed("call.leg", R"({"endpoint":""})") + "]"),
              "invalid_value /data/legs/1/endpoint");
    EXPECT_EQ(of("[" + changed("call.leg", R"({"ring_started_at":null})") + "]"),
              "missing_field /data/legs/0/ring_started_at");
}

TEST(After2037, IsImpossibleWhereItIsNoFuture) {
    MapContext context = cloudevents_context();
    context.received_at = base::from_ms(ms("2030-01-01T00:00:00Z"));
    const auto of = [&context](const char* word, const std::string& change) {
        return verdict(map_text(cloudevent(word, changed(word, change)), context));
    };
    EXPECT_EQ(of("invoice", R"({"due_at":"2037-12-31"})"), "ok");
    EXPECT_EQ(of("invoice", R"({"due_at":"2038-06-01"})"), "impossible /data/due_at");
    EXPECT_EQ(of("invoice", R"({"due_at":"2041-06-01"})"), "future_time /data/due_at");
    EXPECT_EQ(of("payment", R"({"received_at":"2038-06-01"})"), "impossible /data/received_at");
}

}  // namespace
}  // namespace ingest::cloudevents
