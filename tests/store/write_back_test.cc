// What a fold works on. Proved: it sees its own changes, also in index scans; a commit is all or
// nothing and writes only what differs; the running digest is the sum over all rows that stand,
// whatever the edits, and does not depend on how they were cut into commits.

#include "store/write_back.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <random>

#include "store/keys.h"
#include "store/rocks_view_store.h"
#include "support.h"
#include "tests/support/owned_change.h"
#include "tests/support/passing_store.h"

namespace {

using store::Change;
using store::Family;
using store::WriteBack;

/// A store that can refuse, and that remembers the last write.
class WatchedStore final : public tests::PassingStore {
public:
    WatchedStore() : WatchedStore(std::move(store::open_rocks_in_memory()).value()) {}
    explicit WatchedStore(std::unique_ptr<store::ViewStore> rows)
        : PassingStore(*rows), rows_(std::move(rows)) {}

    base::Result<std::optional<std::string>> get(Family family,
                                                 std::string_view key) const override {
        ++reads;
        if (refuses_reads) {
            return base::Error(base::ErrorCode::unavailable, "refused");
        }
        return PassingStore::get(family, key);
    }
    /// One by one, so that they are counted.
    base::Result<std::vector<std::optional<std::string>>> get_many(
        Family family, std::span<const std::string_view> keys) const override {
        std::vector<std::optional<std::string>> values;
        for (const std::string_view key : keys) {
            BOOST_OUTCOME_TRY(auto value, get(family, key));
            values.push_back(std::move(value));
        }
        return values;
    }
    base::Result<void> write(std::span<const Change> changes) override {
        if (refuses_writes || writes == writes_max) {
            return base::Error(base::ErrorCode::unavailable, "refused");
        }
        ++writes;
        written.clear();
        std::transform(changes.begin(), changes.end(), std::back_inserter(written), tests::owned);
        return PassingStore::write(changes);
    }
    base::Result<void> ingest_index(std::span<const std::string_view> keys) override {
        ingested += keys.size();
        return PassingStore::ingest_index(keys);
    }

    mutable int reads = 0;
    int writes = 0;
    int writes_max = std::numeric_limits<int>::max();
    std::size_t ingested = 0;
    bool refuses_reads = false;
    bool refuses_writes = false;
    std::vector<tests::OwnedChange> written;

private:
    std::unique_ptr<store::ViewStore> rows_;
};

base::Uint128 digest_of_all(const store::ViewReader& rows) {
    base::Uint128 sum = 0;
    for (const Family family : {Family::state, Family::entity, Family::index}) {
        EXPECT_TRUE(rows.scan(family, "", "", [&](std::string_view key, std::string_view value) {
            sum += store::digest_of_row(family, key, value);
            return true;
        }));
    }
    return sum;
}

std::vector<std::string> keys_of(WriteBack& rows, std::string_view from, std::string_view until) {
    std::vector<std::string> keys;
    EXPECT_TRUE(rows.scan_index(from, until, [&](std::string_view key) {
        keys.emplace_back(key);
        return true;
    }));
    return keys;
}

std::string cell(char name) {
    return {static_cast<char>(store::StateKind::cell), name};
}

TEST(WriteBack, SeesItsOwnChangesBeforeAndAfterTheCommit) {
    WatchedStore rows;
    WriteBack fold(rows);
    ASSERT_TRUE(fold.open());
    EXPECT_EQ(fold.get(Family::state, cell('a')).value(), std::nullopt);
    fold.put(Family::state, cell('a'), "1");
    EXPECT_EQ(fold.get(Family::state, cell('a')).value(), "1");
    EXPECT_EQ(rows.get(Family::state, cell('a')).value(), std::nullopt);
    EXPECT_EQ(fold.changes_count(), 1U);
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(fold.changes_count(), 0U);
    EXPECT_EQ(fold.get(Family::state, cell('a')).value(), "1");
    EXPECT_EQ(rows.get(Family::state, cell('a')).value(), "1");
    fold.erase(Family::state, cell('a'));
    EXPECT_EQ(fold.get(Family::state, cell('a')).value(), std::nullopt);
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.get(Family::state, cell('a')).value(), std::nullopt);
}

TEST(WriteBack, ReadsARowOnceABatch) {
    WatchedStore rows;
    WriteBack fold(rows);
    for (int round = 0; round < 3; ++round) {
        rows.reads = 0;
        for (const char* const key : {"b", "a", "b"}) {
            fold.want(Family::entity, key);
        }
        ASSERT_TRUE(fold.read_wanted());
        EXPECT_EQ(rows.reads, 2);
        ASSERT_TRUE(fold.read_wanted());
        for (int time = 0; time < 2; ++time) {
            EXPECT_EQ(fold.get(Family::entity, "a").value(),
                      round == 0 ? std::nullopt : std::optional(std::to_string(round - 1)));
            EXPECT_EQ(fold.get(Family::entity, "b").value(), std::nullopt);
        }
        fold.put(Family::entity, "a", std::to_string(round));
        ASSERT_TRUE(fold.commit());
        EXPECT_EQ(rows.reads, 2);
    }
}

