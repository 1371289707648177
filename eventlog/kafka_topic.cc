#include "eventlog/kafka_topic.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "eventlog/kafka_client.h"

namespace eventlog {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr std::int16_t replicas_of_the_broker = -1;  ///< its default.replication.factor

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, KafkaFree<rd_kafka_NewTopic_destroy>>;
using Resource =
    std::unique_ptr<rd_kafka_ConfigResource_t, KafkaFree<rd_kafka_ConfigResource_destroy>>;
using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, KafkaFree<rd_kafka_AdminOptions_destroy>>;

/// The partitions of the topic; nullopt when there is none.
base::Result<std::optional<std::uint32_t>> partitions_of(rd_kafka_t* client,
                                                         const KafkaOptions& options,
                                                         Milliseconds patience) {
    BOOST_OUTCOME_TRY(const KafkaTopicHandle topic, open_topic(client, options));
    const struct rd_kafka_metadata* found = nullptr;
    const rd_kafka_resp_err_t failed =
        rd_kafka_metadata(client, 0, topic.get(), &found, static_cast<int>(patience.count()));
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_error(failed, "topic " + options.topic);
    }
    const std::unique_ptr<const struct rd_kafka_metadata, KafkaFree<rd_kafka_metadata_destroy>>
        kept(found);
    if (found->topic_cnt != 1 || found->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        return std::optional<std::uint32_t>();
    }
    if (found->topics[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_error(found->topics[0].err, "topic " + options.topic);
    }
    if (found->topics[0].partition_cnt == 0) {  // of a broker that does not know it all yet
        return kafka_error(RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, "topic " + options.topic);
    }
    return std::optional(static_cast<std::uint32_t>(found->topics[0].partition_cnt));
}

/// The answer to a request that `ask` sends. Errors: unavailable.
template <class Ask>
base::Result<KafkaEvent> answer_to(rd_kafka_t* client, const KafkaOptions& options,
                                   Milliseconds patience, const Ask& ask) {
    const AdminOptions how(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_ANY));
    std::array<char, 256> why{};
    const auto limit = static_cast<int>(patience.count());
    rd_kafka_AdminOptions_set_request_timeout(how.get(), limit, why.data(), why.size());
    const KafkaQueue queue(rd_kafka_queue_new(client));
    ask(how.get(), queue.get());
    KafkaEvent event(rd_kafka_queue_poll(queue.get(), limit));
    const rd_kafka_resp_err_t failed =
        event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_error(failed, "topic " + options.topic);
    }
    return event;
}

base::Result<void> create(rd_kafka_t* client, const KafkaOptions& options, Milliseconds patience) {
    std::array<char, 256> why{};
    const NewTopic topic(rd_kafka_NewTopic_new(options.topic.c_str(),
                                               static_cast<int>(options.partitions),
                                               replicas_of_the_broker, why.data(), why.size()));
    if (!topic) {
        return base::Error(base::ErrorCode::invalid,
                           "kafka: topic " + options.topic + ": " + why.data());
    }
    const Milliseconds retention = options.topic_retention;
    for (const auto& [name, value] :
         KafkaSettings{{"cleanup.policy", "delete"},
                       {"retention.ms", std::to_string(retention.count())},
                       {"max.message.bytes", std::to_string(kafka_message_bytes_max)}}) {
        rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    }
    rd_kafka_NewTopic_t* wanted = topic.get();
    BOOST_OUTCOME_TRY(const KafkaEvent event,
                      answer_to(client, options, patience, [&](auto* how, auto* queue) {
                          rd_kafka_CreateTopics(client, &wanted, 1, how, queue);
                      }));
    std::size_t count = 0;
    const rd_kafka_topic_result_t** results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event.get()), &count);
    const rd_kafka_resp_err_t failed =
        count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__FAIL;
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR && failed != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        return kafka_error(failed, "topic " + options.topic);
    }
    return base::success();
}

/// What a setting of the topic says that cannot be; empty when all is well.
std::string flaw_of(std::string_view name, std::string_view value) {
    if (name == "cleanup.policy" && value != "delete") {
        return "cleanup.policy is " + std::string(value) +
               ": a log that is not only deleted from "
               "its front has holes; expected delete";
    }
    if (name == "max.message.bytes") {
        std::int64_t bytes = 0;
        std::from_chars(value.data(), value.data() + value.size(), bytes);
        if (bytes < kafka_message_bytes_max) {
            return "max.message.bytes is " + std::string(value) + ": expected at least " +
                   std::to_string(kafka_message_bytes_max);
        }
    }
    return {};
}

base::Result<void> check_settings(rd_kafka_t* client, const KafkaOptions& options,
                                  Milliseconds patience) {
    const Resource resource(
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, options.topic.c_str()));
    rd_kafka_ConfigResource_t* asked = resource.get();
    BOOST_OUTCOME_TRY(const KafkaEvent event,
                      answer_to(client, options, patience, [&](auto* how, auto* queue) {
                          rd_kafka_DescribeConfigs(client, &asked, 1, how, queue);
                      }));
    std::size_t count = 0;
    const rd_kafka_ConfigResource_t** found = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event.get()), &count);
    const rd_kafka_resp_err_t failed =
        count == 1 ? rd_kafka_ConfigResource_error(found[0]) : RD_KAFKA_RESP_ERR__FAIL;
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_error(failed, "topic " + options.topic);
    }
    std::size_t entries = 0;
    const rd_kafka_ConfigEntry_t** const all = rd_kafka_ConfigResource_configs(found[0], &entries);
    for (std::size_t i = 0; i < entries; ++i) {
        const char* const value = rd_kafka_ConfigEntry_value(all[i]);
        const std::string flaw =
            value == nullptr ? "" : flaw_of(rd_kafka_ConfigEntry_name(all[i]), value);
        if (!flaw.empty()) {
            return base::Error(base::ErrorCode::invalid,
                               "kafka: topic " + options.topic + ": " + flaw);
        }
    }
    return base::success();
}

}  // namespace

base::Result<void> ensure_topic(const KafkaOptions& options, Milliseconds patience) {
    BOOST_OUTCOME_TRY(const KafkaHandle client, open_kafka(RD_KAFKA_PRODUCER, options, {}));
    const auto until = std::chrono::steady_clock::now() + patience;
    BOOST_OUTCOME_TRY(auto partitions, partitions_of(client.get(), options, patience));
    if (!partitions) {
        BOOST_OUTCOME_TRY(create(client.get(), options, patience));
    }
    // Another node may have made it at the same time, otherwise; a broker tells of it a while
    // later.
    while (!partitions && std::chrono::steady_clock::now() < until) {
        BOOST_OUTCOME_TRY(partitions, partitions_of(client.get(), options, patience));
    }
    if (!partitions) {
        return kafka_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "topic " + options.topic);
    }
    if (*partitions != options.partitions) {
        return base::Error(base::ErrorCode::invalid,
                           "kafka: topic " + options.topic + " has " + std::to_string(*partitions) +
                               " partitions, the configuration " +
                               std::to_string(options.partitions) +
                               ": another number is another topic, and a rebuild");
    }
    return check_settings(client.get(), options, patience);
}

}  // namespace eventlog
