// The store, over the file system and in memory. Proved: writes are seen whole, scans of every key
// length give every row, snapshots stand still, a directory keeps what was written and belongs to
// one opener, damaged files are `corrupt` and not an answer.

#include "store/rocks_view_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "support.h"
#include "tests/support/owned_change.h"

namespace {

using store::Change;
using store::Family;
using store_test::failure_of;
using tests::OwnedChange;

using Keys = std::vector<std::string>;

enum class Place { disk, memory };

class RocksViewStore : public testing::TestWithParam<Place> {
protected:
    RocksViewStore() {
        auto opened = GetParam() == Place::disk
                          ? store::open_rocks(directory_.path() / "views" / "1")
                          : store::open_rocks_in_memory();
        EXPECT_TRUE(opened) << failure_of(opened);
        rows_ = std::move(opened.value());
    }
    void write(const std::vector<OwnedChange>& changes) {
        ASSERT_TRUE(tests::write_all(*rows_, changes));
    }
    static Keys keys_of(const store::ViewReader& rows, Family family, std::string_view from,
                        std::string_view until) {
        Keys keys;
        EXPECT_TRUE(rows.scan(family, from, until, [&](std::string_view key, std::string_view) {
            keys.emplace_back(key);
            return true;
        }));
        return keys;
    }

