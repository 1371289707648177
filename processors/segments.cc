#include "processors/segments.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace processors {
namespace {

constexpr base::Millis one_ms{1};
/// Clients whose payments are kept in mind.
constexpr std::size_t cached_max = 50'000;

/// Net of one currency: refunds that name an invoice net its payments, at most to 0.
class Balance {
public:
    void add(const store::ClientPayment& payment) {
        auto& net = nets_[{payment.currency, payment.invoice}];
        net += payment.refund ? -base::Int128{payment.minor} : base::Int128{payment.minor};
    }
    bool anything_left() const {
        std::map<kpi::Currency, base::Int128> left;
        for (const auto& [key, net] : nets_) {
            left[key.first] += key.second.empty() ? net : std::max<base::Int128>(0, net);
        }
        return std::any_of(left.begin(), left.end(),
                           [](const auto& one) { return one.second > 0; });
    }

private:
    std::map<std::pair<kpi::Currency, std::string>, base::Int128> nets_;
};

/// The first instant at which a payment counts.
base::UtcMillis counts_from(const store::ClientPayment& payment, base::Millis new_window) {
    return payment.at + one_ms + (payment.refund ? base::Millis{0} : new_window);
}

base::Millis window_of(const kpi::Settings& settings) {
    return std::chrono::duration_cast<base::Millis>(std::chrono::hours(24) *
                                                    settings.new_window_days);
}

}  // namespace

kpi::Intervals existing_intervals(const std::vector<store::ClientPayment>& payments,
                                  base::Millis new_window) {
    std::multimap<base::UtcMillis, const store::ClientPayment*> by_time;
    for (const store::ClientPayment& payment : payments) {
        by_time.emplace(counts_from(payment, new_window), &payment);
    }
    kpi::Intervals intervals;
    Balance balance;
    for (auto one = by_time.begin(); one != by_time.end();) {
        const base::UtcMillis from = one->first;
        for (; one != by_time.end() && one->first == from; ++one) {
            balance.add(*one->second);
        }
        if (balance.anything_left()) {
            intervals.push_back({from, one == by_time.end() ? base::for_ever : one->first});
        }
    }
    return kpi::united(std::move(intervals));
}

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
                    .emplace(key,
                             row ? existing_intervals(row->payments, new_window) : kpi::Intervals{})
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
        const kpi::Intervals was = existing_intervals(before.payments, window);
        const kpi::Intervals is = existing_intervals(after.payments, window);
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
