#pragma once

#include <compare>

#include "base/time.h"

namespace kpi {

/// Validity of an entry, half-open.
struct Validity {
    base::UtcMillis from = base::since_ever;
    base::UtcMillis until = base::for_ever;
    bool holds(base::UtcMillis at) const { return from <= at && at < until; }
    friend auto operator<=>(const Validity&, const Validity&) = default;
};

}  // namespace kpi
