#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "app/node.h"

namespace app {

/// Over Kafka a node learns what was declared before only from the broker: the settings of a
/// company are declared when its views are at the end of the log, by the node that owns them.
///
/// Lifetime: `node` outlives it. Threads: one of its own; `wait_declared` any.
class Declarer {
public:
    explicit Declarer(Node& node) : node_(node) {}

    void start();
    void stop();
    /// Waits until the settings of `company` are declared, here or before; false when they are not
    /// in time.
    bool wait_declared(const std::string& company, std::chrono::milliseconds timeout);

private:
    void run(const std::stop_token& stop);

    Node& node_;
    std::mutex mutex_;
    std::condition_variable_any declared_some_;
    std::set<std::string> declared_;
    std::jthread thread_;
};

}  // namespace app
