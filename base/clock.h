#pragma once

#include <atomic>

#include "base/time.h"

namespace base {

/// Where the time of day comes from. The only way to it: `system_clock::now` stands in clock.cc
/// alone.
///
/// Threads: any.
class Clock {
public:
    virtual ~Clock() = default;
    virtual UtcMillis now() const = 0;
};

/// The clock of the machine, which never goes back within one process.
class SystemClock final : public Clock {
public:
    UtcMillis now() const override;

private:
    mutable std::atomic<std::int64_t> last_ms_{0};
};

/// A clock that moves only when told. For tests.
class ManualClock final : public Clock {
public:
    explicit ManualClock(UtcMillis start) : now_ms_(to_ms(start)) {}
    UtcMillis now() const override { return from_ms(now_ms_.load()); }
    void set(UtcMillis at) { now_ms_.store(to_ms(at)); }
    void advance(Millis by) { now_ms_.fetch_add(by.count()); }

private:
    std::atomic<std::int64_t> now_ms_;
};

}  // namespace base
