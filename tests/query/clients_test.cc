// Proves the list of clients and a client's timeline: who is in force, their state, contacts, days
// and order, that pages together are the whole, and what a timeline shows of each kind of entity.
// How: entities, payments and directory put by hand into rows in memory, the answer compared member
// by member; the states themselves are proved in tests/kpi.
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "query/answers.h"
#include "query/csv.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

kpi::ClientPayment paid(std::string_view instant, bool refund = false) {
    return {std::string(instant), at(instant), 100, {'R', 'U', 'B'}, refund, ""};
}

/// An answered call of a client; talk of 10 s and more is a touch.
store::CallRow call_of(World& world, std::string_view client, std::string_view instant, int talk) {
    store::CallRow row = answered(world, instant, {{"m-bob", "north", talk}});
    row.call.client = world.client(client);
    row.call.participations.front().touch = talk >= 10;
    return row;
}

/// A mail, meeting, proposal, invoice or payment of a client that gives `kpis`.
store::ActivityRow activity(World& world, std::string_view client, std::string_view instant,
                            const std::vector<kpi::Kpi>& kpis, std::string_view word) {
    store::ActivityRow row;
    row.known = true;
    row.at = at(instant);
    row.word = word;
    row.native_id = std::string(instant) + "/" + std::string(word);
    row.resolved_client = world.client(client);
    row.head.sources = {world.source("crm")};
    for (const kpi::Kpi kpi : kpis) {
        kpi::Contribution one;
        one.kpi = kpi;
        one.manager = world.manager("m-bob");
        one.segment = kpi::Segment::fresh;
        one.at = row.at;
        row.contributions.push_back(one);
    }
    return row;
}

class ClientsTest : public testing::Test {
protected:
    /// c-1 buys and talks, c-2 went silent, c-3 has an invoice, c-4 nothing; c-5 is named by a
    /// payment alone.
    ClientsTest() {
        world_.position().log_time = at("2026-11-02T12:00:00Z");
        world_.declare("m-bob", "north");
        world_.declare_client("c-1", "Romashka", "m-bob", "A");
        world_.declare_client("c-2", "Vasilek", "m-bob", "B");
        world_.declare_client("c-3", "Astra", "m-eve", "A");
        world_.declare_client("c-4", "", "");
        world_.set_payments("c-1", {paid("2026-10-01T09:00:00Z"), paid("2026-10-20T09:00:00Z")});
        world_.set_payments("c-2", {paid("2026-06-01T09:00:00Z")});
        world_.set_payments("c-5", {paid("2026-09-01T09:00:00Z")});
        add(events::Kind::payment, "c-5", "2026-09-01T09:00:00Z", {kpi::Kpi::payments_amount},
            "payment");
        add(events::Kind::invoice, "c-3", "2026-10-30T21:00:00Z", {kpi::Kpi::invoices_issued},
            "issued");
        add(events::Kind::invoice, "c-4", "2026-10-15T21:00:00Z", {}, "voided");
        world_.add_call("main", "1", call_of(world_, "c-1", "2026-10-29T07:00:00Z", 60));
        world_.add_call("main", "2", call_of(world_, "c-1", "2026-10-31T07:00:00Z", 9));
        world_.add_call("main", "3", call_of(world_, "c-2", "2026-08-03T07:00:00Z", 60));
        world_.add_call("main", "4", call_of(world_, "c-3", "2026-11-02T12:00:00Z", 60));
        add(events::Kind::email, "c-1", "2026-10-28T09:00:00Z",
            {kpi::Kpi::emails_sent, kpi::Kpi::touches}, "human");
        add(events::Kind::email, "c-3", "2026-11-01T20:59:59Z", {kpi::Kpi::emails_received},
            "human");
    }

    void add(events::Kind kind, std::string_view client, std::string_view instant,
             const std::vector<kpi::Kpi>& kpis, std::string_view word) {
        store::ActivityRow row = activity(world_, client, instant, kpis, word);
        if (kind != events::Kind::email && kind != events::Kind::meeting) {
            row.client = world_.client(client);
        }
        world_.add_activity(kind, "1c", row.native_id, row);
    }
    std::string answer(const Params& params) {
        return text_of(query::clients(world_.view(), params, world_.ports()));
    }
    std::string ids(const Params& params) { return column(params, "id"); }
    std::string column(const Params& params, std::string_view member) {
        return column_of(answer(params), "clients", member);
    }
    std::string timeline(std::string_view client, const Params& params = {}) {
        return text_of(query::client_timeline(world_.view(), client, params, world_.ports()));
    }

