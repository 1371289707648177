// Proves the KPI answer: its rows by every dimension, totals, reconciliation, borders of ranges,
// pages. How: calls are put into a store by hand, a question is asked, and its rows are compared as
// lines of text.
#include <gtest/gtest.h>

#include "query/answers.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

/// Three answered calls and four missed ones: a transfer within a team, one between teams, two
/// misses of nobody in the queues of two teams, one of nobody at all.
void put_two_teams(World& world) {
    world.declare("m-bob", "north");
    world.declare("m-charlie", "north");
    world.declare("m-dina", "south");
    world.add_call("main", "1",
                   answered(world, "2026-11-02T07:00:00Z",
                            {{"m-bob", "north", 20}, {"m-charlie", "north", 60}}));
    world.add_call(
        "main", "2",
        answered(world, "2026-11-02T07:10:00Z", {{"m-bob", "north", 30}, {"m-dina", "south", 40}}));
    world.add_call("main", "3", missed(world, "2026-11-02T07:20:00Z", "m-bob", "north"));
    world.add_call("main", "4", missed(world, "2026-11-02T07:30:00Z", "", "north"));
    world.add_call("main", "5", missed(world, "2026-11-02T07:40:00Z", "", "south"));
    world.add_call("main", "6", missed(world, "2026-11-02T07:50:00Z", "", ""));
    world.add_call("main", "7",
                   answered(world, "2026-11-02T08:10:00Z",
                            {{"m-bob", "north", 5}, {"", "south", 7}, {"", "north", 9}}, ""));
}

std::string ask(World& world, Params params) {
    if (!params.contains("day") && !params.contains("from")) {
        params["day"] = "2026-11-02";
    }
    return text_of(query::kpis(world.view(), params, world.ports()));
}

struct Grouping {
    const char* name;
    Params params;
    const char* kpi;
    const char* rows;
    const char* total;
};
std::ostream& operator<<(std::ostream& out, const Grouping& grouping) {
    return out << grouping.name;
}

class KpiRowsTest : public testing::TestWithParam<Grouping> {};

TEST_P(KpiRowsTest, AreTheSumsOfTheirLevel) {
    const Grouping& tested = GetParam();
    World world;
    put_two_teams(world);
    Params params = tested.params;
    params["kpi"] = tested.kpi;
    const std::string answer = ask(world, params);
    EXPECT_EQ(rows_of(answer, tested.kpi), tested.rows) << answer;
    EXPECT_EQ(member_of(answer, std::string("totals.") + tested.kpi), tested.total);
}

