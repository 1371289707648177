#include "app/config_sources.h"

#include <algorithm>

namespace app {
namespace {

/// What a file may be late by.
constexpr std::int64_t file_lateness_seconds = 300;

/// Sources that have a mapper.
struct SourceKind {
    std::string_view name;
    std::int64_t lateness_seconds;
};
constexpr SourceKind built_kinds[] = {{"cloudevents", 60},
                                      {"asterisk-cdr-csv", file_lateness_seconds},
                                      {"cdr-csv", file_lateness_seconds}};
constexpr std::string_view later_kinds[] = {"asterisk-cel-csv",
                                            "asterisk-ami",
                                            "asterisk-queue-log",
                                            "freeswitch-json-cdr",
                                            "freeswitch-esl",
                                            "cucm-cdr",
                                            "smdr-avaya",
                                            "smtp-journal",
                                            "maildir",
                                            "imap",
                                            "email",
                                            "icalendar",
                                            "ubl-invoice",
                                            "cii-invoice",
                                            "commerceml",
                                            "bank-1c",
                                            "bank-camt",
                                            "bank-mt940",
                                            "twilio",
                                            "mango",
                                            "zadarma",
                                            "bitrix24",
                                            "vonage",
                                            "plivo",
                                            "mailgun",
                                            "sendgrid",
                                            "postmark"};
constexpr std::string_view column_keys[] = {"columns", "separator", "header", "time", "values"};

/// Reads the sources one by one; a later one may contradict an earlier one.
class SourcesReader {
public:
    SourcesReader(ConfigReader& reader, Config& config) : reader_(reader), config_(config) {}

    void read(const ConfigNode& node, const std::string& where) {
        const KnownKeys keys{
            {"id", "kind", "company", "timezone", "region", "international_prefix", "pbx",
             "lateness_seconds", "types", "count", "path", "follow", "columns", "separator",
             "header", "time", "values"},
            {"address", "username", "secret_file", "sweep_dir", "listen", "recipients", "class"}};
        const std::size_t mistakes_before = reader_.mistakes().size();
        SourceConfig source;
        if (node.kind == ConfigNode::Kind::map && !read_kind(node, where, source)) {
            return;
        }
        reader_.is_section(node, where, keys);
        if (node.kind != ConfigNode::Kind::map) {
            return;
        }
        source.id = reader_.id(node, where);
        read_company(node, where, source);
        read_file(node, where, source);
        read_call_keys(node, where, source);
        source.types = reader_.texts(node, "types", where);
        source.count = reader_.truth(node, "count", where).value_or(true);
        if (mistakes_before == reader_.mistakes().size() && config_.source(source.id) != nullptr) {
            reader_.wrong(node, where + "id: source " + source.id + " stands there twice");
        }
        config_.sources.push_back(std::move(source));
    }

private:
    bool read_kind(const ConfigNode& node, const std::string& where, SourceConfig& source) {
        const std::optional<std::string> kind = reader_.text(node, "kind", where);
        if (!kind) {
            reader_.wrong(node, where + "kind is needed");
            return false;
        }
        const auto* found =
            std::ranges::find(built_kinds, std::string_view(*kind), &SourceKind::name);
        if (found == std::end(built_kinds)) {
            const bool is_later = std::ranges::count(later_kinds, std::string_view(*kind)) != 0;
            reader_.wrong(*node.find("kind"),
                          where + "kind: " + *kind +
                              (is_later ? " is not available in this version"
                                        : " is no kind of source; there are cloudevents, "
                                          "asterisk-cdr-csv, cdr-csv"));
            return false;
        }
        source.kind = *kind;
        source.lateness_seconds = found->lateness_seconds;
        return true;
    }

    void read_company(const ConfigNode& node, const std::string& where, SourceConfig& source) {
        const std::optional<std::string> named = reader_.text(node, "company", where);
        if (!named && config_.companies.size() > 1) {
            reader_.wrong(node, where + "company is needed: several are configured");
        }
        const CompanyConfig* company = named                       ? config_.company(*named)
                                       : config_.companies.empty() ? nullptr
                                                                   : &config_.companies.front();
        if (named && company == nullptr) {
            reader_.wrong(*node.find("company"), where + "company: there is no company " + *named);
        }
        if (company != nullptr) {
            source.company = company->id;
            source.timezone = company->timezone;
            source.region = company->region;
        }
    }

    void read_file(const ConfigNode& node, const std::string& where, SourceConfig& source) {
        source.path = reader_.text(node, "path", where).value_or("");
        source.follow = reader_.truth(node, "follow", where).value_or(false);
        if (source.follow && source.path.empty()) {
            reader_.wrong(*node.find("follow"), where + "follow: path is needed");
        }
        if (!source.path.empty() && ConfigReader::member(node, "follow") == nullptr) {
            reader_.wrong(*node.find("path"), where +
                                                  "path: say follow: true to read the file as "
                                                  "it grows; without path the source is fed "
                                                  "by import");
        }
        if (!source.follow || source.path.empty()) {
            return;
        }
        source.lateness_seconds = file_lateness_seconds;
        if (source.id.starts_with('.') || source.id.ends_with(".tmp")) {  // it names a file
            reader_.wrong(*node.find("id"),
                          where + "id: of a followed file it begins with no . and ends in no .tmp");
        }
        for (const SourceConfig& other : config_.sources) {
            if (other.follow && other.path == source.path) {
                reader_.wrong(*node.find("path"),
                              where + "path: source " + other.id + " follows it already");
            }
        }
    }

    void read_call_keys(const ConfigNode& node, const std::string& where, SourceConfig& source) {
        if (const auto zone = reader_.zone(node, where)) {
            source.timezone = *zone;
            source.timezone_assumed = false;
        }
        source.region = reader_.region(node, where).value_or(source.region);
        source.international_prefix =
            reader_.text(node, "international_prefix", where).value_or("");
        if (!std::ranges::all_of(source.international_prefix,
                                 [](char c) { return c >= '0' && c <= '9'; })) {
            reader_.wrong(*node.find("international_prefix"),
                          where + "international_prefix: expected digits");
        }
        source.pbx = reader_.text(node, "pbx", where);
        source.lateness_seconds = reader_
                                      .whole(node, "lateness_seconds", where,
                                             static_cast<std::int64_t>(config_seconds_max))
                                      .value_or(source.lateness_seconds);
        if (source.kind == "cdr-csv") {
            source.columns = std::make_shared<const ingest::cdr_csv::Mapping>(
                read_columns(node, where, reader_));
            return;
        }
        for (const std::string_view key : column_keys) {
            if (const ConfigNode* found = node.find(key)) {
                reader_.wrong(*found, where + std::string(key) + " is a key of kind cdr-csv");
            }
        }
    }

    ConfigReader& reader_;
    Config& config_;
};

}  // namespace

void read_source_configs(const ConfigNode& node, ConfigReader& reader, Config& config) {
    if (node.kind != ConfigNode::Kind::list) {
        reader.wrong(node, "sources: expected a list of sources");
        return;
    }
    SourcesReader sources(reader, config);
    for (std::size_t n = 0; n < node.items.size(); ++n) {
        sources.read(node.items[n], "sources[" + std::to_string(n) + "].");
    }
}

}  // namespace app