    World world_;
};

TEST_F(ClientsTest, ShowWhoseTheyAreAndWhereTheyStand) {
    const std::string all = answer({});
    EXPECT_EQ(member_of(all, "clients.0"),
              R"({"id":"c-1","name":"Romashka","owner":"m-bob","class":"A","state":"active",)"
              R"("first_payment_at":"2026-10-01T09:00:00.000Z",)"
              R"("last_touch_at":"2026-10-29T07:00:00.000Z","days_since_touch":4,"touches":2,)"
              R"("in_work":true,"working_days_since_touch":null,"overdue":null})");
    EXPECT_EQ(member_of(all, "clients.3"),
              R"({"id":"c-4","name":null,"owner":null,"class":null,"state":"lead",)"
              R"("first_payment_at":null,"last_touch_at":null,"days_since_touch":null,"touches":0,)"
              R"("in_work":false,"working_days_since_touch":null,"overdue":null})");
    EXPECT_EQ(member_of(all, "at"), "2026-11-02T12:00:00.000Z");
    EXPECT_EQ(member_of(all, "next_cursor"), "null");
    EXPECT_EQ(ids({}), "c-1 c-2 c-3 c-4 c-5");
    EXPECT_EQ(column({}, "state"), "active lost new lead sleeping");
    EXPECT_EQ(column({}, "owner"), "m-bob m-bob m-eve null null");
}

TEST_F(ClientsTest, CountOnlyWhatHappenedBeforeTheInstant) {
    // The call of 12:00 is not before 12:00; a millisecond later it is.
    EXPECT_EQ(column({}, "touches"), "2 0 0 0 0");
    EXPECT_EQ(column({{"at", "2026-11-02T12:00:00.001Z"}}, "touches"), "2 0 1 0 0");
    EXPECT_EQ(column({{"at", "2026-10-29"}}, "touches"), "1 0 0 0 0");
    EXPECT_EQ(column({{"at", "2026-09-01"}}, "touches"), "0 1 0 0");
    EXPECT_EQ(ids({{"at", "2026-09-01"}}), "c-1 c-2 c-3 c-4");  // c-5 is named at noon
    EXPECT_EQ(column({{"at", "2026-09-01"}}, "state"), "lead lost lead lead");
    EXPECT_EQ(column({{"at", "2026-08-01"}}, "state"), "lead sleeping lead lead");
    // The window begins with the instant thirty days before.
    const auto touches = [&](const char* instant) {
        return member_of(answer({{"at", instant}}), "clients.0.touches");
    };
    EXPECT_EQ(touches("2026-11-28T07:00:00Z"), "1");
    EXPECT_EQ(touches("2026-11-28T07:00:00.001Z"), "0");
    // A client's mail is the last contact and no touch; days are those of Moscow.
    EXPECT_EQ(column({}, "last_touch_at"),
              "2026-10-29T07:00:00.000Z 2026-08-03T07:00:00.000Z 2026-11-01T20:59:59.000Z null "
              "null");
    EXPECT_EQ(column({}, "days_since_touch"), "4 91 1 null null");
    EXPECT_EQ(column({}, "in_work"), "true false false false false");
}

TEST_F(ClientsTest, AreNarrowedByStateOwnerAndClass) {
    EXPECT_EQ(ids({{"state", "lost"}}), "c-2");
    EXPECT_EQ(ids({{"state", "lead,new"}}), "c-3 c-4");
    EXPECT_EQ(ids({{"state", "existing"}}), "c-1 c-2 c-5");
    EXPECT_EQ(ids({{"owner", "m-bob"}}), "c-1 c-2");
    EXPECT_EQ(ids({{"owner", "none"}}), "c-4 c-5");
    EXPECT_EQ(ids({{"owner", "m-nobody"}}), "");
    EXPECT_EQ(ids({{"class", "A"}}), "c-1 c-3");
    EXPECT_EQ(ids({{"class", "none"}}), "c-4 c-5");
    EXPECT_EQ(ids({{"class", "A"}, {"owner", "m-bob"}, {"state", "active"}}), "c-1");
    EXPECT_EQ(answer({{"state", "asleep"}}),
              "invalid: state: lead, new, active, sleeping, lost, reactivated, existing");
    EXPECT_EQ(answer({{"sort", "colour"}}),
              "invalid: sort: name, -last_touch, -days_since_touch or -touches");
}

