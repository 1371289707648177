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

/// A norm of one manager in one period.
struct DeviationNorm {
    Interval period;
    Ratio norm;  ///< of a whole period without absences
    Polarity polarity = Polarity::higher;
    bool is_spread = true;      ///< as of PaceQuestion
    base::Millis scheduled{0};  ///< working time of the period, absences not taken off
    const WorkingTime* worked = nullptr;
};

/// What is known of a deviation at some instant: all that its future depends on beside the norm and
/// what is done.
struct DeviationState {
    Severity severity = Severity::none;
    std::optional<base::UtcMillis> warn_since;
    std::optional<base::UtcMillis> breach_since;
    friend bool operator==(const DeviationState&, const DeviationState&) = default;
};

/// A change of the deviation of a manager from a norm.
struct DeviationChange {
    base::UtcMillis at{};
    Severity severity{};  ///< from then on; none: it is over
    friend bool operator==(const DeviationChange&, const DeviationChange&) = default;
};

/// Finds every change of a deviation, exact to the millisecond: where the status turns, not by
/// looking every so often.
///
/// A status lasting for `dwell` becomes the severity, of warn and breach each for itself; a
/// severity is left as soon as the share is its threshold and the margin. Pure but for what it
/// holds. Lifetime: `norm` with its working time, and `rules`, outlive it.
class DeviationJudge {
public:
    DeviationJudge(const DeviationNorm& norm, const DeviationRules& rules, DeviationState state)
        : norm_(norm), rules_(rules), state_(state) {}

    /// In [from, until) so much is done. To be called for one stretch after the other.
    /// Cost: some twelve searches in the working time.
    void run(const std::optional<Ratio>& actual, base::UtcMillis from, base::UtcMillis until);
    /// Nothing is known for a while: a status that lasted begins anew, a deviation stays as it is.
    void pause();
    /// The period is over at `at`, and with it what stands.
    void end(base::UtcMillis at);

    const DeviationState& state() const { return state_; }
    /// The changes since the last call.
    std::vector<DeviationChange> take_changes() { return std::move(changes_); }

    /// What is expected before `at`.
    Ratio expected(base::UtcMillis at) const;
    /// What share of the expected is done (polarity lower: of the done was expected); nullopt:
    /// nothing can be said yet. More than any threshold where nothing was to be left undone.
    std::optional<Ratio> share(const std::optional<Ratio>& actual, base::UtcMillis at) const;

private:
    void turn(base::UtcMillis at, const std::optional<Ratio>& share);
    void ripen(base::UtcMillis at);
    void become(base::UtcMillis at, Severity severity);

    const DeviationNorm& norm_;
    const DeviationRules& rules_;
    DeviationState state_;
    std::vector<DeviationChange> changes_;
    Severity first_before_ = Severity::none;  ///< what the first of them changed
};

/// The share of an actual and an expected value; nullopt: nothing was expected.
std::optional<Ratio> deviation_share(Polarity polarity, const Ratio& actual, const Ratio& expected);
bool is_below(const std::optional<Ratio>& share, const Ratio& threshold);

}  // namespace kpi
