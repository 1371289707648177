#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

#include "base/probe.h"

namespace base {

/// The numbers of one HTTP server: durations by route, method and code; connections; refusals.
///
/// Threads: any. The mutex is held for a map look-up by the socket thread and for a copy by
/// `visit`.
class HttpProbe final : public Probe {
public:
    /// A request was answered. `route` is a pattern or "none", never a path.
    void request_answered(std::string_view route, std::string_view method, int status,
                          std::chrono::nanoseconds took);
    void connection_opened() { ++connections_open_; }
    void connection_closed() { --connections_open_; }
    void connection_refused() { ++connections_refused_; }
    void accept_failed() { ++accepts_failed_; }
    void worker_refused() { ++workers_refused_; }
    void handler_threw() { ++handlers_threw_; }

    std::int64_t connections_open() const { return connections_open_; }
    void visit(const std::function<void(const Sample&)>& show) const override;

private:
    static constexpr std::array bounds_seconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                               0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 30.0};
    struct Histogram {
        std::array<std::uint64_t, bounds_seconds.size()> counts{};  // per bucket, not cumulative
        std::uint64_t count = 0;
        double sum_seconds = 0;
    };
    using Key = std::tuple<std::string, std::string, int>;  // route, method, code

    static Sample sample(const Key& key, const Histogram& histogram);

    mutable std::mutex mutex_;  // guards durations_
    std::map<Key, Histogram> durations_;
    std::atomic<std::int64_t> connections_open_{0};
    std::atomic<std::uint64_t> connections_refused_{0};
    std::atomic<std::uint64_t> accepts_failed_{0};
    std::atomic<std::uint64_t> workers_refused_{0};
    std::atomic<std::uint64_t> handlers_threw_{0};
};

}  // namespace base
