#include "kpi/worked_time.h"

namespace kpi {

const Zone& WorkedTime::zone_of(Manager manager, base::UtcMillis at) const {
    const ManagerEntry* const entry = directory_.manager(manager, at);
    return entry != nullptr && entry->zone ? *entry->zone : directory_.zone();
}

std::shared_ptr<const WorkingTime> WorkedTime::scheduled(const Whom& whom, const Zone& zone,
                                                         const Interval& period) {
    const auto spans = directory_.calendars().spans(whom, period.from, period.until);
    Key key{zone.name(), period, {}};
    bool has_any = false;
    for (const Calendars::Span& span : spans) {
        std::get<2>(key).push_back(span.calendar);
        has_any = has_any || span.calendar != nullptr;
    }
    if (!has_any) {
        return nullptr;
    }
    const auto [place, is_new] = hours_.try_emplace(std::move(key));
    if (is_new) {
        auto hours = directory_.calendars().hours(whom, zone, period.from, period.until);
        place->second = std::make_shared<const WorkingTime>(std::move(hours).value_or(Intervals()));
    }
    return place->second;
}

std::shared_ptr<const WorkingTime> WorkedTime::worked(const Whom& whom, const Zone& zone,
                                                      const Interval& period) {
    auto hours = scheduled(whom, zone, period);
    if (hours == nullptr) {
        return hours;
    }
    const Intervals away = directory_.calendars().absences(whom.manager);
    const Intervals here =
        intersected(directory_.employed(whom.manager), {{period.from, period.until}});
    if (intersected(away, {{period.from, period.until}}).empty() && here.size() == 1 &&
        here.front() == period) {
        return hours;
    }
    return std::make_shared<const WorkingTime>(
        subtracted(intersected(hours->intervals(), here), away));
}

std::optional<PeriodTime> WorkedTime::in_period(const Whom& whom, const Interval& period,
                                                base::UtcMillis at) {
    const Zone& zone = zone_of(whom.manager, at);
    const auto hours = scheduled(whom, zone, period);
    if (hours == nullptr) {
        return std::nullopt;
    }
    const auto worked = this->worked(whom, zone, period);
    return PeriodTime{hours->total(), worked->total(), worked->before(at)};
}

}  // namespace kpi
