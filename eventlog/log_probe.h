#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "base/probe.h"

namespace eventlog {

/// A histogram of durations with fixed borders from 50 us to 10 s. Threads: any.
class DurationHistogram {
public:
    void observe(std::chrono::nanoseconds time);
    base::Sample sample(std::string name, std::string help) const;

private:
    static constexpr std::array<double, 16> borders_seconds{
        0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
        0.025,   0.05,   0.1,     0.25,   0.5,   1,      2.5,   10};

    std::array<std::atomic<std::uint64_t>, borders_seconds.size() + 1> counts_{};
    std::atomic<std::int64_t> sum_ns_{0};
};

/// What the log counts. Names in the metrics: `log_append_seconds`, `log_fsync_seconds`,
/// `log_events_acked_total{partition}`, `log_events_refused_total`, `log_events_in_flight`.
/// Threads: any.
class LogProbe final : public base::Probe {
public:
    explicit LogProbe(std::uint32_t partitions) : acked_(partitions) {}

    void append_acked(std::uint32_t partition, std::uint64_t records,
                      std::chrono::nanoseconds took);
    void synced(std::chrono::nanoseconds took) { fsync_.observe(took); }
    void refused(std::uint64_t records) { refused_ += records; }
    void in_flight(std::uint64_t records) { in_flight_ = records; }

    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    DurationHistogram append_;
    DurationHistogram fsync_;
    std::deque<std::atomic<std::uint64_t>> acked_;  // per partition; atomics do not move
    std::atomic<std::uint64_t> refused_{0};
    std::atomic<std::uint64_t> in_flight_{0};
};

}  // namespace eventlog
