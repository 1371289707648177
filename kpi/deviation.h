#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "kpi/calendars.h"
#include "kpi/norms.h"
#include "kpi/pace.h"
#include "kpi/ratio.h"

namespace kpi {

/// How far somebody is behind his norm. Do not renumber.
enum class Severity : std::uint8_t { none = 0, warn = 1, breach = 2 };
std::string_view to_string(Severity severity);

/// When a status becomes a deviation, and when it is over. Source: domain.md 7.
struct DeviationRules {
    Ratio warn = warn_below;
    Ratio breach = breach_below;
    Ratio margin{5, 100};             ///< so much above its threshold a severity is left again
    base::Millis dwell{10 * 60'000};  ///< so long a status lasts before it is a deviation
    Ratio min_expected{1, 1};
};

/// What was done from an instant on, all together.
struct ActualStep {
    base::UtcMillis at{};
    Ratio actual;
};

/// One norm of one manager in one period.
struct DeviationQuestion {
    Interval period;
    Ratio norm;  ///< of a whole period without absences
    Polarity polarity = Polarity::higher;
    base::Millis scheduled{0};  ///< working time of the period, absences not taken off
    const WorkingTime* worked = nullptr;
    /// By rising instant; before the first nothing was done. What happens at an instant counts
    /// behind it: `at` is one millisecond later than the contribution.
    std::vector<ActualStep> steps;
};

/// A change of the deviation of a manager from a norm.
struct DeviationChange {
    base::UtcMillis at{};
    Severity severity{};  ///< from then on; none: it is over
    friend bool operator==(const DeviationChange&, const DeviationChange&) = default;
};

/// Every change within the period and before `until`, exact to the millisecond: found where the
/// status turns, not by looking every so often. A deviation that is open at the period's end is
/// over then.
///
/// Rules: a status lasting for `dwell` becomes the severity, of warn and breach each for itself; a
/// severity is left as soon as the share is its threshold and the margin. Pure and total.
/// Cost: per step a few searches in the working time.
std::vector<DeviationChange> deviations(const DeviationQuestion& question,
                                        const DeviationRules& rules, base::UtcMillis until);

}  // namespace kpi
