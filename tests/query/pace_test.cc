// Proves the answers about norms: whose rows there are, in what order, in what units; what becomes
// of zones of managers, client classes, plans and newcomers; and what the board says of whom. How:
// rows put by hand, the answers compared as JSON text.
#include <gtest/gtest.h>

#include "query/answers.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

const std::string eleven = "2026-11-02T08:00:00Z";  // in Moscow

kpi::NormEntry norm(std::string_view kpi, std::int64_t value) {
    kpi::NormEntry entry;
    entry.kpi = kpi;
    entry.value = {value, 1};
    return entry;
}

void put_calendar(World& world) {
    kpi::CalendarEntry calendar;
    calendar.id = "std";
    for (std::size_t day = 0; day < 5; ++day) {
        calendar.hours[day] = {{9 * 60, 13 * 60}, {14 * 60, 18 * 60}};
    }
    world.directory().put("calendar", calendar);
}

/// Bob of north with two calls of Monday morning, Dina of south with one.
void put_company(World& world) {
    put_calendar(world);
    world.declare("m-bob", "north");
    world.declare("m-dina", "south");
    store::CallRow first = outbound(world, "2026-11-02T06:10:00Z", "m-bob", "north", 90);
    first.call.segment = kpi::Segment::existing;
    first.call.client = world.client("c-1");
    world.add_call("main", "a", first);
    world.add_call("main", "b", outbound(world, "2026-11-02T07:50:00Z", "m-bob", "north", 30));
    world.add_call("main", "c", outbound(world, "2026-11-02T07:55:00Z", "m-dina", "south", 60));
}

std::string ask(World& world, Params params = {}) {
    params.emplace("at", eleven);
    return text_of(query::pace(world.view(), params, world.ports()));
}

std::string column(World& world, std::string_view member, const Params& params = {}) {
    return column_of(ask(world, params), "rows", member);
}

TEST(PaceAnswer, ARowShowsEveryFieldInItsOrder) {
    World world;
    put_company(world);
    world.directory().put("n", norm("calls_out", 30));
    EXPECT_EQ(member_of(ask(world), "rows.0"),
              R"({"manager":"m-bob","team":"north","kpi":"calls_out","segment":"all",)"
              R"("period":"day","actual":2,"norm":30,"expected_to_date":7.5,"attainment":0.0667,)"
              R"("pace":0.2667,"projected":8,"required_rate":4.6667,"deviation":-5.5,)"
              R"("status":"breach","client_class":null,"plan":false})");
}

TEST(PaceAnswer, RowsAreByManagerThenKpiSegmentPeriod) {
    World world;
    put_company(world);
    kpi::NormEntry fresh = norm("calls_out", 5);
    fresh.segment = kpi::Segment::fresh;
    fresh.per = kpi::Grain::week;
    world.directory().put("1", fresh);
    world.directory().put("2", norm("talk_seconds", 3600));
    kpi::NormEntry month = norm("calls_out", 500);
    month.per = kpi::Grain::month;
    world.directory().put("3", month);
    world.directory().put("4", norm("calls_out", 30));
    kpi::NormEntry other = norm("calls_in", 9);
    other.aim.team = world.team("south");
    world.directory().put("5", other);
    const std::string bob = "calls_out calls_out calls_out talk_seconds";
    EXPECT_EQ(column(world, "kpi"), bob + " calls_in " + bob);
    EXPECT_EQ(column(world, "period", {{"manager", "m-bob"}}), "day month week day");
    EXPECT_EQ(column(world, "segment", {{"manager", "m-bob"}}), "all all new all");
    EXPECT_EQ(column(world, "actual", {{"manager", "m-bob"}}), "2 2 1 120");
    EXPECT_EQ(column(world, "manager", {{"team", "south"}, {"kpi", "calls_in"}}), "m-dina");
    EXPECT_EQ(column(world, "manager", {{"manager", "m-nobody"}}), "");
    EXPECT_EQ(ask(world, {{"kpi", "calls"}}).substr(0, 8), "invalid:");
    EXPECT_EQ(ask(world, {{"at", "noon"}}).substr(0, 8), "invalid:");
}

