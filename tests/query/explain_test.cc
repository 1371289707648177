// Proves `explain`: the list is what makes the value, in order, with the deliveries in force behind
// it. How: calls, mails, invoices and payments put by hand; fields of the answer compared as text.
#include <gtest/gtest.h>

#include "query/answers.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

std::string ask(World& world, const Params& params) {
    return text_of(query::explain(world.view(), params, world.ports()));
}

std::string column(const std::string& answer, std::string_view member) {
    return column_of(answer, "contributions", member);
}

store::ActivityRow activity(World& world, std::string_view instant, const std::string& shown_id,
                            const std::vector<kpi::Kpi>& kpis, std::int64_t value = 1) {
    store::ActivityRow row;
    row.at = at(instant);
    row.native_id = shown_id;
    row.head.observations = {
        {world.source("crm"), "/crm", "event-" + shown_id, 40, at("2026-11-03T00:00:00Z")}};
    for (const kpi::Kpi kpi : kpis) {
        kpi::Contribution one;
        one.kpi = kpi;
        one.manager = world.manager("m-bob");
        one.team = world.team("north");
        one.segment = kpi::Segment::fresh;
        one.at = row.at;
        one.value = value;
        one.currency = kpi::Currency{'R', 'U', 'B'};
        row.contributions.push_back(one);
    }
    return row;
}

TEST(Explain, OfADurationListsCallsWhoseValuesAddUp) {
    World world;
    world.add_call("main", "2", answered(world, "2026-11-02T07:10:00Z", {{"m-bob", "north", 30}}));
    world.add_call(
        "main", "1",
        answered(world, "2026-11-02T07:00:00Z", {{"m-bob", "north", 20}, {"m-dina", "south", 5}}));
    const std::string answer =
        ask(world, {{"kpi", "talk_seconds"}, {"manager", "m-bob"}, {"day", "2026-11-02"}});
    EXPECT_EQ(answer.substr(0, answer.find(",\"contributions\"")),
              R"({"kpi":"talk_seconds","manager":"m-bob","team":null,"segment":null,)"
              R"("from":"2026-11-01T21:00:00.000Z","until":"2026-11-02T21:00:00.000Z","value":50)");
    EXPECT_EQ(column(answer, "value"), "20 30");
    EXPECT_EQ(column(answer, "group"), "null null");
    EXPECT_EQ(column(answer, "entity"), "call call");
    EXPECT_EQ(column(answer, "id"),
              store::call_id_of("main", "1") + " " + store::call_id_of("main", "2"));
    EXPECT_EQ(member_of(answer, "contributions.0.events"),
              R"([{"source":"/pbx-1","id":"leg-2026-11-02T07:00:00Z","offset":7}])");
    EXPECT_EQ(member_of(answer, "meta.definitions"), R"({"talk_seconds":1})");
    EXPECT_EQ(member_of(ask(world, {{"kpi", "talk_seconds"}}), "value"), "55");
}

TEST(Explain, OfContactsNamesClientsAndNumbersParties) {
    World world;
    const auto add = [&](const char* id, const char* instant, const char* number,
                         const char* client) {
        store::CallRow row = answered(world, instant, {{"m-bob", "north", 30}}, number);
        row.call.client = world.client(client);
        world.add_call("main", id, row);
    };
    add("1", "2026-11-02T07:00:00Z", "+79161110002", "");
    add("2", "2026-11-02T07:01:00Z", "+79161110001", "");
    add("3", "2026-11-02T07:02:00Z", "+79161110002", "");
    add("4", "2026-11-02T07:03:00Z", "+79161110003", "c-17");
    add("5", "2026-11-02T07:04:00Z", "+79161110004", "c-17");
    add("6", "2026-11-02T07:05:00Z", "", "");
    const Params question{{"kpi", "contacts_unique"}};
    const std::string answer = ask(world, question);
    EXPECT_EQ(member_of(answer, "value"), "3");
    EXPECT_EQ(column(answer, "group"), "party-1 party-2 party-1 c-17 c-17");
    EXPECT_EQ(column(answer, "value"), "1 1 1 1 1");
    EXPECT_EQ(answer.find("7916"), std::string::npos);
}

