#include "kpi/intervals.h"

#include <algorithm>

namespace kpi {

Intervals united(Intervals intervals) {
    std::erase_if(intervals, [](const Interval& one) { return one.from >= one.until; });
    std::sort(intervals.begin(), intervals.end());
    Intervals joined;
    for (const Interval& one : intervals) {
        if (!joined.empty() && one.from <= joined.back().until) {
            joined.back().until = std::max(joined.back().until, one.until);
        } else {
            joined.push_back(one);
        }
    }
    return joined;
}

Intervals intersected(const Intervals& left, const Intervals& right) {
    const Intervals one = united(left);
    const Intervals other = united(right);
    Intervals common;
    for (auto a = one.begin(), b = other.begin(); a != one.end() && b != other.end();) {
        const Interval shared{std::max(a->from, b->from), std::min(a->until, b->until)};
        if (shared.from < shared.until) {
            common.push_back(shared);
        }
        if (a->until < b->until) {
            ++a;
        } else {
            ++b;
        }
    }
    return common;
}

Intervals subtracted(const Intervals& left, const Intervals& right) {
    const Intervals cuts = united(right);
    Intervals rest;
    auto cut = cuts.begin();
    for (Interval piece : united(left)) {
        while (cut != cuts.end() && cut->until <= piece.from) {
            ++cut;
        }
        for (auto next = cut; next != cuts.end() && next->from < piece.until; ++next) {
            if (piece.from < next->from) {
                rest.push_back({piece.from, next->from});
            }
            piece.from = std::max(piece.from, next->until);
        }
        if (piece.from < piece.until) {
            rest.push_back(piece);
        }
    }
    return rest;
}

base::Millis length(const Intervals& intervals) {
    base::Millis sum{0};
    for (const Interval& one : united(intervals)) {
        sum += one.until - one.from;
    }
    return sum;
}

}  // namespace kpi