TEST_F(ClientsTest, BelongToWhoHadThemThen) {
    const kpi::Validity before{base::since_ever, at("2026-10-15T00:00:00Z")};
    const kpi::Validity after{at("2026-10-15T00:00:00Z"), at("2026-12-01T00:00:00Z")};
    world_.declare_client("c-7", "Pion", "m-eve", "C", before);
    world_.declare_client("c-7", "Pion", "m-bob", "A", after);
    EXPECT_EQ(ids({{"owner", "m-eve"}, {"at", "2026-10-14"}}), "c-3 c-7");
    EXPECT_EQ(ids({{"class", "C"}, {"at", "2026-10-14"}}), "c-7");
    EXPECT_EQ(ids({{"owner", "m-bob"}, {"at", "2026-10-16"}}), "c-1 c-2 c-7");
    EXPECT_EQ(ids({{"owner", "m-bob"}, {"at", "2026-12-02"}}), "c-1 c-2");
}

TEST_F(ClientsTest, StandInTheOrderAskedFor) {
    EXPECT_EQ(ids({{"sort", "name"}}), "c-3 c-1 c-2 c-4 c-5");
    EXPECT_EQ(ids({{"sort", "-last_touch"}}), "c-3 c-1 c-2 c-4 c-5");
    EXPECT_EQ(ids({{"sort", "-days_since_touch"}}), "c-2 c-1 c-3 c-4 c-5");
    EXPECT_EQ(ids({{"sort", "-touches"}}), "c-1 c-2 c-3 c-4 c-5");
    EXPECT_EQ(ids({{"sort", "-touches"}, {"at", "2026-09-01"}}), "c-2 c-1 c-3 c-4");
}

TEST_F(ClientsTest, PagesTogetherAreTheWholeOfOneInstant) {
    for (const char* sort : {"", "name", "-last_touch", "-days_since_touch", "-touches"}) {
        Params params{{"limit", "2"}, {"sort", sort}, {"count", "exact"}};
        const std::string whole = ids({{"sort", sort}});
        std::string together;
        for (int page = 0; page < 3; ++page) {
            const std::string text = answer(params);
            EXPECT_EQ(member_of(text, "total"), "5") << sort;
            EXPECT_EQ(member_of(text, "at"), "2026-11-02T12:00:00.000Z") << sort;
            together += (page == 0 ? "" : " ") + column_of(text, "clients", "id");
            params["cursor"] = member_of(text, "next_cursor");
            world_.position().log_time += std::chrono::hours(24);  // the log goes on
        }
        EXPECT_EQ(together, whole) << sort;
        EXPECT_EQ(params["cursor"], "null") << sort;
        world_.position().log_time = at("2026-11-02T12:00:00Z");
    }
    const std::string cursor = member_of(answer({{"limit", "2"}}), "next_cursor");
    EXPECT_EQ(answer({{"limit", "2"}, {"cursor", cursor}, {"owner", "m-bob"}}),
              "invalid: cursor: not one of this question");
}

TEST_F(ClientsTest, HaveTheSettingsOfTheInstant) {
    kpi::SettingsEntry later;
    later.from = at("2026-11-01T00:00:00Z");
    later.numbers = {{"in_work_days", 5}, {"lost_after_days", 20}};
    world_.settings().put("later", later);
    EXPECT_EQ(column({}, "touches"), "1 0 0 0 0");
    EXPECT_EQ(column({}, "state"), "active lost new lead lost");
    EXPECT_EQ(column({{"at", "2026-10-31T08:00:00Z"}}, "touches"), "2 0 0 0 0");
    EXPECT_EQ(column({{"at", "2026-10-31T08:00:00Z"}}, "state"), "active lost new lead sleeping");
}

TEST_F(ClientsTest, AreOverdueByTheNormOfTheirClass) {
    kpi::NormEntry norm;
    norm.kpi = "touches";
    norm.per = kpi::Grain::week;
    norm.client_class = "A";
    norm.value = {7, 4};  // every four days
    world_.directory().put("norm", norm);
    EXPECT_EQ(column({}, "class"), "A B A null null");
    EXPECT_EQ(column({}, "days_since_touch"), "4 91 1 null null");
    EXPECT_EQ(column({}, "overdue"), "false null false null null");
    norm.value = {8, 4};
    world_.directory().put("norm", norm);
    EXPECT_EQ(column({}, "overdue"), "true null false null null");
    norm.value = {0, 1};
    world_.directory().put("norm", norm);
    EXPECT_EQ(column({}, "overdue"), "null null null null null");
}

