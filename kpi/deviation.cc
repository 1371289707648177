#include "kpi/deviation.h"

#include <algorithm>
#include <array>
#include <set>

namespace kpi {
namespace {

using base::Int128;
using base::Millis;
using base::UtcMillis;

bool is_less(const Ratio& a, const Ratio& b) {
    return a.num * b.den < b.num * a.den;
}

Ratio sum(const Ratio& a, const Ratio& b) {
    return {a.num * b.den + b.num * a.den, a.den * b.den};
}

/// The working time of a period, as the status sees it.
class Course {
public:
    Course(const DeviationQuestion& question, const DeviationRules& rules)
        : question_(question), rules_(rules) {}

    /// Instants in (from, until) at which the status may turn while `actual` stays what it is.
    void add_turns(const Ratio& actual, UtcMillis from, UtcMillis until,
                   std::set<UtcMillis>& turns) const {
        const auto add = [&](Int128 amount) {
            if (amount < 0 || amount > question_.worked->total().count()) {
                return;
            }
            const auto at =
                question_.worked->instant_after(Millis{static_cast<std::int64_t>(amount)});
            if (at && from < *at && *at < until) {
                turns.insert(*at);
            }
        };
        // A tenth of the working time, and the expected minimum.
        add((question_.worked->total().count() + 9) / 10);
        add(ceiled(time_of(rules_.min_expected)));
        for (const Ratio& share : {rules_.warn, rules_.breach, sum(rules_.warn, rules_.margin),
                                   sum(rules_.breach, rules_.margin)}) {
            const Ratio turn = question_.polarity == Polarity::lower
                                   ? time_of({actual.num * share.num, actual.den * share.den})
                                   : time_of({actual.num * share.den, actual.den * share.num});
            add(ceiled(turn));
            add(floored(turn) + 1);
        }
    }

    /// What share of the expected was done (polarity lower: of the done was expected); nullopt:
    /// nothing can be said yet. More than any threshold where nothing was to be left undone.
    std::optional<Ratio> share(const Ratio& actual, UtcMillis at) const {
        const Millis elapsed = question_.worked->before(at);
        const Ratio expected{question_.norm.num * elapsed.count(),
                             question_.norm.den * question_.scheduled.count()};
        const bool is_early = 10 * elapsed < question_.worked->total();
        if (expected.num <= 0 || (is_early && is_less(expected, rules_.min_expected))) {
            return std::nullopt;
        }
        if (question_.polarity != Polarity::lower) {
            return Ratio{actual.num * expected.den, actual.den * expected.num};
        }
        if (actual.num <= 0) {
            return Ratio{1'000'000, 1};
        }
        return Ratio{expected.num * actual.den, expected.den * actual.num};
    }

private:
    /// The working time by whose end so much is expected, in milliseconds.
    Ratio time_of(const Ratio& amount) const {
        return question_.norm.num > 0
                   ? Ratio{amount.num * question_.norm.den * question_.scheduled.count(),
                           amount.den * question_.norm.num}
                   : Ratio{-1, 1};
    }
    static Int128 floored(const Ratio& ratio) {
        return ratio.num < 0 ? Int128{-1} : ratio.num / ratio.den;
    }
    static Int128 ceiled(const Ratio& ratio) {
        return ratio.num < 0 ? Int128{-1} : (ratio.num + ratio.den - 1) / ratio.den;
    }

    const DeviationQuestion& question_;
    const DeviationRules& rules_;
};

/// The severity that stands, and since when a worse one lasts.
class Standing {
public:
    explicit Standing(const DeviationRules& rules) : rules_(rules) {}

    /// The share is this from `at` on.
    void turn(UtcMillis at, const std::optional<Ratio>& share) {
        ripen(at - Millis{1});
        const auto is_below = [&](const Ratio& threshold) {
            return share && is_less(*share, threshold);
        };
        note(warn_since_, is_below(rules_.warn), at);
        note(breach_since_, is_below(rules_.breach), at);
        ripen(at);
        if (severity_ == Severity::breach && !is_below(sum(rules_.breach, rules_.margin))) {
            become(at, Severity::warn);
        }
        if (severity_ == Severity::warn && !is_below(sum(rules_.warn, rules_.margin))) {
            become(at, Severity::none);
        }
    }

    /// What has lasted long enough by `at` has become what it is.
    void ripen(UtcMillis at) {
        const auto due = [&](const std::optional<UtcMillis>& since) {
            return since ? std::optional(*since + rules_.dwell) : std::nullopt;
        };
        const auto warn = due(warn_since_);
        const auto breach = due(breach_since_);
        if (severity_ == Severity::none && warn && *warn <= at && (!breach || *warn < *breach)) {
            become(*warn, Severity::warn);
        }
        if (severity_ != Severity::breach && breach && *breach <= at) {
            become(*breach, Severity::breach);
        }
    }

    void end(UtcMillis at) {
        if (severity_ != Severity::none) {
            become(at, Severity::none);
        }
    }
    std::vector<DeviationChange> take() { return std::move(changes_); }

private:
    static void note(std::optional<UtcMillis>& since, bool is_below, UtcMillis at) {
        if (!is_below) {
            since.reset();
        } else if (!since) {
            since = at;
        }
    }
    void become(UtcMillis at, Severity severity) {
        severity_ = severity;
        // Of two changes at one instant the last one counts.
        if (!changes_.empty() && changes_.back().at == at) {
            changes_.pop_back();
        }
        const Severity before = changes_.empty() ? Severity::none : changes_.back().severity;
        if (severity != before) {
            changes_.push_back({at, severity});
        }
    }

    const DeviationRules& rules_;
    Severity severity_ = Severity::none;
    std::optional<UtcMillis> warn_since_;
    std::optional<UtcMillis> breach_since_;
    std::vector<DeviationChange> changes_;
};

}  // namespace

std::string_view to_string(Severity severity) {
    constexpr std::array<std::string_view, 3> words{"none", "warn", "breach"};
    return words[static_cast<std::size_t>(severity)];
}

std::vector<DeviationChange> deviations(const DeviationQuestion& question,
                                        const DeviationRules& rules, UtcMillis until) {
    const Course course(question, rules);
    Standing standing(rules);
    const UtcMillis end = std::min(until, question.period.until);
    auto step = question.steps.begin();
    Ratio actual;
    for (UtcMillis from = question.period.from; from < end;) {
        for (; step != question.steps.end() && step->at <= from; ++step) {
            actual = step->actual;
        }
        const UtcMillis next = step == question.steps.end() ? end : std::min(step->at, end);
        std::set<UtcMillis> turns{from};
        course.add_turns(actual, from, next, turns);
        for (const UtcMillis at : turns) {
            standing.turn(at, course.share(actual, at));
        }
        from = next;
    }
    standing.ripen(end - Millis{1});
    if (until >= question.period.until) {
        standing.end(question.period.until);
    }
    return standing.take();
}

}  // namespace kpi
