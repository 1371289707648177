#include "kpi/local_time.h"

#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>

#include "base/ensure.h"

// The instants that a wall clock may mean are found from the transitions of UTC, not with the
// library's own search by local time: whatever offsets were in force within a day and two hours of
// the wall clock are tried, and an instant stands when its offset was in force then. It holds for
// any two changes however near each other, and the usual case is one look into the transitions.

namespace kpi {
namespace {

using Wall = std::chrono::local_time<base::Millis>;

/// No zone was ever further from UTC.
constexpr std::chrono::hours offset_max{26};

date::sys_info info_at(const date::time_zone* zone, base::UtcMillis at) {
    return zone->get_info(std::chrono::floor<std::chrono::seconds>(at));
}

base::UtcMillis as_utc(Wall wall) {
    return base::UtcMillis{wall.time_since_epoch()};
}

/// The offsets in force around `wall`, by their begin.
std::vector<date::sys_info> infos_around(const date::time_zone* zone, Wall wall) {
    std::vector<date::sys_info> infos{info_at(zone, as_utc(wall) - offset_max)};
    while (infos.back().end <= as_utc(wall) + offset_max) {
        infos.push_back(info_at(zone, infos.back().end));
    }
    return infos;
}

std::vector<base::UtcMillis> candidates_among(const std::vector<date::sys_info>& infos, Wall wall) {
    std::vector<base::UtcMillis> found;
    for (const date::sys_info& info : infos) {
        const base::UtcMillis at = as_utc(wall) - info.offset;
        if (info.begin <= at && at < info.end) {
            found.push_back(at);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// Of a wall clock that was never shown: the offset whose begin skipped it. It has a predecessor.
std::vector<date::sys_info>::const_iterator skipping(const std::vector<date::sys_info>& infos,
                                                     Wall wall) {
    const auto found = std::find_if(infos.begin(), infos.end(), [wall](const date::sys_info& info) {
        return as_utc(wall) - info.offset < info.begin;
    });
    ENSURE(found != infos.begin() && found != infos.end());
    return found;
}

void append_digits(std::string& text, std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    text.append(width > digits.size() ? width - digits.size() : 0, '0');
    text += digits;
}

void append_date(std::string& text, std::chrono::year_month_day date) {
    append_digits(text, int{date.year()}, 4);
    text += '-';
    append_digits(text, unsigned{date.month()}, 2);
    text += '-';
    append_digits(text, unsigned{date.day()}, 2);
}

std::chrono::year_month_day date_of(Wall wall) {
    return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(wall)};
}

/// `2026-11-02T07:00:00`
void append_wall(std::string& text, Wall wall) {
    const auto day = std::chrono::floor<std::chrono::days>(wall);
    const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(wall - day)};
    append_date(text, date_of(wall));
    text += 'T';
    append_digits(text, time.hours().count(), 2);
    text += ':';
    append_digits(text, time.minutes().count(), 2);
    text += ':';
    append_digits(text, time.seconds().count(), 2);
}

void append_millis(std::string& text, Wall wall) {
    text += '.';
    append_digits(text, (wall - std::chrono::floor<std::chrono::seconds>(wall)).count(), 3);
}

void append_offset(std::string& text, std::chrono::seconds offset) {
    text += offset.count() < 0 ? '-' : '+';
    const std::chrono::hh_mm_ss time{std::chrono::abs(offset)};
    append_digits(text, time.hours().count(), 2);
    text += ':';
    append_digits(text, time.minutes().count(), 2);
}

/// Takes text from the front: digits of a fixed number, or one of some characters.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    /// -1 when there are not as many digits.
    int digits(std::size_t count) {
        if (rest_.size() < count) {
            return -1;
        }
        int value = 0;
        for (const char c : rest_.substr(0, count)) {
            if (c < '0' || c > '9') {
                return -1;
            }
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        return value;
    }

    /// The character when it is one of `any`, else 0.
    char one_of(std::string_view any) {
        if (rest_.empty() || any.find(rest_.front()) == std::string_view::npos) {
            return 0;
        }
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

std::optional<std::chrono::year_month_day> scan_date(Scanner& scanner) {
    const int year = scanner.digits(4);
    const bool first = scanner.one_of("-") != 0;
    const int month = scanner.digits(2);
    const bool second = scanner.one_of("-") != 0;
    const int day = scanner.digits(2);
    if (year < 1 || month < 0 || day < 0 || !first || !second) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    return date.ok() ? std::optional(date) : std::nullopt;
}

/// `.` and any number of digits, of which three count; 0 without, nullopt when broken.
std::optional<base::Millis> scan_fraction(Scanner& scanner) {
    if (scanner.one_of(".") == 0) {
        return base::Millis{0};
    }
    int value = 0;
    int count = 0;
    for (int digit = scanner.digits(1); digit >= 0; digit = scanner.digits(1), ++count) {
        value = count < 3 ? value * 10 + digit : value;
    }
    if (count == 0) {
        return std::nullopt;
    }
    for (; count < 3; ++count) {
        value *= 10;
    }
    return base::Millis{value};
}

/// `Z` or `+03:00`.
std::optional<std::chrono::minutes> scan_offset(Scanner& scanner) {
    const char sign = scanner.one_of("Zz+-");
    if (sign == 'Z' || sign == 'z') {
        return std::chrono::minutes{0};
    }
    const int hours = scanner.digits(2);
    const bool colon = scanner.one_of(":") != 0;
    const int minutes = scanner.digits(2);
    if (sign == 0 || !colon || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return std::nullopt;
    }
    const std::chrono::minutes offset = std::chrono::hours{hours} + std::chrono::minutes{minutes};
    return sign == '-' ? -offset : offset;
}

bool offset_is(std::string_view zone, base::UtcMillis at, std::chrono::hours expected) {
    const base::Result<Zone> found = Zone::find(zone);
    return found.has_value() && found.value().offset(at) == expected;
}

}  // namespace

base::Result<Zone> Zone::find(std::string_view name) {
    try {
        return Zone(date::locate_zone(std::string(name)));
    } catch (const std::exception&) {
        return base::Error(base::ErrorCode::invalid, "no such time zone: " + std::string(name));
    }
}

const Zone& Zone::utc() {
    static const Zone zone = [] {
        const base::Result<Zone> found = find("UTC");
        ENSURE(found.has_value());  // check_zone_data comes first
        return found.value();
    }();
    return zone;
}

const std::string& Zone::name() const {
    return zone_->name();
}

std::chrono::local_time<base::Millis> Zone::local(base::UtcMillis at) const {
    return Wall{(at + info_at(zone_, at).offset).time_since_epoch()};
}

std::chrono::seconds Zone::offset(base::UtcMillis at) const {
    return info_at(zone_, at).offset;
}

std::vector<base::UtcMillis> Zone::candidates(std::chrono::local_time<base::Millis> wall) const {
    return candidates_among(infos_around(zone_, wall), wall);
}

base::UtcMillis Zone::first_instant(std::chrono::local_time<base::Millis> wall) const {
    const std::vector<date::sys_info> infos = infos_around(zone_, wall);
    const std::vector<base::UtcMillis> found = candidates_among(infos, wall);
    return found.empty() ? as_utc(wall) - std::prev(skipping(infos, wall))->offset : found.front();
}

base::UtcMillis Zone::day_start(std::chrono::year_month_day date) const {
    const Wall midnight{std::chrono::local_days{date}.time_since_epoch()};
    const std::vector<date::sys_info> infos = infos_around(zone_, midnight);
    const std::vector<base::UtcMillis> found = candidates_among(infos, midnight);
    return found.empty() ? skipping(infos, midnight)->begin : found.front();
}

std::chrono::year_month_day Zone::day_of(base::UtcMillis at) const {
    return date_of(local(at));
}

base::Result<void> check_zone_data() {
    constexpr base::UtcMillis summer =
        std::chrono::sys_days{std::chrono::year{2026} / std::chrono::July / 1};
    if (!offset_is("America/New_York", summer, std::chrono::hours{-4}) ||
        !offset_is("Europe/Berlin", summer, std::chrono::hours{2})) {
        return base::Error(base::ErrorCode::unavailable,
                           "tzdata is missing or without the transitions of this century "
                           "(\"slim\"): install the tzdata package of Debian");
    }
    return base::success();
}

std::string zone_data_version() {
    std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
    std::string line;
    std::getline(file, line);
    constexpr std::string_view prefix = "# version ";
    return line.starts_with(prefix) ? line.substr(prefix.size()) : "unknown";
}

std::optional<base::UtcMillis> parse_instant(std::string_view text) {
    Scanner scanner(text);
    const std::optional<std::chrono::year_month_day> date = scan_date(scanner);
    const bool separated = scanner.one_of("Tt") != 0;
    const int hour = scanner.digits(2);
    const bool first = scanner.one_of(":") != 0;
    const int minute = scanner.digits(2);
    const bool second_colon = scanner.one_of(":") != 0;
    const int second = scanner.digits(2);
    const std::optional<base::Millis> fraction = scan_fraction(scanner);
    const std::optional<std::chrono::minutes> offset = scan_offset(scanner);
    if (!date || !separated || !first || !second_colon || !fraction || !offset ||
        !scanner.at_end() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59) {
        return std::nullopt;
    }
    const base::UtcMillis at = std::chrono::sys_days{*date} + std::chrono::hours{hour} +
                               std::chrono::minutes{minute} + std::chrono::seconds{second} +
                               *fraction - *offset;
    constexpr base::UtcMillis first_year = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
    constexpr base::UtcMillis after_last = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
    return at >= first_year && at < after_last ? std::optional(at) : std::nullopt;
}

std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
    Scanner scanner(text);
    const std::optional<std::chrono::year_month_day> date = scan_date(scanner);
    return scanner.at_end() ? date : std::nullopt;
}

std::string to_string(std::chrono::year_month_day date) {
    std::string text;
    append_date(text, date);
    return text;
}

std::string render(base::UtcMillis at) {
    const Wall wall{at.time_since_epoch()};
    std::string text;
    append_wall(text, wall);
    append_millis(text, wall);
    text += 'Z';
    return text;
}

std::string render(base::UtcMillis at, const Zone& zone) {
    const std::chrono::seconds offset = zone.offset(at);
    const Wall wall{(at + offset).time_since_epoch()};
    std::string text;
    append_wall(text, wall);
    append_millis(text, wall);
    append_offset(text, offset);
    return text;
}

std::string render_hour(base::UtcMillis at, const Zone& zone) {
    const std::chrono::seconds offset = zone.offset(at);
    std::string text;
    append_wall(text,
                std::chrono::floor<std::chrono::hours>(Wall{(at + offset).time_since_epoch()}));
    append_offset(text, offset);
    return text;
}

std::chrono::year_month_day week_first(std::chrono::year_month_day date) {
    const std::chrono::sys_days day{date};
    return std::chrono::year_month_day{day - (std::chrono::weekday{day} - std::chrono::Monday)};
}

std::chrono::year_month_day month_first(std::chrono::year_month_day date) {
    return date.year() / date.month() / std::chrono::day{1};
}

std::chrono::year_month_day days_after(std::chrono::year_month_day date, int days) {
    return std::chrono::year_month_day{std::chrono::sys_days{date} + std::chrono::days{days}};
}

std::chrono::year_month_day month_next(std::chrono::year_month_day date) {
    return month_first(month_first(date) + std::chrono::months{1});
}

}  // namespace kpi
