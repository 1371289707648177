#include "kpi/settings.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <tuple>
#include <utility>

namespace kpi {

namespace {

/// Seconds as declared, up to three decimals; held within what an addition to any instant survives.
base::Millis to_millis(double seconds) {
    constexpr double seconds_max = 1e12;
    return base::Millis{std::llround(std::clamp(seconds, 0.0, seconds_max) * 1000)};
}

std::int64_t to_days(double days) {
    constexpr double days_max = 1e6;
    return std::llround(std::clamp(days, 0.0, days_max));
}

void apply_numbers(Settings& settings, const std::map<std::string, double>& numbers) {
    for (const auto& [name, value] : numbers) {
        if (!std::isfinite(value)) {
            continue;
        }
        if (name == "qualified_seconds") {
            settings.qualified = to_millis(value);
        } else if (name == "touch_seconds") {
            settings.touch = to_millis(value);
        } else if (name == "short_abandon_seconds") {
            settings.short_abandon = to_millis(value);
        } else if (name == "idle_seconds") {
            settings.idle = to_millis(value);
        } else if (name == "min_connect_seconds") {
            settings.min_connect = to_millis(value);
        } else if (name == "new_window_days") {
            settings.new_window_days = to_days(value);
        } else if (name == "min_expected") {
            constexpr double most = 1e9;
            settings.min_expected = {std::llround(std::clamp(value, 0.0, most) * 1000), 1000};
        } else if (name == "in_work_days") {
            settings.in_work_days = to_days(value);
        } else if (name == "lost_after_days") {
            settings.lost_after_days = to_days(value);
        } else if (name == "callback_window_working_hours") {
            constexpr double seconds_of_hour = 3600;
            settings.callback_window = to_millis(value * seconds_of_hour);
        }
    }
}

template <class Value>
void apply(Value& target, const std::optional<Value>& declared) {
    if (declared) {
        target = *declared;
    }
}

void apply(Settings& settings, const SettingsEntry& entry) {
    apply_numbers(settings, entry.numbers);
    const auto proposals = entry.words.find("proposals_from");
    if (proposals != entry.words.end()) {
        settings.proposals_from_mail = proposals->second == "mail";
    }
    apply(settings.company_name, entry.company_name);
    apply(settings.zone, entry.zone);
    apply(settings.region, entry.region);
    apply(settings.currency, entry.currency);
    apply(settings.mail_domains, entry.mail_domains);
    for (const auto& [source, counts] : entry.source_count) {
        settings.source_count[source] = counts;
    }
    for (const auto& [source, lateness] : entry.lateness_seconds) {
        settings.lateness_seconds[source] = lateness;
    }
}

}  // namespace

void SettingsTimeline::put(const std::string& key, SettingsEntry entry) {
    entries_.insert_or_assign(key, std::move(entry));
}

void SettingsTimeline::erase(const std::string& key) {
    entries_.erase(key);
}

Settings SettingsTimeline::at(base::UtcMillis at) const {
    // What speaks later overwrites: by `from`, the configuration before others; then by row key.
    std::vector<std::tuple<base::UtcMillis, bool, std::string_view, const SettingsEntry*>> declared;
    for (const auto& [key, entry] : entries_) {
        if (entry.from <= at) {
            declared.emplace_back(entry.from, !entry.by_configuration, key, &entry);
        }
    }
    std::sort(declared.begin(), declared.end());
    Settings settings;
    for (const auto& [from, speaks, key, entry] : declared) {
        apply(settings, *entry);
    }
    return settings;
}

}  // namespace kpi
