#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "kpi/norms.h"
#include "kpi/ratio.h"

namespace kpi {

/// Scheduled working time of one manager in one period.
struct PeriodTime {
    base::Millis scheduled{0};  ///< absences not taken off
    base::Millis worked{0};     ///< absences, and times before and after employment, taken off
    base::Millis elapsed{0};    ///< of `worked`, before the instant judged
};

enum class Status : std::uint8_t { insufficient, ok, warn, breach };
std::string_view to_string(Status status);

/// What is compared with what. All in the KPI's unit.
struct PaceQuestion {
    std::optional<Ratio> actual;  ///< up to the instant judged; absent: unknown
    Ratio norm;                   ///< of a whole period without absences
    Polarity polarity = Polarity::higher;
    /// Counts and sums grow over the period, so their norm is spread over its working time; a
    /// ratio, a mean or a median has the same norm at every instant.
    bool is_spread = true;
    std::optional<PeriodTime> time;  ///< absent: no calendar
    Ratio min_expected{1, 1};        ///< below it nothing is judged before a tenth of the time
};

/// Absent = undefined. Source: domain.md 7.
struct Pace {
    std::optional<Ratio> norm;  ///< prorated
    std::optional<Ratio> expected;
    std::optional<Ratio> attainment;
    std::optional<Ratio> pace;
    std::optional<Ratio> projected;
    std::optional<Ratio> required_rate;  ///< per working hour that is left
    std::optional<Ratio> deviation;
    Status status = Status::insufficient;
};

/// Pure. Numerators of `actual` and `norm` are at most ratio_max, denominators at most 10^6: what
/// is computed of them stays within 128 bits.
Pace pace_of(const PaceQuestion& question);

/// Below these shares of what was expected (polarity lower: above their inverse) a manager is
/// behind.
inline constexpr Ratio warn_below{9, 10};
inline constexpr Ratio breach_below{3, 4};

}  // namespace kpi
