#include "kpi/norms.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace kpi {
namespace {

constexpr std::array<std::string_view, 3> grain_words{"day", "week", "month"};
constexpr std::array<std::string_view, 3> polarity_words{"higher", "lower", "band"};

template <class Enum, std::size_t Size>
std::optional<Enum> of_word(const std::array<std::string_view, Size>& words,
                            std::string_view word) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) {
        return std::nullopt;
    }
    return static_cast<Enum>(found - words.begin() + 1);
}

}  // namespace

std::optional<Grain> grain_of(std::string_view word) {
    return of_word<Grain>(grain_words, word);
}

std::string_view to_string(Grain grain) {
    return grain_words[static_cast<std::size_t>(grain) - 1];
}

int days_of(Grain grain) {
    constexpr std::array days{1, 7, 30};
    return days[static_cast<std::size_t>(grain) - 1];
}

Interval period_of(Grain grain, const Zone& zone, base::UtcMillis at) {
    std::chrono::year_month_day first = zone.day_of(at);
    std::chrono::year_month_day next = days_after(first, 1);
    if (grain == Grain::week) {
        first = week_first(first);
        next = days_after(first, 7);
    } else if (grain == Grain::month) {
        first = month_first(first);
        next = month_next(first);
    }
    return {zone.day_start(first), zone.day_start(next)};
}

std::optional<Polarity> polarity_of(std::string_view word) {
    return of_word<Polarity>(polarity_words, word);
}

std::string_view to_string(const NormSegment& segment) {
    return segment ? to_string(*segment) : "all";
}

Ratio NormEntry::share(base::UtcMillis employed_since, base::UtcMillis at) const {
    if (employed_since != base::since_ever) {
        for (const Step& step : ramp) {
            if (at < employed_since + std::chrono::days(step.days)) {
                return step.share;
            }
        }
    }
    return {1, 1};
}

void Norms::put(const std::string& key, NormEntry entry) {
    std::sort(entry.ramp.begin(), entry.ramp.end(),
              [](const NormEntry::Step& a, const NormEntry::Step& b) { return a.days < b.days; });
    entries_[key] = std::make_shared<const NormEntry>(std::move(entry));
}

void Norms::erase(const std::string& key) {
    entries_.erase(key);
}

bool Norms::has_own(Manager manager) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const auto& one) { return one.second->aim.manager == manager; });
}

std::vector<const NormEntry*> Norms::in_force(const Whom& whom, base::UtcMillis at) const {
    using Target =
        std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>;
    using Order = std::tuple<int, bool, std::int64_t>;
    std::map<Target, std::pair<Order, const NormEntry*>> best;
    for (const auto& [key, entry] : entries_) {
        const std::optional<int> rank = entry->aim.precedence(whom);
        if (!rank || !entry->validity.holds(at)) {
            continue;
        }
        const Order order{*rank, !entry->is_plan, -base::to_ms(entry->validity.from)};
        const auto [place, is_new] =
            best.try_emplace(Target{entry->kpi, to_string(entry->segment), to_string(entry->per),
                                    entry->client_class},
                             order, entry.get());
        if (!is_new && order < place->second.first) {
            place->second = {order, entry.get()};
        }
    }
    std::vector<const NormEntry*> found;
    found.reserve(best.size());
    for (const auto& [target, one] : best) {
        found.push_back(one.second);
    }
    return found;
}

const NormEntry* Norms::of_touches(const Whom& whom, std::string_view client_class,
                                   base::UtcMillis at) const {
    const NormEntry* best = nullptr;
    for (const NormEntry* const entry : in_force(whom, at)) {
        if (entry->kpi == "touches" && entry->client_class == client_class &&
            (best == nullptr || entry->per < best->per)) {
            best = entry;
        }
    }
    return best;
}

}  // namespace kpi
