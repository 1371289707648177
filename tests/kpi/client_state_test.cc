// Where a client stands: the limits to the millisecond in hand-made lives, and every day of seeded
// random ones against a walk that knows nothing but the words of domain.md 6: it looks at the
// payments before the day again, finds by walking through the days before when the client was lost,
// and so has no limit, interval or index in common with what it judges.

#include "kpi/client_state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace {

using kpi::ClientLife;
using kpi::ClientPayment;
using kpi::ClientState;

constexpr base::Millis one_day = std::chrono::hours(24);
constexpr base::Millis one_ms{1};

base::UtcMillis day(double number) {
    return base::from_ms(static_cast<std::int64_t>(number * 86'400'000));
}

ClientPayment paid(double at, std::int64_t minor = 100, const char* invoice = "") {
    return {"p" + std::to_string(at), day(at), minor, {'R', 'U', 'B'}, false, invoice};
}
ClientPayment refunded(double at, std::int64_t minor = 100, const char* invoice = "") {
    ClientPayment refund = paid(at, minor, invoice);
    refund.refund = true;
    return refund;
}

/// The state at an instant, for a client that has an invoice.
std::string_view state(const ClientLife& life, base::UtcMillis at) {
    return kpi::to_string(life.state_at(at, true));
}

TEST(ClientLife, WithoutAPaymentIsALeadUntilAnInvoice) {
    const ClientLife life({}, {});
    EXPECT_EQ(life.state_at(day(5), false), ClientState::lead);
    EXPECT_EQ(life.state_at(day(5), true), ClientState::fresh);
    EXPECT_EQ(life.first_payment_before(day(5)), std::nullopt);
}

TEST(ClientLife, ChangesAtTheMillisecondAfterItsLimits) {
    const ClientLife life({paid(0)}, {});
    EXPECT_EQ(state(life, day(0)), "new");  // a payment makes existing what comes after it
    EXPECT_EQ(state(life, day(0) + one_ms), "active");
    EXPECT_EQ(state(life, day(45)), "active");
    EXPECT_EQ(state(life, day(45) + one_ms), "sleeping");
    EXPECT_EQ(state(life, day(90)), "sleeping");
    EXPECT_EQ(state(life, day(90) + one_ms), "lost");
    EXPECT_EQ(life.first_payment_before(day(0)), std::nullopt);
    EXPECT_EQ(life.first_payment_before(day(0) + one_ms), day(0));
}

TEST(ClientLife, MeasuresByItsOwnMedian) {
    // Distances 60, 100, 60: a median of 60, then 80 while only two are known, then 60.
    const ClientLife life({paid(0), paid(60), paid(160), paid(220)}, {});
    EXPECT_EQ(state(life, day(120)), "active");
    EXPECT_EQ(state(life, day(120) + one_ms), "sleeping");
    EXPECT_EQ(state(life, day(160)), "sleeping");
    EXPECT_EQ(state(life, day(219)), "active");
    EXPECT_EQ(state(life, day(280) + one_ms), "sleeping");
    EXPECT_EQ(state(life, day(340)), "sleeping");
    EXPECT_EQ(state(life, day(340) + one_ms), "lost");
    const ClientLife two({paid(0), paid(60), paid(160)}, {});
    EXPECT_EQ(state(two, day(160 + 80)), "active");
    EXPECT_EQ(state(two, day(160 + 160)), "sleeping");
    EXPECT_EQ(state(two, day(160 + 160) + one_ms), "lost");
}

TEST(ClientLife, ADeclaredLimitTakesThePlaceOfTheWholeDefault) {
    kpi::Settings settings;
    settings.lost_after_days = 30;
    const ClientLife life({paid(0), paid(60), paid(120)}, kpi::client_limits(settings));
    EXPECT_EQ(state(life, day(30)), "active");
    EXPECT_EQ(state(life, day(150)), "reactivated");
    EXPECT_EQ(state(life, day(150) + one_ms), "lost");
}

