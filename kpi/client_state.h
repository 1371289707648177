#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "kpi/contribution.h"
#include "kpi/intervals.h"
#include "kpi/settings.h"

/// Where a client stands, from its payments alone: a value in, a value out.
///
/// Source: domain.md 6, existing client and lost client.
namespace kpi {

/// A payment or refund of a client that stands.
struct ClientPayment {
    std::string key;  ///< ledger, NUL, payment id
    base::UtcMillis at{};
    std::int64_t minor = 0;
    Currency currency{};
    bool refund = false;
    std::string invoice;  ///< ledger, NUL, invoice id; empty: none named
    friend bool operator==(const ClientPayment&, const ClientPayment&) = default;
};

/// The ranges in which a client is existing, with one window for all times: of the payments
/// strictly before t - `new_window` something net is left after the refunds before t.
Intervals existing_intervals(const std::vector<ClientPayment>& payments, base::Millis new_window);

/// Exactly one at an instant. The first two are no existing client's, the others split `existing`.
enum class ClientState : std::uint8_t {
    lead,         ///< no invoice yet
    fresh,        ///< shown as `new`: an invoice, and not existing
    active,       ///< none of the below
    sleeping,     ///< no payment for more than max(45 d, 1 x median), and not lost
    lost,         ///< no payment for more than `lost_after`
    reactivated,  ///< came back after it was lost, see ClientLife::state_at
};
std::string_view to_string(ClientState state);  ///< `lead`, `new`, `active` ...
std::optional<ClientState> client_state_of(std::string_view word);
inline constexpr bool is_existing(ClientState state) {
    return state >= ClientState::active;
}

/// How long a client may stay away. One set of limits judges a whole life.
struct ClientLimits {
    base::Millis new_window{0};
    std::optional<base::Millis> lost_after;  ///< absent: max(90 d, 2 x own median interval)
};
ClientLimits client_limits(const Settings& settings);

/// The life of one client. What it says of an instant rests on the payments strictly before that
/// instant, so that a later payment changes nothing of what was.
///
/// A purchase is an instant with a payment, whatever is refunded later; several payments of one
/// instant are one. The median interval is that of the distances between successive purchases so
/// far (of an even number the mean of the two in the middle); with fewer than two there is none.
///
/// Threads: immutable.
class ClientLife {
public:
    ClientLife() = default;
    ClientLife(const std::vector<ClientPayment>& payments, const ClientLimits& limits);

    bool is_existing(base::UtcMillis at) const;

    /// `has_invoice`: an invoice of the client was issued before `at`; looked at only when the
    /// client is not existing.
    ///
    /// `reactivated` begins with a payment at whose instant the client was lost. The definition
    /// does not say when it ends. Here it lasts as long as that payment alone keeps a client awake
    /// (the limit of `sleeping` after it): who does not buy again is sleeping then, who goes on
    /// buying is active. A state without an end would call a client reactivated for years that buys
    /// every month, and one that ends with the next payment would end with the second half of the
    /// same purchase.
    ClientState state_at(base::UtcMillis at, bool has_invoice) const;

    /// The first purchase before `at`.
    std::optional<base::UtcMillis> first_payment_before(base::UtcMillis at) const;

private:
    struct Purchase {
        base::UtcMillis at{};
        base::Millis sleeping_after{};  ///< limits in force until the next one
        base::Millis lost_after{};
        /// End of the last return up to here; since_ever: never returned.
        base::UtcMillis reactivated_until = base::since_ever;
    };
    /// The last purchase before `at`; nullptr: none.
    const Purchase* last_before(base::UtcMillis at) const;

    Intervals existing_;
    std::vector<Purchase> purchases_;  ///< rising
};

}  // namespace kpi
