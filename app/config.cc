#include "app/config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "app/config_kafka.h"
#include "app/config_metrics.h"
#include "app/config_reader.h"
#include "app/config_sources.h"
#include "app/config_webhooks.h"

namespace app {
namespace {

constexpr std::int64_t days_max = 36'600;
constexpr std::int64_t partitions_max = 1024;

struct NumberDefault {
    std::string_view key;
    std::optional<double> value;
};
constexpr NumberDefault kpi_numbers[] = {
    {"qualified_seconds", 60},  {"touch_seconds", 10},   {"short_abandon_seconds", 5},
    {"min_connect_seconds", 1}, {"new_window_days", 0},  {"service_level_seconds", 20},
    {"in_work_days", 30},       {"lost_after_days", {}}, {"callback_window_working_hours", 24},
    {"idle_seconds", 1800},     {"min_expected", 1},
};
constexpr KnownKeys kpi_keys{
    {"qualified_seconds", "touch_seconds", "short_abandon_seconds", "min_connect_seconds",
     "new_window_days", "service_level_seconds", "in_work_days", "lost_after_days",
     "callback_window_working_hours", "idle_seconds", "min_expected", "proposals_from"},
    {}};

/// Reads one configuration; the checks that need more than one section come last.
class Interpreter {
public:
    explicit Interpreter(Config& config) : config_(config) {}

    void read(const ConfigNode& root) {
        const KnownKeys keys{{"data_dir", "company", "companies", "log", "retention", "server",
                              "sources", "kpis", "pbx", "webhooks", "metrics"},
                             {"quarantine", "auth", "backup"}};
        reader_.is_section(root, "", keys);
        if (root.kind != ConfigNode::Kind::map) {
            return;
        }
        if (const auto directory = reader_.text(root, "data_dir", "")) {
            config_.data_dir = *directory;
        } else {
            reader_.wrong(root, "data_dir is needed");
        }
        read_companies(root);
        if (const ConfigNode* log = ConfigReader::member(root, "log")) {
            read_log(*log);
        }
        if (const ConfigNode* retention = ConfigReader::member(root, "retention")) {
            read_retention(*retention);
        }
        if (const ConfigNode* server = ConfigReader::member(root, "server")) {
            read_server(*server);
        }
        if (const ConfigNode* metrics = ConfigReader::member(root, "metrics")) {
            read_metrics_config(*metrics, reader_, config_.metrics);
        }
        if (const ConfigNode* pbx = ConfigReader::member(root, "pbx")) {
            read_pbx(*pbx);
        }
        if (const ConfigNode* sources = ConfigReader::member(root, "sources")) {
            read_source_configs(*sources, reader_, config_);
        }
        if (const ConfigNode* webhooks = ConfigReader::member(root, "webhooks")) {
            read_webhook_configs(*webhooks, reader_, config_);
        }
    }

    const std::vector<std::string>& mistakes() const { return reader_.mistakes(); }

private:
    void read_companies(const ConfigNode& root) {
        const ConfigNode* one = ConfigReader::member(root, "company");
        const ConfigNode* several = ConfigReader::member(root, "companies");
        const ConfigNode* kpis = ConfigReader::member(root, "kpis");
        if ((one == nullptr) == (several == nullptr)) {
            reader_.wrong(
                several != nullptr ? *several : root,
                one == nullptr ? "company is needed" : "company and companies exclude each other");
            return;
        }
        if (one != nullptr) {
            read_company(*one, "company.", kpis, false);
        } else if (several->kind != ConfigNode::Kind::list || several->items.empty()) {
            reader_.wrong(*several, "companies: expected a list of companies");
        } else {
            for (std::size_t n = 0; n < several->items.size(); ++n) {
                const std::string where = "companies[" + std::to_string(n) + "].";
                read_company(several->items[n], where, kpis, true);
            }
        }
    }

