#include "ingest/wall_clock.h"

#include <tuple>
#include <utility>

namespace ingest {
namespace {

constexpr base::Millis made_slack{2000};
constexpr base::UtcMillis year_1 = base::from_ms(-62'135'596'800'000);
constexpr base::UtcMillis year_10000 = base::from_ms(253'402'300'800'000);

/// How well one reading fits; the smallest is taken.
auto fitness(const RowInstants& row, base::Millis claimed,
             std::optional<base::UtcMillis> channel_made) {
    const bool before_channel = channel_made && row.start < *channel_made - made_slack;
    return std::make_tuple(std::chrono::abs(row.end - row.start - claimed), before_channel,
                           row.start, row.answer.value_or(base::UtcMillis{}), row.end);
}

}  // namespace

std::variant<Readings, Rejection> readings_of(WallClock wall, const std::string& pointer,
                                              const kpi::Zone& zone) {
    Readings readings = zone.candidates(wall);
    if (readings.empty()) {
        return Rejection{"invalid_time", pointer,
                         "this local time does not exist in the source's zone"};
    }
    if (readings.front() < year_1 || readings.back() >= year_10000) {
        return Rejection{"invalid_time", pointer, "outside the years 1 to 9999"};
    }
    return readings;
}

std::variant<Readings, Rejection> reading_of(base::UtcMillis at, const std::string& pointer) {
    if (at < year_1 || at >= year_10000) {
        return Rejection{"invalid_time", pointer, "outside the years 1 to 9999"};
    }
    return Readings{at};
}

std::optional<RowInstants> best_reading(const RowReadings& readings, base::Millis claimed,
                                        std::optional<base::UtcMillis> channel_made) {
    std::vector<std::optional<base::UtcMillis>> answers(readings.answer.begin(),
                                                        readings.answer.end());
    if (answers.empty()) {
        answers.emplace_back();
    }
    std::optional<RowInstants> best;
    for (const base::UtcMillis start : readings.start) {
        for (const auto& answer : answers) {
            for (const base::UtcMillis end : readings.end) {
                const base::UtcMillis middle = answer.value_or(start);
                if (start > middle || middle > end) {
                    continue;
                }
                const RowInstants row{start, answer, end, false};
                if (!best ||
                    fitness(row, claimed, channel_made) < fitness(*best, claimed, channel_made)) {
                    best = row;
                }
            }
        }
    }
    if (best) {
        best->ambiguous = readings.start.size() * answers.size() * readings.end.size() > 1;
    }
    return best;
}

}  // namespace ingest
