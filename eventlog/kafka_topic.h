#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "eventlog/kafka_options.h"

namespace eventlog {

/// Makes the topic of `options` when it is missing, and checks the one that is there: the number of
/// partitions, `cleanup.policy=delete`, `max.message.bytes` (engine.md 2.2). `retention.ms` of an
/// existing topic is its owner's.
///
/// Errors: invalid     - a topic that cannot hold this log; what differs is named.
///         unavailable - no broker answers in `patience`; try again.
base::Result<void> ensure_topic(const KafkaOptions& options, std::chrono::milliseconds patience);

}  // namespace eventlog
