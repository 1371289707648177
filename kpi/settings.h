#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kpi/contribution.h"
#include "kpi/local_time.h"
#include "kpi/ratio.h"

namespace kpi {

/// The settings in force at an instant: interface.md 2, "settings are facts". Defaults:
/// domain.md 6.
struct Settings {
    base::Millis qualified{60'000};
    base::Millis touch{10'000};
    base::Millis short_abandon{5'000};
    base::Millis min_connect{1'000};
    std::int64_t new_window_days = 0;
    base::Millis callback_window{std::chrono::hours(24)};  ///< of working time
    base::Millis idle{30 * 60'000};  ///< so long without activity somebody is idle
    Ratio min_expected{1, 1};        ///< pace is not judged below it before a tenth of the time
    std::int64_t in_work_days = 30;
    std::optional<std::int64_t> lost_after_days;  ///< absent: max(90 d, 2 x own median interval)
    bool proposals_from_mail = true;              ///< until the company's first proposal event
    std::string company_name;
    Zone zone = Zone::utc();
    std::string region;
    Currency currency{'R', 'U', 'B'};
    std::vector<std::string> mail_domains;
    std::map<std::string, bool> source_count;              ///< absent: counts
    std::map<std::string, std::int64_t> lateness_seconds;  ///< absent: by the kind of source
};

/// One declaration: what it sets, from when on. Absent = not set by it.
struct SettingsEntry {
    base::UtcMillis from = base::since_ever;
    bool by_configuration = false;
    std::map<std::string, double> numbers;     ///< of `kpis`: qualified_seconds ...
    std::map<std::string, std::string> words;  ///< of `kpis`: proposals_from
    std::optional<std::string> company_name;
    std::optional<Zone> zone;
    std::optional<std::string> region;
    std::optional<Currency> currency;
    std::optional<std::vector<std::string>> mail_domains;
    std::map<std::string, bool> source_count;
    std::map<std::string, std::int64_t> lateness_seconds;
};

/// All declarations of a company; per key the latest `from` in force speaks, of equal ones the one
/// that no configuration declared. A plain value.
class SettingsTimeline {
public:
    void put(const std::string& key, SettingsEntry entry);
    void erase(const std::string& key);
    Settings at(base::UtcMillis at) const;
    const std::map<std::string, SettingsEntry>& entries() const { return entries_; }

private:
    std::map<std::string, SettingsEntry> entries_;  ///< by row key
};

}  // namespace kpi
