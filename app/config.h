#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/config_tree.h"
#include "base/error.h"
#include "eventlog/kafka_options.h"
#include "ingest/cdr_csv/mapping.h"

namespace app {

/// Thresholds of a company. Source: domain.md 6.
struct KpiSettings {
    std::map<std::string, double> numbers;     ///< `qualified_seconds` ...: every known key
    std::map<std::string, std::string> words;  ///< `proposals_from`
};

/// A tenant.
struct CompanyConfig {
    std::string id;
    std::string name;
    std::string timezone = "UTC";
    std::string region;  ///< ISO 3166, of numbers without country code; empty: none
    std::string currency = "RUB";
    std::vector<std::string> mail_domains;
    KpiSettings kpis;
};

/// Where events come from.
struct SourceConfig {
    std::string id;
    std::string kind;  ///< cloudevents, asterisk-cdr-csv, cdr-csv
    std::string company;
    std::string timezone;  ///< of its wall clock; the company's when the file says none
    bool timezone_assumed = true;
    std::string region;  ///< the company's when the file says none
    std::string international_prefix;
    std::optional<std::string> pbx;
    std::int64_t lateness_seconds = 60;
    std::optional<std::vector<std::string>> types;
    bool count = true;
    std::string path;     ///< the file that its sender writes; empty: fed by import and HTTP only
    bool follow = false;  ///< `serve` reads `path` as it grows
    std::shared_ptr<const ingest::cdr_csv::Mapping> columns;  ///< of kind cdr-csv
};

/// Who is told of deviations by HTTP. Source: https://www.standardwebhooks.com.
struct WebhookConfig {
    std::string id;
    std::string url;
    std::string secret_file;  ///< holds `whsec_...`
};

/// `127.0.0.1:8080`
struct ListenAddress {
    std::string host;  ///< without brackets
    std::uint16_t port = 0;
    std::string text;  ///< as configured
};

/// Where the log is when it is Kafka. Source: interface.md 2, `log.kafka`.
struct KafkaConfig {
    std::string brokers;
    std::string topic_prefix = "normwatch";
    std::string group = "normwatch";
    std::string instance_id = "node-1";
    std::map<std::string, std::string> peers;  ///< URLs of the nodes by instance id
    std::int64_t session_timeout_ms = 45'000;
    std::int64_t topic_retention_days = 30;
    std::int64_t spool_hours = 72;
    /// `security.protocol`, `ssl.*`, `sasl.*`: the client's own settings, but no secret.
    std::vector<std::pair<std::string, std::string>> client;
    std::string password_file;  ///< of sasl.password; empty: none
};

/// What `/metrics/kpi` shows. Source: interface.md 2, ecosystem.md 1.3.
struct MetricsConfig {
    std::string kpi = "per_manager";  ///< per_manager, per_team, off
    std::vector<std::string> kpis{"calls_in_answered",  "calls_missed",    "calls_out",
                                  "calls_out_answered", "calls_qualified", "talk_seconds",
                                  "contacts_unique",    "emails_sent",     "meetings_held",
                                  "presentations_held", "proposals_sent",  "invoices_issued",
                                  "payments_amount",    "touches"};
    std::size_t series_max = 100'000;  ///< of a company; who comes behind it is left out
};

/// normwatch.yaml with the environment over it, checked: what this process runs with.
///
/// Source: docs/operations.md. Only what this version has code for is accepted.
struct Config {
    std::string path;
    std::string data_dir;
    std::vector<CompanyConfig> companies;
    std::uint32_t partitions = 1;
    std::int64_t log_retention_days = 0;  ///< 0: for ever; of the embedded log
    std::optional<KafkaConfig> kafka;     ///< nullopt: the log is the embedded one
    ListenAddress listen{"127.0.0.1", 8080, "127.0.0.1:8080"};
    ListenAddress metrics_listen{"127.0.0.1", 9464, "127.0.0.1:9464"};
    MetricsConfig metrics;
    std::vector<SourceConfig> sources;
    std::vector<std::string> pbx_names;   ///< of section `pbx`
    std::vector<WebhookConfig> webhooks;  ///< who is told of deviations

    const CompanyConfig* company(const std::string& id) const;
    const SourceConfig* source(const std::string& id) const;
};

/// Reads and checks the file at `path`.
///
/// Errors: invalid   - one line: `FILE:LINE: what`, or `NORMWATCH_...: what`.
///         not_found - there is no such file, or it cannot be read.
base::Result<Config> load_config(const std::string& path, const Environment& environment);

/// The same of a text; `path` is what errors show.
base::Result<Config> parse_config(std::string_view text, const std::string& path,
                                  const Environment& environment);

/// The effective configuration as YAML: what was left out stands there with its default.
std::string show_config(const Config& config);

}  // namespace app
