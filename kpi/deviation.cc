#include "kpi/deviation.h"

#include <algorithm>
#include <array>
#include <set>

namespace kpi {
namespace {

using base::Int128;
using base::Millis;
using base::UtcMillis;

constexpr Millis one_ms{1};

Ratio sum(const Ratio& a, const Ratio& b) {
    return {a.num * b.den + b.num * a.den, a.den * b.den};
}

bool is_less(const Ratio& a, const Ratio& b) {
    return a.num * b.den < b.num * a.den;
}

Int128 floored(const Ratio& ratio) {
    return ratio.num < 0 ? Int128{-1} : ratio.num / ratio.den;
}
Int128 ceiled(const Ratio& ratio) {
    return ratio.num < 0 ? Int128{-1} : (ratio.num + ratio.den - 1) / ratio.den;
}

/// The working time by whose end so much is expected, in milliseconds.
Ratio time_of(const DeviationNorm& norm, const Ratio& amount) {
    return norm.norm.num > 0 ? Ratio{amount.num * norm.norm.den * norm.scheduled.count(),
                                     amount.den * norm.norm.num}
                             : Ratio{-1, 1};
}

/// Instants in (from, until) at which the status may turn while `actual` stays what it is.
void add_turns(const DeviationNorm& norm, const DeviationRules& rules,
               const std::optional<Ratio>& actual, UtcMillis from, UtcMillis until,
               std::set<UtcMillis>& turns) {
    const auto add = [&](Int128 amount) {
        if (amount < 0 || amount > norm.worked->total().count()) {
            return;
        }
        const auto at = norm.worked->instant_after(Millis{static_cast<std::int64_t>(amount)});
        if (at && from < *at && *at < until) {
            turns.insert(*at);
        }
    };
    add((norm.worked->total().count() + 9) / 10);  // a tenth of the working time
    if (!norm.is_spread) {
        return;
    }
    add(ceiled(time_of(norm, rules.min_expected)));
    if (!actual) {
        return;
    }
    for (const Ratio& share : {rules.warn, rules.breach, sum(rules.warn, rules.margin),
                               sum(rules.breach, rules.margin)}) {
        const Ratio turn = norm.polarity == Polarity::lower
                               ? time_of(norm, {actual->num * share.num, actual->den * share.den})
                               : time_of(norm, {actual->num * share.den, actual->den * share.num});
        add(ceiled(turn));
        add(floored(turn) + 1);
    }
}

void note(std::optional<UtcMillis>& since, bool is_below, UtcMillis at) {
    if (!is_below) {
        since.reset();
    } else if (!since) {
        since = at;
    }
}

}  // namespace

std::string_view to_string(Severity severity) {
    constexpr std::array<std::string_view, 3> words{"none", "warn", "breach"};
    return words[static_cast<std::size_t>(severity)];
}

std::optional<Ratio> deviation_share(Polarity polarity, const Ratio& actual,
                                     const Ratio& expected) {
    if (expected.num <= 0) {
        return std::nullopt;
    }
    if (polarity != Polarity::lower) {
        return Ratio{actual.num * expected.den, actual.den * expected.num};
    }
    constexpr Int128 above_all = 1'000'000;
    return actual.num <= 0 ? Ratio{above_all, 1}
                           : Ratio{expected.num * actual.den, expected.den * actual.num};
}

bool is_below(const std::optional<Ratio>& share, const Ratio& threshold) {
    return share && is_less(*share, threshold);
}

Ratio DeviationJudge::expected(UtcMillis at) const {
    if (norm_.scheduled.count() <= 0 || norm_.worked->total().count() <= 0) {
        return {};
    }
    if (!norm_.is_spread) {
        return norm_.norm;
    }
    return {norm_.norm.num * norm_.worked->before(at).count(),
            norm_.norm.den * norm_.scheduled.count()};
}

std::optional<Ratio> DeviationJudge::share(const std::optional<Ratio>& actual, UtcMillis at) const {
    const Ratio expected = this->expected(at);
    const bool is_early = 10 * norm_.worked->before(at) < norm_.worked->total();
    if (!actual || (is_early && is_less(expected, rules_.min_expected))) {
        return std::nullopt;
    }
    return deviation_share(norm_.polarity, *actual, expected);
}

void DeviationJudge::turn(UtcMillis at, const std::optional<Ratio>& share) {
    ripen(at - one_ms);
    note(state_.warn_since, is_below(share, rules_.warn), at);
    note(state_.breach_since, is_below(share, rules_.breach), at);
    ripen(at);
    if (state_.severity == Severity::breach &&
        !is_below(share, sum(rules_.breach, rules_.margin))) {
        become(at, Severity::warn);
    }
    if (state_.severity == Severity::warn && !is_below(share, sum(rules_.warn, rules_.margin))) {
        become(at, Severity::none);
    }
}

/// What has lasted long enough by `at` has become what it is.
void DeviationJudge::ripen(UtcMillis at) {
    const auto due = [&](const std::optional<UtcMillis>& since) {
        return since ? std::optional(*since + rules_.dwell) : std::nullopt;
    };
    const auto warn = due(state_.warn_since);
    const auto breach = due(state_.breach_since);
    if (state_.severity == Severity::none && warn && *warn <= at && (!breach || *warn < *breach)) {
        become(*warn, Severity::warn);
    }
    if (state_.severity != Severity::breach && breach && *breach <= at) {
        become(*breach, Severity::breach);
    }
}

void DeviationJudge::become(UtcMillis at, Severity severity) {
    const Severity before = state_.severity;
    state_.severity = severity;
    // Of two changes at one instant the last one counts.
    if (!changes_.empty() && changes_.back().at == at) {
        changes_.pop_back();
        const bool is_as_before =
            changes_.empty() ? first_before_ == severity : changes_.back().severity == severity;
        if (is_as_before) {
            return;
        }
    } else if (changes_.empty()) {
        first_before_ = before;
    }
    changes_.push_back({at, severity});
}

void DeviationJudge::run(const std::optional<Ratio>& actual, UtcMillis from, UtcMillis until) {
    if (from >= until) {
        return;
    }
    std::set<UtcMillis> turns{from};
    add_turns(norm_, rules_, actual, from, until, turns);
    for (const UtcMillis at : turns) {
        turn(at, share(actual, at));
    }
    ripen(until - one_ms);
}

void DeviationJudge::pause() {
    state_.warn_since.reset();
    state_.breach_since.reset();
}

void DeviationJudge::end(UtcMillis at) {
    if (state_.severity != Severity::none) {
        become(at, Severity::none);
    }
    state_ = {};
}

}  // namespace kpi