TEST(ClientLife, IsReactivatedUntilThePaymentAloneWouldLetItSleep) {
    // Lost on day 90, back on day 100: the distance of 100 days is its median now.
    const ClientLife quiet({paid(0), paid(100)}, {});
    EXPECT_EQ(state(quiet, day(100)), "lost");
    EXPECT_EQ(state(quiet, day(100) + one_ms), "reactivated");
    EXPECT_EQ(state(quiet, day(200)), "reactivated");
    EXPECT_EQ(state(quiet, day(200) + one_ms), "sleeping");
    const ClientLife busy({paid(0), paid(100), paid(100.001), paid(190), paid(260)}, {});
    EXPECT_EQ(state(busy, day(150)), "reactivated");
    EXPECT_EQ(state(busy, day(200)), "reactivated");
    EXPECT_EQ(state(busy, day(200) + one_ms), "active");
    EXPECT_EQ(state(busy, day(261)), "active");
}

TEST(ClientLife, OfARefundedPaymentIsNotExisting) {
    const ClientLife life({paid(0), refunded(10), paid(300)}, {});
    EXPECT_EQ(state(life, day(10)), "active");
    EXPECT_EQ(state(life, day(10) + one_ms), "new");
    EXPECT_EQ(state(life, day(150)), "new");
    EXPECT_EQ(state(life, day(300) + one_ms), "active");  // it was never lost
    // A refund nets its own invoice, at most to nothing.
    const ClientLife other({paid(0, 100, "a"), paid(5, 100, "b"), refunded(10, 500, "a")}, {});
    EXPECT_EQ(state(other, day(11)), "active");
}

TEST(ClientLife, WaitsForTheWindowOfTheNew) {
    kpi::Settings settings;
    settings.new_window_days = 7;
    const ClientLife life({paid(1)}, kpi::client_limits(settings));
    EXPECT_EQ(state(life, day(8)), "new");
    EXPECT_EQ(state(life, day(8) + one_ms), "active");
    EXPECT_EQ(state(life, day(91) + one_ms), "lost");
}

/// The definition, read literally at one instant.
class Naive {
public:
    Naive(std::vector<ClientPayment> payments, kpi::ClientLimits limits)
        : payments_(std::move(payments)), limits_(limits) {}

    bool is_existing(base::UtcMillis at) const {
        std::map<kpi::Currency, std::map<std::string, std::int64_t>> net;
        for (const ClientPayment& one : payments_) {
            const base::Millis window = one.refund ? base::Millis{0} : limits_.new_window;
            if (one.at < at - window) {
                net[one.currency][one.invoice] += one.refund ? -one.minor : one.minor;
            }
        }
        for (const auto& [currency, invoices] : net) {
            std::int64_t left = 0;
            for (const auto& [invoice, minor] : invoices) {
                left += invoice.empty() ? minor : std::max<std::int64_t>(0, minor);
            }
            if (left > 0) {
                return true;
            }
        }
        return false;
    }

    std::set<base::UtcMillis> purchases(base::UtcMillis before) const {
        std::set<base::UtcMillis> found;
        for (const ClientPayment& one : payments_) {
            if (!one.refund && one.at < before) {
                found.insert(one.at);
            }
        }
        return found;
    }

    base::Millis median(base::UtcMillis before) const {
        std::multiset<base::Millis> distances;
        std::optional<base::UtcMillis> last;
        for (const base::UtcMillis at : purchases(before)) {
            if (last) {
                distances.insert(at - *last);
            }
            last = at;
        }
        const auto nth = [&](std::size_t n) {
            return *std::next(distances.begin(), static_cast<std::ptrdiff_t>(n));
        };
        const std::size_t count = distances.size();
        return count == 0 ? base::Millis{0} : (nth((count - 1) / 2) + nth(count / 2)) / 2;
    }

    bool is_lost(base::UtcMillis at) const {
        const auto bought = purchases(at);
        return is_existing(at) && !bought.empty() &&
               at - *bought.rbegin() >
                   limits_.lost_after.value_or(std::max(90 * one_day, 2 * median(at)));
    }

