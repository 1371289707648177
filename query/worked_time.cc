#include "query/worked_time.h"

namespace query {

const kpi::Zone& WorkedTime::zone_of(const RosterEntry& manager, base::UtcMillis at) const {
    const kpi::ManagerEntry* const entry = directory_.manager(manager.manager, at);
    return entry != nullptr && entry->zone ? *entry->zone : directory_.zone();
}

std::shared_ptr<const kpi::WorkingTime> WorkedTime::scheduled(const RosterEntry& manager,
                                                              const kpi::Zone& zone,
                                                              const kpi::Interval& period) {
    const kpi::Whom whom{manager.manager, manager.role, manager.team};
    const auto spans = directory_.calendars().spans(whom, period.from, period.until);
    Key key{zone.name(), period, {}};
    bool has_any = false;
    for (const kpi::Calendars::Span& span : spans) {
        std::get<2>(key).push_back(span.calendar);
        has_any = has_any || span.calendar != nullptr;
    }
    if (!has_any) {
        return nullptr;
    }
    const auto [place, is_new] = hours_.try_emplace(std::move(key));
    if (is_new) {
        auto hours = directory_.calendars().hours(whom, zone, period.from, period.until);
        place->second =
            std::make_shared<const kpi::WorkingTime>(std::move(hours).value_or(kpi::Intervals()));
    }
    return place->second;
}

std::shared_ptr<const kpi::WorkingTime> WorkedTime::worked(const RosterEntry& manager,
                                                           const kpi::Zone& zone,
                                                           const kpi::Interval& period) {
    auto hours = scheduled(manager, zone, period);
    if (hours == nullptr) {
        return hours;
    }
    const kpi::Intervals away = directory_.calendars().absences(manager.manager);
    const kpi::Intervals here =
        kpi::intersected(directory_.employed(manager.manager), {{period.from, period.until}});
    if (kpi::intersected(away, {{period.from, period.until}}).empty() && here.size() == 1 &&
        here.front() == period) {
        return hours;
    }
    return std::make_shared<const kpi::WorkingTime>(
        kpi::subtracted(kpi::intersected(hours->intervals(), here), away));
}

std::optional<kpi::PeriodTime> WorkedTime::in_period(const RosterEntry& manager,
                                                     const kpi::Interval& period,
                                                     base::UtcMillis at) {
    const kpi::Zone& zone = zone_of(manager, at);
    const auto hours = scheduled(manager, zone, period);
    if (hours == nullptr) {
        return std::nullopt;
    }
    const auto worked = this->worked(manager, zone, period);
    return kpi::PeriodTime{hours->total(), worked->total(), worked->before(at)};
}

}  // namespace query
