#include "kpi/pace.h"

#include <array>

namespace kpi {
namespace {

using base::Int128;

bool is_less(const Ratio& a, const Ratio& b) {
    return a.num * b.den < b.num * a.den;
}

/// a / b; nothing when b is not positive.
std::optional<Ratio> quotient(const Ratio& a, const Ratio& b) {
    if (b.num <= 0) {
        return std::nullopt;
    }
    return Ratio{a.num * b.den, a.den * b.num};
}

Ratio difference(const Ratio& a, const Ratio& b) {
    return {a.num * b.den - b.num * a.den, a.den * b.den};
}

/// whole * part / all
Ratio portion(const Ratio& whole, base::Millis part, base::Millis all) {
    return {whole.num * part.count(), whole.den * all.count()};
}

Status status_of(const PaceQuestion& question, const Pace& found) {
    if (!found.expected || !found.pace || question.time->worked.count() == 0) {
        return Status::insufficient;
    }
    const bool is_early = 10 * question.time->elapsed < question.time->worked;
    if (is_early && is_less(*found.expected, question.min_expected)) {
        return Status::insufficient;
    }
    Ratio share = *found.pace;
    if (question.polarity == Polarity::lower) {
        if (share.num <= 0) {
            return Status::ok;
        }
        share = {share.den, share.num};
    }
    return is_less(share, breach_below) ? Status::breach
           : is_less(share, warn_below) ? Status::warn
                                        : Status::ok;
}

}  // namespace

std::string_view to_string(Status status) {
    constexpr std::array<std::string_view, 4> words{"insufficient", "ok", "warn", "breach"};
    return words[static_cast<std::size_t>(status)];
}

Pace pace_of(const PaceQuestion& question) {
    Pace found;
    if (!question.time) {
        return found;
    }
    constexpr Int128 hour = 3'600'000;
    const PeriodTime& time = *question.time;
    const bool is_working = time.scheduled.count() > 0 && time.worked.count() > 0;
    const base::Millis left = time.worked - time.elapsed;
    found.norm = Ratio{};
    found.expected = Ratio{};
    if (is_working && question.is_spread) {
        found.norm = portion(question.norm, time.worked, time.scheduled);
        found.expected = portion(question.norm, time.elapsed, time.scheduled);
    } else if (is_working) {
        found.norm = question.norm;
        found.expected = question.norm;
    }
    if (question.actual) {
        const Ratio& actual = *question.actual;
        found.attainment = quotient(actual, *found.norm);
        found.pace = quotient(actual, *found.expected);
        found.deviation = difference(actual, *found.expected);
        if (question.polarity == Polarity::lower) {
            found.deviation->num = -found.deviation->num;
        }
        if (!question.is_spread) {
            found.projected = actual;
        } else {
            if (time.elapsed.count() > 0) {
                found.projected = portion(actual, time.worked, time.elapsed);
            }
            if (left.count() > 0) {
                const Ratio missing = difference(*found.norm, actual);
                found.required_rate = Ratio{missing.num * hour, missing.den * left.count()};
            }
        }
    }
    found.status = status_of(question, found);
    return found;
}

}  // namespace kpi