    void read_company(const ConfigNode& node, const std::string& where,
                      const ConfigNode* common_kpis, bool own_kpis) {
        const KnownKeys one{{"id", "name", "timezone", "region", "currency", "mail_domains"}, {}};
        const KnownKeys of_list{
            {"id", "name", "timezone", "region", "currency", "mail_domains", "kpis"}, {}};
        reader_.is_section(node, where, own_kpis ? of_list : one);
        if (node.kind != ConfigNode::Kind::map) {
            return;
        }
        CompanyConfig company;
        company.id = reader_.id(node, where);
        company.name = reader_.text(node, "name", where).value_or(company.id);
        company.timezone = reader_.zone(node, where).value_or(company.timezone);
        company.region = reader_.region(node, where).value_or("");
        company.currency = reader_.text(node, "currency", where).value_or(company.currency);
        if (!are_letters(company.currency, 3)) {
            reader_.wrong(*node.find("currency"),
                          where + "currency: expected three letters, as RUB");
        }
        company.mail_domains =
            reader_.texts(node, "mail_domains", where).value_or(company.mail_domains);
        read_kpis(common_kpis, "kpis.", company.kpis);
        read_kpis(ConfigReader::member(node, "kpis"), where + "kpis.", company.kpis);
        if (config_.company(company.id) != nullptr) {
            reader_.wrong(node, where + "id: company " + company.id + " stands there twice");
        }
        config_.companies.push_back(std::move(company));
    }

    void read_kpis(const ConfigNode* node, const std::string& where, KpiSettings& kpis) {
        for (const NumberDefault& number : kpi_numbers) {
            if (number.value) {
                kpis.numbers.emplace(number.key, *number.value);
            }
        }
        kpis.words.emplace("proposals_from", "mail");
        if (node == nullptr) {
            return;
        }
        reader_.is_section(*node, where, kpi_keys);
        for (const NumberDefault& number : kpi_numbers) {
            if (const auto value = reader_.number(*node, number.key, where, config_seconds_max)) {
                kpis.numbers[std::string(number.key)] = *value;
            }
        }
        const std::optional<std::string> word = reader_.text(*node, "proposals_from", where);
        if (word && *word != "mail" && *word != "events") {
            reader_.wrong(*node->find("proposals_from"),
                          where + "proposals_from: expected mail or events");
        } else if (word) {
            kpis.words["proposals_from"] = *word;
        }
    }

    void read_log(const ConfigNode& node) {
        if (!reader_.is_section(node, "log.", {{"kind", "partitions", "retention", "kafka"}, {}}) &&
            node.kind != ConfigNode::Kind::map) {
            return;
        }
        const std::string kind = reader_.text(node, "kind", "log.").value_or("embedded");
        if (kind != "embedded" && kind != "kafka") {
            reader_.wrong(*node.find("kind"), "log.kind: expected embedded or kafka");
        }
        const ConfigNode* const kafka = ConfigReader::member(node, "kafka");
        if (kind == "kafka" && kafka == nullptr) {
            reader_.wrong(*node.find("kind"), "log.kafka is needed: {brokers: HOST:PORT}");
        } else if (kind == "kafka") {
            read_kafka_config(*kafka, reader_, config_.kafka.emplace());
        } else if (kafka != nullptr) {  // stands ready for another kind
            KafkaConfig unused;
            read_kafka_config(*kafka, reader_, unused);
        }
        const auto partitions = reader_.whole(node, "partitions", "log.", partitions_max);
        if (partitions && *partitions == 0) {
            reader_.wrong(*node.find("partitions"), "log.partitions: expected at least 1");
        }
        config_.partitions = static_cast<std::uint32_t>(partitions.value_or(1));
        if (const ConfigNode* retention = ConfigReader::member(node, "retention")) {
            reader_.is_section(*retention, "log.retention.", {{"days"}, {}});
            config_.log_retention_days =
                reader_.whole(*retention, "days", "log.retention.", days_max).value_or(0);
        }
    }

    void read_retention(const ConfigNode& node) {
        reader_.is_section(node, "retention.", {{"entities"}, {}});
        if (reader_.whole(node, "entities", "retention.", days_max).value_or(0) != 0) {
            reader_.wrong(*node.find("entities"),
                          "retention.entities: other than 0 is not available in this version");
        }
    }

