// Proves that an answer is the sum of what the entities give, whatever range, zone and rows it is
// asked for. How: random worlds; the sums of the cells, by blocks and quarters, are held against
// the list of the entities that `explain` adds up.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "query/answers.h"
#include "store/keys.h"
#include "world.h"

namespace query_test {
namespace {

using query::Params;

base::Millis drawn_within(std::mt19937& random, base::Millis span) {
    return base::Millis(static_cast<std::int64_t>(random()) % span.count());
}

/// `count` random calls between `start` and `span` later.
void put_random_calls(World& world, std::mt19937& random, int count, base::UtcMillis start,
                      base::Millis span) {
    const std::vector<Spoke> people{{"m-bob", "north", 0},  {"m-charlie", "north", 0},
                                    {"m-dina", "south", 0}, {"", "north", 0},
                                    {"", "south", 0},       {"", "", 0}};
    for (int i = 0; i < count; ++i) {
        const std::string instant = kpi::render(start + drawn_within(random, span));
        std::vector<Spoke> spoke;
        for (const Spoke& one : people) {
            if (random() % 3 == 0) {
                spoke.push_back({one.manager, one.team, static_cast<int>(random() % 90)});
            }
        }
        const Spoke& owner = people[random() % people.size()];
        const std::string number =
            random() % 5 == 0 ? "" : "+7916111000" + std::to_string(random() % 8);
        const auto row = spoke.empty()       ? missed(world, instant, owner.manager, owner.team)
                         : random() % 3 == 0 ? outbound(world, instant, owner.manager, owner.team,
                                                        static_cast<int>(random() % 60))
                                             : answered(world, instant, spoke, number);
        world.add_call("main", std::to_string(i), row);
    }
}

/// Any of these.
std::string any(std::mt19937& random, const std::vector<std::string>& words) {
    return words[random() % words.size()];
}

class TotalsTest : public testing::TestWithParam<base::Millis> {};

TEST_P(TotalsTest, AreWhatTheListOfEntitiesAddsUpTo) {
    const base::Millis span = GetParam();
    const base::UtcMillis start = at("2026-11-02T06:30:00Z");
    for (unsigned seed = 1; seed <= 6; ++seed) {
        std::mt19937 random(seed);
        World world;
        put_random_calls(world, random, 200, start, span);
        const store::ReadView view = world.view();
        for (int asked = 0; asked < 100; ++asked) {
            const auto border = [&] {
                const base::UtcMillis drawn = start + drawn_within(random, span);
                if (random() % 2 == 0) {
                    return kpi::render(drawn);
                }
                // A quarter of an hour, half of them beside the border of a block.
                store::Bucket bucket = store::bucket_of(drawn);
                if (random() % 2 == 0) {
                    bucket = store::block_of(bucket) - 1 + static_cast<store::Bucket>(random() % 3);
                }
                return kpi::render(store::bucket_start(bucket));
            };
            const std::string kpi =
                any(random, {"calls_in", "calls_out", "calls_missed", "talk_seconds",
                             "ring_seconds", "contacts_unique", "answer_rate", "wait_seconds",
                             "connect_rate", "contacts_attempted"});
            Params params{{"kpi", kpi},
                          {"from", border()},
                          {"until", border()},
                          {"manager", any(random, {"", "", "none", "m-bob", "m-dina"})},
                          {"team", any(random, {"", "", "none", "north", "south"})},
                          {"segment", any(random, {"", "", "none", "new"})}};
            const std::string explained = text_of(query::explain(view, params, world.ports()));
            const std::string counted = text_of(query::kpis(view, params, world.ports()));
            EXPECT_EQ(member_of(counted, "totals." + kpi), member_of(explained, "value"))
                << seed << " " << params["from"] << " " << params["until"] << " "
                << params["manager"] << " " << params["team"] << " " << params["segment"] << " "
                << kpi;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Spans, TotalsTest,
                         testing::Values(std::chrono::hours(2), std::chrono::hours(50)));

/// Zones whose days begin at, beside and far from the borders of the views' blocks of six hours,
/// one with a quarter of an hour, one with a day of 25 hours in the range.
class DayRowsTest : public testing::TestWithParam<const char*> {};

TEST_P(DayRowsTest, AreWhatTheListOfEntitiesOfTheirDayAddsUpTo) {
    std::mt19937 random(7);
    World world(GetParam());
    put_random_calls(world, random, 150, at("2026-10-22T06:30:00Z"), std::chrono::hours(24 * 6));
    const store::ReadView view = world.view();
    int compared = 0;
    for (const std::string kpi : {"calls_in", "talk_seconds", "contacts_unique"}) {
        for (const std::string manager : {"", "none", "m-bob"}) {
            const Params params{{"kpi", kpi},
                                {"by", "day"},
                                {"from", "2026-10-22"},
                                {"until", "2026-10-29"},
                                {"manager", manager}};
            const std::string answer = text_of(query::kpis(view, params, world.ports()));
            for (int row = 0;; ++row, ++compared) {
                const std::string place = "rows." + std::to_string(row);
                const std::string day = member_of(answer, place + ".day");
                if (day == "(absent)") {
                    break;
                }
                const Params one{{"kpi", kpi}, {"day", day}, {"manager", manager}};
                EXPECT_EQ(member_of(answer, place + ".values." + kpi),
                          member_of(text_of(query::explain(view, one, world.ports())), "value"))
                    << kpi << " " << manager << " " << day;
            }
        }
    }
    EXPECT_GE(compared, 9 * 6);
}

INSTANTIATE_TEST_SUITE_P(Zones, DayRowsTest,
                         testing::Values("UTC", "Europe/Moscow", "Asia/Kathmandu",
                                         "America/New_York", "Asia/Yekaterinburg",
                                         "Europe/Berlin"));

}  // namespace
}  // namespace query_test