TEST(Explain, OfARatioListsBothParts) {
    World world;
    world.add_call("main", "1", answered(world, "2026-11-02T07:00:00Z", {{"m-bob", "north", 30}}));
    world.add_call("main", "2", missed(world, "2026-11-02T07:10:00Z", "m-bob", "north"));
    const std::string answer = ask(world, {{"kpi", "answer_rate"}});
    EXPECT_EQ(member_of(answer, "value"), "0.5");
    EXPECT_EQ(column(answer, "group"), "denominator numerator denominator");
    EXPECT_EQ(column(answer, "at"),
              "2026-11-02T07:00:00.000Z 2026-11-02T07:00:00.000Z "
              "2026-11-02T07:10:00.000Z");
}

/// An invoice of 1,000 that two payments pay, beside a refund.
void put_paid_invoice(World& world) {
    store::ActivityRow invoice = activity(
        world, "2026-11-02T07:00:00Z", "1c/i1",
        {kpi::Kpi::invoices_issued, kpi::Kpi::invoices_amount, kpi::Kpi::invoices_paid}, 1000);
    invoice.contributions.back().at = at("2026-11-05T07:00:00Z");
    const kpi::Currency rub{'R', 'U', 'B'};
    invoice.payments = {{"p1", at("2026-11-04T07:00:00Z"), 400, rub, false},
                        {"r1", at("2026-11-04T08:00:00Z"), 100, rub, true},
                        {"p2", at("2026-11-05T07:00:00Z"), 600, rub, false}};
    world.add_activity(events::Kind::invoice, "1c", "i1", invoice);
    world.add_activity(
        events::Kind::payment, "1c", "p1",
        activity(world, "2026-11-04T07:00:00Z", "1c/p1", {kpi::Kpi::payments_amount}, 400));
    world.add_activity(
        events::Kind::payment, "1c", "r1",
        activity(world, "2026-11-04T08:00:00Z", "1c/r1", {kpi::Kpi::refunds_amount}, 100));
    world.add_activity(
        events::Kind::payment, "1c", "p2",
        activity(world, "2026-11-05T07:00:00Z", "1c/p2", {kpi::Kpi::payments_amount}, 600));
}

TEST(Explain, OfAPaidInvoiceNamesItsPayments) {
    World world;
    put_paid_invoice(world);
    const std::string paid = ask(world, {{"kpi", "invoices_paid"}, {"manager", "m-bob"}});
    EXPECT_EQ(member_of(paid, "value"), "1");
    EXPECT_EQ(column(paid, "at"), "2026-11-05T07:00:00.000Z");
    EXPECT_EQ(column(paid, "id"), "1c/i1");
    EXPECT_EQ(column_of(member_of(paid, "contributions.0"), "events", "id"),
              "event-1c/p1 event-1c/p2");
    const std::string issued = ask(world, {{"kpi", "invoices_amount"}});
    EXPECT_EQ(member_of(issued, "value"), R"({"minor":1000,"currency":"RUB"})");
    EXPECT_EQ(column(issued, "value"), R"({"minor":1000,"currency":"RUB"})");
    EXPECT_EQ(column_of(member_of(issued, "contributions.0"), "events", "id"), "event-1c/i1");
    EXPECT_EQ(column(ask(world, {{"kpi", "payments_amount"}}), "id"), "1c/p1 1c/p2");
    EXPECT_EQ(column(ask(world, {{"kpi", "refunds_amount"}}), "entity"), "payment");
}