    void read_server(const ConfigNode& node) {
        reader_.is_section(node, "server.",
                           {{"listen", "metrics_listen"}, {"advertised_url", "web_dir"}});
        read_address(node, "listen", config_.listen);
        read_address(node, "metrics_listen", config_.metrics_listen);
        if (config_.listen.port != 0 && config_.listen.port == config_.metrics_listen.port) {
            reader_.wrong(node, "server: listen and metrics_listen have the same port");
        }
    }

    void read_address(const ConfigNode& node, std::string_view key, ListenAddress& address) {
        const std::optional<std::string> text = reader_.text(node, key, "server.");
        if (!text) {
            return;
        }
        const std::string name = "server." + std::string(key);
        const std::size_t colon = text->rfind(':');
        std::string host = colon == std::string::npos ? "" : text->substr(0, colon);
        if (host.starts_with('[') && host.ends_with(']')) {
            host = host.substr(1, host.size() - 2);
        }
        const std::string digits = colon == std::string::npos ? "" : text->substr(colon + 1);
        const bool is_port =
            !digits.empty() && digits.size() <= 5 &&
            std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
        const unsigned long port = is_port ? std::stoul(digits) : 65536;
        if (host.empty() || port > 65535) {
            reader_.wrong(*node.find(key), name + ": expected HOST:PORT, as 127.0.0.1:8080");
        } else if (!host.starts_with("127.") && host != "::1" && host != "localhost") {
            reader_.wrong(*node.find(key),
                          name + ": " + host +
                              " is no loopback address; without tokens (not available in "
                              "this version) only loopback is served");
        } else {
            address = {host, static_cast<std::uint16_t>(port), *text};
        }
    }

    void read_pbx(const ConfigNode& node) {
        if (node.kind != ConfigNode::Kind::map) {
            reader_.wrong(node, "pbx: expected a map of names");
            return;
        }
        for (const auto& [name, pbx] : node.members) {
            const std::string where = "pbx." + name + ".";
            reader_.is_section(pbx, where, {{"attended_transfer_heuristic"}, {}});
            if (reader_.truth(pbx, "attended_transfer_heuristic", where).value_or(false)) {
                reader_.wrong(
                    *pbx.find("attended_transfer_heuristic"),
                    where + "attended_transfer_heuristic: true is not available in this version");
            }
            config_.pbx_names.push_back(name);
        }
    }

    Config& config_;
    ConfigReader reader_;
};

}  // namespace

const CompanyConfig* Config::company(const std::string& id) const {
    const auto found = std::ranges::find(companies, id, &CompanyConfig::id);
    return found == companies.end() ? nullptr : &*found;
}

const SourceConfig* Config::source(const std::string& id) const {
    const auto found = std::ranges::find(sources, id, &SourceConfig::id);
    return found == sources.end() ? nullptr : &*found;
}

base::Result<Config> parse_config(std::string_view text, const std::string& path,
                                  const Environment& environment) {
    BOOST_OUTCOME_TRY(ConfigNode root, parse_config_tree(text, path));
    if (root.kind == ConfigNode::Kind::null) {
        root.kind = ConfigNode::Kind::map;
    }
    BOOST_OUTCOME_TRY(apply_environment(root, environment, {"data_dir"}));
    Config config;
    config.path = path;
    Interpreter interpreter(config);
    interpreter.read(root);
    std::string mistakes;
    for (const std::string& mistake : interpreter.mistakes()) {
        mistakes += (mistakes.empty() ? "" : "\n") + mistake;
    }
    if (!mistakes.empty()) {
        return base::Error(base::ErrorCode::invalid, mistakes);
    }
    return config;
}

base::Result<Config> load_config(const std::string& path, const Environment& environment) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (file && file.peek() != std::ifstream::traits_type::eof()) {
        text << file.rdbuf();
    }
    if (!file.is_open() || (errno != 0 && text.str().empty())) {
        return base::Error(base::ErrorCode::not_found, path + ": " + std::strerror(errno));
    }
    return parse_config(text.str(), path, environment);
}

}  // namespace app
