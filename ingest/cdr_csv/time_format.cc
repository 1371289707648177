#include "ingest/cdr_csv/time_format.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/utf8.h"

namespace ingest::cdr_csv {
namespace {

constexpr std::string_view known_parts = "YymdHIpMSzsf";
constexpr std::int64_t epoch_seconds_max = 253'402'300'799;  // the year 9999

/// What the parts of one value say.
struct Parts {
    int year = 1970;
    int month = 1;
    int day = 1;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int millisecond = 0;
    bool is_twelve_hours = false;
    std::optional<bool> is_afternoon;
    std::optional<std::chrono::minutes> offset;
    std::optional<std::int64_t> epoch_seconds;
};

/// Reads one value along one format. Every step takes what it reads off the front.
class PartReader {
public:
    explicit PartReader(std::string_view value) : rest_(value) {}

    std::optional<Parts> read(std::string_view format) {
        for (std::size_t at = 0; at < format.size(); ++at) {
            const bool is_part = format[at] == '%' && format[at + 1] != '%';
            at += format[at] == '%' ? 1 : 0;
            if (is_part ? !part(format[at]) : !literal(format[at])) {
                return std::nullopt;
            }
        }
        if (!rest_.empty() || !is_hour_whole()) {
            return std::nullopt;
        }
        return parts_;
    }

private:
    bool literal(char wanted) {
        if (!rest_.starts_with(wanted)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    bool part(char name) {
        switch (name) {
            case 'Y': return number(4, 4, 1, 9999, parts_.year);
            case 'y': {
                const bool done = number(2, 2, 0, 99, parts_.year);
                parts_.year += parts_.year < 69 ? 2000 : 1900;  // as strptime
                return done;
            }
            case 'm': return number(1, 2, 1, 12, parts_.month);
            case 'd': return number(1, 2, 1, 31, parts_.day);
            case 'H': return number(1, 2, 0, 23, parts_.hour);
            case 'I': parts_.is_twelve_hours = true; return number(1, 2, 1, 12, parts_.hour);
            case 'M': return number(2, 2, 0, 59, parts_.minute);
            case 'S': return number(2, 2, 0, 59, parts_.second);
            case 'f': return fraction();
            case 'p': return half_of_day();
            case 'z': return zone_offset();
            default: return epoch();
        }
    }

    /// `least` to `most` digits with a value of [low, high].
    bool number(std::size_t least, std::size_t most, int low, int high, int& out) {
        const std::size_t count = std::min(digits(), most);
        int value = 0;
        for (const char c : rest_.substr(0, count)) {
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        out = value;
        return count >= least && value >= low && value <= high;
    }

    std::size_t digits() const {
        return std::min(rest_.size(), rest_.find_first_not_of("0123456789"));
    }

    /// Digits below a millisecond are cut off.
    bool fraction() {
        const std::size_t count = digits();
        std::string kept(rest_.substr(0, std::min<std::size_t>(count, 3)));
        rest_.remove_prefix(count);
        kept.resize(3, '0');
        parts_.millisecond = (kept[0] - '0') * 100 + (kept[1] - '0') * 10 + (kept[2] - '0');
        return count >= 1 && count <= 9;
    }

    bool half_of_day() {
        if (rest_.size() < 2 || (rest_[1] != 'M' && rest_[1] != 'm')) {
            return false;
        }
        const char half = rest_[0];
        rest_.remove_prefix(2);
        parts_.is_afternoon = half == 'P' || half == 'p';
        return *parts_.is_afternoon || half == 'A' || half == 'a';
    }

    /// `Z`, `+03:00`, `+0300`
    bool zone_offset() {
        if (literal('Z')) {
            parts_.offset = std::chrono::minutes(0);
            return true;
        }
        const bool is_west = rest_.starts_with('-');
        if (!is_west && !rest_.starts_with('+')) {
            return false;
        }
        rest_.remove_prefix(1);
        int hours = 0;
        int minutes = 0;
        if (!number(2, 2, 0, 23, hours)) {
            return false;
        }
        literal(':');
        if (!number(2, 2, 0, 59, minutes)) {
            return false;
        }
        const std::chrono::minutes east = std::chrono::hours(hours) + std::chrono::minutes(minutes);
        parts_.offset = is_west ? -east : east;
        return true;
    }

    bool epoch() {
        const std::size_t count = digits();
        if (count == 0 || count > 12) {
            return false;
        }
        std::int64_t value = 0;
        for (const char c : rest_.substr(0, count)) {
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(count);
        parts_.epoch_seconds = value;
        return value <= epoch_seconds_max;
    }

    bool is_hour_whole() {
        if (parts_.is_twelve_hours != parts_.is_afternoon.has_value()) {
            return false;
        }
        if (parts_.is_afternoon) {
            parts_.hour = parts_.hour % 12 + (*parts_.is_afternoon ? 12 : 0);
        }
        return true;
    }

    std::string_view rest_;
    Parts parts_;
};

std::optional<WallClock> wall_of(const Parts& parts) {
    const std::chrono::year_month_day date{std::chrono::year(parts.year),
                                           std::chrono::month(static_cast<unsigned>(parts.month)),
                                           std::chrono::day(static_cast<unsigned>(parts.day))};
    if (!date.ok()) {
        return std::nullopt;
    }
    return std::chrono::local_days(date) + std::chrono::hours(parts.hour) +
           std::chrono::minutes(parts.minute) + std::chrono::seconds(parts.second) +
           base::Millis(parts.millisecond);
}

base::Error wrong(const std::string& what) {
    return base::Error(base::ErrorCode::invalid, what);
}

}  // namespace

base::Result<TimeFormat> TimeFormat::parse(std::string_view text) {
    if (!base::is_utf8(text)) {  // it stands in the reasons of what it does not fit
        return wrong("not UTF-8");
    }
    TimeFormat format;
    format.text_ = text;
    std::string seen;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            format.parts_ += text[at];
            continue;
        }
        const char name = ++at < text.size() ? text[at] : '\0';
        const std::string parts = name == 'T'   ? "%H:%M:%S"
                                  : name == 'F' ? "%Y-%m-%d"
                                                : std::string{'%', name};
        format.parts_ += parts;
        for (std::size_t n = 1; n < parts.size(); n += name == '%' ? 2 : 3) {
            if (name != '%' && known_parts.find(parts[n]) == std::string_view::npos) {
                return wrong(name == '\0' ? "a % at the end" : std::string("unknown %") + name);
            }
            if (name != '%' && seen.find(parts[n]) != std::string::npos) {
                return wrong(std::string("%") + parts[n] + " stands there twice");
            }
            seen += name == '%' ? "" : std::string(1, parts[n]);
        }
    }
    const auto has = [&seen](char part) { return seen.find(part) != std::string::npos; };
    if (has('s') && seen.find_first_not_of("sf") != std::string::npos) {
        return wrong("%s stands alone, or with %f");
    }
    if (has('I') != has('p') || (has('I') && has('H')) || (has('Y') && has('y'))) {
        return wrong("%I needs %p; one of %H and %I, one of %Y and %y");
    }
    const bool is_whole =
        (has('Y') || has('y')) && has('m') && has('d') && (has('H') || has('I')) && has('M');
    if (!has('s') && !is_whole) {
        return wrong("expected the parts of a date and a time, as %Y-%m-%d %H:%M:%S, or %s");
    }
    return format;
}

std::variant<Readings, Rejection> TimeFormat::read(std::string_view value,
                                                   const std::string& pointer,
                                                   const kpi::Zone& zone) const {
    const std::optional<Parts> parts = PartReader(value).read(parts_);
    const std::optional<WallClock> wall = parts ? wall_of(*parts) : std::nullopt;
    if (!wall) {
        return Rejection{"invalid_time", pointer, "not written as " + text_};
    }
    if (parts->epoch_seconds) {
        return reading_of(base::from_ms(*parts->epoch_seconds * 1000 + parts->millisecond),
                          pointer);
    }
    if (parts->offset) {
        return reading_of(base::UtcMillis((*wall - *parts->offset).time_since_epoch()), pointer);
    }
    return readings_of(*wall, pointer, zone);
}

}  // namespace ingest::cdr_csv
