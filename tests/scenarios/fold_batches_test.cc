// Proves that no view depends on how the log was cut into batches: a seeded world of 100,000
// records (20,000 where the build is slow) - calls of fifty managers, mails, payments, revisions,
// duplicates, conflicts, voids, a directory that changes on the way - is folded as it arrived, in
// blocks of a few hundred, and in one batch of 100,000; its beginning in batches of 1, 3 and 1,000
// too. Each must have one digest. And that doctor compares rows, not only sums: a row that is
// changed, erased or added behind the fold's back is named by its family and key.

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kpi/local_time.h"
#include "store/write_back.h"
#include "tests/scenarios/facts.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/owned_change.h"
#include "tests/support/pipeline.h"

namespace scenarios {

namespace {

constexpr std::size_t managers_count = 50;
constexpr std::size_t block_records = 1'000;

/// Writes facts, one a line, from one seed.
class World {
public:
    explicit World(unsigned seed) : chance_(seed) {}

    static std::string directory() {
        std::string text = "queue 600 team t-0\ntrunk trunk\n";
        for (std::size_t i = 0; i < managers_count; ++i) {
            const std::string n = std::to_string(i);
            if (i < 5) {
                text += "team t-" + n + "\n";
            }
            text += "manager m-" + n + " t-" + std::to_string(i % 5) + " " + extension(i) + " m" +
                    n + "@acme.example\n";
            text += "client c-" + n + " " + number(i) + " buyer" + n + "@client.example owner m-" +
                    n + "\n";
        }
        return text;
    }

    /// One more device becomes known a day late: calls that rang it since then find their manager.
    std::string directory_change() {
        constexpr int day_seconds = 86'400;
        return "extension 3" + extension(pick(managers_count)) + " of m-" +
               std::to_string(pick(managers_count)) + " from " + instant(-day_seconds) + "\n";
    }

    std::string facts() {
        std::string text;
        for (std::size_t i = 0; i < block_records; ++i) {
            text += fact();
        }
        return text;
    }

private:
    std::size_t pick(std::size_t count) { return chance_() % count; }
    static std::string extension(std::size_t i) { return std::to_string(101 + i); }
    static std::string number(std::size_t i) { return "+7495" + std::to_string(1'234'000 + i); }
    std::string instant(int seconds = 0) const {
        return kpi::render(at_ + std::chrono::seconds(seconds));
    }

    std::string fact() {
        at_ += std::chrono::seconds(25);
        ++next_;
        const std::size_t kind = pick(100);
        if (kind < 4 && !told_.empty()) {
            return told_[pick(told_.size())];  // again
        }
        std::string text = kind < 42   ? row("")
                           : kind < 44 ? row(" billsec 999")
                           : kind < 54 ? crm_call()
                           : kind < 75 ? mail()
                           : kind < 97 ? payment()
                                       : taken_back();
        if (told_.size() < 5'000) {
            told_.push_back(text);
        }
        return text;
    }

    /// With `claim` a row that contradicts one told before.
    std::string row(const std::string& claim) {
        const std::size_t manager = pick(managers_count);
        const std::size_t shape = pick(4);
        const std::size_t call = claim.empty() ? next_ : pick(next_) + 1;
        const std::string key =
            " linked " + std::to_string(call) + " seq " + std::to_string(call) + claim + "\n";
        const std::string begin = "row " + instant() + " ended " + instant(100);
        const std::string caller = number(pick(200));
        const std::string device = "PJSIP/" + extension(manager);
        if (shape == 0) {
            return begin + " from " + extension(manager) + " by " + device +
                   " to PJSIP/trunk dialled " + caller + " ANSWERED answered " + instant(10) + key;
        }
        const std::string inbound = begin + " from " + caller + " by PJSIP/trunk to " + device;
        if (shape == 1) {
            return inbound + " dialled 600 app Queue NO ANSWER" + key;
        }
        const std::string number = pick(10) == 0 ? "3" + extension(manager) : extension(manager);
        return begin + " from " + caller + " by PJSIP/trunk to PJSIP/" + number + " dialled " +
               number + " ANSWERED answered " + instant(10) + key;
    }

    std::string crm_call() {
        const std::string manager = std::to_string(pick(managers_count));
        const bool is_again = crm_calls_ > 0 && pick(4) == 0;
        const std::string id = std::to_string(is_again ? pick(crm_calls_) : crm_calls_++);
        return "crm-call k" + id + " outbound from 101 to " + number(pick(200)) + " at " +
               instant() + " answered " + instant(5) + " ended " + instant(65) + " manager m-" +
               manager + " revision " + std::to_string(1 + pick(3)) + "\n";
    }

    std::string mail() {
        return "mail <" + std::to_string(next_ - pick(3)) + "@x> at " + instant() + " from m" +
               std::to_string(pick(managers_count)) + "@acme.example to buyer" +
               std::to_string(pick(managers_count)) + "@client.example\n";
    }

    std::string payment() {
        const std::string refund = pick(8) == 0 ? " refund\n" : "\n";
        return "payment p" + std::to_string(next_ - pick(2)) + " at " + instant() + " client c-" +
               std::to_string(pick(managers_count)) + " roubles " + std::to_string(1 + pick(500)) +
               refund;
    }

    std::string taken_back() {
        return R"(event void {"kind": "call", "entity_id": "k)" +
               std::to_string(pick(crm_calls_ + 1)) + R"(", "reason": "test"})" + "\n";
    }

    std::mt19937 chance_;
    base::UtcMillis at_ = *kpi::parse_instant("2026-10-01T00:00:00Z");
    std::size_t next_ = 0;
    std::size_t crm_calls_ = 0;
    std::vector<std::string> told_;
};