TEST_F(ClientsTest, CountTheWorkingDaysOfTheirOwner) {
    kpi::CalendarEntry calendar;
    calendar.id = "std";
    for (int weekday = 0; weekday < 5; ++weekday) {
        calendar.hours[weekday] = {{540, 1080}};
    }
    world_.directory().put("calendar", calendar);
    // c-1: Thursday to Monday; c-2: 91 days that begin with a Tuesday; c-3: Sunday to Monday.
    EXPECT_EQ(column({}, "working_days_since_touch"), "2 65 1 null null");
    kpi::CalendarEntry own = calendar;
    own.id = "own";
    own.aim.manager = world_.manager("m-bob");
    own.holidays = {*kpi::parse_date("2026-11-02")};
    world_.directory().put("own", own);
    EXPECT_EQ(column({}, "working_days_since_touch"), "1 64 1 null null");
    EXPECT_EQ(column({{"sort", "-days_since_touch"}}, "working_days_since_touch"),
              "64 1 1 null null");
}

TEST_F(ClientsTest, AreReadDeepUntilTheLastContact) {
    for (int i = 0; i < 60; ++i) {
        const std::string instant = kpi::render(at("2026-09-01T07:00:00Z") + std::chrono::hours(i));
        world_.add_call("main", "short-" + std::to_string(i), call_of(world_, "c-2", instant, 3));
    }
    EXPECT_EQ(column({{"owner", "m-bob"}}, "days_since_touch"), "4 91");
    EXPECT_EQ(column({{"owner", "m-bob"}, {"sort", "-last_touch"}}, "days_since_touch"), "4 91");
    for (int i = 0; i < 60; ++i) {
        const std::string instant = kpi::render(at("2026-10-20T07:00:00Z") + std::chrono::hours(i));
        world_.add_call("main", "long-" + std::to_string(i), call_of(world_, "c-2", instant, 30));
    }
    EXPECT_EQ(column({{"owner", "m-bob"}}, "touches"), "2 60");
    EXPECT_EQ(ids({{"owner", "m-bob"}, {"sort", "-touches"}}), "c-2 c-1");
}

TEST_F(ClientsTest, PagesByTheNewestContactAreThoseOfEachClientAlone) {
    std::mt19937_64 random(42);
    const auto below = [&](std::uint64_t limit) { return static_cast<int>(random() % limit); };
    for (int number = 100; number < 160; ++number) {
        const std::string id = "c-" + std::to_string(number);
        world_.declare_client(id, "", "m-bob");
        for (int i = below(5); i > 0; --i) {
            const auto when =
                at("2026-11-02T12:00:00Z") - std::chrono::hours(below(24)) * below(700);
            world_.add_call("main", id + "/" + std::to_string(i),
                            call_of(world_, id, kpi::render(when), below(2) * 30));
        }
    }
    const std::string whole = ids({{"sort", "-last_touch"}});
    for (const char* limit : {"1", "7", "50"}) {
        Params params{{"sort", "-last_touch"}, {"limit", limit}};
        std::string together;
        for (std::string cursor; cursor != "null"; params["cursor"] = cursor) {
            const std::string text = answer(params);
            together += (together.empty() ? "" : " ") + column_of(text, "clients", "id");
            cursor = member_of(text, "next_cursor");
        }
        EXPECT_EQ(together, whole) << limit;
    }
}

TEST_F(ClientsTest, AreATable) {
    const std::string table = query::csv(answer({{"owner", "m-bob"}, {"state", "lost"}})).value();
    EXPECT_EQ(table,
              "id,name,owner,class,state,first_payment_at,last_touch_at,days_since_touch,touches,"
              "in_work,working_days_since_touch\r\n"
              "c-2,Vasilek,m-bob,B,lost,2026-06-01T09:00:00.000Z,2026-08-03T07:00:00.000Z,91,0,"
              "false,\r\n");
}

