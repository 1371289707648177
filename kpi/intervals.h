#pragma once

#include <vector>

#include "base/time.h"

namespace kpi {

/// Half-open [from, until).
struct Interval {
    base::UtcMillis from{};
    base::UtcMillis until{};
    friend auto operator<=>(const Interval&, const Interval&) = default;
};
using Intervals = std::vector<Interval>;

/// Sorted, without empty pieces, overlapping and touching ones joined. All below return this form.
Intervals united(Intervals intervals);
Intervals intersected(const Intervals& left, const Intervals& right);
Intervals subtracted(const Intervals& left, const Intervals& right);
/// Length of the union.
base::Millis length(const Intervals& intervals);

}  // namespace kpi