INSTANTIATE_TEST_SUITE_P(
    Groupings, KpiRowsTest,
    testing::Values(
        Grouping{"by_manager",
                 {},
                 "calls_in",
                 "manager=m-bob: 4\nmanager=m-charlie: 1\nmanager=m-dina: 1\nmanager=null: 4\n",
                 "7"},
        Grouping{"by_manager_talk",
                 {},
                 "talk_seconds",
                 "manager=m-bob: 55\nmanager=m-charlie: 60\nmanager=m-dina: 40\nmanager=null: 16\n",
                 "171"},
        Grouping{"by_team",
                 {{"by", "team"}},
                 "calls_in",
                 "team=north: 5\nteam=south: 3\nteam=null: 1\n",
                 "7"},
        Grouping{"by_company", {{"by", "company"}}, "calls_in", "company=acme: 7\n", "7"},
        Grouping{"by_segment",
                 {{"by", "segment"}},
                 "calls_in",
                 "segment=new: 6\nsegment=null: 1\n",
                 "7"},
        Grouping{"by_team_and_manager",
                 {{"by", "team,manager"}},
                 "calls_in",
                 "team=north manager=m-bob: 4\nteam=north manager=m-charlie: 1\n"
                 "team=north manager=null: 2\nteam=south manager=m-dina: 1\n"
                 "team=south manager=null: 2\nteam=null manager=null: 1\n",
                 "7"},
        Grouping{"null_manager_counts_once_however_many_teams",
                 {{"manager", "none"}},
                 "calls_in",
                 "manager=null: 4\n",
                 "4"},
        Grouping{"null_manager_by_team",
                 {{"manager", "none"}, {"by", "team"}},
                 "calls_in",
                 "team=north: 2\nteam=south: 2\nteam=null: 1\n",
                 "4"},
        Grouping{"of_a_team_by_manager",
                 {{"team", "south"}},
                 "calls_in",
                 "manager=m-dina: 1\nmanager=null: 2\n",
                 "3"},
        Grouping{"of_no_team_by_manager", {{"team", "none"}}, "calls_in", "manager=null: 1\n", "1"},
        Grouping{"of_a_manager_by_team",
                 {{"manager", "m-bob"}, {"by", "team"}},
                 "calls_in",
                 "team=north: 4\n",
                 "4"},
        Grouping{"of_a_manager_and_a_team",
                 {{"manager", "m-bob"}, {"team", "south"}},
                 "calls_in",
                 "",
                 "0"},
        Grouping{"of_a_stranger", {{"manager", "m-nobody"}}, "calls_in", "", "0"},
        Grouping{"of_a_segment",
                 {{"segment", "none"}, {"by", "manager"}},
                 "talk_seconds",
                 "manager=m-bob: 5\nmanager=m-charlie: 0\nmanager=m-dina: 0\nmanager=null: 16\n",
                 "21"},
        Grouping{"by_hour",
                 {{"by", "hour"}},
                 "calls_in",
                 "hour=2026-11-02T10:00:00+03:00: 6\nhour=2026-11-02T11:00:00+03:00: 1\n",
                 "7"},
        Grouping{"by_hour_in_another_zone",
                 {{"by", "hour"}, {"tz", "Asia/Kolkata"}},
                 "calls_in",
                 "hour=2026-11-02T12:00:00+05:30: 3\nhour=2026-11-02T13:00:00+05:30: 4\n",
                 "7"},
        Grouping{"by_day_and_manager",
                 {{"by", "day,manager"}},
                 "calls_missed",
                 "day=2026-11-02 manager=m-bob: 1\nday=2026-11-02 manager=null: 3\n",
                 "4"},
        Grouping{"by_week", {{"by", "week"}}, "calls_in", "week=2026-11-02: 7\n", "7"},
        Grouping{"by_month", {{"by", "month"}}, "calls_in", "month=2026-11-01: 7\n", "7"},
        Grouping{"contacts",
                 {{"by", "manager"}},
                 "contacts_unique",
                 "manager=m-bob: 1\nmanager=m-charlie: 1\nmanager=m-dina: 1\n",
                 "1"},
        Grouping{"no_hold_known",
                 {{"by", "manager"}},
                 "hold_seconds",
                 "manager=m-bob: null\nmanager=m-charlie: null\nmanager=m-dina: null\n",
                 "null"},
        Grouping{"ratio",
                 {{"by", "team"}},
                 "answer_rate",
                 "team=north: 0.6\nteam=south: 0.6667\nteam=null: 0\n",
                 "0.4286"},
        Grouping{"not_computed", {{"by", "company"}}, "clients_in_work", "", "null"}),
    [](const auto& tested) { return tested.param.name; });

TEST(KpiRows, OfAnOutboundCallGiveTheConnectRate) {
    World world;
    world.add_call("main", "1", outbound(world, "2026-11-02T07:00:00Z", "m-bob", "north", 60));
    world.add_call("main", "2", outbound(world, "2026-11-02T07:01:00Z", "m-bob", "north", 0));
    world.add_call("main", "3", outbound(world, "2026-11-02T07:02:00Z", "m-bob", "north", 0));
    const std::string answer = ask(world, {{"kpi", "connect_rate,contacts_attempted,answer_rate"}});
    EXPECT_EQ(rows_of(answer, "connect_rate"), "manager=m-bob: 0.3333\n");
    EXPECT_EQ(rows_of(answer, "contacts_attempted"), "manager=m-bob: 1\n");
    EXPECT_EQ(rows_of(answer, "answer_rate"), "manager=m-bob: null\n");
}

