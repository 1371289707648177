#include "query/working_days.h"

namespace query {
namespace {

constexpr std::int64_t days_max = 3'660;

}  // namespace

std::int64_t WorkingDays::days_since(base::UtcMillis earlier) const {
    return (today_ - std::chrono::local_days{zone_.day_of(earlier)}).count();
}

std::optional<bool> WorkingDays::is_working(kpi::Manager manager,
                                            std::chrono::local_days day) const {
    const base::UtcMillis from = zone_.day_start(std::chrono::year_month_day{day});
    const base::UtcMillis until =
        zone_.day_start(std::chrono::year_month_day{day + std::chrono::days{1}});
    const kpi::ManagerEntry* const entry = directory_->manager(manager, from);
    const kpi::Whom whom{manager, entry == nullptr ? std::string_view() : entry->role,
                         entry == nullptr ? kpi::Team() : entry->team};
    const auto hours = directory_->calendars().hours(whom, zone_, from, until);
    return hours ? std::optional(!hours->empty()) : std::nullopt;
}

std::optional<std::int64_t> WorkingDays::working_days_since(base::UtcMillis earlier,
                                                            kpi::Manager manager) {
    const std::int64_t days = days_since(earlier);
    if (days > days_max) {
        return std::nullopt;
    }
    if (days <= 0) {
        return 0;
    }
    std::vector<std::int64_t>& counts = counts_[manager];
    while (static_cast<std::int64_t>(counts.size()) < days) {
        const auto day = today_ - std::chrono::days{static_cast<int>(counts.size())};
        const auto is_one = is_working(manager, day);
        if (!is_one) {
            return std::nullopt;
        }
        counts.push_back((counts.empty() ? 0 : counts.back()) + (*is_one ? 1 : 0));
    }
    return counts[static_cast<std::size_t>(days - 1)];
}

}  // namespace query
