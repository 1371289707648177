// Proves what the log does when the disk fails or is full: a failed write or sync ends it, and
// nothing is acknowledged afterwards, whichever call fails; a full disk refuses appends, keeps what
// was acknowledged, and takes appends again when space is back, without a restart.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>

#include "tests/eventlog/log_support.h"

namespace eventlog {
namespace {

using Call = base::MemoryFiles::Call;
using Fault = base::MemoryFiles::Fault;
using Kind = base::MemoryFiles::Kind;

constexpr Partition zero{0};

class FailureTest : public testing::Test {
protected:
    FailureTest() : options_(small_options()) {
        options_.on_fatal = [this](const base::Error& error) {
            ++fatal_;
            fatal_text_ = error.context();
        };
        log_ = open_log(files_, options_);
    }

    /// Fails every call of `kind` on a name that ends in `suffix`.
    void fail(Kind kind, const std::string& suffix) {
        files_.set_fault([=](const Call& call) -> std::optional<Fault> {
            if (call.kind != kind || !call.path.ends_with(suffix)) {
                return std::nullopt;
            }
            return Fault{base::Error(base::ErrorCode::unavailable, "EIO")};
        });
    }

    void expect_ended() {
        log_->close();
        EXPECT_EQ(fatal_, 1);
        files_.clear_faults();
        EXPECT_EQ(append(*log_, 1).error().code(), base::ErrorCode::unavailable);
        EXPECT_EQ(fatal_, 1);
    }

    void reopen() {
        log_.reset();
        log_ = open_log(files_, options_);
        ASSERT_NE(log_, nullptr);
    }

