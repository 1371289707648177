#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "kpi/calendars.h"
#include "kpi/contribution.h"
#include "kpi/local_time.h"
#include "kpi/ratio.h"
#include "kpi/validity.h"

namespace kpi {

/// The period that a norm is for: a local day, an ISO week, a month.
enum class Grain : std::uint8_t { day = 1, week = 2, month = 3 };
std::optional<Grain> grain_of(std::string_view word);
std::string_view to_string(Grain grain);
/// Days of a period; a month has 30.
int days_of(Grain grain);
/// The period of this grain that holds an instant.
Interval period_of(Grain grain, const Zone& zone, base::UtcMillis at);

/// `band` is judged as `higher`. Source: domain.md 7.
enum class Polarity : std::uint8_t { higher = 1, lower = 2, band = 3 };
std::optional<Polarity> polarity_of(std::string_view word);

/// Which contributions a norm counts; absent: all of them.
using NormSegment = std::optional<Segment>;
std::string_view to_string(const NormSegment& segment);

/// A norm, or a plan: a norm on a result, with version and sign-off.
struct NormEntry {
    /// Of a newcomer: until so many days after his first entry this share of the norm is his.
    struct Step {
        std::int64_t days = 0;
        Ratio share;
    };

    std::string kpi;  ///< public name; one that this version does not compute has no actual
    NormSegment segment;
    Grain per = Grain::day;
    Ratio value;  ///< in the KPI's unit: a count, seconds, minor units, a ratio
    std::optional<Currency> currency;
    Polarity polarity = Polarity::higher;
    Aim aim;
    std::string client_class;  ///< only contributions of clients of this class count; empty: all
    bool is_plan = false;
    std::vector<Step> ramp;  ///< by rising days
    Validity validity;

    /// The share that holds `at` for who is employed since then.
    Ratio share(base::UtcMillis employed_since, base::UtcMillis at) const;
};

/// Norms and plans of one company. A plain value; copies share entries.
///
/// Source: domain.md 7.
class Norms {
public:
    /// An entry of a row key replaces the former one.
    void put(const std::string& key, NormEntry entry);
    void erase(const std::string& key);
    bool is_empty() const { return entries_.empty(); }
    /// Some norm is for this manager alone.
    bool has_own(Manager manager) const;

    /// Of each KPI, segment, period and client class the norm that speaks at `at`: manager before
    /// role before team before company, then a plan before a norm, then the latest `from`. By KPI,
    /// segment and period as texts, client class. Valid as long as the entries are.
    std::vector<const NormEntry*> in_force(const Whom& whom, base::UtcMillis at) const;

    /// The norm of touches with clients of this class, of the shortest period; nullptr: there is
    /// none. Source: domain.md 6, overdue contact.
    const NormEntry* of_touches(const Whom& whom, std::string_view client_class,
                                base::UtcMillis at) const;

private:
    std::map<std::string, std::shared_ptr<const NormEntry>> entries_;
};

}  // namespace kpi
