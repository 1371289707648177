#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "store/keys.h"
#include "store/write_back.h"

namespace processors {

/// What becomes true by log time alone, without an event: rows in the order of their instants.
///
/// Who needs one puts it, takes it back when the reason is gone, and acts when it fires. Log time
/// is a function of the log, so a replay fires the same timers at the same records. In memory stand
/// the changes since the last commit and the instant before which nothing is due.
///
/// Source: engine.md 3.1, 3.5. Threads: one.
class Timers {
public:
    Timers(const store::ViewReader& store, store::WriteBack& rows) : store_(store), rows_(rows) {}

    /// Reads when the first one is due. Errors: those of the store; corrupt.
    base::Result<void> open();

    void put(const store::TimerKey& timer);
    void erase(const store::TimerKey& timer);

    /// Whether one is due at or before `log_time`. Right after `fire`; between, it may say yes of
    /// timers that were taken back.
    bool is_due(base::UtcMillis log_time) const { return earliest_ && *earliest_ <= log_time; }

    /// Nothing is due before it; nullopt: nothing is waited for.
    std::optional<base::UtcMillis> earliest() const { return earliest_; }

    using Fire = std::function<base::Result<void>(const store::TimerKey& timer)>;
    /// Takes out what is due at or before `log_time`, by instant and key, at most `timers_max`, and
    /// hands each to `fire`, which may put and erase others.
    /// Errors: those of the store, and of `fire`; corrupt.
    base::Result<void> fire(base::UtcMillis log_time, std::size_t timers_max, const Fire& fire);

    /// To be called after each commit of the rows.
    void committed() { changes_.clear(); }

private:
    /// The first keys of those that stand, at most `count`, due before `until`.
    base::Result<std::vector<store::TimerKey>> first(base::UtcMillis until, std::size_t count);

    const store::ViewReader& store_;
    store::WriteBack& rows_;
    std::map<std::string, bool> changes_;  ///< since the last commit: by key, whether it stands
    /// Nothing is due before it; absent: nothing at all. The scan begins here, so that it does not
    /// walk over what has been taken out.
    std::optional<base::UtcMillis> earliest_;
};

}  // namespace processors
