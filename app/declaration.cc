#include "app/declaration.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/json.h"

namespace app {
namespace {

constexpr std::string_view declarer = "configuration";

/// What the configuration declared so far, its later declarations over its earlier ones.
kpi::SettingsEntry declared_so_far(const kpi::SettingsTimeline& standing, bool& has_any) {
    std::vector<const kpi::SettingsEntry*> own;
    for (const auto& [key, entry] : standing.entries()) {
        if (entry.by_configuration) {
            own.push_back(&entry);
        }
    }
    std::ranges::sort(own, {}, &kpi::SettingsEntry::from);
    has_any = !own.empty();
    kpi::SettingsEntry sum;
    const auto take = [](auto& target, const auto& value) {
        if (value) {
            target = value;
        }
    };
    const auto take_all = [](auto& target, const auto& values) {
        for (const auto& [name, value] : values) {
            target[name] = value;
        }
    };
    for (const kpi::SettingsEntry* entry : own) {
        sum.from = entry->from;
        take_all(sum.numbers, entry->numbers);
        take_all(sum.words, entry->words);
        take_all(sum.source_count, entry->source_count);
        take_all(sum.lateness_seconds, entry->lateness_seconds);
        take(sum.company_name, entry->company_name);
        take(sum.zone, entry->zone);
        take(sum.region, entry->region);
        take(sum.currency, entry->currency);
        take(sum.mail_domains, entry->mail_domains);
    }
    return sum;
}

template <class Map>
Map missing_in(const Map& standing, const Map& wanted) {
    Map out;
    for (const auto& [name, value] : wanted) {
        const auto found = standing.find(name);
        if (found == standing.end() || found->second != value) {
            out.emplace(name, value);
        }
    }
    return out;
}

std::string kpis_json(const std::map<std::string, double>& numbers,
                      const std::map<std::string, std::string>& words) {
    base::JsonWriter out;
    out.begin_object();
    for (const auto& [name, value] : numbers) {
        out.key(name).number(value, 3);
    }
    for (const auto& [name, value] : words) {
        out.member(name, std::string_view(value));
    }
    return out.end_object().take();
}

/// Fills in what differs. Returns: whether anything does.
bool fill(events::pb::Settings& settings, const kpi::SettingsEntry& standing,
          const kpi::SettingsEntry& wanted) {
    bool differs = false;
    const auto numbers = missing_in(standing.numbers, wanted.numbers);
    const auto words = missing_in(standing.words, wanted.words);
    if (!numbers.empty() || !words.empty()) {
        settings.set_kpis(kpis_json(numbers, words));
        differs = true;
    }
    if (standing.company_name != wanted.company_name) {
        settings.set_company_name(*wanted.company_name);
        differs = true;
    }
    if (standing.zone != wanted.zone) {
        settings.set_timezone(wanted.zone->name());
        differs = true;
    }
    if (standing.region != wanted.region) {
        settings.set_region(*wanted.region);
        differs = true;
    }
    if (standing.currency != wanted.currency) {
        settings.set_currency(std::string(wanted.currency->data(), wanted.currency->size()));
        differs = true;
    }
    differs = differs || standing.mail_domains != wanted.mail_domains;
    for (const auto& [source, counts] : missing_in(standing.source_count, wanted.source_count)) {
        (*settings.mutable_source_count())[source] = counts;
        differs = true;
    }
    for (const auto& [source, late] :
         missing_in(standing.lateness_seconds, wanted.lateness_seconds)) {
        (*settings.mutable_source_lateness_seconds())[source] = late;
        differs = true;
    }
    return differs;
}

}  // namespace

kpi::SettingsEntry configured_settings(const Config& config, const CompanyConfig& company) {
    kpi::SettingsEntry entry;
    entry.by_configuration = true;
    entry.numbers = company.kpis.numbers;
    entry.words = company.kpis.words;
    entry.company_name = company.name;
    const base::Result<kpi::Zone> zone = kpi::Zone::find(company.timezone);
    entry.zone = zone ? zone.value() : kpi::Zone::utc();
    entry.region = company.region;
    kpi::Currency currency{};
    std::copy_n(company.currency.begin(), std::min(currency.size(), company.currency.size()),
                currency.begin());
    entry.currency = currency;
    entry.mail_domains = company.mail_domains;
    for (const SourceConfig& source : config.sources) {
        if (source.company == company.id) {
            entry.source_count[source.id] = source.count;
            entry.lateness_seconds[source.id] = source.lateness_seconds;
        }
    }
    return entry;
}

std::optional<events::Event> declaration(const Config& config, const CompanyConfig& company,
                                         const kpi::SettingsTimeline& standing,
                                         base::UtcMillis now) {
    bool has_any = false;
    const kpi::SettingsEntry before = declared_so_far(standing, has_any);
    const kpi::SettingsEntry wanted = configured_settings(config, company);
    events::Event event;
    events::pb::Settings& settings = *event.head.mutable_settings();
    if (!fill(settings, before, wanted)) {
        return std::nullopt;
    }
    settings.set_declared_by(std::string(declarer));
    // Every declaration states the list: an empty one and an absent one look alike on the wire.
    for (const std::string& domain : *wanted.mail_domains) {
        settings.add_mail_domains(domain);
    }
    std::string from = "first";
    if (has_any) {
        // Never beside or before the last one, also when the clock was set back.
        const base::UtcMillis at = std::max(now, before.from + base::Millis{1});
        settings.mutable_from()->set_at(base::to_ms(at));
        from = std::to_string(base::to_ms(at));
    }
    event.head.set_id("settings-" + company.id + "-" + from);
    event.head.set_source("/" + std::string(declarer));
    event.head.set_type(events::type_of_word("settings"));
    event.head.set_time(base::to_ms(now));
    event.head.set_received_at(base::to_ms(now));
    event.head.set_company(company.id);
    event.head.set_source_id(std::string(declarer));
    event.head.set_source_revision(1);
    event.head.set_mapper_revision(1);
    event.head.set_schema(1);
    return event;
}

}  // namespace app
