#include "kpi/client_state.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/int128.h"

namespace kpi {
namespace {

constexpr base::Millis one_ms{1};
constexpr base::Millis sleeping_after_min = std::chrono::days(45);
constexpr base::Millis lost_after_min = std::chrono::days(90);

struct StateWord {
    ClientState state;
    std::string_view word;
};
constexpr std::array words{
    StateWord{ClientState::lead, "lead"},     StateWord{ClientState::fresh, "new"},
    StateWord{ClientState::active, "active"}, StateWord{ClientState::sleeping, "sleeping"},
    StateWord{ClientState::lost, "lost"},     StateWord{ClientState::reactivated, "reactivated"}};

/// Net of one currency: refunds that name an invoice net its payments, at most to 0.
class Balance {
public:
    void add(const ClientPayment& payment) {
        auto& net = nets_[{payment.currency, payment.invoice}];
        net += payment.refund ? -base::Int128{payment.minor} : base::Int128{payment.minor};
    }
    bool anything_left() const {
        std::map<Currency, base::Int128> left;
        for (const auto& [key, net] : nets_) {
            left[key.first] += key.second.empty() ? net : std::max<base::Int128>(0, net);
        }
        return std::any_of(left.begin(), left.end(),
                           [](const auto& one) { return one.second > 0; });
    }

private:
    std::map<std::pair<Currency, std::string>, base::Int128> nets_;
};

/// The first instant at which a payment counts.
base::UtcMillis counts_from(const ClientPayment& payment, base::Millis new_window) {
    return payment.at + one_ms + (payment.refund ? base::Millis{0} : new_window);
}

/// The median of what was added, kept sorted.
class Median {
public:
    void add(base::Millis one) {
        sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), one), one);
    }
    base::Millis value() const {  ///< 0 of nothing: no limit is below it
        if (sorted_.empty()) {
            return base::Millis{0};
        }
        const std::size_t upper = sorted_.size() / 2;
        return sorted_.size() % 2 == 1 ? sorted_[upper] : (sorted_[upper - 1] + sorted_[upper]) / 2;
    }

private:
    std::vector<base::Millis> sorted_;
};

std::vector<base::UtcMillis> purchases_of(const std::vector<ClientPayment>& payments) {
    std::vector<base::UtcMillis> instants;
    for (const ClientPayment& payment : payments) {
        if (!payment.refund) {
            instants.push_back(payment.at);
        }
    }
    std::sort(instants.begin(), instants.end());
    instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
    return instants;
}

}  // namespace

Intervals existing_intervals(const std::vector<ClientPayment>& payments, base::Millis new_window) {
    const bool only_grows = std::all_of(payments.begin(), payments.end(), [](const auto& one) {
        return !one.refund && one.minor > 0;
    });
    if (only_grows) {
        const auto first =
            std::min_element(payments.begin(), payments.end(),
                             [](const auto& a, const auto& b) { return a.at < b.at; });
        return first == payments.end()
                   ? Intervals{}
                   : Intervals{{counts_from(*first, new_window), base::for_ever}};
    }
    std::multimap<base::UtcMillis, const ClientPayment*> by_time;
    for (const ClientPayment& payment : payments) {
        by_time.emplace(counts_from(payment, new_window), &payment);
    }
    Intervals intervals;
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
    return united(std::move(intervals));
}

std::string_view to_string(ClientState state) {
    return words[static_cast<std::size_t>(state)].word;
}

std::optional<ClientState> client_state_of(std::string_view word) {
    for (const StateWord& one : words) {
        if (one.word == word) {
            return one.state;
        }
    }
    return std::nullopt;
}

ClientLimits client_limits(const Settings& settings) {
    ClientLimits limits;
    limits.new_window = std::chrono::days(settings.new_window_days);
    if (settings.lost_after_days) {
        limits.lost_after = std::chrono::days(*settings.lost_after_days);
    }
    return limits;
}

ClientLife::ClientLife(const std::vector<ClientPayment>& payments, const ClientLimits& limits)
    : existing_(existing_intervals(payments, limits.new_window)) {
    Median median;
    for (const base::UtcMillis at : purchases_of(payments)) {
        const bool is_return = state_at(at, false) == ClientState::lost;
        if (!purchases_.empty()) {
            median.add(at - purchases_.back().at);
        }
        const base::Millis interval = median.value();
        Purchase one{
            .at = at,
            .sleeping_after = std::max(sleeping_after_min, interval),
            .lost_after = limits.lost_after.value_or(std::max(lost_after_min, 2 * interval))};
        if (is_return) {
            one.reactivated_until = at + one.sleeping_after + one_ms;
        } else if (!purchases_.empty()) {
            one.reactivated_until = purchases_.back().reactivated_until;
        }
        purchases_.push_back(one);
    }
}

bool ClientLife::is_existing(base::UtcMillis at) const {
    return std::any_of(existing_.begin(), existing_.end(),
                       [at](const Interval& one) { return one.from <= at && at < one.until; });
}

const ClientLife::Purchase* ClientLife::last_before(base::UtcMillis at) const {
    const auto after = std::lower_bound(
        purchases_.begin(), purchases_.end(), at,
        [](const Purchase& one, base::UtcMillis instant) { return one.at < instant; });
    return after == purchases_.begin() ? nullptr : &*std::prev(after);
}

ClientState ClientLife::state_at(base::UtcMillis at, bool has_invoice) const {
    const Purchase* const last = last_before(at);
    if (last == nullptr || !is_existing(at)) {
        return has_invoice ? ClientState::fresh : ClientState::lead;
    }
    const base::Millis away = at - last->at;
    if (away > last->lost_after) {
        return ClientState::lost;
    }
    if (away > last->sleeping_after) {
        return ClientState::sleeping;
    }
    return at < last->reactivated_until ? ClientState::reactivated : ClientState::active;
}

std::optional<base::UtcMillis> ClientLife::first_payment_before(base::UtcMillis at) const {
    const bool is_there = !purchases_.empty() && purchases_.front().at < at;
    return is_there ? std::optional(purchases_.front().at) : std::nullopt;
}

}  // namespace kpi
