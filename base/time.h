#pragma once

#include <chrono>
#include <cstdint>

namespace base {

/// An instant: UTC, milliseconds since 1970.
using UtcMillis = std::chrono::sys_time<std::chrono::milliseconds>;
using Millis = std::chrono::milliseconds;

/// "Since ever" and "for ever": the borders of an unbounded validity. Outside every real instant,
/// far from the limits of the type, so that adding days to them is defined.
inline constexpr UtcMillis since_ever{Millis{-1'000'000'000'000'000}};
inline constexpr UtcMillis for_ever{Millis{1'000'000'000'000'000}};

inline constexpr std::int64_t to_ms(UtcMillis at) {
    return at.time_since_epoch().count();
}
inline constexpr UtcMillis from_ms(std::int64_t ms) {
    return UtcMillis{Millis{ms}};
}

}  // namespace base
