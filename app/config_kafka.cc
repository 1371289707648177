#include "app/config_kafka.h"

#include "base/files.h"
#include "base/http_client.h"

namespace app {
namespace {

constexpr std::int64_t session_ms_min = 6'000;  // group.min.session.timeout.ms of a broker
constexpr std::int64_t session_ms_max = 1'800'000;
constexpr std::int64_t days_max = 36'600;
constexpr std::int64_t hours_max = 24 * days_max;
constexpr std::size_t password_bytes_max = 4096;

bool is_security_setting(std::string_view name) {
    return name == "security.protocol" || name.starts_with("ssl.") || name.starts_with("sasl.");
}

bool is_secret(std::string_view name) {
    return name.ends_with("password") || name.ends_with(".key.pem");
}

void read_client(const ConfigNode& node, ConfigReader& reader, KafkaConfig& kafka) {
    if (node.kind != ConfigNode::Kind::map) {
        reader.wrong(node, "log.kafka.client: expected a map of settings");
        return;
    }
    for (const auto& [name, value] : node.members) {
        const std::string where = "log.kafka.client." + name;
        if (is_secret(name)) {
            reader.wrong(value, where + ": a secret stands in a file: log.kafka.password_file");
        } else if (!is_security_setting(name)) {
            reader.wrong(value, where + ": expected security.protocol, ssl.* or sasl.*");
        } else if (const auto text = reader.text(node, name, "log.kafka.client.")) {
            kafka.client.emplace_back(name, *text);
        }
    }
}

void read_peers(const ConfigNode& node, ConfigReader& reader, KafkaConfig& kafka) {
    if (node.kind != ConfigNode::Kind::map) {
        reader.wrong(node, "log.kafka.peers: expected a map of instance ids to URLs");
        return;
    }
    for (const auto& [instance, value] : node.members) {
        const auto url = reader.text(node, instance, "log.kafka.peers.");
        if (url && !base::HttpClient::open(*url)) {
            reader.wrong(value, "log.kafka.peers." + instance + ": expected http://HOST:PORT");
        } else if (url) {
            kafka.peers[instance] = *url;
        }
    }
}

/// A name that the broker and our topic names take.
void check_name(const ConfigNode& node, ConfigReader& reader, std::string_view key,
                const std::string& text, std::size_t bytes_max) {
    constexpr std::string_view letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (text.empty() || text.size() > bytes_max ||
        text.find_first_not_of(letters) != std::string::npos) {
        const ConfigNode* const place = node.find(key);
        reader.wrong(place == nullptr ? node : *place,
                     "log.kafka." + std::string(key) + ": expected 1 to " +
                         std::to_string(bytes_max) + " letters, digits, '.', '_' or '-'");
    }
}

}  // namespace

void read_kafka_config(const ConfigNode& node, ConfigReader& reader, KafkaConfig& kafka) {
    const std::string where = "log.kafka.";
    const KnownKeys keys{
        {"brokers", "topic_prefix", "group", "instance_id", "session_timeout_ms",
         "topic_retention_days", "spool_hours", "client", "password_file", "peers"},
        {}};
    reader.is_section(node, where, keys);
    if (node.kind != ConfigNode::Kind::map) {
        return;
    }
    constexpr std::size_t topic_bytes_max = 200;
    kafka.brokers = reader.text(node, "brokers", where).value_or("");
    if (kafka.brokers.empty()) {
        reader.wrong(node, "log.kafka.brokers is needed: HOST:PORT,...");
    }
    kafka.topic_prefix = reader.text(node, "topic_prefix", where).value_or(kafka.topic_prefix);
    kafka.group = reader.text(node, "group", where).value_or(kafka.group);
    kafka.instance_id = reader.text(node, "instance_id", where).value_or(kafka.instance_id);
    check_name(node, reader, "topic_prefix", kafka.topic_prefix, topic_bytes_max);
    check_name(node, reader, "group", kafka.group, topic_bytes_max);
    check_name(node, reader, "instance_id", kafka.instance_id, eventlog::instance_id_bytes_max);
    kafka.session_timeout_ms = reader.whole(node, "session_timeout_ms", where, session_ms_max)
                                   .value_or(kafka.session_timeout_ms);
    if (kafka.session_timeout_ms < session_ms_min) {
        reader.wrong(*node.find("session_timeout_ms"),
                     where + "session_timeout_ms: expected at least " +
                         std::to_string(session_ms_min) + ", what a broker takes");
    }
    kafka.topic_retention_days = reader.whole(node, "topic_retention_days", where, days_max)
                                     .value_or(kafka.topic_retention_days);
    kafka.spool_hours =
        reader.whole(node, "spool_hours", where, hours_max).value_or(kafka.spool_hours);
    kafka.password_file = reader.text(node, "password_file", where).value_or("");
    if (const ConfigNode* peers = ConfigReader::member(node, "peers")) {
        read_peers(*peers, reader, kafka);
    }
    if (const ConfigNode* client = ConfigReader::member(node, "client")) {
        read_client(*client, reader, kafka);
    }
}

base::Result<eventlog::KafkaOptions> kafka_options(const Config& config) {
    const KafkaConfig& kafka = *config.kafka;
    eventlog::KafkaOptions options;
    options.brokers = kafka.brokers;
    options.topic = kafka.topic_prefix + ".events";
    options.group = kafka.group;
    options.instance_id = kafka.instance_id;
    options.partitions = config.partitions;
    options.session_timeout = std::chrono::milliseconds(kafka.session_timeout_ms);
    options.topic_retention = std::chrono::days(kafka.topic_retention_days);
    options.security = kafka.client;
    if (!kafka.password_file.empty()) {
        base::PosixFiles files;
        BOOST_OUTCOME_TRY(std::string password,
                          base::read_small_file(files, kafka.password_file, password_bytes_max));
        while (password.ends_with('\n') || password.ends_with('\r')) {
            password.pop_back();
        }
        options.security.emplace_back("sasl.password", std::move(password));
    }
    return options;
}

}  // namespace app
