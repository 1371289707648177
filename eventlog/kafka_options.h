#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace eventlog {

/// Which Kafka holds the log, and as whom this process speaks to it (docs/operations.md, "Kafka").
struct KafkaOptions {
    std::string brokers;           ///< "host:port,host:port"
    std::string topic;             ///< `<prefix>.events`
    std::string group;             ///< of the processors
    std::string instance_id;       ///< names this process among them; at most 32 bytes
    std::uint32_t partitions = 1;  ///< of the topic
    std::chrono::milliseconds session_timeout{45'000};
    std::chrono::days topic_retention{30};
    /// Settings of the client by its own names, `security.protocol`, `ssl.*` and `sasl.*`: handed
    /// on as they are.
    std::vector<std::pair<std::string, std::string>> security;
};

inline constexpr std::size_t instance_id_bytes_max = 32;
/// Of a message, in the topic and in both clients: the default of 1 MiB refuses the largest event.
inline constexpr std::int64_t kafka_message_bytes_max = 2'097'152;

}  // namespace eventlog
