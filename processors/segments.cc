#include "processors/segments.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "kpi/client_state.h"

namespace processors {
namespace {

/// Clients whose payments are kept in mind.
constexpr std::size_t cached_max = 50'000;

base::Millis window_of(const kpi::Settings& settings) {
    return std::chrono::duration_cast<base::Millis>(std::chrono::hours(24) *
                                                    settings.new_window_days);
}

}  // namespace

base::Result<kpi::Segment> Segments::at(const CompanyState& company, kpi::Client client,
                                        base::UtcMillis at) {
    if (!client) {
        return kpi::Segment::fresh;
    }
    BOOST_OUTCOME_TRY(const kpi::Intervals* const existing,
                      existing_of(company, client, window_of(company.settings_at(at))));
    const bool is_existing =
        std::any_of(existing->begin(), existing->end(),
                    [&](const kpi::Interval& one) { return one.from <= at && at < one.until; });
    return is_existing ? kpi::Segment::existing : kpi::Segment::fresh;
}

base::Result<const kpi::Intervals*> Segments::existing_of(const CompanyState& company,
                                                          kpi::Client client,
                                                          base::Millis new_window) {
    const auto key = std::tuple(company.ordinal, client, new_window);
    auto place = state_.existing.find(key);
    if (place == state_.existing.end()) {
        BOOST_OUTCOME_TRY(const auto row,
                          state_.read<store::ClientRow>(
                              store::Family::state, store::client_key(company.ordinal, client)));
        if (state_.existing.size() >= cached_max) {
            state_.existing.clear();
        }
        place = state_.existing
                    .emplace(key, row ? kpi::existing_intervals(row->payments, new_window)
                                      : kpi::Intervals{})
                    .first;
    }
    return &place->second;
}

base::Result<void> Segments::replace(const CompanyState& company, kpi::Client client,
                                     const std::string& key,
                                     const std::optional<store::ClientPayment>& payment) {
    if (!client) {
        return base::success();
    }
    const std::string row_key = store::client_key(company.ordinal, client);
    BOOST_OUTCOME_TRY(auto stored, state_.read<store::ClientRow>(store::Family::state, row_key));
    const store::ClientRow before = stored.value_or(store::ClientRow{});
    store::ClientRow after = before;
    std::erase_if(after.payments, [&](const auto& one) { return one.key == key; });
    if (payment) {
        const auto place =
            std::lower_bound(after.payments.begin(), after.payments.end(), key,
                             [](const auto& one, const auto& k) { return one.key < k; });
        after.payments.insert(place, *payment);
    }
    if (after.payments.empty()) {
        state_.rows.erase(store::Family::state, row_key);
    } else {
        state_.write(store::Family::state, row_key, after);
    }
    std::set<base::Millis> windows;
    for (const auto& [from, settings] : company.settings) {
        windows.insert(window_of(settings));
    }
    for (const base::Millis window : windows) {
        state_.existing.erase({company.ordinal, client, window});
        const kpi::Intervals was = kpi::existing_intervals(before.payments, window);
        const kpi::Intervals is = kpi::existing_intervals(after.payments, window);
        for (const auto& changed : {kpi::subtracted(was, is), kpi::subtracted(is, was)}) {
            for (const kpi::Interval& range : changed) {
                state_.touch(company, store::Dirt::What::client, client.value(), range.from,
                             range.until);
            }
        }
    }
    return base::success();
}

}  // namespace processors
