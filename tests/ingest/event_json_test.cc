// What was mapped can be told again: `data_json` of an event maps to an equal event (for every
// type, with every member), in the contract's order; identities name an entry of the directory as
// its file does.
#include "ingest/cloudevents/event_json.h"

#include <gtest/gtest.h>

#include "events/fingerprint.h"
#include "ingest/cloudevents/mapper.h"
#include "support.h"

namespace ingest::cloudevents {
namespace {

struct Told {
    const char* word;
    const char* data;  ///< as sent, and as it is told again
};

class DataJson : public testing::TestWithParam<Told> {};

events::Event map(std::string_view word, std::string_view data) {
    return event_of(map_text(cloudevent(word, data), cloudevents_context()));
}

TEST_P(DataJson, TellsTheEventAgain) {
    const events::Event event = map(GetParam().word, GetParam().data);
    EXPECT_EQ(data_json(event), GetParam().data);
    const events::Event again = map(GetParam().word, data_json(event));
    EXPECT_EQ(events::encode(again), events::encode(event));
}

INSTANTIATE_TEST_SUITE_P(
    EveryType, DataJson,
    testing::Values(
        Told{"call",
             R"({"call_id":"k","direction":"inbound","from":"anonymous","to":"101",)"
             R"("started_at":"2026-11-02T07:00:00.000Z","answered_at":"2026-11-02T07:00:00.123Z",)"
             R"("ended_at":"2026-11-02T07:01:00.000Z","disposition":"answered","manager":"m",)"
             R"("endpoint":"101","hangup_by":"caller",)"
             R"("recording":{"url":"https://x/1","state":"ready","seconds":59.5},)"
             R"("legs":[{"call_id":"k","leg_id":"l","linked_ids":["a","b"],"endpoint":"101",)"
             R"("remote":"+74951234567","direction":"inbound",)"
             R"("ring_started_at":"2026-11-02T07:00:00.000Z",)"
             R"("answered_at":"2026-11-02T07:00:01.000Z",)"
             R"("ended_at":"2026-11-02T07:01:00.000Z","result":"answered","application":"Dial"}],)"
             R"("tags":["b","a","b"],"revision":7,"mood":{"of":["client"]}})"},
        Told{"call.leg", R"({"call_id":"k","leg_id":"l","endpoint":"101","direction":"internal",)"
                         R"("ring_started_at":"2026-11-02T07:00:00.000Z","revision":2})"},
        Told{"email", R"({"message_id":"1@x","from":"Bob <b@x>","to":["a@x","c@x"],"cc":["d@x"],)"
                      R"("sent_at":"2026-11-02T07:00:00.000Z","subject":"s","in_reply_to":"0@x",)"
                      R"("references":["0@x"],"class":"human","marker":"none","mailbox":"b@x"})"},
        Told{"meeting",
             R"({"uid":"u","recurrence_id":"20261102","sequence":0,"status":"held",)"
             R"("kind":"presentation","organizer":"b@x",)"
             R"("attendees":[{"address":"A <a@x>","status":"accepted"},{"address":"c@x"}],)"
             R"("starts_at":"2026-11-02T07:00:00.000Z","ends_at":"2026-11-02T08:00:00.000Z"})"},
        Told{"proposal",
             R"({"proposal_id":"p","manager":"m","client":"c",)"
             R"("sent_at":"2026-11-02T07:00:00.000Z","amount":{"minor":-5,"currency":"EUR"},)"
             R"("discount_percent":12.25,"template":"t","requested_at":"2026-11-01T07:00:00.000Z",)"
             R"("due_at":"2026-12-02T07:00:00.000Z"})"},
        Told{"invoice",
             R"({"invoice_id":"i","ledger":"1c","number":"17/1","manager":"m","client":"c",)"
             R"("issued_at":"2026-11-02","due_at":"2026-12-02T07:00:00.000Z",)"
             R"("amount":{"minor":9223372036854775807,"currency":"RUB"},"status":"issued"})"},
        Told{
            "payment",
            R"({"payment_id":"p","ledger":"1c","invoice_id":"i","client":"c",)"
            R"("received_at":"2026-11-02","amount":{"minor":1,"currency":"RUB"},"kind":"refund"})"},
        Told{"void",
             R"({"kind":"call","entity_id":"k","scope":"main","revision":0,"reason":"test call"})"},
        Told{"heartbeat", R"({"up_to":"2026-11-02T07:00:00.000Z"})"},
        Told{"review", R"({"call_id":"c","manager":"m","scorecard":{"id":"s","version":"2"},)"
                       R"("answers":[{"item":"a","value":true}],"tags":["rude"],"comment":"why"})"},
        Told{"lead", R"({"a":1,"b":[{"c":null}],"revision":4})"},
        Told{"team", R"({"id":"north","name":"North"})"},
        Told{"manager",
             R"({"id":"m","name":"Ivanov","team":"north","role":"senior","from":"2026-01-01",)"
             R"("until":"2026-06-01T00:00:00.000Z"})"},
        Told{"endpoint",
             R"({"kind":"did","address":"8 495 777-00-01","manager":"m","from":"2026-01-01"})"},
        Told{"client",
             R"({"id":"c","name":"Romashka","owner":"m","class":"A","value":"vip","interest":1,)"
             R"("phones":["8 495 123-45-67"],"emails":["Buyer@X"],"from":"2026-01-01"})"},
        Told{"calendar",
             R"({"id":"std","weekdays":{"mon-fri":["09:00-13:00"]},"holidays":["2026-01-01"],)"
             R"("for":{"team":"north"}})"},
        Told{"absence",
             R"({"manager":"m","from":"2026-11-02","until":"2026-11-04","reason":"sick"})"},
        Told{"norm",
             R"({"kpi":"calls_out","segment":"new","per":"day","value":30,"polarity":"lower",)"
             R"("team":"north","client_class":"A","from":"2026-01-01"})"},
        Told{"plan",
             R"({"kpi":"payments_amount","per":"month",)"
             R"("value":{"currency":"RUB","minor":100000000},"manager":"m","from":"2026-11-01",)"
             R"("version":1,"signed_off":"2026-10-30"})"},
        Told{"checkpoint", R"({"after":"proposal_requested","id":"due","within":"2d"})"},
        Told{"settings", R"({"from":"2026-07-01","kpis":{"qualified_seconds":90}})"}),
    [](const auto& tested) {
        std::string name = tested.param.word;
        return name == "call.leg" ? "call_leg" : name;
    });

TEST(DataJsonOfARow, NamesItsFacts) {
    events::Event event;
    event.head.set_type("normwatch.cdr.row.v1");
    event.head.mutable_cdr_row()->set_linkedid("1.1");
    event.head.mutable_cdr_row()->set_disposition("NO ANSWER");
    EXPECT_NE(data_json(event).find(R"("linkedid":"1.1")"), std::string::npos);
    EXPECT_EQ(data_json(event).find("answered_at"), std::string::npos);
}

TEST(DataJsonOfAnInternalEvent, IsEmpty) {
    events::Event event;
    event.head.set_type("normwatch.tick.v1");
    event.head.mutable_tick()->set_at(1);
    EXPECT_EQ(data_json(event), "{}");
}

struct Named {
    const char* word;
    const char* data;
    std::vector<std::string> identity;
};

class Identities : public testing::TestWithParam<Named> {};

TEST_P(Identities, AreThoseOfTheFile) {
    EXPECT_EQ(directory_identity(map(GetParam().word, GetParam().data),
                                 cloudevents_context().company_zone),
              GetParam().identity);
}

INSTANTIATE_TEST_SUITE_P(
    EverySection, Identities,
    testing::Values(
        Named{"team", R"({"id":"north"})", {"north"}},
        Named{"checkpoint", R"({"id":"due"})", {"due"}},
        Named{"manager", R"({"id":"m","from":"2026-01-01"})", {"m", "2025-12-31T21:00:00.000Z"}},
        Named{"client", R"({"id":"c"})", {"c", ""}},
        Named{"calendar", R"({"id":"s","weekdays":{}})", {"s", ""}},
        Named{"endpoint",
              R"({"kind":"did","address":"+7","from":"2026-01-01T00:00:00Z"})",
              {"did", "+7", "2026-01-01T00:00:00.000Z"}},
        Named{"absence",
              R"({"manager":"m","from":"2026-11-02","until":"2026-11-03"})",
              {"m", "2026-11-01T21:00:00.000Z"}},
        Named{"settings", R"({"from":"2026-07-01"})", {"2026-06-30T21:00:00.000Z"}},
        Named{"norm",
              R"({"kpi":"k","per":"day","value":1,"team":"t"})",
              {"k", "", "day", "", "", "t", ""}},
        Named{"plan",
              R"({"kpi":"k","per":"day","value":1,"client_class":"A"})",
              {"k", "", "day", "", "", "", "A", ""}},
        Named{"heartbeat", R"({"up_to":"2026-11-02T07:00:00Z"})", {}}),
    [](const auto& tested) { return std::string(tested.param.word); });

}  // namespace
}  // namespace ingest::cloudevents
