// The interval algebra, against a picture: every case is also computed millisecond by millisecond
// over sets, for fixed cases and for seeded random ones.

#include "kpi/intervals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>

namespace {

using kpi::Interval;
using kpi::Intervals;

Interval span(std::int64_t from, std::int64_t until) {
    return {base::from_ms(from), base::from_ms(until)};
}

std::set<std::int64_t> instants(const Intervals& intervals) {
    std::set<std::int64_t> all;
    for (const Interval& one : intervals) {
        for (base::UtcMillis at = one.from; at < one.until; at += base::Millis{1}) {
            all.insert(base::to_ms(at));
        }
    }
    return all;
}

bool is_normal(const Intervals& intervals) {
    for (std::size_t n = 0; n < intervals.size(); ++n) {
        if (intervals[n].from >= intervals[n].until ||
            (n > 0 && intervals[n - 1].until >= intervals[n].from)) {
            return false;
        }
    }
    return true;
}

TEST(Intervals, UnionJoinsWhatOverlapsOrTouchesAndDropsWhatIsEmpty) {
    EXPECT_EQ(kpi::united({span(5, 9), span(0, 3), span(3, 5), span(20, 20), span(12, 11)}),
              (Intervals{span(0, 9)}));
    EXPECT_EQ(kpi::united({span(0, 10), span(2, 3), span(11, 12)}),
              (Intervals{span(0, 10), span(11, 12)}));
    EXPECT_EQ(kpi::united({}), Intervals{});
}

TEST(Intervals, IntersectionOfTouchingIntervalsIsEmpty) {
    EXPECT_EQ(kpi::intersected({span(0, 5)}, {span(5, 9)}), Intervals{});
    EXPECT_EQ(kpi::intersected({span(0, 6), span(8, 20)}, {span(5, 9), span(10, 30)}),
              (Intervals{span(5, 6), span(8, 9), span(10, 20)}));
}

TEST(Intervals, DifferenceLeavesBothEnds) {
    EXPECT_EQ(kpi::subtracted({span(0, 10)}, {span(3, 4), span(6, 8)}),
              (Intervals{span(0, 3), span(4, 6), span(8, 10)}));
    EXPECT_EQ(kpi::subtracted({span(0, 10)}, {span(-5, 15)}), Intervals{});
    EXPECT_EQ(kpi::subtracted({span(0, 4), span(6, 9)}, {span(2, 7)}),
              (Intervals{span(0, 2), span(7, 9)}));
}

TEST(Intervals, LengthIsThatOfTheUnion) {
    EXPECT_EQ(kpi::length({span(0, 10), span(5, 15), span(20, 21)}), base::Millis{16});
    EXPECT_EQ(kpi::length({}), base::Millis{0});
}

TEST(Intervals, AllOperationsAgreeWithSetsOfInstants) {
    std::mt19937 random(4711);
    const auto draw = [&random](int limit) { return static_cast<int>(random() % 1000U) % limit; };
    const auto some = [&draw] {
        Intervals intervals;
        for (int n = draw(6); n > 0; --n) {
            const int from = draw(40);
            intervals.push_back(span(from, from + draw(12) - 2));
        }
        return intervals;
    };
    for (int round = 0; round < 3000; ++round) {
        const Intervals left = some();
        const Intervals right = some();
        const std::set<std::int64_t> a = instants(left);
        const std::set<std::int64_t> b = instants(right);
        std::set<std::int64_t> both;
        std::set<std::int64_t> only;
        std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                              std::inserter(both, both.end()));
        std::set_difference(a.begin(), a.end(), b.begin(), b.end(),
                            std::inserter(only, only.end()));
        ASSERT_EQ(instants(kpi::united(left)), a);
        ASSERT_EQ(instants(kpi::intersected(left, right)), both);
        ASSERT_EQ(instants(kpi::subtracted(left, right)), only);
        ASSERT_EQ(kpi::length(left).count(), static_cast<std::int64_t>(a.size()));
        ASSERT_TRUE(is_normal(kpi::united(left)));
        ASSERT_TRUE(is_normal(kpi::intersected(left, right)));
        ASSERT_TRUE(is_normal(kpi::subtracted(left, right)));
    }
}

}  // namespace
