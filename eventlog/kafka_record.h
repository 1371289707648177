#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "eventlog/kafka_client.h"
#include "eventlog/log.h"

namespace eventlog {

using KafkaHeaders = std::unique_ptr<rd_kafka_headers_t, KafkaFree<rd_kafka_headers_destroy>>;

/// A record as a message of the topic: the CloudEvents Kafka binding in binary mode
/// (cloudevents.io, Kafka Protocol Binding 1.0.2, 3.2), `value` = the record's bytes as they are,
/// key = company.
///
/// Headers: `ce_*`, `content-type: application/protobuf`; `normwatch_origin`: log id (16 bytes),
///          then the offset there and the first offset of that log (u64, big-endian);
///          `normwatch_received_at`: ms since 1970 as text.
struct KafkaRecord {
    std::string key;
    KafkaHeaders headers;
};

/// `record` was read from the log `log_id`, which begins at `begin`. A record that is no event has
/// an empty key and no `ce_*`.
KafkaRecord to_kafka(const ReadRecord& record, const LogId& log_id, std::uint64_t begin);

/// The record of a message.
///
/// Errors: corrupt - a header of ours is missing or not as above.
base::Result<ReadRecord> from_kafka(const rd_kafka_message_t& message);

}  // namespace eventlog
