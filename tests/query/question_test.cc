// Proves how a question is read: its range, its cursor, and what is refused. How: questions of KPIs
// to a world of a few calls; ranges by the borders that the answer names, refusals by the words of
// the error.
#include <gtest/gtest.h>

#include "query/answers.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

void put_calls(World& world) {
    for (const char* manager : {"m-bob", "m-charlie", "m-dina"}) {
        world.add_call("main", manager,
                       answered(world, "2026-11-02T07:00:00Z", {{manager, "north", 30}}));
    }
}

std::string ask(World& world, const Params& params) {
    return text_of(query::kpis(world.view(), params, world.ports()));
}

struct Refusal {
    const char* name;
    Params params;
    const char* context;
};
std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
    return out << refusal.name;
}

class RefusedQuestionTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedQuestionTest, NamesWhatIsWrong) {
    World world;
    put_calls(world);
    const auto answer = query::kpis(world.view(), GetParam().params, world.ports());
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), base::ErrorCode::invalid);
    EXPECT_NE(answer.error().context().find(GetParam().context), std::string::npos)
        << answer.error().context();
}

INSTANTIATE_TEST_SUITE_P(
    Questions, RefusedQuestionTest,
    testing::Values(Refusal{"kpi", {{"kpi", "calls_in,nonsense"}}, "no such KPI: nonsense"},
                    Refusal{"dimension", {{"by", "colour"}}, "no such dimension: colour"},
                    Refusal{"dimension_twice", {{"by", "team,team"}}, "twice"},
                    Refusal{"parameter", {{"menager", "m-bob"}}, "menager"},
                    Refusal{"company", {{"company", "other"}}, "no such company"},
                    Refusal{"zone", {{"tz", "Mars/Olympus"}}, "tz"},
                    Refusal{"segment", {{"segment", "newish"}}, "segment"},
                    Refusal{"day", {{"day", "2026-02-30"}}, "day"},
                    Refusal{"week", {{"week", "2025-W53"}}, "week"},
                    Refusal{"week_zero", {{"week", "2025-W00"}}, "week"},
                    Refusal{"month", {{"month", "2026-13"}}, "month"},
                    Refusal{
                        "two_ranges", {{"day", "2026-11-02"}, {"from", "2026-11-02"}}, "one of"},
                    Refusal{"instant", {{"from", "2026-11-02T10:00:00"}}, "from"},
                    Refusal{"limit_zero", {{"limit", "0"}}, "limit"},
                    Refusal{"limit_word", {{"limit", "10x"}}, "limit"},
                    Refusal{"count", {{"count", "about"}}, "count"},
                    Refusal{"cursor", {{"cursor", "AAAA"}}, "cursor"},
                    Refusal{"cursor_text", {{"cursor", "?"}}, "cursor"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Cursors, OfAnotherQuestionAreRefused) {
    World world;
    put_calls(world);
    const std::string page = ask(world, {{"limit", "1"}, {"kpi", "calls_in"}});
    const std::string cursor = member_of(page, "next_cursor");
    ASSERT_NE(cursor, "null");
    EXPECT_NE(ask(world, {{"limit", "2"}, {"kpi", "calls_in"}, {"cursor", cursor}}).find("rows"),
              std::string::npos);
    EXPECT_EQ(ask(world, {{"kpi", "calls_out"}, {"cursor", cursor}}),
              "invalid: cursor: not one of this question");
}

TEST(Ranges, AreTheDaysOfTheCompanysZone) {
    World world;
    const auto range = [&](const Params& params) {
        const std::string answer = text_of(query::kpis(world.view(), params, world.ports()));
        return member_of(answer, "from") + " " + member_of(answer, "until");
    };
    EXPECT_EQ(range({}), "1970-01-01T00:00:00.000Z 9999-01-01T00:00:00.000Z");
    EXPECT_EQ(range({{"week", "2026-W45"}}), "2026-11-01T21:00:00.000Z 2026-11-08T21:00:00.000Z");
    EXPECT_EQ(range({{"week", "2026-11-05"}}), "2026-11-01T21:00:00.000Z 2026-11-08T21:00:00.000Z");
    EXPECT_EQ(range({{"week", "2020-W53"}}), "2020-12-27T21:00:00.000Z 2021-01-03T21:00:00.000Z");
    EXPECT_EQ(range({{"month", "2026-11"}}), "2026-10-31T21:00:00.000Z 2026-11-30T21:00:00.000Z");
    EXPECT_EQ(range({{"month", "2026-12-31"}}),
              "2026-11-30T21:00:00.000Z 2026-12-31T21:00:00.000Z");
    EXPECT_EQ(range({{"from", "2026-11-02T10:00:00+03:00"}, {"until", "2026-11-03"}}),
              "2026-11-02T07:00:00.000Z 2026-11-02T21:00:00.000Z");
}

}  // namespace
}  // namespace query_test