TEST(WriteBack, ANewKeyErasedAgainWasNeverThere) {
    WatchedStore rows;
    WriteBack fold(rows);
    fold.put_new_key("a");
    fold.put_new_key("b");
    fold.erase(Family::index, "a");
    EXPECT_EQ(keys_of(fold, "", ""), std::vector<std::string>{"b"});
    ASSERT_TRUE(fold.commit());
    ASSERT_EQ(rows.written.size(), 1U);
    EXPECT_EQ(rows.written.front().key, "b");
    fold.erase(Family::index, "b");
    fold.put_new_key("b");
    fold.erase(Family::index, "b");
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.get(Family::index, "b").value(), std::nullopt);
}

TEST(WriteBack, VeryManyNewKeysAreIngested) {
    WatchedStore rows;
    WriteBack fold(rows);
    ASSERT_TRUE(fold.open());
    fold.put(Family::index, "old", "");
    ASSERT_TRUE(fold.commit());
    std::vector<std::string> expected{"old"};
    for (int i = 0; i < 30'000; ++i) {
        const std::string key = "k" + std::to_string(100'000 + i * 7919 % 30'000);
        fold.put_new_key(key);
        expected.push_back(key);
    }
    fold.put(Family::entity, "e", "1");
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(keys_of(fold, "", ""), expected);
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.ingested, 30'000U);
    EXPECT_EQ(rows.written.size(), 3U);  // the entity, the digest, and that the ingest is done
    EXPECT_EQ(keys_of(fold, "", ""), expected);
}

TEST(WriteBack, AWriteThatFailsBehindTheIngestedKeysIsRepeated) {
    WatchedStore rows;
    std::vector<std::string> expected;
    for (int i = 0; i < 30'000; ++i) {
        expected.push_back("k" + std::to_string(100'000 + i));
    }
    const auto put_all = [&](WriteBack& fold) {
        for (const std::string& key : expected) {
            fold.put_new_key(key);
        }
        fold.put(Family::entity, "e", "1");
    };
    {
        WriteBack fold(rows);
        ASSERT_TRUE(fold.open());
        put_all(fold);
        rows.writes_max = rows.writes + 1;  // that keys come, and no more
        EXPECT_FALSE(fold.commit());
        EXPECT_EQ(rows.ingested, 30'000U);
        EXPECT_EQ(rows.get(Family::entity, "e").value(), std::nullopt);
        EXPECT_EQ(keys_of(fold, "", ""), expected);
    }
    rows.writes_max = std::numeric_limits<int>::max();
    WriteBack again(rows);  // the process came back
    ASSERT_TRUE(again.open());
    put_all(again);
    again.erase(Family::index, expected.front());
    ASSERT_TRUE(again.commit());
    EXPECT_EQ(rows.ingested, 2 * 30'000U - 1);
    EXPECT_EQ(rows.get(Family::entity, "e").value(), "1");
    expected.erase(expected.begin());
    EXPECT_EQ(keys_of(again, "", ""), expected);
}

TEST(WriteBack, ReadingWhatIsWantedKeepsWhatIsChangedAlready) {
    WatchedStore rows;
    const Change stored[] = {{Family::entity, "a", "old"}};
    ASSERT_TRUE(rows.write(stored));
    WriteBack fold(rows);
    fold.put(Family::entity, "a", "new");
    fold.want(Family::entity, "a");
    ASSERT_TRUE(fold.read_wanted());
    EXPECT_EQ(fold.get(Family::entity, "a").value(), "new");
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.get(Family::entity, "a").value(), "new");
}

TEST(WriteBack, WritesOnlyWhatDiffers) {
    WatchedStore rows;
    WriteBack fold(rows);
    fold.put(Family::state, cell('a'), "1");
    fold.put(Family::state, cell('b'), "1");
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.written.size(), 3U);  // with the digest
    fold.put(Family::state, cell('a'), "2");
    fold.put(Family::state, cell('a'), "1");
    fold.put(Family::state, cell('b'), "2");
    fold.erase(Family::state, cell('c'));
    ASSERT_TRUE(fold.commit());
    ASSERT_EQ(rows.written.size(), 2U);
    EXPECT_EQ(rows.written[0].key, cell('b'));
    EXPECT_EQ(rows.written[1].key, store::meta_key("digest"));
    const int writes = rows.writes;
    fold.put(Family::state, cell('b'), "2");
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.writes, writes);
}

TEST(WriteBack, ARefusedCommitKeepsTheChanges) {
    WatchedStore rows;
    WriteBack fold(rows);
    fold.put(Family::state, cell('a'), "1");
    fold.put(Family::index, "i", "");
    ASSERT_TRUE(fold.commit());
    const base::Uint128 before = fold.digest();
    fold.put(Family::state, cell('a'), "2");
    fold.put(Family::entity, "e", "new");
    fold.erase(Family::index, "i");
    rows.refuses_writes = true;
    EXPECT_FALSE(fold.commit());
    EXPECT_TRUE(fold.digest() == before);
    EXPECT_EQ(fold.get(Family::state, cell('a')).value(), "2");
    EXPECT_EQ(fold.get(Family::entity, "e").value(), "new");
    EXPECT_EQ(fold.changes_count(), 3U);
    rows.refuses_writes = false;
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.get(Family::state, cell('a')).value(), "2");
    EXPECT_EQ(rows.get(Family::entity, "e").value(), "new");
    EXPECT_EQ(rows.get(Family::index, "i").value(), std::nullopt);
    EXPECT_TRUE(fold.digest() == digest_of_all(rows));
}

