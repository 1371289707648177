// Proves when a partition gets a tick. How: instants by hand.
#include "app/ticker.h"

#include <gtest/gtest.h>

namespace {

using app::wants_tick;
using std::chrono::seconds;

TEST(Ticker, ASilentPartitionGetsOneAMinute) {
    const base::UtcMillis now = base::from_ms(1'800'000'000'000);
    EXPECT_FALSE(wants_tick(now, now, {}));
    EXPECT_FALSE(wants_tick(now, now - seconds(59), {}));
    EXPECT_TRUE(wants_tick(now, now - seconds(60), {}));
}

TEST(Ticker, EveryTenSecondsWhileATimerIsDueWithinTheMinute) {
    const base::UtcMillis now = base::from_ms(1'800'000'000'000);
    EXPECT_FALSE(wants_tick(now, now - seconds(9), now));
    EXPECT_TRUE(wants_tick(now, now - seconds(10), now));
    EXPECT_TRUE(wants_tick(now, now - seconds(10), now - seconds(100)));
    EXPECT_TRUE(wants_tick(now, now - seconds(10), now + seconds(60)));
    EXPECT_FALSE(wants_tick(now, now - seconds(10), now + seconds(61)));
}

TEST(Ticker, ATickIsAnEventOfNoCompany) {
    const events::Event event = app::tick_event(base::from_ms(1234));
    EXPECT_EQ(event.head.tick().at(), 1234);
    EXPECT_EQ(event.head.received_at(), 1234);
    EXPECT_TRUE(event.head.company().empty());
    EXPECT_TRUE(events::decode(events::encode(event)));
}

}  // namespace
