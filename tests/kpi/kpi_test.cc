// The list of KPIs is complete and consistent: every number and every public name stands once, and
// each leads back to the other.

#include "kpi/kpi.h"

#include <gtest/gtest.h>

#include <set>

namespace {

using kpi::Kpi;
using kpi::Unit;

TEST(Kpi, EveryNameAndNumberStandsOnce) {
    std::set<std::string_view> ids;
    std::set<Kpi> numbers;
    for (const kpi::KpiInfo& one : kpi::all_kpis()) {
        EXPECT_TRUE(ids.insert(one.id).second) << one.id;
        EXPECT_TRUE(numbers.insert(one.kpi).second) << one.id;
        EXPECT_EQ(kpi::kpi_of_id(one.id), one.kpi);
        EXPECT_EQ(kpi::info(one.kpi).id, one.id);
        EXPECT_GE(one.version, 1);
    }
    EXPECT_EQ(ids.size(), 38U);
    EXPECT_EQ(kpi::kpi_of_id("calls_in "), std::nullopt);
    EXPECT_EQ(kpi::kpi_of_id(""), std::nullopt);
}

TEST(Kpi, UnitsSayHowAValueIsMade) {
    EXPECT_EQ(kpi::info(Kpi::touches).unit, Unit::count);
    EXPECT_EQ(kpi::info(Kpi::wait_seconds).unit, Unit::seconds);
    EXPECT_EQ(kpi::info(Kpi::refunds_amount).unit, Unit::money);
    EXPECT_EQ(kpi::info(Kpi::invoices_paid).unit, Unit::count);
    EXPECT_EQ(kpi::info(Kpi::contacts_attempted).unit, Unit::contacts);
    EXPECT_EQ(kpi::info(Kpi::average_cheque).unit, Unit::cheque);
}

TEST(Kpi, RatiosAreOfTheirTwoCounts) {
    const kpi::RatioParts answered = kpi::ratio_parts(Kpi::answer_rate);
    EXPECT_EQ(answered.numerator, Kpi::calls_in_answered);
    EXPECT_EQ(answered.denominator, Kpi::calls_in);
    const kpi::RatioParts connected = kpi::ratio_parts(Kpi::connect_rate);
    EXPECT_EQ(connected.numerator, Kpi::calls_out_answered);
    EXPECT_EQ(connected.denominator, Kpi::calls_out);
    EXPECT_DEATH(kpi::ratio_parts(Kpi::calls_in), "unit");
}

}  // namespace