TEST(WriteBack, ARefusedReadIsAnErrorAndNoAnswer) {
    WatchedStore rows;
    rows.refuses_reads = true;
    WriteBack fold(rows);
    EXPECT_FALSE(fold.open());
    EXPECT_FALSE(fold.get(Family::state, cell('a')));
    fold.put(Family::state, cell('b'), "1");
    EXPECT_FALSE(fold.commit());
    rows.refuses_reads = false;
    ASSERT_TRUE(fold.commit());
    EXPECT_TRUE(fold.digest() == digest_of_all(rows));
}

TEST(WriteBack, IndexScanMergesWhatIsWrittenAndWhatIsNot) {
    WatchedStore rows;
    const Change stored[] = {
        {Family::index, "b", ""}, {Family::index, "d", ""}, {Family::index, "f", ""}};
    ASSERT_TRUE(rows.write(stored));
    WriteBack fold(rows);
    fold.put(Family::index, "a", "");
    fold.put(Family::index, "d", "");
    fold.erase(Family::index, "f");
    fold.erase(Family::index, "c");
    fold.put(Family::index, "e", "");
    fold.put(Family::index, "g", "");
    using Keys = std::vector<std::string>;
    EXPECT_EQ(keys_of(fold, "", ""), (Keys{"a", "b", "d", "e", "g"}));
    EXPECT_EQ(keys_of(fold, "b", "g"), (Keys{"b", "d", "e"}));
    EXPECT_EQ(keys_of(fold, "f", "g"), Keys{});
    EXPECT_EQ(keys_of(fold, "g", ""), Keys{"g"});
    EXPECT_EQ(fold.get(Family::index, "e").value(), "");
    EXPECT_EQ(fold.get(Family::index, "f").value(), std::nullopt);
    EXPECT_EQ(fold.get(Family::index, "b").value(), "");
    for (std::size_t limit = 1; limit <= 5; ++limit) {
        std::size_t shown = 0;
        ASSERT_TRUE(fold.scan_index("", "", [&](std::string_view) { return ++shown < limit; }));
        EXPECT_EQ(shown, limit);
    }
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(keys_of(fold, "", ""), (Keys{"a", "b", "d", "e", "g"}));
}

TEST(WriteBack, RowsMayChangeDuringAnIndexScan) {
    WatchedStore rows;
    WriteBack fold(rows);
    fold.put(Family::index, "a", "");
    fold.put(Family::index, "b", "");
    ASSERT_TRUE(fold.commit());
    ASSERT_TRUE(fold.scan_index("", "", [&](std::string_view key) {
        fold.put(Family::entity, key, "seen");
        return true;
    }));
    EXPECT_EQ(fold.get(Family::entity, "b").value(), "seen");
}

/// Random puts and erasures of rows of every kind, the same for every cut into commits.
base::Uint128 digest_after_edits(std::uint64_t seed, std::uint64_t commit_every) {
    WatchedStore rows;
    std::mt19937_64 random(seed);
    auto fold = std::make_unique<WriteBack>(rows);
    EXPECT_TRUE(fold->open());
    for (std::uint64_t edit = 1; edit <= 600; ++edit) {
        const auto family = random() % 3 == 0 ? Family::entity : Family::state;
        const std::string key = {static_cast<char>(1 + random() % 13),
                                 static_cast<char>(random() % 20)};
        const std::uint64_t what = random() % 4;
        const std::string value = std::to_string(random() % 5);
        if (what == 0) {
            fold->erase(family, key);
        } else if (what == 1) {
            EXPECT_TRUE(fold->get(family, key));
        } else if (key != store::meta_key("digest")) {
            fold->put(family, key, value);
        }
        if (edit % commit_every == 0) {
            EXPECT_TRUE(fold->commit());
            EXPECT_TRUE(fold->digest() == digest_of_all(rows)) << edit;
        }
        if (edit % (commit_every * 7) == 0) {
            fold = std::make_unique<WriteBack>(rows);
            EXPECT_TRUE(fold->open());
        }
    }
    EXPECT_TRUE(fold->commit());
    EXPECT_TRUE(fold->digest() == digest_of_all(rows));
    return fold->digest();
}

