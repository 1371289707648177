#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ingest/mapped.h"

namespace ingest {

/// A date and a time of day as a clock on the wall shows them.
using WallClock = std::chrono::local_time<base::Millis>;
/// The instants that one may mean, earliest first: two in an autumn hour.
using Readings = std::vector<base::UtcMillis>;

/// What `wall` may mean in `zone`; `invalid_time` at `pointer` when it never was, or lies outside
/// of the years 1 to 9999.
std::variant<Readings, Rejection> readings_of(WallClock wall, const std::string& pointer,
                                              const kpi::Zone& zone);
/// The same rule for an instant that needs no zone.
std::variant<Readings, Rejection> reading_of(base::UtcMillis at, const std::string& pointer);

/// What the clocks of one row may mean.
struct RowReadings {
    Readings start;
    Readings answer;  ///< empty: never answered
    Readings end;
};

/// The instants that they mean.
struct RowInstants {
    base::UtcMillis start{};
    std::optional<base::UtcMillis> answer;
    base::UtcMillis end{};
    bool ambiguous = false;  ///< another reading existed
};

/// Of ambiguous hours the reading with start <= answer <= end that fits the duration best, then one
/// that does not lie more than 2 s before the channel was made, then the earliest.
///
/// Source: domain.md 8. Returns: nullopt when none is in order.
std::optional<RowInstants> best_reading(const RowReadings& readings, base::Millis claimed,
                                        std::optional<base::UtcMillis> channel_made);

}  // namespace ingest