TEST(PaceAnswer, CountsUpToTheMillisecond) {
    World world;
    put_company(world);
    world.directory().put("n", norm("calls_out", 30));
    const auto actual = [&](const std::string& instant) {
        return column(world, "actual", {{"manager", "m-bob"}, {"at", instant}});
    };
    EXPECT_EQ(actual("2026-11-02T07:50:00.000Z"), "1");
    EXPECT_EQ(actual("2026-11-02T07:50:00.001Z"), "2");
    EXPECT_EQ(actual("2026-11-01T20:59:59.999Z"), "0");  // still Sunday in Moscow
    EXPECT_EQ(actual("2026-11-02T21:00:00.000Z"), "0");  // Tuesday
}

TEST(PaceAnswer, OfAClientClassCountsItsClientsAlone) {
    World world;
    put_company(world);
    kpi::ClientEntry client;
    client.client = world.client("c-1");
    client.id = "c-1";
    client.client_class = "A";
    world.directory().put("client", client);
    kpi::NormEntry entry = norm("calls_out", 4);
    entry.client_class = "A";
    world.directory().put("n", entry);
    world.directory().put("m", norm("calls_out", 30));
    EXPECT_EQ(column(world, "actual", {{"manager", "m-bob"}}), "2 1");
    EXPECT_EQ(column(world, "client_class", {{"manager", "m-bob"}}), "null A");
    EXPECT_EQ(column(world, "actual", {{"manager", "m-dina"}}), "1 0");
}

TEST(PaceAnswer, MoneyOfAPlanIsMoney) {
    World world;
    put_company(world);
    kpi::NormEntry plan = norm("payments_amount", 100'000'000);
    plan.per = kpi::Grain::month;
    plan.is_plan = true;
    world.directory().put("n", plan);
    const std::string row = member_of(ask(world, {{"manager", "m-bob"}}), "rows.0");
    EXPECT_EQ(member_of(row, "norm"), R"({"minor":100000000,"currency":"RUB"})");
    // Two of the 168 working hours of November 2026: 1,190,476.19 minor units.
    EXPECT_EQ(member_of(row, "expected_to_date"), R"({"minor":1190476,"currency":"RUB"})");
    EXPECT_EQ(member_of(row, "actual"), R"({"minor":0,"currency":"RUB"})");
    EXPECT_EQ(member_of(row, "plan"), "true");
}

TEST(PaceAnswer, OfARatioIsNotSpreadAndOfAnUnknownKpiThereIsNoActual) {
    World world;
    put_company(world);
    kpi::NormEntry rate = norm("connect_rate", 9);
    rate.value = {9, 10};
    world.directory().put("n", rate);
    world.directory().put("m", norm("first_response_seconds_median", 600));
    EXPECT_EQ(column(world, "expected_to_date", {{"manager", "m-bob"}}), "0.9 150");
    EXPECT_EQ(column(world, "actual", {{"manager", "m-bob"}}), "1 null");
    EXPECT_EQ(column(world, "status", {{"manager", "m-bob"}}), "ok insufficient");
}

TEST(PaceAnswer, AManagersDayIsOfHisZone) {
    World world;
    put_company(world);
    kpi::ManagerEntry entry;
    entry.manager = world.manager("m-bob");
    entry.id = "m-bob";
    entry.team = world.team("north");
    entry.zone = kpi::Zone::find("Asia/Almaty").value();  // UTC+5: 13:00 there
    world.directory().put("m-bob/" + std::to_string(base::to_ms(base::since_ever)), entry);
    world.directory().put("n", norm("calls_out", 30));
    EXPECT_EQ(column(world, "expected_to_date"), "15 7.5");
}

TEST(PaceAnswer, ANewcomerIsAskedLess) {
    World world;
    put_calendar(world);
    world.declare("m-new", "north", {at("2026-10-26T00:00:00Z"), base::for_ever});
    kpi::NormEntry entry = norm("calls_out", 30);
    entry.ramp = {{30, {1, 2}}};
    world.directory().put("n", entry);
    EXPECT_EQ(column(world, "norm"), "15");
    EXPECT_EQ(column(world, "norm", {{"at", "2026-11-25T08:00:00Z"}}), "30");
}

TEST(PaceAnswer, WithoutCalendarThereIsNoNorm) {
    World world;
    world.declare("m-bob", "north");
    world.directory().put("n", norm("calls_out", 30));
    EXPECT_EQ(column(world, "norm"), "null");
    EXPECT_EQ(column(world, "actual"), "0");
    EXPECT_EQ(column(world, "status"), "insufficient");
}

