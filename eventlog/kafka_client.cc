#include "eventlog/kafka_client.h"

#include <array>

namespace eventlog {
namespace {

constexpr std::size_t why_bytes = 512;

using Conf = std::unique_ptr<rd_kafka_conf_t, KafkaFree<rd_kafka_conf_destroy>>;
using TopicConf = std::unique_ptr<rd_kafka_topic_conf_t, KafkaFree<rd_kafka_topic_conf_destroy>>;

base::Error refused(std::string_view name, const char* why) {
    return base::Error(base::ErrorCode::invalid,
                       "kafka: setting " + std::string(name) + ": " + why);
}

base::Result<void> set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
    std::array<char, why_bytes> why{};
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
        // The client's words repeat the value, which may be a password.
        return refused(name, "not known or not taken by the client");
    }
    return base::success();
}

}  // namespace

base::Error kafka_error(rd_kafka_resp_err_t code, std::string_view what) {
    const std::string text = "kafka: " + std::string(what) + ": " + rd_kafka_err2str(code) + " (" +
                             rd_kafka_err2name(code) + ")";
    switch (code) {
        case RD_KAFKA_RESP_ERR__INVALID_ARG:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
            return base::Error(base::ErrorCode::invalid, text);
        default: return base::Error(base::ErrorCode::unavailable, text);
    }
}

base::Result<KafkaHandle> open_kafka(rd_kafka_type_t type, const KafkaOptions& options,
                                     const KafkaSettings& own,
                                     const std::function<void(rd_kafka_conf_t*)>& prepare) {
    Conf conf(rd_kafka_conf_new());
    const KafkaSettings common{
        {"bootstrap.servers", options.brokers},
        {"client.id", options.instance_id},
        {"socket.nagle.disable", "true"},
        {"socket.keepalive.enable", "true"},
        {"allow.auto.create.topics", "false"},
        {"message.max.bytes", std::to_string(kafka_message_bytes_max)},
        {"reconnect.backoff.max.ms", "2000"},
        {"socket.timeout.ms", "10000"},
        {"topic.metadata.refresh.interval.ms", "5000"},  // a topic made anew is seen soon
        {"log_level", "4"},
    };
    for (const KafkaSettings* settings : {&common, &own, &options.security}) {
        for (const auto& [name, value] : *settings) {
            BOOST_OUTCOME_TRY(set(conf.get(), name, value));
        }
    }
    // What it would print to standard error is seen as errors of calls and reports.
    rd_kafka_conf_set_log_cb(conf.get(), nullptr);
    if (prepare) {
        prepare(conf.get());
    }
    std::array<char, why_bytes> why{};
    KafkaHandle client(rd_kafka_new(type, conf.get(), why.data(), why.size()));
    if (!client) {
        return base::Error(base::ErrorCode::invalid, "kafka: " + std::string(why.data()));
    }
    static_cast<void>(conf.release());  // the client has it
    return client;
}

base::Result<std::pair<std::uint64_t, std::uint64_t>> range_of(rd_kafka_t* client,
                                                               const KafkaOptions& options,
                                                               std::int32_t partition,
                                                               std::chrono::milliseconds patience) {
    // The question for the offsets does not keep to its time when nobody answers (2.0.2): that of
    // the metadata does.
    BOOST_OUTCOME_TRY(const KafkaTopicHandle topic, open_topic(client, options));
    const struct rd_kafka_metadata* found = nullptr;
    const auto limit = static_cast<int>(patience.count());
    rd_kafka_resp_err_t failed = rd_kafka_metadata(client, 0, topic.get(), &found, limit);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_error(failed, "topic " + options.topic);
    }
    const std::unique_ptr<const struct rd_kafka_metadata, KafkaFree<rd_kafka_metadata_destroy>>
        kept(found);
    const bool is_there = found->topic_cnt == 1 &&
                          found->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
                          partition < found->topics[0].partition_cnt;
    if (!is_there) {
        const bool is_gone = found->topic_cnt == 1 &&
                             found->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        return base::Error(is_gone ? base::ErrorCode::not_found : base::ErrorCode::unavailable,
                           "kafka: topic " + options.topic + ": partition " +
                               std::to_string(partition) + " is not there");
    }
    std::int64_t low = 0;
    std::int64_t high = 0;
    failed = rd_kafka_query_watermark_offsets(client, options.topic.c_str(), partition, &low, &high,
                                              limit);
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_error(failed, "topic " + options.topic);
    }
    return std::pair(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high));
}

base::Result<KafkaTopicHandle> open_topic(rd_kafka_t* client, const KafkaOptions& options,
                                          const KafkaSettings& own) {
    TopicConf conf(rd_kafka_topic_conf_new());
    for (const auto& [name, value] : own) {
        std::array<char, why_bytes> why{};
        if (rd_kafka_topic_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(),
                                    why.size()) != RD_KAFKA_CONF_OK) {
            return refused(name, why.data());
        }
    }
    KafkaTopicHandle topic(rd_kafka_topic_new(client, options.topic.c_str(), conf.get()));
    if (!topic) {
        return kafka_error(rd_kafka_last_error(), options.topic);
    }
    static_cast<void>(conf.release());
    return topic;
}

}  // namespace eventlog
