#include <fmt/format.h>

#include "app/config.h"

namespace app {
namespace {

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') {
            out += '\\';
        }
        out += letter;
    }
    return out + "\"";
}

std::string list_of(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) {
        out += (out.empty() ? "" : ", ") + quoted(word);
    }
    return "[" + out + "]";
}

std::string show(const KpiSettings& kpis) {
    std::string out;
    for (const auto& [key, value] : kpis.numbers) {
        out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key, value);
    }
    for (const auto& [key, value] : kpis.words) {
        out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key, value);
    }
    return "{" + out + "}";
}

std::string show(const CompanyConfig& company) {
    return fmt::format(
        "  - id: {}\n    name: {}\n    timezone: {}\n    region: {}\n    currency: {}\n"
        "    mail_domains: {}\n    kpis: {}\n",
        quoted(company.id), quoted(company.name), company.timezone,
        company.region.empty() ? "null" : quoted(company.region), company.currency,
        list_of(company.mail_domains), show(company.kpis));
}

std::string show(const KafkaConfig& kafka) {
    std::string client;
    for (const auto& [name, value] : kafka.client) {
        client += fmt::format("{}{}: {}", client.empty() ? "" : ", ", name, quoted(value));
    }
    std::string peers;
    for (const auto& [instance, url] : kafka.peers) {
        peers += fmt::format("{}{}: {}", peers.empty() ? "" : ", ", instance, quoted(url));
    }
    return fmt::format(
        "  kafka:\n    brokers: {}\n    topic_prefix: {}\n    group: {}\n    instance_id: {}\n"
        "    peers: {{{}}}\n"
        "    session_timeout_ms: {}\n    topic_retention_days: {}\n    spool_hours: {}\n"
        "    client: {{{}}}\n    password_file: {}\n",
        quoted(kafka.brokers), quoted(kafka.topic_prefix), quoted(kafka.group),
        quoted(kafka.instance_id), peers, kafka.session_timeout_ms, kafka.topic_retention_days,
        kafka.spool_hours, client,
        kafka.password_file.empty() ? "\"\"" : quoted(kafka.password_file));
}

std::string show(const ingest::cdr_csv::Mapping& mapping) {
    std::string columns;
    std::string values;
    for (std::size_t n = 0; n < ingest::cdr_csv::fields_count; ++n) {
        const std::string_view name = name_of(static_cast<ingest::cdr_csv::Field>(n));
        if (const auto& column = mapping.columns[n]) {
            columns += fmt::format(
                "{}{}: {}", columns.empty() ? "" : ", ", name,
                column->number > 0 ? std::to_string(column->number) : quoted(column->name));
        }
        std::string words;
        for (const auto& [word, ours] : mapping.values[n]) {
            words += (words.empty() ? "" : ", ") + quoted(word) + ": " + ours;
        }
        if (!words.empty()) {
            values += fmt::format("{}{}: {{{}}}", values.empty() ? "" : ", ", name, words);
        }
    }
    const std::string separator =
        mapping.separator == '\t' ? "\"\\t\"" : quoted(std::string(1, mapping.separator));
    return fmt::format(
        "    separator: {}\n    header: {}\n    time: {}\n    columns: {{{}}}\n    values: "
        "{{{}}}\n",
        separator, mapping.header, quoted(mapping.time.text()), columns, values);
}

std::string show(const SourceConfig& source) {
    std::string out = fmt::format(
        "  - id: {}\n    kind: {}\n    company: {}\n    timezone: {}\n    region: {}\n"
        "    lateness_seconds: {}\n    count: {}\n",
        quoted(source.id), source.kind, quoted(source.company), source.timezone,
        source.region.empty() ? "null" : quoted(source.region), source.lateness_seconds,
        source.count);
    if (!source.international_prefix.empty()) {
        out += "    international_prefix: " + quoted(source.international_prefix) + "\n";
    }
    if (source.pbx) {
        out += "    pbx: " + quoted(*source.pbx) + "\n";
    }
    if (source.types) {
        out += "    types: " + list_of(*source.types) + "\n";
    }
    if (!source.path.empty()) {
        out += fmt::format("    path: {}\n    follow: {}\n", quoted(source.path), source.follow);
    }
    if (source.columns) {
        out += show(*source.columns);
    }
    return out;
}

}  // namespace

std::string show_config(const Config& config) {
    std::string out = "data_dir: " + quoted(config.data_dir) + "\ncompanies:\n";
    for (const CompanyConfig& company : config.companies) {
        out += show(company);
    }
    out += fmt::format("log:\n  kind: {}\n  partitions: {}\n  retention: {{days: {}}}\n",
                       config.kafka ? "kafka" : "embedded", config.partitions,
                       config.log_retention_days);
    if (config.kafka) {
        out += show(*config.kafka);
    }
    out += "retention: {entities: 0}\n";
    out += fmt::format("server: {{listen: {}, metrics_listen: {}}}\n", quoted(config.listen.text),
                       quoted(config.metrics_listen.text));
    out += fmt::format("metrics: {{kpi: {}, kpis: {}, series_max: {}}}\n", config.metrics.kpi,
                       list_of(config.metrics.kpis), config.metrics.series_max);
    out += config.sources.empty() ? "sources: []\n" : "sources:\n";
    for (const SourceConfig& source : config.sources) {
        out += show(source);
    }
    for (const std::string& name : config.pbx_names) {
        out += (&name == &config.pbx_names.front() ? "pbx:\n" : "");
        out += "  " + quoted(name) + ": {attended_transfer_heuristic: false}\n";
    }
    out += config.webhooks.empty() ? "webhooks: []\n" : "webhooks:\n";
    for (const WebhookConfig& webhook : config.webhooks) {
        out += fmt::format("  - {{id: {}, url: {}, secret_file: {}}}\n", quoted(webhook.id),
                           quoted(webhook.url), quoted(webhook.secret_file));
    }
    return out;
}

}  // namespace app
