// A CloudEvent becomes the facts of its type: one good event of each, and where its people, its
// unknown members and its revision go; which types a source may send; what is kept of a rejected
// one.
#include "ingest/cloudevents/mapper.h"

#include <gtest/gtest.h>

#include "base/base64.h"
#include "support.h"

namespace ingest::cloudevents {
namespace {

constexpr const char* call_data = R"("call_id":"k","direction":"inbound","from":"","to":"101",)"
                                  R"("started_at":"2026-11-02T12:00:00Z")";
constexpr const char* amount = R"("amount":{"minor":1,"currency":"RUB"})";

/// An object of these members.
template <class... Members>
std::string object(const Members&... members) {
    std::string text;
    ((text += (text.empty() ? "{" : ",") + std::string(members)), ...);
    return text + "}";
}

constexpr const char* good_call =
    R"({"call_id":"k1","direction":"outbound","from":"101","to":"8 495 123-45-67",)"
    R"("started_at":"2026-11-02T10:00:00+03:00","answered_at":"2026-11-02T10:00:05+03:00",)"
    R"("ended_at":"2026-11-02T10:02:00+03:00","manager":"m-bob"})";

Mapped map(const std::string& text) {
    return map_text(text, cloudevents_context());
}
events::Event good(std::string_view word, std::string_view data) {
    return event_of(map(cloudevent(word, data)));
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
    const events::Event event = good(
        "call",
        object(call_data, R"("revision":3)",
               R"("legs":[{"call_id":7,"leg_id":"l","endpoint":"101","remote":"+74951234567",)"
               R"("direction":"inbound","ring_started_at":"2026-11-02T12:00:00Z","revision":9}])"));
    ASSERT_EQ(event.head.call().legs_size(), 1);
    EXPECT_EQ(event.head.source_revision(), 3U);
    EXPECT_EQ(event.head.call().legs(0).call_id(), "k");
    EXPECT_EQ(event.head.call().legs(0).leg_id(), "l");
    EXPECT_EQ(parties_of(event), (std::vector<std::string>{"-", "101", "101", "+74951234567"}));
}

TEST(Email, IsNormalised) {
    const events::Event event = good(
        "email",
        R"({"message_id":" <17@x> ","from":"Bob <BOB@Acme.example>",)"
        R"("to":["buyer@romashka.example"],)"
        R"("cc":["a@b"],"sent_at":"2026-11-02T10:00:00Z","subject":"hello","in_reply_to":"<16@x>",)"
        R"("references":["<1@x>"," 2@x"],"class":"human","mailbox":"bob@acme.example"})");
    const auto& mail = event.head.email();
    EXPECT_EQ(mail.message_id(), "17@x");
    EXPECT_EQ(mail.in_reply_to(), "16@x");
    EXPECT_EQ(mail.references(1), "2@x");
    EXPECT_EQ(mail.class_(), "human");
    EXPECT_EQ(event.personal.subject_line(), "hello");
    EXPECT_EQ(event.head.scope(), "");
    EXPECT_EQ(parties_of(event),
              (std::vector<std::string>{"bob@acme.example", "buyer@romashka.example", "a@b",
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
    const events::Event invoice =
        good("invoice", object(R"("invoice_id":"i","ledger":"1c","client":"c","status":"issued")",
                               amount, R"("issued_at":"2026-11-02","revision":2)"));
    EXPECT_EQ(invoice.head.scope(), "1c");
    EXPECT_EQ(invoice.head.source_revision(), 2U);
    EXPECT_EQ(invoice.head.invoice().issued_at().date(), "2026-11-02");
    const events::Event payment =
        good("payment", object(R"("payment_id":"p","ledger":"1c","client":"c","kind":"payment")",
                               amount, R"("received_at":"2026-11-02T10:00:00.5+03:00")"));
    EXPECT_EQ(payment.head.payment().received_at().at(), ms("2026-11-02T07:00:00.500Z"));
    EXPECT_EQ(payment.head.payment().amount().minor(), 1);
}

TEST(Void, OfACallWithoutScopeMeansTheSendersOwn) {
    EXPECT_EQ(good("void", R"({"kind":"call","entity_id":"k"})").head.void_().scope(), "crm /crm");
    EXPECT_EQ(good("void", R"({"kind":"call.leg","entity_id":"k/l"})").head.void_().scope(),
              "crm /crm");
    EXPECT_EQ(
        good("void", R"({"kind":"call","entity_id":"k","scope":"main"})").head.void_().scope(),
        "main");
    const events::Event invoice =
        good("void",
             R"({"kind":"invoice","entity_id":"i","ledger":"1c","revision":0,"reason":"twice"})");
    EXPECT_EQ(invoice.head.void_().scope(), "");
    EXPECT_EQ(invoice.head.scope(), "");
    EXPECT_TRUE(invoice.head.void_().has_revision());
    EXPECT_EQ(invoice.head.source_revision(), 1U);
    EXPECT_EQ(invoice.personal.comment(), "twice");
    EXPECT_FALSE(good("void", R"({"kind":"call","entity_id":"k"})").head.void_().has_revision());
}

TEST(Lead, IsKeptWholeInOneForm) {
    const events::Event event =
        good("lead", R"({"b":1.50,"a":{"d":null,"c":[true]},"revision":2,"e":null})");
    EXPECT_EQ(event.head.opaque().data(), R"({"a":{"c":[true],"d":null},"b":1.5})");
    EXPECT_EQ(event.head.source_revision(), 2U);
}

TEST(Directory, EntriesHaveNormalFormsInTheCompanysPlan) {
    const events::Event client = good(
        "client",
        R"({"id":"c-17","name":"Romashka","owner":"m","class":"A","value":5,"interest":1,)"
        R"("phones":["8 495 123-45-67"],"emails":["Buyer@Romashka.example"],"from":"2026-01-01"})");
    EXPECT_EQ(parties_of(client),
              (std::vector<std::string>{"Romashka", "+74951234567", "buyer@romashka.example"}));
    EXPECT_EQ(client.head.client().value(), "5");
    EXPECT_EQ(client.head.client().from().date(), "2026-01-01");
    const auto normalised = [](const char* data) {
        return good("endpoint", data).head.endpoint().normalised();
    };
    EXPECT_EQ(normalised(R"({"kind":"did","address":"8 495 777-00-01"})"), "+74957770001");
    EXPECT_EQ(normalised(R"({"kind":"mobile","address":"+79031112233"})"), "+79031112233");
    EXPECT_EQ(normalised(R"({"kind":"email","address":"Bob@Acme.example"})"), "bob@acme.example");
    EXPECT_EQ(normalised(R"({"kind":"extension","address":"101"})"), "");
    const events::Event calendar = good(
        "calendar",
        R"({"id":"s","weekdays":{"sat":[],"mon-fri":["09:00-13:00"]},"for":{"team":"north"}})");
    EXPECT_EQ(calendar.head.calendar().for_team(), "north");
    EXPECT_EQ(calendar.head.calendar().weekdays(), R"({"mon-fri":["09:00-13:00"],"sat":[]})");
}

TEST(UnknownMembers, AreKeptBesideThePeople) {
    std::string call = cloudevent("call", object(call_data, R"("mood":"good","none":null)",
                                                 R"("recording":{"url":"u","codec":"opus"})"));
    call.insert(1, R"("traceparent":"00-1","subject":"s",)");
    const events::Event event = event_of(map(call));
    EXPECT_EQ(event.personal.extra(), R"({"data":{"mood":"good","recording":{"codec":"opus"}},)"
                                      R"("extensions":{"subject":"s","traceparent":"00-1"}})");
    EXPECT_EQ(event.personal.recording_url(), "u");
}

TEST(DataBase64, IsDataInAnotherSpelling) {
    const auto with_base64 = [](const char* base64) {
        return verdict(
            map(R"({"specversion":"1.0","id":"1","source":"/s","type":"normwatch.lead.v1",)"
                R"("data_base64":)" +
                std::string(base64) + "}"));
    };
    EXPECT_EQ(with_base64(R"("eyJhIjoxfQ==")"), "ok");
    EXPECT_EQ(with_base64(R"("eyJhIjoxfQ=")"), "malformed /data_base64");
    EXPECT_EQ(with_base64(R"("e w=")"), "malformed /data_base64");
    EXPECT_EQ(with_base64(R"("ew==")"), "malformed ");
    EXPECT_EQ(with_base64(R"("bnVsbA==")"), "missing_field /data");
    EXPECT_EQ(with_base64("7"), "missing_field /data");
    EXPECT_EQ(base::from_base64("AP+A"), std::string("\0\xFF\x80", 3));
    EXPECT_EQ(base::from_base64(""), "");
}

TEST(RejectedEvent, KeepsTheFirst256KibibytesAndTheirSum) {
    events::pb::Origin origin;
    origin.set_line(7);
    const std::string raw(300 * 1024, 'a');
    const events::Event event = rejected_event({"too_large", "/x", "over 1 MiB"}, raw, 5'000'000,
                                               origin, "cloudevents", cloudevents_context());
    EXPECT_EQ(event.head.type(), "normwatch.rejected.v1");
    EXPECT_EQ(event.head.rejected().reason(), "too_large");
    EXPECT_EQ(event.head.rejected().stage(), "map");
    EXPECT_EQ(event.head.rejected().format(), "cloudevents");
    EXPECT_EQ(event.head.rejected().pointer(), "/x");
    EXPECT_EQ(event.head.rejected().bytes(), 5'000'000U);
    EXPECT_EQ(event.personal.raw().size(), 256U * 1024);
    EXPECT_EQ(event.head.origin().line(), 7U);
    const events::Event empty =
        rejected_event({"malformed", "", ""}, "", 0, origin, "cloudevents", cloudevents_context());
    const std::string sum = empty.head.rejected().sha256();
    ASSERT_EQ(sum.size(), 32U);  // of nothing: e3b0c442...
    EXPECT_EQ(sum.substr(0, 4), "\xE3\xB0\xC4\x42");
    EXPECT_NE(event.head.rejected().sha256(), sum);
}

}  // namespace
}  // namespace ingest::cloudevents
