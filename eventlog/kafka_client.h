#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "eventlog/kafka_options.h"

// What every client of Kafka here shares: handles that free themselves, errors, settings.

namespace eventlog {

template <auto FreeIt>
struct KafkaFree {
    template <class T>
    void operator()(T* one) const {
        FreeIt(one);
    }
};
/// A consumer is let go without the farewell of a close, which may wait for a broker that is away.
struct KafkaEnd {
    void operator()(rd_kafka_t* client) const {
        rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
};
using KafkaHandle = std::unique_ptr<rd_kafka_t, KafkaEnd>;
using KafkaTopicHandle = std::unique_ptr<rd_kafka_topic_t, KafkaFree<rd_kafka_topic_destroy>>;
using KafkaQueue = std::unique_ptr<rd_kafka_queue_t, KafkaFree<rd_kafka_queue_destroy>>;
using KafkaEvent = std::unique_ptr<rd_kafka_event_t, KafkaFree<rd_kafka_event_destroy>>;
using KafkaMessage = std::unique_ptr<rd_kafka_message_t, KafkaFree<rd_kafka_message_destroy>>;
using KafkaPlaces = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                    KafkaFree<rd_kafka_topic_partition_list_destroy>>;
using KafkaFault = std::unique_ptr<rd_kafka_error_t, KafkaFree<rd_kafka_error_destroy>>;

using KafkaSettings = std::vector<std::pair<std::string, std::string>>;

/// The error `code` as ours: `unavailable` of what may be otherwise later, else `invalid`.
base::Error kafka_error(rd_kafka_resp_err_t code, std::string_view what);

/// A client of `type` with the settings that all have, those of `options` and `own`. `prepare` may
/// set callbacks.
///
/// Errors: invalid - a setting that the client does not know or take; it is named, its value is
/// not.
base::Result<KafkaHandle> open_kafka(rd_kafka_type_t type, const KafkaOptions& options,
                                     const KafkaSettings& own,
                                     const std::function<void(rd_kafka_conf_t*)>& prepare = {});

/// The first and the next offset of a partition, within about `patience`.
///
/// Errors: not_found - there is no such topic, or partition. unavailable - no broker answers.
base::Result<std::pair<std::uint64_t, std::uint64_t>> range_of(rd_kafka_t* client,
                                                               const KafkaOptions& options,
                                                               std::int32_t partition,
                                                               std::chrono::milliseconds patience);

/// The topic of `options` as handle of `client`. Errors: unavailable.
base::Result<KafkaTopicHandle> open_topic(rd_kafka_t* client, const KafkaOptions& options,
                                          const KafkaSettings& own = {});

}  // namespace eventlog
