// Proves that nothing acknowledged is lost by a power cut, wherever it comes: the same work is run
// again and again, and the power is cut at its first call that changes the disk, then at its
// second, and so on until the work ends undisturbed. The disk forgets what was not synced: all of
// it, or, by a seed, each sector by chance. After each cut the log must open, hold every
// acknowledged record at its offset, and nothing that nobody sent; and the next power cut, during
// the recovery, must not change that.
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <random>
#include <set>

#include "tests/eventlog/log_support.h"

namespace eventlog {
namespace {

constexpr Partition zero{0};

/// What the senders know: every record they sent, and where the acknowledged ones stand.
struct Journal {
    std::mutex mutex;
    std::set<std::string> sent;
    std::map<std::uint64_t, std::string> acked;
    std::uint64_t dropped_below = 0;  // retention was asked for
    std::uint64_t number = 0;

    std::uint64_t acked_end() {
        const std::lock_guard lock(mutex);
        return acked.empty() ? 0 : acked.rbegin()->first + 1;
    }
};

SegmentLogOptions cut_options() {
    SegmentLogOptions options = small_options();
    options.on_fatal = [](const base::Error&) {};
    return options;
}

/// Appends `rounds` times 3 requests at once, so that groups of several batches are made.
void send(SegmentLog& log, Journal& journal, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        std::vector<std::future<void>> waiting;
        for (std::uint64_t request = 0; request < 3; ++request) {
            auto mine = records(journal.number, 1 + journal.number % 11);
            journal.number += mine.size();
            std::vector<std::string> texts;
            for (const Record& sent : mine) {
                texts.push_back(sent.bytes);
                const std::lock_guard lock(journal.mutex);
                journal.sent.insert(sent.bytes);
            }
            auto done = std::make_shared<std::promise<void>>();
            waiting.push_back(done->get_future());
            auto calls = std::make_shared<int>(0);
            log.append(zero, std::move(mine), [&journal, texts, done, calls](const auto& result) {
                if (result.has_value()) {
                    const std::lock_guard lock(journal.mutex);
                    for (std::size_t index = 0; index < texts.size(); ++index) {
                        journal.acked[result.value().first_offset + index] = texts[index];
                    }
                }
                if (++*calls == 1) {
                    done->set_value();
                } else {
                    ADD_FAILURE() << "an append was answered twice";
                }
            });
        }
        for (auto& each : waiting) {
            each.get();
        }
    }
}

/// Opens the log, sends, drops what is old. Stops early when the power is cut.
void work(base::MemoryFiles& files, Journal& journal, int rounds) {
    auto log = SegmentLog::open(files, "/data", cut_options());
    if (log.has_error()) {
        EXPECT_TRUE(files.is_off()) << log.error().context();
        return;
    }
    send(*log.value(), journal, rounds);
    const std::uint64_t half = journal.acked_end() / 2;
    journal.dropped_below = std::max(journal.dropped_below, half);
    (void)log.value()->truncate_before(zero, half).has_value();
    send(*log.value(), journal, 2);
}

void expect_kept(base::MemoryFiles& files, Journal& journal) {
    const auto log = SegmentLog::open(files, "/data", cut_options());
    ASSERT_TRUE(log.has_value()) << log.error().context();
    const std::uint64_t first = log.value()->first_offset(zero);
    ASSERT_LE(first, journal.dropped_below) << "records above the retention are gone";
    const auto read = read_all(*log.value());
    ASSERT_TRUE(read.has_value()) << read.error().context();
    std::uint64_t expected = first;
    for (const ReadRecord& found : read.value()) {
        ASSERT_EQ(found.offset, expected++);
        ASSERT_TRUE(journal.sent.contains(found.bytes)) << "invented: " << found.bytes;
    }
    ASSERT_EQ(log.value()->durable_end(zero), expected);
    ASSERT_GE(expected, journal.acked_end()) << "acknowledged records are lost";
    for (const auto& [offset, bytes] : journal.acked) {
        if (offset >= first) {
            ASSERT_EQ(read.value()[offset - first].bytes, bytes) << "offset " << offset;
        }
    }
}

struct Case {
    std::string name;
    bool is_seeded = false;
    std::uint64_t seed = 0;
    friend std::ostream& operator<<(std::ostream& out, const Case& tested) {
        return out << tested.name;
    }
};

class PowerCut : public testing::TestWithParam<Case> {
protected:
    std::optional<std::uint64_t> seed(std::uint64_t round) const {
        if (!GetParam().is_seeded) {
            return std::nullopt;
        }
        return GetParam().seed * 1'000'003 + round;
    }
};

TEST_P(PowerCut, AtEveryCallKeepsWhatWasAcknowledged) {
    std::uint64_t call = 1;
    for (bool was_cut = true; was_cut; ++call) {
        SCOPED_TRACE("power cut at call " + std::to_string(call));
        base::MemoryFiles files;
        Journal journal;
        files.cut_power_at(call, seed(call));
        work(files, journal, 12);
        was_cut = files.is_off();
        files.power_on();
        ASSERT_NO_FATAL_FAILURE(expect_kept(files, journal));
        files.power_cut(seed(call + 1));
        ASSERT_NO_FATAL_FAILURE(expect_kept(files, journal)) << "served, and gone";
    }
    EXPECT_GT(call, 60U) << "the work has too few calls to prove anything";
}

TEST_P(PowerCut, AgainAndAgainOnOneDiskKeepsWhatWasAcknowledged) {
    base::MemoryFiles files;
    Journal journal;
    std::mt19937_64 chance(GetParam().seed);
    for (std::uint64_t cut = 0; cut < 120; ++cut) {
        SCOPED_TRACE("power cut " + std::to_string(cut));
        // Now and then so early that it meets the recovery of the one before.
        const std::uint64_t distance = 1 + chance() % (cut % 3 == 0 ? 6 : 60);
        files.cut_power_at(files.calls() + distance, seed(cut));
        work(files, journal, 6);
        files.power_on();
        if (cut % 4 == 3) {
            ASSERT_NO_FATAL_FAILURE(expect_kept(files, journal));
        }
    }
    ASSERT_NO_FATAL_FAILURE(expect_kept(files, journal));
    EXPECT_GT(journal.acked_end(), 300U) << "too little got through to prove anything";
}

TEST_P(PowerCut, AfterAFailedSyncWasRecoveredKeepsWhatWasServed) {
    // A failed sync leaves pages that read well and are not on disk; a restart meets them.
    for (std::uint64_t failing = 1; failing <= 12; ++failing) {
        SCOPED_TRACE("sync " + std::to_string(failing));
        base::MemoryFiles files;
        Journal journal;
        std::uint64_t syncs = 0;
        files.set_fault([&](const base::MemoryFiles::Call& call) {
            const bool fails = call.kind == base::MemoryFiles::Kind::sync &&
                               call.path.ends_with(".log") && ++syncs == failing;
            using Fault = base::MemoryFiles::Fault;
            const base::Error error(base::ErrorCode::unavailable, "fdatasync: EIO");
            return fails ? std::optional<Fault>(Fault{error}) : std::nullopt;
        });
        work(files, journal, 8);
        files.clear_faults();
        ASSERT_EQ(syncs, failing) << "no sync was left to fail";
        std::vector<ReadRecord> served;
        {
            const auto log = open_log(files, cut_options());
            ASSERT_NE(log, nullptr);
            served = read_all(*log).value();
        }
        files.power_cut(seed(failing));
        const auto log = open_log(files, cut_options());
        ASSERT_NE(log, nullptr);
        ASSERT_EQ(read_all(*log).value(), served);
    }
}

INSTANTIATE_TEST_SUITE_P(Disks, PowerCut,
                         testing::Values(Case{"all_unsynced_is_lost", false, 1},
                                         Case{"sectors_by_chance_1", true, 1},
                                         Case{"sectors_by_chance_2", true, 2}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace eventlog
