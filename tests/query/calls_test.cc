// Proves the answers about calls: what is shown and masked, the order, every filter, pages, one
// call by any of its ids. How: rows put by hand, the answers compared as JSON text or by the native
// ids that are listed.
#include <gtest/gtest.h>

#include "query/answers.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

std::string list(World& world, const Params& params, bool reveal = false) {
    return text_of(query::calls(world.view(), params, {reveal}, world.ports()));
}

std::string ids(World& world, const Params& params) {
    return column_of(list(world, params), "calls", "native_ids.0");
}

/// Calls that differ in everything a filter looks at.
void put_different_calls(World& world) {
    store::CallRow a = answered(world, "2026-11-02T07:00:00Z", {{"m-bob", "north", 30}});
    a.call.client = world.client("c-17");
    a.call.client_name = world.subject("Romashka");
    world.add_call("main", "a", a);
    store::CallRow b = missed(world, "2026-11-02T08:00:00Z", "", "south");
    world.add_call("main", "b", b);
    store::CallRow c = outbound(world, "2026-11-02T09:00:00Z", "m-dina", "south", 90);
    c.call.segment = kpi::Segment::existing;
    c.legs.front().kind = store::LegKind::call_event;
    c.legs.front().tags = {"vip", "hot"};
    c.legs.front().has_recording = true;
    c.legs.front().recording_state = "stored";
    c.legs.front().recording_seconds = 12.5;
    c.legs.front().head.revision.source = 3;
    world.add_call("main", "c", c);
    store::CallRow d = answered(world, "2026-11-02T10:00:00Z", {{"", "north", 3}}, "");
    d.call.wait = std::chrono::seconds(75);
    world.add_call("main", "d", d);
}