TEST(WriteBack, DigestIsTheSumOverAllRowsHoweverTheEditsAreCut) {
    for (const std::uint64_t seed : {11U, 12U, 13U}) {
        const base::Uint128 whole = digest_after_edits(seed, 600);
        EXPECT_TRUE(whole != 0);
        EXPECT_TRUE(whole == digest_after_edits(seed, 1));
        EXPECT_TRUE(whole == digest_after_edits(seed, 17));
    }
}

TEST(WriteBack, TakingTheLastRowBackRestoresTheDigest) {
    WatchedStore rows;
    WriteBack fold(rows);
    fold.put(Family::state, cell('a'), "1");
    ASSERT_TRUE(fold.commit());
    EXPECT_TRUE(fold.digest() != 0);
    fold.erase(Family::state, cell('a'));
    ASSERT_TRUE(fold.commit());
    EXPECT_TRUE(fold.digest() == 0);
    EXPECT_EQ(rows.get(Family::state, store::meta_key("digest")).value(),
              store::encode_digests({}));
}

TEST(WriteBack, ARowMayGrowAndShrinkManyTimesInABatch) {
    WatchedStore rows;
    WriteBack fold(rows);
    std::string value;
    for (int round = 0; round < 300; ++round) {
        value = round % 50 == 49 ? std::string() : value + std::to_string(round);
        fold.put(Family::state, cell('a'), value);
        fold.put(Family::state, cell('b'), std::to_string(round));
        ASSERT_EQ(fold.get(Family::state, cell('a')).value(), value);
        if (round % 70 == 69) {
            fold.erase(Family::state, cell('a'));
            ASSERT_EQ(fold.get(Family::state, cell('a')).value(), std::nullopt);
        }
    }
    ASSERT_TRUE(fold.commit());
    EXPECT_EQ(rows.get(Family::state, cell('a')).value(), value);
    EXPECT_EQ(rows.get(Family::state, cell('b')).value(), "299");
    EXPECT_TRUE(fold.digest() == digest_of_all(rows));
}

TEST(Digest, CountsTheKindsThatMakeNumbersAndNothingElse) {
    using store::StateKind;
    const auto counts = [](StateKind kind) {
        const std::string key(1, static_cast<char>(kind));
        return store::digest_of_row(Family::state, key, "v") != 0;
    };
    for (const StateKind kind :
         {StateKind::cell, StateKind::set, StateKind::directory, StateKind::client,
          StateKind::quarantine, StateKind::thread, StateKind::cases, StateKind::timer,
          StateKind::watch, StateKind::episode}) {
        EXPECT_TRUE(counts(kind)) << static_cast<int>(kind);
    }
    for (const StateKind kind : {StateKind::meta, StateKind::name, StateKind::text,
                                 StateKind::source, StateKind::outbox}) {
        EXPECT_FALSE(counts(kind)) << static_cast<int>(kind);
    }
    EXPECT_TRUE(store::digest_of_row(Family::entity, "k", "v") != 0);
    EXPECT_TRUE(store::digest_of_row(Family::index, "k", "v") == 0);
}

TEST(Digest, KnowsWhereTheKeyEnds) {
    EXPECT_TRUE(store::digest_of_row(Family::entity, "ab", "c") !=
                store::digest_of_row(Family::entity, "a", "bc"));
    EXPECT_TRUE(store::digest_of_row(Family::entity, "a", "") !=
                store::digest_of_row(Family::entity, "a", "a"));
}

TEST(Digest, RowHasTheGoldenBytes) {
    const store::Digests digests = {{2, 1}, {128, base::Uint128{1} << 64 | 2}};
    const auto hash = store::digest_of_row(Family::entity, "key", "value");
    store_test::expect_golden("digest.txt",
                              {{"row", store_test::to_hex(store::encode_digests(digests))},
                               {"hash", store_test::to_hex(store::encode_digests({{128, hash}}))}});
    EXPECT_EQ(store::decode_digests(store::encode_digests(digests)).value(), digests);
    EXPECT_FALSE(store::decode_digests(""));
    EXPECT_FALSE(store::decode_digests("\x02"));
    const std::string bytes = store::encode_digests(digests);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(store::decode_digests(bytes.substr(0, size))) << size;
    }
}

}  // namespace
