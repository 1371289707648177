#include "ingest/asterisk_cdr_csv/wall_clock.h"

#include <chrono>
#include <string>
#include <vector>

namespace ingest::asterisk_cdr_csv {
namespace {

/// `width` digits at `at`; -1 when others stand there.
int digits(std::string_view text, std::size_t at, std::size_t width) {
    int value = 0;
    for (const char c : text.substr(at, width)) {
        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

std::optional<WallClock> parse_wall(std::string_view text) {
    if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' ||
        text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    const int year = digits(text, 0, 4);
    const int month = digits(text, 5, 2);
    const int day = digits(text, 8, 2);
    const int hour = digits(text, 11, 2);
    const int minute = digits(text, 14, 2);
    const int second = digits(text, 17, 2);
    if (year < 1 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 59) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok()) {
        return std::nullopt;
    }
    return std::chrono::local_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

}  // namespace

std::variant<RowInstants, Rejection> place(const RowClocks& clocks, const kpi::Zone& zone) {
    Readings readings[3];
    const std::pair<std::string_view, std::string_view> columns[3] = {
        {clocks.start, "start"}, {clocks.end, "end"}, {clocks.answer, "answer"}};
    for (std::size_t n = 0; n < 3; ++n) {
        if (n == 2 && clocks.answer.empty()) {
            break;
        }
        const std::string pointer = "/" + std::string(columns[n].second);
        const auto wall = parse_wall(columns[n].first);
        if (!wall) {
            return Rejection{"invalid_time", pointer, "no date like 2026-11-02 07:00:00"};
        }
        auto found = readings_of(*wall, pointer, zone);
        if (auto* rejection = std::get_if<Rejection>(&found)) {
            return std::move(*rejection);
        }
        readings[n] = std::move(std::get<Readings>(found));
    }
    const auto best =
        best_reading({readings[0], readings[2], readings[1]},
                     std::chrono::seconds(clocks.duration_seconds), clocks.channel_made);
    if (!best) {
        return Rejection{"impossible", "/end", "the end lies before the start"};
    }
    return *best;
}

}  // namespace ingest::asterisk_cdr_csv