TEST_F(ClientsTest, TimelineShowsEveryKindNewestFirst) {
    add(events::Kind::meeting, "c-1", "2026-10-30T09:00:00Z", {}, "cancelled");
    store::ActivityRow shown = activity(world_, "c-1", "2026-10-30T10:00:00Z",
                                        {kpi::Kpi::presentations_held, kpi::Kpi::touches}, "held");
    shown.second_word = "presentation";
    world_.add_activity(events::Kind::meeting, "", shown.native_id, shown);
    add(events::Kind::proposal, "c-1", "2026-10-30T11:00:00Z",
        {kpi::Kpi::proposals_sent, kpi::Kpi::touches}, "");
    add(events::Kind::invoice, "c-1", "2026-10-30T12:00:00Z", {kpi::Kpi::invoices_issued},
        "issued");
    add(events::Kind::payment, "c-1", "2026-10-30T13:00:00Z", {kpi::Kpi::refunds_amount}, "refund");
    store::ActivityRow asked = activity(world_, "c-1", "2026-10-30T14:00:00Z", {}, "auto");
    asked.from = {world_.subject("buyer@romashka.example")};
    kpi::ClientEntry entry = *world_.directory().client(world_.client("c-1"), asked.at);
    entry.mails = asked.from;
    world_.directory().put("mails", entry);
    world_.add_activity(events::Kind::email, "", asked.native_id, asked);
    const std::string answer = timeline("c-1");
    EXPECT_EQ(member_of(answer, "client"), "c-1");
    EXPECT_EQ(member_of(answer, "items.0"),
              R"({"at":"2026-10-31T07:00:00.000Z","entity":"call","id":")" +
                  store::call_id_of("main", "2") +
                  R"(","manager":"m-bob","direction":"inbound","what":"answered","touch":false})");
    EXPECT_EQ(column_of(answer, "items", "entity"),
              "call email payment invoice proposal presentation meeting call email");
    EXPECT_EQ(column_of(answer, "items", "what"),
              "answered auto refund issued sent held cancelled answered human");
    EXPECT_EQ(column_of(answer, "items", "direction"),
              "inbound inbound null null outbound null null inbound outbound");
    EXPECT_EQ(column_of(answer, "items", "touch"),
              "false false false false true true false true true");
    EXPECT_EQ(column_of(answer, "items", "manager"),
              "m-bob null m-bob m-bob m-bob m-bob null m-bob m-bob");
    EXPECT_EQ(query::csv(timeline("c-1", {{"limit", "1"}})).value(),
              "at,entity,id,manager,direction,what,touch\r\n2026-10-31T07:00:00.000Z,call," +
                  store::call_id_of("main", "2") + ",m-bob,inbound,answered,false\r\n");
}

TEST_F(ClientsTest, TimelinePagesTogetherAreTheWhole) {
    // One instant and native id in two scopes: the scope's name decides.
    world_.add_call("z", "1", call_of(world_, "c-1", "2026-10-29T07:00:00Z", 60));
    world_.add_call("a", "1", call_of(world_, "c-1", "2026-10-29T07:00:00Z", 60));
    const std::string whole = column_of(timeline("c-1"), "items", "id");
    EXPECT_NE(whole.find(store::call_id_of("a", "1") + " " + store::call_id_of("main", "1") + " " +
                         store::call_id_of("z", "1")),
              std::string::npos);
    for (const char* count : {"", "exact"}) {
        Params params{{"limit", "1"}, {"count", count}};
        std::string together;
        for (int page = 0; page < 5; ++page) {
            const std::string text = timeline("c-1", params);
            together += (page == 0 ? "" : " ") + column_of(text, "items", "id");
            params["cursor"] = member_of(text, "next_cursor");
            EXPECT_EQ(member_of(text, "total"), *count == '\0' ? "(absent)" : "5");
        }
        EXPECT_EQ(together, whole);
        EXPECT_EQ(params["cursor"], "null");
    }
    const Params range{{"from", "2026-10-29"}, {"until", "2026-10-31"}};
    EXPECT_EQ(column_of(timeline("c-1", range), "items", "at"),
              "2026-10-29T07:00:00.000Z 2026-10-29T07:00:00.000Z 2026-10-29T07:00:00.000Z");
    const std::string cursor = member_of(timeline("c-1", {{"limit", "1"}}), "next_cursor");
    EXPECT_EQ(timeline("c-2", {{"limit", "1"}, {"cursor", cursor}}),
              "invalid: cursor: not one of this question");
}

TEST_F(ClientsTest, TimelineLeavesOutWhatDoesNotCount) {
    kpi::SettingsEntry entry;
    entry.source_count = {{"crm", false}};
    world_.settings().put("count", entry);
    EXPECT_EQ(column_of(timeline("c-1"), "items", "entity"), "call call");
}

TEST_F(ClientsTest, TimelineOfAStrangerIsNotFound) {
    EXPECT_EQ(timeline("c-99"), "not_found: no such client");
    world_.client("c-8");  // a name that nothing stands for
    EXPECT_EQ(timeline("c-8"), "not_found: no such client");
    EXPECT_EQ(timeline(""), "not_found: no such client");
    EXPECT_EQ(column_of(timeline("c-5"), "items", "entity"), "payment");
}

}  // namespace
}  // namespace query_test