TEST(Reconciliation, CountsTheNullRowAsOneOfTheCredited) {
    World world;
    put_two_teams(world);
    const std::string answer = ask(world, {});
    EXPECT_EQ(member_of(answer, "reconciliation.calls"),
              R"({"managers":6,"shared":3,"unattributed":4,"department":7})");
    EXPECT_EQ(member_of(answer, "reconciliation.answered"),
              R"({"managers":5,"shared":3,"unattributed":1,"department":3})");
    EXPECT_EQ(member_of(answer, "reconciliation.missed"),
              R"({"managers":1,"shared":0,"unattributed":3,"department":4})");
    const std::string south = ask(world, {{"team", "south"}});
    EXPECT_EQ(member_of(south, "reconciliation.calls"),
              R"({"managers":1,"shared":0,"unattributed":2,"department":3})");
}

/// Rows stand where an older directory put them until its change is worked in: then nobody is left
/// out of a team by the directory of today.
TEST(TeamRows, AreLookedForUnderItsMembersOnceTheDirectoryIsSettled) {
    World world;
    world.declare("m-bob", "north");
    world.declare("m-charlie", "south");
    world.add_call("main", "1",
                   answered(world, "2026-11-02T07:00:00Z",
                            {{"m-bob", "north", 20}, {"m-charlie", "north", 60}}));
    const Params params{
        {"day", "2026-11-02"}, {"by", "manager"}, {"team", "north"}, {"kpi", "talk_seconds"}};
    store::ReadView view = world.view();
    EXPECT_EQ(rows_of(text_of(query::kpis(view, params, world.ports())), "talk_seconds"),
              "manager=m-bob: 20\n");
    view.is_settled = false;
    EXPECT_EQ(rows_of(text_of(query::kpis(view, params, world.ports())), "talk_seconds"),
              "manager=m-bob: 20\nmanager=m-charlie: 60\n");
}

struct Border {
    const char* name;
    Params params;
    const char* total;
};
std::ostream& operator<<(std::ostream& out, const Border& border) {
    return out << border.name;
}

class RangeBorderTest : public testing::TestWithParam<Border> {};

TEST_P(RangeBorderTest, CountsWhatIsInside) {
    World world;
    for (const char* instant :
         {"2026-11-02T06:59:59.999Z", "2026-11-02T07:00:00Z", "2026-11-02T07:14:59.999Z",
          "2026-11-02T07:15:00Z", "2026-11-02T07:37:00Z", "2026-11-02T08:00:00Z"}) {
        world.add_call("main", instant, answered(world, instant, {{"m-bob", "north", 1}}));
    }
    Params params = GetParam().params;
    params["kpi"] = "calls_in,contacts_unique";
    const std::string answer = ask(world, params);
    EXPECT_EQ(member_of(answer, "totals.calls_in"), GetParam().total);
    EXPECT_EQ(member_of(answer, "reconciliation.calls.managers"), GetParam().total);
    const std::string total = GetParam().total;
    EXPECT_EQ(rows_of(answer, "calls_in"), total == "0" ? "" : "manager=m-bob: " + total + "\n");
    EXPECT_EQ(member_of(answer, "totals.contacts_unique"), total == "0" ? "0" : "1");
}

INSTANTIATE_TEST_SUITE_P(
    Borders, RangeBorderTest,
    testing::Values(
        Border{"whole_quarters",
               {{"from", "2026-11-02T07:00:00Z"}, {"until", "2026-11-02T07:30:00Z"}},
               "3"},
        Border{"first_millisecond",
               {{"from", "2026-11-02T07:00:00.001Z"}, {"until", "2026-11-02T07:30:00Z"}},
               "2"},
        Border{"last_millisecond",
               {{"from", "2026-11-02T07:00:00Z"}, {"until", "2026-11-02T07:15:00.001Z"}},
               "3"},
        Border{"inside_one_quarter",
               {{"from", "2026-11-02T07:00:01Z"}, {"until", "2026-11-02T07:14:59.999Z"}},
               "0"},
        Border{"over_one_border",
               {{"from", "2026-11-02T06:59:00Z"}, {"until", "2026-11-02T07:00:00.001Z"}},
               "2"},
        Border{"both_edges",
               {{"from", "2026-11-02T07:00:01Z"}, {"until", "2026-11-02T07:37:01Z"}},
               "3"},
        Border{"empty", {{"from", "2026-11-02T07:00:00Z"}, {"until", "2026-11-02T07:00:00Z"}}, "0"},
        Border{"turned_round",
               {{"from", "2026-11-02T08:00:00Z"}, {"until", "2026-11-02T07:00:00Z"}},
               "0"},
        Border{"everything", {{"from", ""}, {"until", ""}}, "6"}),
    [](const auto& tested) { return tested.param.name; });

