#pragma once

#include <cstdint>

#include "base/int128.h"

namespace kpi {

/// An exact fraction; the denominator is positive. Not reduced: what multiplies several keeps
/// within 128 bits.
struct Ratio {
    base::Int128 num = 0;
    base::Int128 den = 1;
    friend bool operator==(const Ratio& a, const Ratio& b) {
        return a.num * b.den == b.num * a.den;
    }
};

/// The largest numerator of a value or norm: what pace computes of them stays within 128 bits.
inline constexpr std::int64_t ratio_max = 1'000'000'000'000'000;

/// Rounded, a half away from 0. `denominator` > 0.
inline base::Int128 half_up(base::Int128 numerator, base::Int128 denominator) {
    const base::Int128 size = numerator < 0 ? -numerator : numerator;
    const base::Int128 rounded = (2 * size + denominator) / (2 * denominator);
    return numerator < 0 ? -rounded : rounded;
}

}  // namespace kpi
