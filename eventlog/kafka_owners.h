#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "eventlog/kafka_options.h"

namespace eventlog {

/// Asks the broker who of the group owns which partition. What a node thinks of itself may be old;
/// the broker's word is the group's.
///
/// Threads: one call at a time.
class KafkaOwners {
public:
    virtual ~KafkaOwners() = default;

    /// Errors: invalid - the client does not take its settings.
    static base::Result<std::unique_ptr<KafkaOwners>> open(const KafkaOptions& options);

    /// By partition the instance id of its owner; empty: nobody has it just now.
    /// Errors: unavailable.
    virtual base::Result<std::vector<std::string>> ask(std::chrono::milliseconds patience) = 0;
};

}  // namespace eventlog
