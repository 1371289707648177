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

}  // namespace kpi