/// Brings the facts in, the rows of a block as one file and its events as another.
void bring(support::Pipeline& pipeline, FactReader& reader, const std::string& facts) {
    const auto scenario = read_scenario("# a world\n" + facts + "----\ncalls 0\n", "world");
    ASSERT_TRUE(scenario) << scenario.error().context();
    const auto deliveries = reader.read(scenario.value().stages.front().facts);
    ASSERT_TRUE(deliveries) << deliveries.error().context();
    Delivery rows{Delivery::Kind::cdr, "pbx-1", "", 0};
    Delivery events{Delivery::Kind::event, "crm", "", 0};
    for (const Delivery& one : deliveries.value()) {
        if (one.kind == Delivery::Kind::directory) {
            ASSERT_TRUE(deliver(pipeline, one));
        } else {
            (one.kind == Delivery::Kind::cdr ? rows : events).text += one.text;
        }
    }
    ASSERT_TRUE(deliver(pipeline, rows));
    ASSERT_TRUE(deliver(pipeline, events));
}

std::unique_ptr<support::Pipeline> world_of(std::size_t records) {
    auto pipeline = support::Pipeline::open({});
    EXPECT_TRUE(pipeline);
    World world(20'261'120);
    FactReader reader(kpi::Zone::utc());
    bring(*pipeline.value(), reader, World::directory());
    for (std::size_t block = 0; pipeline.value()->records_count() < records; ++block) {
        bring(*pipeline.value(), reader, world.facts());
        if (block % 20 == 10) {
            bring(*pipeline.value(), reader, world.directory_change());
        }
    }
    return std::move(pipeline).value();
}

void expect_same_digest(const support::Pipeline& pipeline, std::size_t batch,
                        std::optional<std::uint64_t> until, base::Uint128 wanted) {
    const auto again = pipeline.refold(batch, until.value_or(UINT64_MAX));
    ASSERT_TRUE(again) << again.error().context();
    EXPECT_TRUE(again.value() == wanted) << "batches of " << batch;
}

TEST(FoldBatches, EveryCutOfTheLogGivesOneDigest) {
    constexpr std::size_t records = NORMWATCH_FOLD_RECORDS;
    const auto pipeline = world_of(records);
    const store::Ledger& ledger = pipeline->ledger();
    ASSERT_GE(pipeline->records_count(), records);
    EXPECT_EQ(ledger.sum(), pipeline->records_count());
    EXPECT_GT(ledger.duplicate, records / 100);
    EXPECT_GT(ledger.stale, records / 200);
    EXPECT_GT(ledger.quarantined, records / 200);
    expect_same_digest(*pipeline, 100'000, {}, pipeline->digest());

    constexpr std::uint64_t prefix = 10'000;
    const auto wanted = pipeline->refold(1'000, prefix);
    ASSERT_TRUE(wanted) << wanted.error().context();
    EXPECT_FALSE(wanted.value() == pipeline->digest());
    expect_same_digest(*pipeline, 1, prefix, wanted.value());
    expect_same_digest(*pipeline, 3, prefix, wanted.value());
}

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        text += {digits[byte >> 4U], digits[byte & 15U]};
    }
    return text;
}

/// The middle one of the rows of a family that the digest counts.
tests::OwnedChange some_row(const store::ViewReader& rows, store::Family family) {
    std::vector<tests::OwnedChange> counted;
    const auto scanned =
        rows.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
            if (store::digest_of_row(family, key, value) != 0) {
                counted.push_back({family, std::string(key), std::string(value)});
            }
            return true;
        });
    EXPECT_TRUE(scanned);
    EXPECT_FALSE(counted.empty());
    return counted[counted.size() / 2];
}

/// Writes `change` past the fold; doctor must name it and nothing else.
void expect_named(support::Pipeline& pipeline, const tests::OwnedChange& change) {
    ASSERT_TRUE(tests::write_all(pipeline.rows(), {change}));
    const auto diagnosis = pipeline.doctor();
    ASSERT_TRUE(diagnosis) << diagnosis.error().context();
    EXPECT_EQ(diagnosis.value().result, processors::Diagnosis::Result::differs);
    ASSERT_EQ(diagnosis.value().differences.size(), 1U);
    const processors::RowDifference& found = diagnosis.value().differences.front();
    EXPECT_EQ(found.family, store::to_string(change.family));
    EXPECT_EQ(found.key, hex(change.key));
    EXPECT_EQ(found.views, hex(change.value.value_or("")));
    EXPECT_NE(found.log, found.views);
}

TEST(Diagnose, NamesTheRowThatWasChangedBehindTheFold) {
    const auto pipeline = world_of(block_records);
    for (const store::Family family : {store::Family::state, store::Family::entity}) {
        const tests::OwnedChange row = some_row(pipeline->rows(), family);
        tests::OwnedChange changed = row;
        changed.value->back() ^= 1;
        expect_named(*pipeline, changed);
        tests::OwnedChange erased = row;
        erased.value.reset();
        expect_named(*pipeline, erased);
        ASSERT_TRUE(tests::write_all(pipeline->rows(), {row}));

        tests::OwnedChange added = row;
        added.key += "x";
        expect_named(*pipeline, added);
        added.value.reset();
        ASSERT_TRUE(tests::write_all(pipeline->rows(), {added}));
    }
    const auto diagnosis = pipeline->doctor();
    ASSERT_TRUE(diagnosis);
    EXPECT_EQ(diagnosis.value().result, processors::Diagnosis::Result::equal);
}

}  // namespace

}  // namespace scenarios
