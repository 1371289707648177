#include "ingest/asterisk_cdr_csv/wall_clock.h"

#include <chrono>
#include <string>
#include <tuple>
#include <vector>

namespace ingest::asterisk_cdr_csv {
namespace {

using Wall = std::chrono::local_time<base::Millis>;
using Readings = std::vector<base::UtcMillis>;

constexpr base::Millis made_slack{2000};
constexpr base::UtcMillis year_1 = base::from_ms(-62'135'596'800'000);
constexpr base::UtcMillis year_10000 = base::from_ms(253'402'300'800'000);

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

std::optional<Wall> parse_wall(std::string_view text) {
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

/// The instants that a wall clock may mean.
std::variant<Readings, Rejection> read(std::string_view text, std::string_view name,
                                       const kpi::Zone& zone) {
    const std::string pointer = "/" + std::string(name);
    const auto wall = parse_wall(text);
    if (!wall) {
        return Rejection{"invalid_time", pointer, "no date like 2026-11-02 07:00:00"};
    }
    Readings readings = zone.candidates(*wall);
    if (readings.empty()) {
        return Rejection{"invalid_time", pointer,
                         "this local time does not exist in the source's zone"};
    }
    if (readings.front() < year_1 || readings.back() >= year_10000) {
        return Rejection{"invalid_time", pointer, "outside the years 1 to 9999"};
    }
    return readings;
}

/// How well one reading fits; the smallest is taken.
auto fitness(const RowClocks& clocks, base::UtcMillis start, std::optional<base::UtcMillis> answer,
             base::UtcMillis end) {
    const auto claimed = std::chrono::seconds(clocks.duration_seconds);
    const bool before_channel = clocks.channel_made && start < *clocks.channel_made - made_slack;
    return std::make_tuple(std::chrono::abs(end - start - claimed), before_channel, start,
                           answer.value_or(base::UtcMillis{}), end);
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
        auto found = read(columns[n].first, columns[n].second, zone);
        if (auto* rejection = std::get_if<Rejection>(&found)) {
            return std::move(*rejection);
        }
        readings[n] = std::move(std::get<Readings>(found));
    }
    std::vector<std::optional<base::UtcMillis>> answers(readings[2].begin(), readings[2].end());
    if (answers.empty()) {
        answers.emplace_back();
    }
    std::optional<RowInstants> best;
    for (const base::UtcMillis start : readings[0]) {
        for (const auto& answer : answers) {
            for (const base::UtcMillis end : readings[1]) {
                const base::UtcMillis middle = answer.value_or(start);
                if (start > middle || middle > end) {
                    continue;
                }
                if (!best || fitness(clocks, start, answer, end) <
                                 fitness(clocks, best->start, best->answer, best->end)) {
                    best = RowInstants{start, answer, end, false};
                }
            }
        }
    }
    if (!best) {
        return Rejection{"impossible", "/end", "the end lies before the start"};
    }
    best->ambiguous = readings[0].size() * answers.size() * readings[1].size() > 1;
    return *best;
}

}  // namespace ingest::asterisk_cdr_csv
