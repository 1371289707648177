#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace date {
class time_zone;
}

namespace kpi {

/// A zone of the tz database. Copies are cheap; the zone lives as long as the process.
///
/// Source: domain.md 8. Wraps Howard Hinnant's `date`, the only header that names it.
class Zone {
public:
    /// Errors: invalid - there is no such zone.
    static base::Result<Zone> find(std::string_view name);
    static const Zone& utc();

    const std::string& name() const;
    /// What the clock on the wall shows then, and the offset from UTC.
    std::chrono::local_time<base::Millis> local(base::UtcMillis at) const;
    std::chrono::seconds offset(base::UtcMillis at) const;
    /// The instants that a wall clock may mean, earliest first: none in a spring gap, two in an
    /// autumn hour.
    std::vector<base::UtcMillis> candidates(std::chrono::local_time<base::Millis> wall) const;
    /// The earliest of them; a wall clock that does not exist moves with the clock: in a gap of an
    /// hour 02:30 is the instant shown as 03:30.
    base::UtcMillis first_instant(std::chrono::local_time<base::Millis> wall) const;
    /// First existing instant of a local date (01:00 where midnight does not exist).
    base::UtcMillis day_start(std::chrono::year_month_day date) const;
    std::chrono::year_month_day day_of(base::UtcMillis at) const;

    friend bool operator==(const Zone& a, const Zone& b) { return a.zone_ == b.zone_; }

private:
    explicit Zone(const date::time_zone* zone) : zone_(zone) {}
    const date::time_zone* zone_;
};

/// Fails when the machine's zone data is not what the product needs (toolchain.md 1): New York and
/// Berlin in July 2026.  Errors: unavailable - tzdata is missing or slim.
base::Result<void> check_zone_data();
/// The version of the zone data, from its first line; "unknown" when it does not say.
std::string zone_data_version();

/// RFC 3339 with offset; digits below a millisecond are cut off. nullopt when it is none.
std::optional<base::UtcMillis> parse_instant(std::string_view text);
/// `2026-11-02`, an existing date. nullopt when it is none.
std::optional<std::chrono::year_month_day> parse_date(std::string_view text);
std::string to_string(std::chrono::year_month_day date);
/// `2026-11-02T07:00:00.000Z`; with a zone its offset instead of Z.
std::string render(base::UtcMillis at);
std::string render(base::UtcMillis at, const Zone& zone);
/// `2026-11-02T09:00:00+03:00`: the local hour of an instant, written with the offset then in
/// force.
std::string render_hour(base::UtcMillis at, const Zone& zone);

/// Monday of the ISO week, first of the month.
std::chrono::year_month_day week_first(std::chrono::year_month_day date);
std::chrono::year_month_day month_first(std::chrono::year_month_day date);
std::chrono::year_month_day days_after(std::chrono::year_month_day date, int days);
std::chrono::year_month_day month_next(std::chrono::year_month_day date);

}  // namespace kpi