TEST(CallObject, ShowsEveryFieldInItsOrder) {
    World world;
    store::CallRow row =
        answered(world, "2026-11-02T07:00:00Z", {{"m-bob", "north", 30}, {"", "", 2}});
    row.call.client = world.client("c-17");
    row.call.client_name = world.subject("Romashka");
    row.call.answered_at = at("2026-11-02T07:00:10.500Z");
    row.call.wait = base::Millis(10'500);
    row.call.dialled = world.subject("84951112233");
    row.call.quality = kpi::bit(kpi::Quality::undeclared) | kpi::bit(kpi::Quality::conference);
    row.call.participations[0].hold = base::Millis(1'250);
    row.native_ids = {"1", "2"};
    row.legs.front().head.sources = {world.source("pbx-2"), world.source("pbx-1")};
    world.add_call("main", "1", row);
    EXPECT_EQ(member_of(list(world, {}), "calls.0"),
              R"({"call_id":"bWFpbgAx","company":"acme","direction":"inbound",)"
              R"("disposition":"answered","started_at":"2026-11-02T07:00:00.000Z",)"
              R"("answered_at":"2026-11-02T07:00:10.500Z","ended_at":"2026-11-02T07:05:00.000Z",)"
              R"("client":{"id":"c-17","name":"Romashka","number":"+7 *** ***-00-01",)"
              R"("anonymous":false},"dialled":"84951112233","segment":"new","ivr_seconds":0,)"
              R"("wait_seconds":10.5,"talk_seconds":32,"missed":false,"short_abandon":false,)"
              R"("missed_owner":null,"participations":[{"manager":"m-bob","endpoint":"101",)"
              R"("result":"answered","ring_seconds":10,"talk_seconds":30,"hold_seconds":1.25,)"
              R"("consult_seconds":null,"qualified":false},{"manager":null,"endpoint":"101",)"
              R"("result":"answered","ring_seconds":10,"talk_seconds":2,"hold_seconds":null,)"
              R"("consult_seconds":null,"qualified":false}],"sources":["pbx-1","pbx-2"],)"
              R"("native_ids":["1","2"],"quality":["conference","undeclared"],"tags":[],)"
              R"("recording":null,"reviewed":false,"revision":1})");
}

TEST(CallObject, OfAMissNamesItsOwner) {
    World world;
    world.add_call("main", "1", missed(world, "2026-11-02T07:00:00Z", "m-bob", "north"));
    world.add_call("main", "2", missed(world, "2026-11-02T06:00:00Z", "", "south"));
    world.add_call("main", "3", missed(world, "2026-11-02T05:00:00Z", "", ""));
    EXPECT_EQ(column_of(list(world, {}), "calls", "missed_owner"),
              R"({"manager":"m-bob","team":null} {"manager":null,"team":"south"} )"
              R"({"manager":null,"team":null})");
}

TEST(CallObject, SaysWhatItsSummaryStates) {
    World world;
    put_different_calls(world);
    const std::string answer = list(world, {{"direction", "outbound"}, {"tz", "Asia/Tokyo"}});
    EXPECT_EQ(member_of(answer, "calls.0.tags"), R"(["hot","vip"])");
    EXPECT_EQ(member_of(answer, "calls.0.recording"), R"({"state":"stored","seconds":12.5})");
    EXPECT_EQ(member_of(answer, "calls.0.revision"), "3");
    EXPECT_EQ(member_of(answer, "calls.0.started_at"), "2026-11-02T18:00:00.000+09:00");
    EXPECT_EQ(member_of(answer, "calls.0.sources"), R"(["pbx-1"])");
}

TEST(CallObject, HidesNumbersUnlessTheyAreRevealed) {
    World world;
    put_different_calls(world);
    const Params outbound_only{{"direction", "outbound"}};
    const std::string hidden = list(world, outbound_only);
    EXPECT_EQ(member_of(hidden, "calls.0.client.number"), "+7 *** ***-45-67");
    EXPECT_EQ(member_of(hidden, "calls.0.dialled"), "84 *** ***-45-67");
    EXPECT_EQ(hidden.find("4951234567"), std::string::npos);
    const std::string shown = list(world, outbound_only, true);
    EXPECT_EQ(member_of(shown, "calls.0.client.number"), "+74951234567");
    EXPECT_EQ(member_of(shown, "calls.0.dialled"), "84951234567");
    const std::string anonymous = list(world, {{"segment", "none"}}, true);
    EXPECT_EQ(member_of(anonymous, "calls.0.client"),
              R"({"id":null,"name":null,"number":null,"anonymous":true})");
}

struct Filtered {
    const char* name;
    Params params;
    const char* ids;
};
std::ostream& operator<<(std::ostream& out, const Filtered& filtered) {
    return out << filtered.name;
}

class CallFilterTest : public testing::TestWithParam<Filtered> {};

TEST_P(CallFilterTest, TakesWhatFits) {
    World world;
    put_different_calls(world);
    EXPECT_EQ(ids(world, GetParam().params), GetParam().ids);
}

INSTANTIATE_TEST_SUITE_P(
    Filters, CallFilterTest,
    testing::Values(Filtered{"nothing_asked", {}, "d c b a"},
                    Filtered{"range",
                             {{"from", "2026-11-02T08:00:00Z"}, {"until", "2026-11-02T10:00:00Z"}},
                             "c b"},
                    Filtered{"manager", {{"manager", "m-bob"}}, "a"},
                    Filtered{"manager_none", {{"manager", "none"}}, "d b"},
                    Filtered{"manager_unknown", {{"manager", "m-nobody"}}, ""},
                    Filtered{"team", {{"team", "north"}}, "d a"},
                    Filtered{"team_of_a_miss", {{"team", "south"}}, "c b"},
                    Filtered{"team_none", {{"team", "none"}}, ""},
                    Filtered{"client", {{"client", "c-17"}}, "a"},
                    Filtered{"client_unknown", {{"client", "c-18"}}, ""},
                    Filtered{"direction", {{"direction", "inbound"}}, "d b a"},
                    Filtered{"disposition", {{"disposition", "no_answer"}}, "b"},
                    Filtered{"segment", {{"segment", "existing"}}, "c"},
                    Filtered{"segment_none", {{"segment", "none"}}, "d"},
                    Filtered{"talk_min", {{"talk_min", "30"}}, "c a"},
                    Filtered{"talk_max", {{"talk_max", "3.0"}}, "d b"},
                    Filtered{"talk_between", {{"talk_min", "3"}, {"talk_max", "30"}}, "d a"},
                    Filtered{"wait_min", {{"wait_min", "30.001"}}, "d"},
                    Filtered{"recording", {{"recording", "true"}}, "c"},
                    Filtered{"no_recording", {{"recording", "0"}}, "d b a"},
                    Filtered{"tag", {{"tag", "vip"}}, "c"},
                    Filtered{"tag_unknown", {{"tag", "cold"}}, ""},
                    Filtered{"reviewed", {{"reviewed", "true"}}, ""},
                    Filtered{"not_reviewed", {{"reviewed", "false"}}, "d c b a"},
                    Filtered{"number", {{"number", "+79161110001"}}, "a"},
                    Filtered{"several", {{"team", "south"}, {"talk_min", "1"}}, "c"},
                    Filtered{"oldest_first", {{"sort", "started_at"}}, "a b c d"},
                    Filtered{"longest_first", {{"sort", "-talk_seconds"}}, "c a d b"},
                    Filtered{"shortest_first", {{"sort", "talk_seconds"}}, "b d a c"}),
    [](const auto& tested) { return tested.param.name; });

TEST(CallFilters, RefuseWordsThatAreNone) {
    World world;
    put_different_calls(world);
    for (const auto& [name, word] : Params{{"direction", "sideways"},
                                           {"disposition", "lost"},
                                           {"talk_min", "1e3"},
                                           {"wait_min", "abc"},
                                           {"recording", "maybe"},
                                           {"reviewed", "2"},
                                           {"sort", "client"},
                                           {"by", "manager"}}) {
        const auto answer = query::calls(world.view(), {{name, word}}, {}, world.ports());
        ASSERT_FALSE(answer.has_value()) << name;
        EXPECT_EQ(answer.error().code(), base::ErrorCode::invalid);
        EXPECT_NE(answer.error().context().find(name), std::string::npos)
            << answer.error().context();
    }
}

/// Calls at few instants: ties of instant and native id over three scopes, whose ordinals run
/// against their names.
void put_ties(World& world) {
    for (const char* scope : {"zeta", "alpha", "main"}) {
        for (const char* instant : {"2026-11-02T07:00:00Z", "2026-11-02T07:00:01Z"}) {
            for (const char* id : {"1", "10", "2"}) {
                world.add_call(scope, std::string(id) + instant,
                               answered(world, instant, {{"m-bob", "north", 30}}));
            }
        }
    }
}

TEST(CallOrder, IsInstantThenNativeIdThenScopeName) {
    World world;
    put_ties(world);
    const std::string answer = list(world, {{"from", "2026-11-02T07:00:01Z"}});
    // call_id begins with the scope: "alpha" YWxwaG, "main" bWFpbg, "zeta" emV0YQ.
    std::string order;
    for (int i = 0; i < 9; ++i) {
        const std::string item = "calls." + std::to_string(i);
        order += member_of(answer, item + ".call_id").substr(0, 2) +
                 member_of(answer, item + ".native_ids.0").substr(0, 2) + " ";
    }
    EXPECT_EQ(order, "YW10 bW10 em10 YW12 bW12 em12 YW22 bW22 em22 ");
}

class CallPagesTest : public testing::TestWithParam<const char*> {};

TEST_P(CallPagesTest, TogetherAreTheWhole) {
    World world;
    put_ties(world);
    Params whole{{"sort", GetParam()}, {"manager", "m-bob"}};
    const std::string all = column_of(list(world, whole), "calls", "call_id");
    for (const char* limit : {"1", "2", "4", "17", "18"}) {
        Params params = whole;
        params["limit"] = limit;
        std::string joined;
        for (int pages = 0; pages < 30; ++pages) {
            const std::string page = list(world, params);
            joined += (joined.empty() ? "" : " ") + column_of(page, "calls", "call_id");
            const std::string cursor = member_of(page, "next_cursor");
            if (cursor == "null") {
                break;
            }
            params["cursor"] = cursor;
        }
        EXPECT_EQ(joined, all) << limit;
    }
    whole["limit"] = "5";
    whole["count"] = "exact";
    EXPECT_EQ(member_of(list(world, whole), "total"), "18");
}

INSTANTIATE_TEST_SUITE_P(Sorts, CallPagesTest,
                         testing::Values("-started_at", "started_at", "-talk_seconds",
                                         "talk_seconds"));

TEST(OneCall, IsFoundByEveryIdItEverHad) {
    World world;
    put_different_calls(world);
    world.add_alias("main", "old", "a");
    const store::ReadView view = world.view();
    for (const char* id : {"a", "old"}) {
        const std::string answer =
            text_of(query::call(view, store::call_id_of("main", id), {}, {}, world.ports()));
        EXPECT_EQ(member_of(answer, "call_id"), store::call_id_of("main", "a"));
        EXPECT_EQ(member_of(answer, "meta.applied_offset"), "100");
    }
    for (const std::string& id : {store::call_id_of("main", "zz"), store::call_id_of("other", "a"),
                                  std::string("?"), std::string()}) {
        const auto answer = query::call(view, id, {}, {}, world.ports());
        ASSERT_FALSE(answer.has_value()) << id;
        EXPECT_EQ(answer.error().code(), base::ErrorCode::not_found);
    }
}

TEST(OneCall, ShowsLegsStepsContributionsAndEvents) {
    World world;
    store::CallRow row = answered(world, "2026-11-02T07:00:00Z", {{"m-bob", "north", 30}});
    store::LegRow& cdr = row.legs.front();
    cdr.caller = {world.subject("+79161110001"), world.subject("89161110001")};
    cdr.peer = world.subject("PJSIP/101");
    cdr.ended_at = at("2026-11-02T07:01:00Z");
    store::LegRow summary = leg(world, "crm", "call-1");
    summary.kind = store::LegKind::call_event;
    summary.tags = {"vip"};
    row.legs.push_back(summary);
    world.add_call("main", "1", row);
    world.ports().timeline = [&](const store::CallRow& shown, const store::ReadView&,
                                 const store::CompanyView&) {
        return std::vector<query::Step>{
            {shown.call.started_at, "ring", "101", world.manager("m-bob")}};
    };
    const std::string answer =
        text_of(query::call(world.view(), store::call_id_of("main", "1"), {}, {}, world.ports()));
    EXPECT_EQ(
        member_of(answer, "legs"),
        R"([{"source":"pbx-1","native_id":"leg-2026-11-02T07:00:00Z","from":"89 *** ***-00-01",)"
        R"("to":"101","ring_started_at":"2026-11-02T07:00:00.000Z","answered_at":null,)"
        R"("ended_at":"2026-11-02T07:01:00.000Z","result":"answered"}])");
    EXPECT_EQ(
        member_of(answer, "timeline"),
        R"([{"at":"2026-11-02T07:00:00.000Z","what":"ring","endpoint":"101","manager":"m-bob"}])");
    EXPECT_EQ(
        member_of(answer, "contributions.0"),
        R"({"kpi":"calls_in","manager":"m-bob","segment":"new","at":"2026-11-02T07:00:00.000Z",)"
        R"("value":1})");
    EXPECT_EQ(member_of(answer, "events"),
              R"([{"source":"/pbx-1","id":"leg-2026-11-02T07:00:00Z",)"
              R"("received_at":"2026-11-02T08:00:00.000Z","offset":7}])");
    EXPECT_EQ(member_of(answer, "tags"), R"(["vip"])");
    EXPECT_EQ(member_of(answer, "sources"), R"(["pbx-1"])");
}

}  // namespace
}  // namespace query_test
