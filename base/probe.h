#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace base {

/// One number that a module shows to whoever scrapes the process.
///
/// Name without the product's prefix, `<area>_<noun>_<unit>[_total]`; labels are bounded sets and
/// never hold a number, an address or a name of an outside person.
struct Sample {
    enum class Kind { counter, gauge, histogram };
    std::string name;
    std::string help;
    Kind kind = Kind::counter;
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;  ///< counter, gauge
    /// histogram: (upper bound, cumulative count) rising, without +Inf; `value` is the sum
    std::vector<std::pair<double, std::uint64_t>> buckets;
    std::uint64_t count = 0;
};

/// A module's counters, read when somebody asks. Threads: any; must not block.
class Probe {
public:
    virtual ~Probe() = default;
    virtual void visit(const std::function<void(const Sample&)>& show) const = 0;
};

}  // namespace base