    store_test::TempDirectory directory_;
    std::unique_ptr<store::ViewStore> rows_;
};
INSTANTIATE_TEST_SUITE_P(Places, RocksViewStore, testing::Values(Place::disk, Place::memory),
                         [](const auto& tested) {
                             return tested.param == Place::disk ? "disk" : "memory";
                         });

TEST_P(RocksViewStore, FamiliesAreApart) {
    write({{Family::state, "k", "state"}, {Family::entity, "k", "entity"}});
    EXPECT_EQ(rows_->get(Family::state, "k").value(), "state");
    EXPECT_EQ(rows_->get(Family::entity, "k").value(), "entity");
    EXPECT_EQ(rows_->get(Family::index, "k").value(), std::nullopt);
}

TEST_P(RocksViewStore, LaterChangeOfOneWriteStands) {
    write({{Family::state, "k", "1"},
           {Family::state, "k", std::nullopt},
           {Family::state, "l", std::nullopt},
           {Family::state, "l", ""}});
    EXPECT_EQ(rows_->get(Family::state, "k").value(), std::nullopt);
    EXPECT_EQ(rows_->get(Family::state, "l").value(), "");
}

TEST_P(RocksViewStore, ManyAreReadInTheirOrder) {
    std::vector<OwnedChange> changes;
    for (int i = 0; i < 1'000; i += 2) {
        changes.push_back({Family::entity, std::to_string(1'000 + i), std::to_string(i)});
    }
    write(changes);
    Keys keys;
    for (int i = 0; i < 1'000; ++i) {
        keys.push_back(std::to_string(1'000 + i));
    }
    const std::vector<std::string_view> wanted(keys.begin(), keys.end());
    const auto values = rows_->get_many(Family::entity, wanted);
    ASSERT_TRUE(values);
    ASSERT_EQ(values.value().size(), 1'000U);
    for (std::size_t i = 0; i < 1'000; ++i) {
        EXPECT_EQ(values.value()[i], i % 2 == 0 ? std::optional(std::to_string(i)) : std::nullopt);
    }
    EXPECT_TRUE(rows_->get_many(Family::entity, {}).value().empty());
}

TEST_P(RocksViewStore, LeapShowsWhatItLandsOn) {
    std::vector<OwnedChange> changes;
    for (int i = 100; i < 200; ++i) {
        for (const Family family : {Family::state, Family::index}) {
            changes.push_back({family, std::to_string(i), ""});
        }
    }
    write(changes);
    // Three rows of every ten, from the fifth on; not beyond 180.
    for (const Family family : {Family::state, Family::index}) {
        Keys shown;
        ASSERT_TRUE(rows_->leap(family, "110", "190", [&](std::string_view key, std::string_view) {
            const int number = std::stoi(std::string(key));
            if (number >= 180) {
                return store::Next::end();
            }
            if (number % 10 < 5) {
                return store::Next::from(std::to_string(number / 10) + "5");
            }
            shown.emplace_back(key);
            return number % 10 == 7 ? store::Next::from(std::to_string(number / 10 + 1))
                                    : store::Next::row();
        }));
        Keys expected;
        for (int ten = 11; ten < 18; ++ten) {
            for (const char* const last : {"5", "6", "7"}) {
                expected.push_back(std::to_string(ten) + last);
            }
        }
        EXPECT_EQ(shown, expected);
    }
    int count = 0;
    ASSERT_TRUE(rows_->leap(Family::state, "150", "", [&](std::string_view, std::string_view) {
        return ++count == 1 ? store::Next::from("195") : store::Next::row();
    }));
    EXPECT_EQ(count, 6);
}

TEST_P(RocksViewStore, ScanAtEveryKeyLengthGivesEveryRowOfItsRange) {
    // Keys share long prefixes and end at every length; borders are cut from keys at every length
    // too.
    std::mt19937_64 random(5);
    std::vector<OwnedChange> changes;
    std::map<std::string, Family> kept[store::families_count];
    for (std::size_t number = 0; number < store::families_count; ++number) {
        const auto family = static_cast<Family>(number);
        for (int i = 0; i < 100; ++i) {
            std::string key(1 + random() % 24, '\0');
            for (char& c : key) {
                c = static_cast<char>(random() % 4 == 0 ? 0xff : random() % 3);
            }
            changes.push_back({family, key, "v"});
            kept[number].emplace(key, family);
        }
    }
    write(changes);
    for (std::size_t number = 0; number < store::families_count; ++number) {
        const auto family = static_cast<Family>(number);
        for (const auto& [key, unused] : kept[number]) {
            for (std::size_t length = 0; length <= key.size(); ++length) {
                const std::string prefix = key.substr(0, length);
                const std::string end = store::prefix_end(prefix);
                Keys expected;
                for (const auto& [other, also_unused] : kept[number]) {
                    if (other.substr(0, length) == prefix && other.size() >= length) {
                        expected.push_back(other);
                    }
                }
                ASSERT_EQ(keys_of(*rows_, family, prefix, end), expected);
                ASSERT_EQ(rows_->last_key(family, prefix, end).value(), expected.back());
            }
        }
    }
}

TEST_P(RocksViewStore, ScanStopsWhenToldAndBeforeItsEnd) {
    write({{Family::index, "a", ""}, {Family::index, "b", ""}, {Family::index, "c", ""}});
    EXPECT_EQ(keys_of(*rows_, Family::index, "a", "c"), (Keys{"a", "b"}));
    EXPECT_EQ(keys_of(*rows_, Family::index, "b", ""), (Keys{"b", "c"}));
    EXPECT_EQ(keys_of(*rows_, Family::index, "d", ""), Keys{});
    int shown = 0;
    ASSERT_TRUE(rows_->scan(Family::index, "", "",
                            [&](std::string_view, std::string_view) { return ++shown < 2; }));
    EXPECT_EQ(shown, 2);
}

TEST_P(RocksViewStore, IndexIsOneMapHoweverItsKeysCame) {
    // Keys put one by one, ingested and erased in a random order, against a set; the directory is
    // opened anew in between, where it can be.
    std::mt19937_64 random(11);
    std::set<std::string> expected;
    const auto some_key = [&] { return std::string(1, static_cast<char>('a' + random() % 26)); };
    for (int round = 0; round < 300; ++round) {
        switch (random() % 4) {
            case 0: {
                std::set<std::string> fresh;
                for (int i = 0; i < 4; ++i) {
                    fresh.insert(some_key());
                }
                const std::vector<std::string_view> keys(fresh.begin(), fresh.end());
                ASSERT_TRUE(rows_->ingest_index(keys));
                expected.insert(fresh.begin(), fresh.end());
                break;
            }
            case 1: {
                const std::string key = some_key();
                write({{Family::index, key, ""}});
                expected.insert(key);
                break;
            }
            default: {
                const std::string key = some_key();
                write({{Family::index, key, std::nullopt}});
                expected.erase(key);
                break;
            }
        }
        if (GetParam() == Place::disk && round % 50 == 49) {
            rows_.reset();
            rows_ = std::move(store::open_rocks(directory_.path() / "views" / "1")).value();
        }
        const std::string from = some_key();
        const std::string until = some_key();
        Keys inside;
        for (const std::string& key : expected) {
            if (key >= from && key < until) {
                inside.push_back(key);
            }
            ASSERT_TRUE(rows_->get(Family::index, key).value());
        }
        ASSERT_EQ(keys_of(*rows_, Family::index, "", ""), Keys(expected.begin(), expected.end()));
        ASSERT_EQ(keys_of(*rows_, Family::index, from, until), inside);
        ASSERT_EQ(rows_->last_key(Family::index, from, until).value(),
                  inside.empty() ? std::nullopt : std::optional(inside.back()));
        ASSERT_EQ(rows_->get(Family::index, from).value().has_value(), expected.contains(from));
    }
}

TEST_P(RocksViewStore, SnapshotDoesNotSeeWhatIsIngestedLater) {
    const std::vector<std::string_view> first{"a", "c"};
    ASSERT_TRUE(rows_->ingest_index(first));
    const auto before = rows_->snapshot();
    const std::vector<std::string_view> second{"b"};
    ASSERT_TRUE(rows_->ingest_index(second));
    write({{Family::index, "a", std::nullopt}});
    EXPECT_EQ(keys_of(*before, Family::index, "", ""), (Keys{"a", "c"}));
    EXPECT_EQ(keys_of(*rows_, Family::index, "", ""), (Keys{"b", "c"}));
}

TEST_P(RocksViewStore, LastKeyIsWithinItsRange) {
    write({{Family::state, "a", ""}, {Family::state, "c", ""}});
    EXPECT_EQ(rows_->last_key(Family::state, "", "").value(), "c");
    EXPECT_EQ(rows_->last_key(Family::state, "", "c").value(), "a");
    EXPECT_EQ(rows_->last_key(Family::state, "b", "c").value(), std::nullopt);
    EXPECT_EQ(rows_->last_key(Family::state, "d", "").value(), std::nullopt);
}

TEST_P(RocksViewStore, SnapshotStandsStillAndOutlivesTheStore) {
    write({{Family::state, "a", "1"}, {Family::state, "b", "1"}});
    const std::shared_ptr<const store::ViewReader> before = rows_->snapshot();
    write(
        {{Family::state, "a", "2"}, {Family::state, "b", std::nullopt}, {Family::state, "c", "2"}});
    EXPECT_EQ(rows_->get(Family::state, "a").value(), "2");
    rows_.reset();
    EXPECT_EQ(before->get(Family::state, "a").value(), "1");
    EXPECT_EQ(keys_of(*before, Family::state, "", ""), (Keys{"a", "b"}));
    EXPECT_EQ(before->last_key(Family::state, "", "").value(), "b");
    const std::string_view both[] = {"a", "c"};
    EXPECT_EQ(before->get_many(Family::state, both).value(),
              (std::vector<std::optional<std::string>>{"1", std::nullopt}));
}

TEST_P(RocksViewStore, CountersAreShown) {
    write({{Family::entity, "k", std::string(100'000, 'x')}});
    ASSERT_TRUE(rows_->flush_wal());
    const base::Probe* const probe = store::probe_of(*rows_);
    ASSERT_NE(probe, nullptr);
    std::map<std::string, double> shown;
    probe->visit([&](const base::Sample& sample) {
        const std::string label = sample.labels.empty() ? "" : "/" + sample.labels.front().second;
        EXPECT_TRUE(shown.emplace(sample.name + label, sample.value).second) << sample.name;
        EXPECT_FALSE(sample.help.empty());
    });
    EXPECT_GT(shown["store_memtable_bytes/entity"], 100'000);
    EXPECT_LT(shown["store_memtable_bytes/ix_live"], 100'000);
    EXPECT_GT(shown["store_wal_written_bytes_total"], 100'000);
    EXPECT_EQ(shown.count("store_write_stall_seconds_total"), 1U);
    EXPECT_EQ(shown.count("store_pending_compaction_bytes/state"), 1U);
}

TEST(RocksDirectory, KeepsWhatWasWritten) {
    const store_test::TempDirectory directory;
    for (int round = 0; round < 3; ++round) {
        auto rows = store::open_rocks(directory.path());
        ASSERT_TRUE(rows) << failure_of(rows);
        const auto last = rows.value()->get(Family::state, "round").value();
        EXPECT_EQ(last, round == 0 ? std::nullopt : std::optional(std::to_string(round - 1)));
        const std::string number = std::to_string(round);
        ASSERT_TRUE(tests::write_all(*rows.value(), {{Family::state, "round", number},
                                                     {Family::index, "key" + number, ""}}));
    }
    auto rows = store::open_rocks(directory.path());
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows.value()->last_key(Family::index, "", "").value(), "key2");
}

TEST(RocksDirectory, BelongsToOneOpenerUntilTheLastSnapshotIsGone) {
    const store_test::TempDirectory directory;
    auto first = store::open_rocks(directory.path());
    ASSERT_TRUE(first);
    const auto second = store::open_rocks(directory.path());
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), base::ErrorCode::already_exists) << failure_of(second);
    std::shared_ptr<const store::ViewReader> snapshot = first.value()->snapshot();
    first.value().reset();
    EXPECT_FALSE(store::open_rocks(directory.path()));
    snapshot.reset();
    EXPECT_TRUE(store::open_rocks(directory.path()));
}

TEST(RocksDirectory, ThatIsAFileIsUnavailable) {
    const store_test::TempDirectory directory;
    std::ofstream(directory.path() / "views") << "no directory";
    const auto opened = store::open_rocks(directory.path() / "views");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), base::ErrorCode::unavailable) << failure_of(opened);
}

TEST(RocksDirectory, ThatLostItsManifestIsCorrupt) {
    const store_test::TempDirectory directory;
    {
        auto rows = store::open_rocks(directory.path());
        ASSERT_TRUE(rows);
        const Change changes[] = {{Family::state, "k", "v"}};
        ASSERT_TRUE(rows.value()->write(changes));
    }
    std::ofstream(directory.path() / "CURRENT", std::ios::trunc) << "nonsense";
    const auto opened = store::open_rocks(directory.path());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), base::ErrorCode::corrupt) << failure_of(opened);
}

/// While it lives, no file of this process grows beyond `bytes`.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limited{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limited), 0);
    }
    ~FileSizeLimit() {
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
        std::signal(SIGXFSZ, handler_);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

private:
    rlimit before_{};
    void (*handler_)(int) = nullptr;
};

TEST(RocksDirectory, OnADiskThatRefusesKeepsEarlierWritesWhole) {
    const store_test::TempDirectory directory;
    {
        auto rows = store::open_rocks(directory.path());
        ASSERT_TRUE(rows);
        const Change first[] = {{Family::state, "position", "1"}, {Family::entity, "e", "1"}};
        ASSERT_TRUE(rows.value()->write(first));
        const FileSizeLimit limit(1 << 20);
        const auto refused = tests::write_all(
            *rows.value(),
            {{Family::state, "position", "2"}, {Family::entity, "e", std::string(4 << 20, 'x')}});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), base::ErrorCode::unavailable) << failure_of(refused);
        EXPECT_EQ(rows.value()->get(Family::state, "position").value(), "1");
    }
    auto rows = store::open_rocks(directory.path());
    ASSERT_TRUE(rows) << failure_of(rows);
    EXPECT_EQ(rows.value()->get(Family::state, "position").value(), "1");
    EXPECT_EQ(rows.value()->get(Family::entity, "e").value(), "1");
}

TEST(PrefixEnd, IsTheFirstKeyBehindThePrefix) {
    using namespace std::string_literals;
    EXPECT_EQ(store::prefix_end("a"), "b");
    EXPECT_EQ(store::prefix_end("a\xff\xff"), "b");
    EXPECT_EQ(store::prefix_end("\xff"), "");
    EXPECT_EQ(store::prefix_end(""), "");
    EXPECT_EQ(store::prefix_end("a\0"s), "a\1"s);
    EXPECT_EQ(store::prefix_end("\x7f"), "\x80");
}

}  // namespace