    base::MemoryFiles files_;
    SegmentLogOptions options_;
    std::atomic<int> fatal_ = 0;
    std::string fatal_text_;
    std::unique_ptr<SegmentLog> log_;
};

TEST_F(FailureTest, AFailedSyncEndsTheLogWithoutAnAcknowledgement) {
    ASSERT_TRUE(append(*log_, 5).has_value());
    fail(Kind::sync, ".log");
    EXPECT_EQ(append(*log_, 3).error().code(), base::ErrorCode::unavailable);
    expect_ended();
    EXPECT_EQ(log_->durable_end(zero), 5U);
    expect_numbered(read_all(*log_).value(), 0, 5);
    EXPECT_NE(fatal_text_.find("EIO"), std::string::npos);
}

TEST_F(FailureTest, AShortWriteEndsTheLogAndItsTailIsCut) {
    ASSERT_TRUE(append(*log_, 5).has_value());
    files_.set_fault([](const Call& call) -> std::optional<Fault> {
        const bool is_batch = call.kind == Kind::write && call.size_bytes < 1000;
        const base::Error error(base::ErrorCode::unavailable, "EIO");
        return is_batch ? std::optional<Fault>(Fault{error, 70}) : std::nullopt;
    });
    EXPECT_EQ(append(*log_, 3).error().code(), base::ErrorCode::unavailable);
    expect_ended();
    reopen();
    EXPECT_EQ(log_->recovery_notes().size(), 1U);
    expect_numbered(read_all(*log_).value(), 0, 5);
}

TEST_F(FailureTest, EverythingInFlightIsAnsweredAndNothingMore) {
    ASSERT_TRUE(append(*log_, 1).has_value());
    std::atomic<int> unavailable = 0;
    std::atomic<int> other = 0;
    fail(Kind::sync, ".log");
    for (std::uint64_t round = 0; round < 100; ++round) {
        log_->append(zero, records(round, 1), [&](const base::Result<Appended>& result) {
            const bool is_expected =
                result.has_error() && result.error().code() == base::ErrorCode::unavailable;
            ++(is_expected ? unavailable : other);
        });
    }
    expect_ended();
    EXPECT_EQ(unavailable, 100);
    EXPECT_EQ(other, 0);
}

TEST_F(FailureTest, WhicheverCallFailsNothingAcknowledgedIsLost) {
    log_.reset();
    bool has_failed = true;
    std::uint64_t number = 1;
    for (; has_failed; ++number) {
        SCOPED_TRACE("failing call " + std::to_string(number));
        base::MemoryFiles files;
        files.fail_call(number, base::Error(base::ErrorCode::unavailable, "EIO"));
        std::uint64_t acked = 0;
        {
            const int fatal_before = fatal_;
            const auto log = SegmentLog::open(files, "/data", options_);
            for (int round = 0; log.has_value() && round < 25; ++round) {
                const auto appended = append(*log.value(), 9);
                acked = appended.has_value() ? appended.value().next_offset : acked;
            }
            if (log.has_value()) {
                log.value()->close();
            }
            has_failed = log.has_error() || fatal_ > fatal_before;
        }
        files.clear_faults();
        files.power_cut(number);
        const auto log = open_log(files, options_);
        ASSERT_NE(log, nullptr);
        const auto read = read_all(*log).value();
        ASSERT_GE(read.size(), acked);
        ASSERT_NO_FATAL_FAILURE(expect_numbered(read, 0, read.size()));
    }
    EXPECT_GT(number, 60U);
}

TEST_F(FailureTest, AFullDiskRefusesAndTakesAppendsAgainWhenThereIsSpace) {
    files_.set_capacity(30 << 10);
    std::uint64_t acked = 0;
    base::Result<Appended> last = append(*log_, 9);
    while (last.has_value()) {
        acked = last.value().next_offset;
        last = append(*log_, 9);
    }
    EXPECT_EQ(last.error().code(), base::ErrorCode::exhausted);
    EXPECT_EQ(append(*log_, 9).error().code(), base::ErrorCode::exhausted);
    EXPECT_EQ(log_->durable_end(zero), acked);
    expect_numbered(read_all(*log_).value(), 0, acked);

    files_.set_capacity(60 << 10);
    ASSERT_TRUE(append(*log_, 9).has_value());
    EXPECT_EQ(fatal_, 0);
    reopen();
    expect_numbered(read_all(*log_).value(), 0, acked + 9);
}

TEST_F(FailureTest, RetentionMakesSpaceOnAFullDisk) {
    files_.set_capacity(40 << 10);
    while (append(*log_, 9).has_value()) {
    }
    ASSERT_GT(log_->truncate_before(zero, log_->durable_end(zero)).value(), 0U);
    EXPECT_TRUE(append(*log_, 9).has_value());
}

TEST_F(FailureTest, OnAFullDiskSmallAppendsGoThroughBesideLargeOnes) {
    files_.set_capacity((8 << 10) + 256);  // two steps of zeros, and VERSION
    ASSERT_TRUE(append(*log_, 1).has_value());
    const std::string large(2000, 'x');
    std::uint64_t acked = 0;
    while (append_and_wait(*log_, zero, {Record{large, instant(1)}}).has_value()) {
        ++acked;
    }
    EXPECT_EQ(acked, 3U) << "8 KiB hold three of 2 KB beside a small one";
    EXPECT_TRUE(append_and_wait(*log_, zero, {record(1, 20)}).has_value());
}

TEST_F(FailureTest, ADiskThatFailsWhileZeroingAheadEndsTheLog) {
    ASSERT_TRUE(append(*log_, 1).has_value());
    fail(Kind::write, "spare");
    bool is_acked = true;
    while (is_acked) {
        is_acked = append(*log_, 9).has_value();
    }
    expect_ended();
    reopen();
    const auto read = read_all(*log_).value();
    expect_numbered(read, 0, read.size());
}

TEST_F(FailureTest, TooMuchInFlightIsRefusedAtOnce) {
    log_.reset();
    options_.in_flight_records_max = 10;
    log_ = open_log(files_, options_);
    std::promise<void> go_on;
    std::promise<void> is_inside;
    log_->append(zero, records(0, 1), [&](const base::Result<Appended>&) {
        is_inside.set_value();
        go_on.get_future().wait();
    });
    is_inside.get_future().wait();
    std::atomic<int> acked = 0;
    log_->append(zero, records(1, 10),
                 [&](const base::Result<Appended>& result) { acked += result.has_value(); });
    const auto refused = append_and_wait(*log_, zero, records(11, 1));
    EXPECT_EQ(refused.error().code(), base::ErrorCode::exhausted);
    go_on.set_value();
    log_->close();
    EXPECT_EQ(acked, 1);
}

}  // namespace
}  // namespace eventlog
