#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "eventlog/kafka_options.h"
#include "eventlog/log.h"

namespace eventlog {

/// Publishes records of one local log in their order: an idempotent producer that drops nothing and
/// lets nothing overtake. Once it has failed it is done for: make another, and begin behind the
/// last record that was reported.
///
/// Threads: one.
class KafkaProducer {
public:
    /// A record with `offset` in the local log stands at `kafka_offset` in the topic.
    using OnDelivered =
        std::function<void(Partition partition, std::uint64_t offset, std::uint64_t kafka_offset)>;

    /// Errors: invalid - the client does not take its settings.
    static base::Result<std::unique_ptr<KafkaProducer>> open(const KafkaOptions& options,
                                                             const LogId& log_id,
                                                             OnDelivered on_delivered);
    virtual ~KafkaProducer() = default;

    /// Takes `record` along, of a log that begins at `begin`; false: the client holds as much as it
    /// may, `poll` first.
    virtual bool send(Partition partition, const ReadRecord& record, std::uint64_t begin) = 0;
    /// Hands on reports, waiting up to `patience` for the first.
    virtual void poll(std::chrono::milliseconds patience) = 0;
    /// Why it is done for; nullopt while it is well.
    virtual std::optional<base::Error> failure() const = 0;
    /// The first and the next offset of the topic's partition.
    /// Errors: not_found - there is no such topic; unavailable.
    virtual base::Result<std::pair<std::uint64_t, std::uint64_t>> range(
        Partition partition, std::chrono::milliseconds patience) = 0;
};

}  // namespace eventlog