TEST(Explain, OfTheAverageChequeLeavesOtherCurrenciesOut) {
    World world;
    put_paid_invoice(world);
    store::ActivityRow foreign =
        activity(world, "2026-11-03T07:00:00Z", "1c/i2", {kpi::Kpi::invoices_paid}, 70);
    foreign.contributions.front().currency = kpi::Currency{'E', 'U', 'R'};
    world.add_activity(events::Kind::invoice, "1c", "i2", foreign);
    const std::string answer = ask(world, {{"kpi", "average_cheque"}});
    EXPECT_EQ(member_of(answer, "value"), R"({"minor":1000,"currency":"RUB"})");
    EXPECT_EQ(column(answer, "group"), "denominator numerator");
    EXPECT_EQ(column(answer, "value"), R"(1 {"minor":1000,"currency":"RUB"})");
}

TEST(Explain, OfTouchesListsEveryKind) {
    World world;
    store::CallRow call = answered(world, "2026-11-02T07:00:00Z", {{"m-bob", "north", 30}});
    call.call.participations.front().touch = true;
    world.add_call("main", "1", call);
    const auto touch = [&](events::Kind kind, const char* instant, const char* id) {
        world.add_activity(kind, "", id, activity(world, instant, id, {kpi::Kpi::touches}));
    };
    touch(events::Kind::proposal, "2026-11-02T07:03:00Z", "offer");
    touch(events::Kind::meeting, "2026-11-02T07:02:00Z", "visit");
    touch(events::Kind::email, "2026-11-02T07:01:00Z", "mail");
    const std::string answer = ask(world, {{"kpi", "touches"}});
    EXPECT_EQ(member_of(answer, "value"), "4");
    EXPECT_EQ(column(answer, "entity"), "call email meeting proposal");
}

TEST(Explain, ReceivedAfterKeepsWhatCameLate) {
    World world;
    for (const auto& [id, received] : {std::pair("mail-1", "2026-11-03T00:00:00Z"),
                                       std::pair("mail-2", "2026-11-05T00:00:00Z")}) {
        store::ActivityRow row =
            activity(world, "2026-11-02T07:00:00Z", id, {kpi::Kpi::emails_sent});
        row.head.observations.front().received_at = at(received);
        world.add_activity(events::Kind::email, "", id, row);
    }
    Params params{{"kpi", "emails_sent"}};
    EXPECT_EQ(column(ask(world, params), "id"), "mail-1 mail-2");
    params["received_after"] = "2026-11-03T00:00:00Z";
    const std::string late = ask(world, params);
    EXPECT_EQ(column(late, "id"), "mail-2");
    EXPECT_EQ(member_of(late, "value"), "1");
}

TEST(Explain, PagesTheListAndNeverTheValue) {
    World world;
    for (const char* id : {"5", "1", "4", "2", "3"}) {
        world.add_activity(events::Kind::email, "", id,
                           activity(world, "2026-11-02T07:00:00Z", id, {kpi::Kpi::emails_sent}));
    }
    Params params{{"kpi", "emails_sent"}, {"limit", "2"}, {"count", "exact"}};
    std::string joined;
    for (int pages = 0; pages < 5; ++pages) {
        const std::string page = ask(world, params);
        joined += column(page, "id") + "|";
        EXPECT_EQ(member_of(page, "value"), "5");
        EXPECT_EQ(member_of(page, "total"), "5");
        const std::string cursor = member_of(page, "next_cursor");
        if (cursor == "null") {
            break;
        }
        params["cursor"] = cursor;
    }
    EXPECT_EQ(joined, "1 2|3 4|5|");
}

TEST(Explain, TakesOneKpi) {
    World world;
    EXPECT_EQ(ask(world, {}), "invalid: kpi: one KPI is explained at a time");
    EXPECT_EQ(ask(world, {{"kpi", "calls_in,calls_out"}}),
              "invalid: kpi: one KPI is explained at a time");
    EXPECT_EQ(ask(world, {{"kpi", "nonsense"}}), "invalid: no such KPI: nonsense");
    const std::string unknown = ask(world, {{"kpi", "clients_in_work"}, {"segment", "all"}});
    EXPECT_EQ(member_of(unknown, "value"), "null");
    EXPECT_EQ(member_of(unknown, "contributions"), "[]");
    EXPECT_EQ(member_of(unknown, "segment"), "all");
}

}  // namespace
}  // namespace query_test