TEST(LocalDays, HaveTwentyFiveHoursWhenTheClockGoesBack) {
    World world("Europe/Berlin");
    for (const char* instant :
         {"2025-10-25T21:59:59Z", "2025-10-25T22:00:00Z", "2025-10-26T00:30:00Z",
          "2025-10-26T01:30:00Z", "2025-10-26T22:59:59Z", "2025-10-26T23:00:00Z"}) {
        world.add_call("main", instant, answered(world, instant, {{"m-bob", "north", 1}}));
    }
    const std::string answer =
        ask(world, {{"day", "2025-10-26"}, {"by", "hour"}, {"kpi", "calls_in"}});
    EXPECT_EQ(rows_of(answer, "calls_in"),
              "hour=2025-10-26T00:00:00+02:00: 1\nhour=2025-10-26T02:00:00+02:00: 1\n"
              "hour=2025-10-26T02:00:00+01:00: 1\nhour=2025-10-26T23:00:00+01:00: 1\n");
    EXPECT_EQ(member_of(answer, "from"), "2025-10-25T22:00:00.000Z");
    EXPECT_EQ(member_of(answer, "until"), "2025-10-26T23:00:00.000Z");
}

TEST(LocalDays, StartAtTheFirstInstantWhereThereIsNoMidnight) {
    World world("America/Santiago");
    for (const char* instant : {"2025-09-07T03:59:59Z", "2025-09-07T04:00:00Z"}) {
        world.add_call("main", instant, answered(world, instant, {{"m-bob", "north", 1}}));
    }
    const std::string answer =
        ask(world, {{"from", "2025-09-06"}, {"by", "day"}, {"kpi", "calls_in"}});
    EXPECT_EQ(rows_of(answer, "calls_in"), "day=2025-09-06: 1\nday=2025-09-07: 1\n");
}

TEST(ManagersInForce, StandInTheRowsWithoutAContribution) {
    World world;
    const kpi::Validity gone{base::since_ever, at("2026-11-01T21:00:00Z")};
    world.declare("m-gone", "north", gone);
    world.declare("m-here", "south");
    world.declare("m-moved", "north", {base::since_ever, at("2026-11-02T10:00:00Z")});
    world.declare("m-moved", "east", {at("2026-11-02T10:00:00Z"), base::for_ever});
    store::CallRow named = answered(world, "2026-11-03T07:00:00Z", {{"m-new", "", 30}});
    named.legs.front().manager = world.manager("m-new");
    world.add_call("main", "1", named);
    const Params kpi{{"kpi", "calls_in"}};
    EXPECT_EQ(rows_of(ask(world, kpi), "calls_in"), "manager=m-here: 0\nmanager=m-moved: 0\n");
    EXPECT_EQ(rows_of(ask(world, {{"kpi", "calls_in"}, {"by", "team"}}), "calls_in"),
              "team=east: 0\nteam=south: 0\n");
    EXPECT_EQ(rows_of(ask(world, {{"kpi", "calls_in"}, {"team", "east"}}), "calls_in"),
              "manager=m-moved: 0\n");
    EXPECT_EQ(rows_of(ask(world, {{"kpi", "calls_in"}, {"by", "manager,segment"}}), "calls_in"),
              "");
    EXPECT_EQ(rows_of(ask(world, {{"kpi", "calls_in"}, {"day", "2026-11-03"}}), "calls_in"),
              "manager=m-here: 0\nmanager=m-moved: 0\nmanager=m-new: 1\n");
    EXPECT_EQ(rows_of(ask(world, {{"kpi", "calls_in"}, {"day", "2026-11-04"}}), "calls_in"),
              "manager=m-here: 0\nmanager=m-moved: 0\nmanager=m-new: 0\n");
}

