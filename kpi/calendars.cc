#include "kpi/calendars.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace kpi {

std::optional<int> Aim::precedence(const Whom& whom) const {
    if (manager) {
        return manager == whom.manager ? std::optional(0) : std::nullopt;
    }
    if (!role.empty()) {
        return role == whom.role ? std::optional(1) : std::nullopt;
    }
    if (team) {
        return team == whom.team ? std::optional(2) : std::nullopt;
    }
    return 3;
}

Intervals hours_of(const CalendarEntry& calendar, const Zone& zone, base::UtcMillis from,
                   base::UtcMillis until) {
    Intervals hours;
    const std::chrono::local_days last{zone.day_of(until)};
    const std::chrono::local_days first{zone.day_of(from)};
    // From the day before: hours may end after midnight.
    for (auto day = first - std::chrono::days{1}; day <= last; day += std::chrono::days{1}) {
        if (std::binary_search(calendar.holidays.begin(), calendar.holidays.end(),
                               std::chrono::year_month_day{day})) {
            continue;
        }
        const std::chrono::weekday weekday{day};
        for (const auto& [start, end] : calendar.hours[weekday.iso_encoding() - 1]) {
            hours.push_back({zone.first_instant(day + std::chrono::minutes{start}),
                             zone.first_instant(day + std::chrono::minutes{end})});
        }
    }
    return intersected(hours, {{from, until}});
}

void Calendars::put(const std::string& key, CalendarEntry entry) {
    std::sort(entry.holidays.begin(), entry.holidays.end());
    calendars_[key] = std::make_shared<const CalendarEntry>(std::move(entry));
}

void Calendars::put(const std::string& key, AbsenceEntry entry) {
    absences_[key] = std::make_shared<const AbsenceEntry>(entry);
}

void Calendars::erase(const std::string& key) {
    calendars_.erase(key);
    absences_.erase(key);
}

const CalendarEntry* Calendars::in_force(const Whom& whom, base::UtcMillis at) const {
    const CalendarEntry* best = nullptr;
    int best_rank = 0;
    const auto order = [](const CalendarEntry& one, int rank) {
        return std::tuple(rank, -base::to_ms(one.validity.from), std::string_view(one.id));
    };
    for (const auto& [key, calendar] : calendars_) {
        const std::optional<int> rank = calendar->aim.precedence(whom);
        if (rank && calendar->validity.holds(at) &&
            (best == nullptr || order(*calendar, *rank) < order(*best, best_rank))) {
            best = calendar.get();
            best_rank = *rank;
        }
    }
    return best;
}

std::vector<Calendars::Span> Calendars::spans(const Whom& whom, base::UtcMillis from,
                                              base::UtcMillis until) const {
    std::set<base::UtcMillis> borders{from};
    for (const auto& [key, calendar] : calendars_) {
        for (const base::UtcMillis border : {calendar->validity.from, calendar->validity.until}) {
            if (from < border && border < until) {
                borders.insert(border);
            }
        }
    }
    std::vector<Span> found;
    for (auto border = borders.begin(); border != borders.end(); ++border) {
        const auto next = std::next(border);
        const Interval time{*border, next == borders.end() ? until : *next};
        const CalendarEntry* const calendar = in_force(whom, *border);
        if (!found.empty() && found.back().calendar == calendar) {
            found.back().time.until = time.until;
        } else {
            found.push_back({calendar, time});
        }
    }
    return found;
}

std::optional<Intervals> Calendars::hours(const Whom& whom, const Zone& zone, base::UtcMillis from,
                                          base::UtcMillis until) const {
    Intervals all;
    bool has_any = false;
    for (const Span& span : spans(whom, from, until)) {
        if (span.calendar != nullptr) {
            has_any = true;
            const Intervals hours = hours_of(*span.calendar, zone, span.time.from, span.time.until);
            all.insert(all.end(), hours.begin(), hours.end());
        }
    }
    return has_any ? std::optional(united(std::move(all))) : std::nullopt;
}

Intervals Calendars::absences(Manager manager) const {
    Intervals away;
    for (const auto& [key, absence] : absences_) {
        if (absence->manager == manager) {
            away.push_back({absence->validity.from, absence->validity.until});
        }
    }
    return united(std::move(away));
}

WorkingTime::WorkingTime(Intervals intervals) : intervals_(std::move(intervals)) {
    until_here_.reserve(intervals_.size());
    for (const Interval& one : intervals_) {
        until_here_.push_back(total_);
        total_ += one.until - one.from;
    }
}

base::Millis WorkingTime::before(base::UtcMillis at) const {
    const auto next = std::upper_bound(
        intervals_.begin(), intervals_.end(), at,
        [](base::UtcMillis instant, const Interval& one) { return instant < one.from; });
    if (next == intervals_.begin()) {
        return base::Millis{0};
    }
    const auto last = static_cast<std::size_t>(next - intervals_.begin()) - 1;
    return until_here_[last] + (std::min(at, intervals_[last].until) - intervals_[last].from);
}

std::optional<base::UtcMillis> WorkingTime::instant_after(base::Millis amount) const {
    if (amount > total_ || amount.count() < 0 || intervals_.empty()) {
        return std::nullopt;
    }
    const auto next = std::lower_bound(until_here_.begin(), until_here_.end(), amount);
    const auto last =
        static_cast<std::size_t>(next == until_here_.begin() ? 0 : next - until_here_.begin() - 1);
    return intervals_[last].from + (amount - until_here_[last]);
}

bool WorkingTime::holds(base::UtcMillis at) const {
    const auto next = std::upper_bound(
        intervals_.begin(), intervals_.end(), at,
        [](base::UtcMillis instant, const Interval& one) { return instant < one.from; });
    return next != intervals_.begin() && at < std::prev(next)->until;
}

}  // namespace kpi
