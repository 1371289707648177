// Proves that rows and position are one write: the store is made to fail at every one of its writes
// in turn, the fold is opened again on what is there, goes on, and must end like an undisturbed
// one. A position in a write of its own leaves rows whose records are folded twice, which the
// ledger shows.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/int128.h"
#include "base/time.h"
#include "eventlog/log.h"
#include "events/event.h"
#include "processors/fold.h"
#include "store/rocks_view_store.h"
#include "store/view_store.h"
#include "tests/support/passing_store.h"

namespace processors {

namespace {

constexpr std::size_t records_count = 24;
constexpr std::size_t batch_records = 3;

/// A store whose n-th write does not happen.
class FailingStore : public tests::PassingStore {
public:
    FailingStore(store::ViewStore& inner, std::size_t fails_at)
        : PassingStore(inner), fails_at_(fails_at) {}

    base::Result<void> write(std::span<const store::Change> changes) override {
        if (++writes_ == fails_at_) {
            return base::Error(base::ErrorCode::unavailable, "the power went");
        }
        return PassingStore::write(changes);
    }

    std::size_t writes() const { return writes_; }

private:
    std::size_t fails_at_;
    std::size_t writes_ = 0;
};

/// A payment; every fourth record repeats the one before it.
eventlog::ReadRecord record(std::uint64_t offset) {
    const std::uint64_t number = offset % 4 == 3 ? offset - 1 : offset;
    events::Event event;
    event.head.set_id("p" + std::to_string(number));
    event.head.set_source("/bank");
    event.head.set_type(events::type_of_word("payment"));
    event.head.set_received_at(1'780'000'000'000 + static_cast<std::int64_t>(offset));
    event.head.set_company("acme");
    event.head.set_source_id("bank");
    event.head.set_source_revision(1);
    event.head.set_mapper_revision(1);
    auto& payment = *event.head.mutable_payment();
    payment.set_payment_id("p" + std::to_string(number));
    payment.set_ledger("1c");
    payment.set_client("c-" + std::to_string(number % 5));
    payment.mutable_received_at()->set_at(1'770'000'000'000 +
                                          static_cast<std::int64_t>(number) * 1000);
    payment.mutable_amount()->set_minor(100 + static_cast<std::int64_t>(number));
    payment.mutable_amount()->set_currency("RUB");
    payment.set_kind("payment");
    return {offset, base::from_ms(event.head.received_at()), events::encode(event)};
}

/// What a fold has come to.
struct Outcome {
    store::Ledger ledger;
    std::uint64_t next_offset = 0;
    base::Uint128 digest = 0;
};

/// Folds from where the rows stand to the last record; nothing when a write failed.
std::optional<Outcome> fold_to_end(store::ViewStore& store) {
    Fold fold(store);
    if (!fold.open(0)) {
        ADD_FAILURE() << "the rows cannot be opened";
        return std::nullopt;
    }
    for (;;) {
        const std::uint64_t next = fold.position().next_offset;
        const std::uint64_t end = std::min<std::uint64_t>(next + batch_records, records_count);
        for (std::uint64_t offset = next; offset < end; ++offset) {
            if (const auto applied = fold.apply(record(offset)); !applied) {
                ADD_FAILURE() << applied.error().context();
                return std::nullopt;
            }
        }
        if (!fold.commit()) {
            return std::nullopt;
        }
        if (end == records_count) {
            return Outcome{fold.position().ledger, end, fold.digest()};
        }
    }
}

TEST(FoldCommit, AFailureAtAnyWriteCountsNothingTwice) {
    auto clean_rows = store::open_rocks_in_memory();
    ASSERT_TRUE(clean_rows);
    FailingStore clean(*clean_rows.value(), 0);
    const std::optional<Outcome> wanted = fold_to_end(clean);
    ASSERT_TRUE(wanted);
    EXPECT_EQ(wanted->ledger.duplicate, records_count / 4);
    ASSERT_GE(clean.writes(), records_count / batch_records);

    for (std::size_t fails_at = 1; fails_at <= clean.writes(); ++fails_at) {
        auto rows = store::open_rocks_in_memory();
        ASSERT_TRUE(rows);
        FailingStore failing(*rows.value(), fails_at);
        EXPECT_FALSE(fold_to_end(failing)) << "write " << fails_at;
        const std::optional<Outcome> found = fold_to_end(*rows.value());
        ASSERT_TRUE(found) << "write " << fails_at;
        EXPECT_EQ(found->ledger.applied, wanted->ledger.applied) << "write " << fails_at;
        EXPECT_EQ(found->ledger.duplicate, wanted->ledger.duplicate) << "write " << fails_at;
        EXPECT_TRUE(found->digest == wanted->digest) << "write " << fails_at;
    }
}

}  // namespace

}  // namespace processors