kpi::Contribution money(World& world, kpi::Kpi kpi, std::string_view instant, std::int64_t minor,
                        const char* currency) {
    kpi::Contribution one;
    one.kpi = kpi;
    one.manager = world.manager("m-bob");
    one.team = world.team("north");
    one.segment = kpi::Segment::fresh;
    one.at = at(instant);
    one.value = minor;
    one.currency = {currency[0], currency[1], currency[2]};
    return one;
}

TEST(Money, OfOtherCurrenciesStandsBesideAndEntersNoRatio) {
    World world;
    const auto add = [&](const char* id, kpi::Kpi kpi, std::int64_t minor, const char* currency) {
        store::ActivityRow row;
        row.at = at("2026-11-10T09:00:00Z");
        row.native_id = id;
        row.contributions = {money(world, kpi, "2026-11-10T09:07:00Z", minor, currency)};
        world.add_activity(events::Kind::invoice, "1c", id, row);
    };
    add("p1", kpi::Kpi::payments_amount, 25'000, "RUB");
    add("p2", kpi::Kpi::payments_amount, 100'000, "EUR");
    add("p3", kpi::Kpi::payments_amount, 50'000, "EUR");
    add("p4", kpi::Kpi::payments_amount, 7'000, "USD");
    add("i1", kpi::Kpi::invoices_paid, 101, "RUB");
    add("i2", kpi::Kpi::invoices_paid, 104, "RUB");
    add("i3", kpi::Kpi::invoices_paid, 900, "EUR");
    for (const Params& range :
         {Params{{"day", "2026-11-10"}},
          Params{{"from", "2026-11-10T09:07:00Z"}, {"until", "2026-11-10T09:08:00Z"}}}) {
        const std::string answer = ask(world, range);
        EXPECT_EQ(member_of(answer, "totals.payments_amount"),
                  R"({"minor":25000,"currency":"RUB"})");
        EXPECT_EQ(member_of(answer, "totals.payments_amount_other"),
                  R"([{"minor":150000,"currency":"EUR"},{"minor":7000,"currency":"USD"}])");
        EXPECT_EQ(member_of(answer, "totals.refunds_amount_other"), "(absent)");
        EXPECT_EQ(member_of(answer, "totals.invoices_paid"), "3");
        EXPECT_EQ(member_of(answer, "totals.average_cheque"), R"({"minor":103,"currency":"RUB"})");
        EXPECT_EQ(member_of(answer, "rows.0.values.payments_amount_other.0.minor"), "150000");
    }
}

TEST(KpiPages, TogetherAreTheWholeAndNeverChangeTheTotals) {
    World world;
    put_two_teams(world);
    const Params whole{
        {"by", "hour,team,manager,segment"}, {"kpi", "calls_in"}, {"count", "exact"}};
    const std::string all = ask(world, whole);
    ASSERT_EQ(member_of(all, "next_cursor"), "null");
    for (const char* limit : {"1", "2", "5", "100"}) {
        std::string joined;
        Params params = whole;
        params["limit"] = limit;
        for (int pages = 0; pages < 20; ++pages) {
            const std::string page = ask(world, params);
            joined += rows_of(page, "calls_in");
            EXPECT_EQ(member_of(page, "totals"), member_of(all, "totals"));
            EXPECT_EQ(member_of(page, "total"), member_of(all, "total"));
            const std::string cursor = member_of(page, "next_cursor");
            if (cursor == "null") {
                break;
            }
            params["cursor"] = cursor;
        }
        EXPECT_EQ(joined, rows_of(all, "calls_in")) << limit;
    }
}

}  // namespace
}  // namespace query_test
