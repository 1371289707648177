#include "base/clock.h"

namespace base {

UtcMillis SystemClock::now() const {
    const auto read = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
    std::int64_t last = last_ms_.load(std::memory_order_relaxed);
    const std::int64_t ms = to_ms(read);
    while (last < ms && !last_ms_.compare_exchange_weak(last, ms, std::memory_order_relaxed)) {
    }
    return from_ms(last < ms ? ms : last);
}

}  // namespace base
