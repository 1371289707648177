// Proves the answers managers, sources, quarantine and the meta that closes every one. How: rows
// put by hand, the JSON compared as text.
#include <gtest/gtest.h>

#include "query/answers.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

TEST(Managers, AreThoseInForceAtTheInstant) {
    World world;
    world.declare("m-bob", "north", {at("2026-01-01T00:00:00Z"), at("2026-11-02T00:00:00Z")});
    world.declare("m-bob", "south", {at("2026-11-02T00:00:00Z"), base::for_ever});
    world.declare("m-anna", "", {});
    world.declare("m-gone", "north", {base::since_ever, at("2026-11-01T00:00:00Z")});
    store::CallRow named = answered(world, "2026-11-02T10:00:00Z", {{"m-new", "", 30}});
    named.legs.front().manager = world.manager("m-new");
    world.add_call("main", "1", named);
    const std::string now = text_of(query::managers(world.view(), {}, world.ports()));
    EXPECT_EQ(
        member_of(now, "managers"),
        R"([{"id":"m-anna","name":"Name of m-anna","team":null,"role":"senior","from":null,)"
        R"("until":null},{"id":"m-bob","name":"Name of m-bob","team":"south","role":"senior",)"
        R"("from":"2026-11-02T00:00:00.000Z","until":null},{"id":"m-new","name":null,"team":null,)"
        R"("role":null,"from":"2026-11-02T10:00:00.000Z","until":null}])");
    const auto ids_at = [&](const char* instant) {
        return column_of(text_of(query::managers(world.view(), {{"at", instant}}, world.ports())),
                         "managers", "id");
    };
    EXPECT_EQ(ids_at("2026-11-02T09:59:59.999Z"), "m-anna m-bob");
    EXPECT_EQ(ids_at("2026-11-01"), "m-anna m-bob m-gone");
    EXPECT_EQ(ids_at("2020-01-01T00:00:00Z"), "m-anna m-gone");
}

void put_sources(World& world) {
    world.ports().sources = {{"pbx-1", "asterisk-cdr-csv", "", 300},
                             {"crm", "cloudevents", "crm", 60},
                             {"web", "cloudevents", "", 60}};
    store::SourceRow pbx;
    pbx.applied = 5;
    pbx.duplicate = 2;
    pbx.stale = 1;
    pbx.quarantined = 3;
    pbx.last_received_at = at("2026-11-02T08:00:00Z");
    pbx.newest_event_at = at("2026-11-02T07:05:00Z");
    world.set_source("pbx-1", pbx);
    store::SourceRow crm;
    crm.applied = 1;
    crm.last_received_at = at("2026-11-02T09:00:00Z");
    crm.newest_event_at = at("2026-11-02T06:00:00Z");
    crm.up_to = at("2026-11-02T08:30:00Z");
    world.set_source("crm", crm);
}

TEST(Sources, AreTheConfiguredOnesById) {
    World world;
    put_sources(world);
    const std::string answer = text_of(query::sources(world.view(), {}, world.ports()));
    EXPECT_EQ(
        member_of(answer, "sources"),
        R"([{"id":"crm","kind":"cloudevents","class":"crm","state":"ok",)"
        R"("last_event_at":"2026-11-02T09:00:00.000Z","up_to":"2026-11-02T08:30:00.000Z",)"
        R"("events":1,"duplicates":0,"quarantined":0,"gaps":[]},)"
        R"({"id":"pbx-1","kind":"asterisk-cdr-csv","class":null,"state":"ok",)"
        R"("last_event_at":"2026-11-02T08:00:00.000Z","up_to":null,"events":8,"duplicates":2,)"
        R"("quarantined":3,"gaps":[]},)"
        R"({"id":"web","kind":"cloudevents","class":null,"state":"silent","last_event_at":null,)"
        R"("up_to":null,"events":0,"duplicates":0,"quarantined":0,"gaps":[]}])");
}

TEST(Meta, SaysOfWhichStateTheAnswerIs) {
    World world;
    put_sources(world);
    store::QuarantineRow item;
    item.source = world.source("pbx-1");
    world.add_item(3, item);
    item.state = "discarded";
    world.add_item(4, item);
    store::ReadView view = world.view();
    view.partition = 2;
    view.generation = 4;
    view.applied_offset = 90;
    view.reattributing = std::pair<std::uint64_t, std::uint64_t>(5, 8);
    const std::string answer = text_of(query::sources(view, {}, world.ports()));
    EXPECT_EQ(member_of(answer, "meta.as_of"), "2026-12-01T00:00:00.000Z");
    EXPECT_EQ(member_of(answer, "meta.applied_offset"), "90");
    EXPECT_EQ(member_of(answer, "meta.generation"), "4");
    EXPECT_EQ(member_of(answer, "meta.stale"), "false");
    // pbx-1 has no heartbeat: its newest event less 300 s; crm is further.
    EXPECT_EQ(member_of(answer, "meta.complete_until"), "2026-11-02T07:00:00.000Z");
    EXPECT_EQ(member_of(answer, "meta.stale_sources"), R"(["web"])");
    EXPECT_EQ(member_of(answer, "meta.definitions"), "{}");
    EXPECT_EQ(member_of(answer, "meta.partition"), "2");
    EXPECT_EQ(member_of(answer, "meta.quarantined"), "1");
    EXPECT_EQ(member_of(answer, "meta.reattributing"), R"({"done":5,"total":8})");
    EXPECT_NE(member_of(answer, "meta.tzdb"), "null");
}

