#pragma once

#include <chrono>
#include <optional>
#include <thread>

#include "app/node.h"
#include "base/time.h"

namespace app {

/// Log time goes on while nothing comes: a normwatch.tick.v1 in each partition that this node
/// folds, or, when it folds none, in each that it collects for. What becomes true by time alone (a
/// case that expires, a call that never ends) is then true on time, and a replay finds it at the
/// same record.
///
/// Source: engine.md 6. Lifetime: `node` outlives it. Threads: one of its own.
class Ticker {
public:
    Ticker(Node& node, Role role) : node_(node), role_(role) {}

    void start();
    void stop();

private:
    void run(const std::stop_token& stop);
    bool is_wanted(std::uint32_t partition, base::UtcMillis now) const;

    Node& node_;
    Role role_;
    std::jthread thread_;
};

/// Whether a partition wants a tick: one is due within a minute of `next_timer` and no record came
/// for ten seconds, or none came for a minute.
bool wants_tick(base::UtcMillis now, base::UtcMillis log_time,
                std::optional<base::UtcMillis> next_timer);
inline constexpr std::chrono::seconds tick_pause{10};
inline constexpr std::chrono::seconds idle_tick_pause{60};

/// The record of a tick.
events::Event tick_event(base::UtcMillis now);

}  // namespace app
