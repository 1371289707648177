// Keys of the views. Proved: golden bytes of every kind (a change of one is a change of the
// format), what a reader gives is what was written, order is the order of answers, damaged keys are
// refused, call ids decode.

#include "store/keys.h"

#include <gtest/gtest.h>

#include <random>

#include "support.h"

namespace {

using store::Index;
using store::IndexKey;
using store_test::Golden;
using store_test::to_hex;

store::CellKey sample_cell() {
    return {.company = kpi::Company{1},
            .level = {.level = store::Level::manager, .subject = 7, .team = 3},
            .bucket = 1'972'345,
            .group = store::Group::money,
            .currency = {'E', 'U', 'R'},
            .segment = kpi::Segment::existing};
}
store::SetKey sample_set() {
    return {.company = kpi::Company{1},
            .level = {.level = store::Level::team, .subject = 3},
            .rollup = store::Rollup::block,
            .bucket = 1'972'344,
            .set = kpi::Kpi::contacts_unique,
            .segment = kpi::Segment::fresh};
}
store::TimerKey sample_timer() {
    return {.due = base::from_ms(1'775'000'000'123),
            .company = kpi::Company{1},
            .rule = store::TimerRule::case_expiry,
            .subject = std::string("\0\0\0\2a", 5)};
}
store::EpisodeKey sample_episode_key() {
    return {.company = kpi::Company{1},
            .manager = kpi::Manager{9},
            .opened_at = base::from_ms(1'775'000'000'123),
            .kpi = kpi::Kpi::calls_out,
            .segment = kpi::Segment::existing,
            .grain = kpi::Grain::month};
}
IndexKey sample_index() {
    return {.index = Index::subject,
            .company = kpi::Company{1},
            .term = 42,
            .at = base::from_ms(1'775'000'000'123),
            .kind = 1,
            .native_id = std::string("a\0b", 3),
            .scope = kpi::Scope{5}};
}

TEST(Keys, HaveTheGoldenBytes) {
    const kpi::Company company{0x01020304};
    const store::EntityKey entity{
        .company = company, .kind = 1, .scope = kpi::Scope{2}, .native_id = "1.7"};
    store_test::expect_golden(
        "keys.txt",
        {{"meta", to_hex(store::meta_key("position"))},
         {"cell", to_hex(store::cell_key(sample_cell()).take())},
         {"set", to_hex(store::set_key(sample_set()).take())},
         {"directory", to_hex(store::directory_key(company, events::Kind::manager,
                                                   store::KeyWriter().text("m-1").i64(-5).take()))},
         {"client", to_hex(store::client_key(company, kpi::Client{9}))},
         {"name", to_hex(store::name_key(company, store::Table::manager, "m-1").take())},
         {"text", to_hex(store::text_key(company, store::Table::subject, 77).take())},
         {"source", to_hex(store::source_key(company, kpi::Source{2}))},
         {"quarantine", to_hex(store::quarantine_key(1'000'000))},
         {"thread", to_hex(store::thread_key(company, "root@x"))},
         {"cases", to_hex(store::cases_key(company, (std::uint64_t{1} << 32) + 9).take())},
         {"timer", to_hex(store::timer_key(sample_timer()))},
         {"watch", to_hex(store::watch_key(company, kpi::Manager{9}).take())},
         {"episode", to_hex(store::episode_key(sample_episode_key()).take())},
         {"outbox", to_hex(store::outbox_key(3))},
         {"entity", to_hex(store::entity_key(entity).take())},
         {"index", to_hex(store::index_key(sample_index()).take())}});
}

TEST(Keys, ReadBack) {
    store::EpisodeKey episode;
    ASSERT_TRUE(store::read_episode_key(store::episode_key(sample_episode_key()).take(), episode));
    EXPECT_EQ(episode, sample_episode_key());
    kpi::Company whose;
    kpi::Manager manager;
    const std::string watch = store::watch_key(kpi::Company{1}, kpi::Manager{9}).take();
    ASSERT_TRUE(store::read_watch_key(watch, whose, manager));
    EXPECT_EQ(whose, kpi::Company{1});
    EXPECT_EQ(manager, kpi::Manager{9});
    EXPECT_FALSE(store::read_watch_key(watch + "x", whose, manager));
    EXPECT_FALSE(store::read_episode_key(watch, episode));
    EXPECT_EQ(store::read_outbox_key(store::outbox_key(3)), 3U);
    EXPECT_EQ(store::read_outbox_key(watch), 0U);
    store::CellKey cell;
    ASSERT_TRUE(store::read_cell_key(store::cell_key(sample_cell()).take(), cell));
    EXPECT_EQ(cell, sample_cell());
    store::SetKey set;
    ASSERT_TRUE(store::read_set_key(store::set_key(sample_set()).take(), set));
    EXPECT_EQ(set, sample_set());
    IndexKey index;
    ASSERT_TRUE(store::read_index_key(store::index_key(sample_index()).take(), index));
    EXPECT_EQ(index, sample_index());
    const store::EntityKey written{.company = kpi::Company{1},
                                   .kind = store::alias_kind,
                                   .scope = kpi::Scope{2},
                                   .native_id = "x"};
    store::EntityKey entity;
    ASSERT_TRUE(store::read_entity_key(store::entity_key(written), entity));
    EXPECT_EQ(entity, written);
    store::TimerKey timer;
    ASSERT_TRUE(store::read_timer_key(store::timer_key(sample_timer()), timer));
    EXPECT_EQ(timer, sample_timer());
}

TEST(Keys, OfTimersLieInTheOrderOfTheirInstants) {
    store::TimerKey timer = sample_timer();
    const std::string key = store::timer_key(timer);
    EXPECT_LT(store::timers_lower(), key);
    EXPECT_LE(store::timers_upper(timer.due), key);
    EXPECT_GT(store::timers_upper(timer.due + base::Millis{1}), key);
    timer.due = base::from_ms(-1);
    EXPECT_LT(store::timer_key(timer), key);
    store::TimerKey out;
    EXPECT_FALSE(store::read_timer_key(key.substr(0, 12), out));
    EXPECT_FALSE(store::read_timer_key(store::thread_key(timer.company, "root@x"), out));
}

TEST(Keys, CutOrStretchedOnesAreRefused) {
    const std::string cell = store::cell_key(sample_cell()).take();
    const std::string set = store::set_key(sample_set()).take();
    const std::string index = store::index_key(sample_index()).take();
    store::CellKey cell_out;
    store::SetKey set_out;
    IndexKey index_out;
    store::EntityKey entity_out;
    for (std::size_t size = 0; size < cell.size(); ++size) {
        EXPECT_FALSE(store::read_cell_key(cell.substr(0, size), cell_out)) << size;
    }
    for (std::size_t size = 0; size < set.size(); ++size) {
        EXPECT_FALSE(store::read_set_key(set.substr(0, size), set_out)) << size;
    }
    for (std::size_t size = 0; size < index.size(); ++size) {
        EXPECT_FALSE(store::read_index_key(index.substr(0, size), index_out)) << size;
    }
    EXPECT_FALSE(store::read_cell_key(cell + "x", cell_out));
    EXPECT_FALSE(store::read_set_key(set + "x", set_out));
    EXPECT_FALSE(store::read_index_key(index + "x", index_out));
    EXPECT_FALSE(store::read_cell_key(set, cell_out));
    EXPECT_FALSE(store::read_set_key(cell, set_out));
    EXPECT_FALSE(store::read_entity_key("12345678", entity_out));
}

TEST(Keys, ABlockBeginsWhereBlocksDo) {
    store::SetKey set = sample_set();
    ++set.bucket;
    store::SetKey out;
    EXPECT_FALSE(store::read_set_key(store::set_key(set), out));
    set.rollup = store::Rollup::quarter;
    EXPECT_TRUE(store::read_set_key(store::set_key(set), out));
    EXPECT_EQ(out, set);
}

TEST(Keys, EveryAcceptedCellKeyIsWrittenSo) {
    std::mt19937_64 random(2);
    const std::string key = store::cell_key(sample_cell()).take();
    std::size_t accepted = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = key;
        bytes[random() % bytes.size()] = static_cast<char>(random());
        store::CellKey cell;
        if (store::read_cell_key(bytes, cell)) {
            ++accepted;
            EXPECT_EQ(store::cell_key(cell).take(), bytes);
        }
    }
    EXPECT_GT(accepted, 1'000U);
}

TEST(Index, IsNewestFirstThenByNativeIdThenByScope) {
    std::vector<IndexKey> in_order;
    for (const std::int64_t at : {2'000, 1'000, 0, -1'000}) {
        for (const std::string& id : {std::string("a"), std::string("a\0", 2), std::string("ab")}) {
            for (const std::uint32_t scope : {0U, 1U, 256U}) {
                IndexKey key = sample_index();
                key.at = base::from_ms(at);
                key.native_id = id;
                key.scope = kpi::Scope{scope};
                in_order.push_back(key);
            }
        }
    }
    for (std::size_t i = 1; i < in_order.size(); ++i) {
        EXPECT_LT(store::index_key(in_order[i - 1]).take(), store::index_key(in_order[i]).take())
            << i;
    }
}

TEST(Index, RangeIsHalfOpen) {
    const base::UtcMillis from = base::from_ms(1'000);
    const base::UtcMillis until = base::from_ms(2'000);
    const std::string lower = store::index_lower(Index::subject, kpi::Company{1}, 42, until);
    const std::string upper = store::index_upper(Index::subject, kpi::Company{1}, 42, from);
    const auto is_within = [&](std::int64_t at) {
        IndexKey key = sample_index();
        key.at = base::from_ms(at);
        const std::string bytes = store::index_key(key).take();
        return lower <= bytes && bytes < upper;
    };
    EXPECT_FALSE(is_within(999));
    EXPECT_TRUE(is_within(1'000));
    EXPECT_TRUE(is_within(1'999));
    EXPECT_FALSE(is_within(2'000));
}

TEST(Index, UnboundedRangeHoldsEveryInstantOfItsTermAndNoOther) {
    const std::string lower =
        store::index_lower(Index::subject, kpi::Company{1}, 42, base::for_ever);
    const std::string upper =
        store::index_upper(Index::subject, kpi::Company{1}, 42, base::since_ever);
    IndexKey key = sample_index();
    for (const std::int64_t at :
         {std::int64_t{-60'000'000'000'000}, std::int64_t{0}, std::int64_t{253'402'300'799'999}}) {
        key.at = base::from_ms(at);
        EXPECT_LE(lower, store::index_key(key).take());
        EXPECT_LT(store::index_key(key).take(), upper);
    }
    key.term = 43;
    EXPECT_GT(store::index_key(key).take(), upper);
    key.term = 41;
    EXPECT_LT(store::index_key(key).take(), lower);
}

TEST(Bucket, IsAQuarterHourFromItsStart) {
    EXPECT_EQ(store::bucket_of(base::from_ms(0)), 0U);
    EXPECT_EQ(store::bucket_of(base::from_ms(store::bucket_ms - 1)), 0U);
    EXPECT_EQ(store::bucket_of(base::from_ms(store::bucket_ms)), 1U);
    EXPECT_EQ(store::bucket_start(1), base::from_ms(store::bucket_ms));
    EXPECT_EQ(store::bucket_of(base::from_ms(-1)), 0U);
}

TEST(CallId, DecodesToScopeAndNativeIdOfAnyLength) {
    EXPECT_EQ(store::call_id_of("main", "1718000000.1"), "bWFpbgAxNzE4MDAwMDAwLjE");
    std::string native;
    for (int length = 0; length < 260; ++length) {
        const auto parts = store::parse_call_id(store::call_id_of("pbx", native));
        ASSERT_TRUE(parts) << length;
        EXPECT_EQ(parts->scope_name, "pbx");
        EXPECT_EQ(parts->native_id, native);
        native.push_back(static_cast<char>(length * 37));
    }
}

struct BadId {
    std::string name;
    std::string text;
};
class BadCallId : public testing::TestWithParam<BadId> {};
TEST_P(BadCallId, IsNoId) {
    EXPECT_FALSE(store::parse_call_id(GetParam().text));
}
INSTANTIATE_TEST_SUITE_P(CallIds, BadCallId,
                         testing::Values(BadId{"empty", ""}, BadId{"without_separator", "bWFpbg"},
                                         BadId{"padded", "bWFpbgA="},
                                         BadId{"other_alphabet", "bWFpbgA+"},
                                         BadId{"bits_left_over", "bWFpbgAxNzE4MDAwMDAwLjF"},
                                         BadId{"one_digit_too_many", "bWFpbgAxA"}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