TEST(Meta, OfAnEmptyLogIsUnknown) {
    World world;
    world.position() = {};
    const std::string answer = text_of(query::sources(world.view(), {}, world.ports()));
    EXPECT_EQ(member_of(answer, "meta.as_of"), "null");
    EXPECT_EQ(member_of(answer, "meta.complete_until"), "null");
}

store::QuarantineRow item(World& world, const char* source, const char* reason,
                          std::uint64_t line) {
    store::QuarantineRow row;
    row.source = world.source(source);
    row.reason = reason;
    row.stage = "map";
    row.detail = "the row has 3 columns";
    row.file = "Master.csv";
    row.line = line;
    row.received_at = at("2026-11-02T08:00:00Z");
    row.bytes = 17;
    return row;
}

void put_items(World& world) {
    world.add_item(300, item(world, "pbx-1", "malformed", 4));
    world.add_item(7, item(world, "pbx-1", "malformed", 2));
    world.add_item(8, item(world, "crm", "unknown_type", 3));
    store::QuarantineRow gone = item(world, "pbx-1", "impossible", 9);
    gone.state = "discarded";
    world.add_item(9, gone);
}

TEST(Quarantine, ListsItemsInOffsetOrder) {
    World world;
    put_items(world);
    const std::string answer = text_of(query::quarantine(world.view(), {}, world.ports()));
    EXPECT_EQ(
        member_of(answer, "items.0"),
        R"({"id":"0-7","source":"pbx-1","reason":"malformed","stage":"map",)"
        R"("origin":{"file":"Master.csv","line":2,"byte":null,"index":null},)"
        R"("detail":"the row has 3 columns","received_at":"2026-11-02T08:00:00.000Z","bytes":17,)"
        R"("state":"open"})");
    const auto ids = [&](const Params& params) {
        return column_of(text_of(query::quarantine(world.view(), params, world.ports())), "items",
                         "id");
    };
    EXPECT_EQ(ids({}), "0-7 0-8 0-9 0-300");
    EXPECT_EQ(ids({{"reason", "malformed"}}), "0-7 0-300");
    EXPECT_EQ(ids({{"source", "crm"}}), "0-8");
    EXPECT_EQ(ids({{"source", "nobody"}}), "");
    EXPECT_EQ(ids({{"state", "open"}, {"source", "pbx-1"}}), "0-7 0-300");
    EXPECT_EQ(text_of(query::quarantine(world.view(), {{"state", "lost"}}, world.ports())),
              "invalid: state: open, redriven or discarded");
}

TEST(Quarantine, PagesTogetherAreTheWhole) {
    World world;
    put_items(world);
    Params params{{"limit", "1"}, {"reason", "malformed"}, {"count", "exact"}};
    const std::string first = text_of(query::quarantine(world.view(), params, world.ports()));
    EXPECT_EQ(column_of(first, "items", "id"), "0-7");
    EXPECT_EQ(member_of(first, "total"), "2");
    params["cursor"] = member_of(first, "next_cursor");
    const std::string second = text_of(query::quarantine(world.view(), params, world.ports()));
    EXPECT_EQ(column_of(second, "items", "id"), "0-300");
    EXPECT_EQ(member_of(second, "next_cursor"), "null");
    EXPECT_EQ(member_of(second, "total"), "2");
}

TEST(QuarantineItem, ShowsItsRawBytes) {
    World world;
    put_items(world);
    world.ports().raw_record =
        [](std::uint64_t offset) -> base::Result<std::optional<query::RawRecord>> {
        return offset == 7 ? std::optional(query::RawRecord{"abc"}) : std::nullopt;
    };
    const auto show = [&](const char* id) {
        return text_of(query::quarantine_item(world.view(), id, {}, world.ports()));
    };
    const std::string answer = show("0-7");
    EXPECT_EQ(member_of(answer, "reason"), "malformed");
    EXPECT_EQ(member_of(answer, "raw_base64"), "YWJj");
    EXPECT_EQ(member_of(answer, "sha256"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(member_of(show("0-8"), "raw_base64"), "null");
    EXPECT_EQ(member_of(show("0-8"), "sha256"), "null");
    for (const char* id :
         {"1-7", "0-10", "0-", "7", "", "0-07", "0-7 ", "x-7", "0-99999999999999999999"}) {
        EXPECT_EQ(show(id), "not_found: no such item in quarantine") << id;
    }
}

}  // namespace
}  // namespace query_test