std::string state(World& world, const std::string& instant, std::string_view member = "state") {
    const std::string answer =
        text_of(query::board(world.view(), {{"at", instant}, {"manager", "m-bob"}}, world.ports()));
    return column_of(answer, "rows", member);
}

void set_watermark(World& world, std::string_view up_to) {
    store::SourceRow source;
    source.up_to = at(up_to);
    world.set_source("pbx-1", source);
    world.ports().sources = {{"pbx-1", "asterisk-cdr-csv", "", 300, ""}};
}

TEST(BoardAnswer, SaysWhoIsIdleOnBreakAndOff) {
    World world;
    put_company(world);
    set_watermark(world, "2026-11-02T15:00:00Z");
    EXPECT_EQ(state(world, "2026-11-02T05:59:59.999Z"), "off");
    EXPECT_EQ(state(world, "2026-11-02T06:00:00Z"), "idle");
    EXPECT_EQ(state(world, "2026-11-02T06:00:00Z", "since"), "2026-11-02T06:00:00.000Z");
    EXPECT_EQ(state(world, "2026-11-02T09:59:59Z"), "idle");
    EXPECT_EQ(state(world, "2026-11-02T10:00:00Z"), "break");
    EXPECT_EQ(state(world, "2026-11-02T10:00:00Z", "since"), "2026-11-02T10:00:00.000Z");
    EXPECT_EQ(state(world, "2026-11-02T11:00:00Z", "since"), "2026-11-02T11:00:00.000Z");
    EXPECT_EQ(state(world, "2026-11-02T15:00:00Z"), "off");
    EXPECT_EQ(state(world, "2026-11-07T08:00:00Z"), "off");
}

TEST(BoardAnswer, SilenceOfASourceIsNoIdleness) {
    World world;
    put_company(world);
    EXPECT_EQ(state(world, eleven), "unknown");  // no source has said anything
    set_watermark(world, "2026-11-02T07:29:59.999Z");
    EXPECT_EQ(state(world, eleven), "unknown");
    set_watermark(world, "2026-11-02T07:30:00Z");
    EXPECT_EQ(state(world, eleven), "idle");
}

TEST(BoardAnswer, OfAManagerInACallNamesIt) {
    World world;
    put_company(world);
    set_watermark(world, "2026-11-02T07:30:00Z");
    store::CallRow open = answered(world, "2026-11-02T07:57:00Z", {{"m-bob", "north", 30}});
    open.call.ended_at.reset();
    world.add_call("main", "open", open);
    world.ports().timeline = [&](const store::CallRow& row, const store::ReadView&,
                                 const store::CompanyView&) {
        const base::UtcMillis start = row.call.started_at;
        std::vector<query::Step> steps{
            {start, "ring", "101", world.manager("m-bob")},
            {start + std::chrono::seconds(20), "answer", "101", world.manager("m-bob")}};
        if (row.call.ended_at) {
            steps.push_back({*row.call.ended_at, "end", "101", world.manager("m-bob")});
        }
        return steps;
    };
    EXPECT_EQ(state(world, "2026-11-02T07:57:10Z"), "idle");  // it rings
    EXPECT_EQ(state(world, eleven), "in_call");
    EXPECT_EQ(state(world, eleven, "since"), "2026-11-02T07:57:20.000Z");
    EXPECT_EQ(state(world, eleven, "call_id"), store::call_id_of("main", "open"));
    EXPECT_EQ(state(world, "2026-11-02T07:56:59Z"), "idle");  // before it
}

TEST(BoardAnswer, ShowsThePaceOfTheDayAlone) {
    World world;
    put_company(world);
    world.directory().put("n", norm("calls_out", 30));
    kpi::NormEntry week = norm("meetings_held", 5);
    week.per = kpi::Grain::week;
    world.directory().put("m", week);
    const std::string answer = text_of(query::board(world.view(), {{"at", eleven}}, world.ports()));
    EXPECT_EQ(column_of(answer, "rows", "manager"), "m-bob m-dina");
    EXPECT_EQ(column_of(member_of(answer, "rows.0"), "pace", "kpi"), "calls_out");
    EXPECT_EQ(column_of(member_of(answer, "rows.1"), "pace", "actual"), "1");
}

}  // namespace
}  // namespace query_test
