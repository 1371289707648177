#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/probe.h"

namespace ingest::http {

/// What was taken in, by source. Threads: any.
class IntakeProbe final : public base::Probe {
public:
    void received(const std::string& source, const std::string& kind, std::uint64_t count);
    void rejected(const std::string& source, const std::string& reason);
    void acknowledged(std::chrono::duration<double> after);
    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    using Labels = std::pair<std::string, std::string>;
    static constexpr std::array<double, 10> bounds{0.0005, 0.001, 0.002, 0.005, 0.01,
                                                   0.02,   0.05,  0.1,   0.5,   2.5};

    mutable std::mutex mutex_;
    std::map<Labels, std::uint64_t> received_;  ///< by source, kind
    std::map<Labels, std::uint64_t> rejected_;  ///< by source, reason
    std::array<std::uint64_t, bounds.size()> buckets_{};
    std::uint64_t acknowledged_ = 0;
    double seconds_ = 0;
};

}  // namespace ingest::http