    ClientState state(base::UtcMillis at) const {
        const auto bought = purchases(at);
        if (!is_existing(at)) {
            return ClientState::lead;
        }
        if (is_lost(at)) {
            return ClientState::lost;
        }
        if (at - *bought.rbegin() > std::max(45 * one_day, median(at))) {
            return ClientState::sleeping;
        }
        std::optional<base::UtcMillis> back;
        for (const base::UtcMillis one : bought) {
            back = is_lost(one) ? one : back;
        }
        const bool is_back = back && at - *back <= std::max(45 * one_day, median(*back + one_ms));
        return is_back ? ClientState::reactivated : ClientState::active;
    }

private:
    std::vector<ClientPayment> payments_;
    kpi::ClientLimits limits_;
};

std::vector<ClientPayment> random_life(std::mt19937_64& random) {
    const auto below = [&](int limit) {
        return static_cast<int>(random() % static_cast<std::uint64_t>(limit));
    };
    std::vector<ClientPayment> payments;
    double at = below(20);
    const int pace = 1 + below(150);
    for (int i = below(9); i > 0; --i) {
        const char* const invoice = below(3) == 0 ? "" : below(2) == 0 ? "a" : "b";
        ClientPayment one = below(4) == 0 ? refunded(at, 50 + below(150), invoice)
                                          : paid(at, 50 + below(150), invoice);
        one.key += std::to_string(i);
        one.currency[0] = below(5) == 0 ? 'E' : 'R';
        payments.push_back(one);
        at += below(4) == 0 ? 0 : below(2 * pace);
    }
    std::shuffle(payments.begin(), payments.end(), random);
    return payments;
}

TEST(ClientLife, IsOnEveryDayWhatAWalkThroughTheDaysFinds) {
    std::mt19937_64 random(20261130);
    std::map<ClientState, int> seen;
    for (int round = 0; round < 400; ++round) {
        const std::vector<ClientPayment> payments = random_life(random);
        kpi::ClientLimits limits;
        limits.new_window = (random() % 3 == 0 ? 7 : 0) * one_day;
        if (random() % 3 == 0) {
            limits.lost_after = static_cast<int>(random() % 120) * one_day;
        }
        const ClientLife life(payments, limits);
        const Naive naive(payments, limits);
        for (int number = -1; number < 900; ++number) {
            // All that changes does so one millisecond after a whole day.
            for (const base::UtcMillis at : {day(number), day(number) + one_ms}) {
                const ClientState expected = naive.state(at);
                ASSERT_EQ(life.state_at(at, false), expected)
                    << "round " << round << ", day " << number;
                ASSERT_EQ(life.is_existing(at), naive.is_existing(at));
                ++seen[expected];
            }
        }
    }
    for (const ClientState state : {ClientState::active, ClientState::sleeping, ClientState::lost,
                                    ClientState::reactivated}) {
        EXPECT_GT(seen[state], 1000) << kpi::to_string(state);
    }
}

TEST(ClientLife, LooksAtNothingThatComesLater) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        const std::vector<ClientPayment> payments = random_life(random);
        const ClientLife whole(payments, {});
        for (int number = 0; number < 600; number += 13) {
            std::vector<ClientPayment> before;
            std::copy_if(payments.begin(), payments.end(), std::back_inserter(before),
                         [&](const ClientPayment& one) { return one.at < day(number); });
            ASSERT_EQ(whole.state_at(day(number), true),
                      ClientLife(before, {}).state_at(day(number), true));
        }
    }
}

TEST(ClientState, HasAWordForEach) {
    for (const ClientState state :
         {ClientState::lead, ClientState::fresh, ClientState::active, ClientState::sleeping,
          ClientState::lost, ClientState::reactivated}) {
        EXPECT_EQ(kpi::client_state_of(kpi::to_string(state)), state);
    }
    EXPECT_EQ(kpi::client_state_of("existing"), std::nullopt);
    EXPECT_FALSE(kpi::is_existing(ClientState::fresh));
    EXPECT_TRUE(kpi::is_existing(ClientState::active));
}

}  // namespace
