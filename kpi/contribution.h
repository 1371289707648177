#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kpi/ids.h"
#include "kpi/kpi.h"

namespace kpi {

/// ISO 4217, three letters; zeros: no money.
using Currency = std::array<char, 3>;

/// What one entity gives to one KPI of one manager. All contributions of an entity to one KPI share
/// `at` and `segment`.
struct Contribution {
    Kpi kpi{};
    Manager manager;  ///< 0: the null row
    Team team;        ///< of the manager at `at`; of the endpoint or queue when there is none
    Segment segment = Segment::none;
    base::UtcMillis at{};
    std::int64_t value = 1;  ///< 1, milliseconds, or minor units
    Currency currency{};
    std::uint64_t member = 0;  ///< contacts_*: see member_of
    friend bool operator==(const Contribution&, const Contribution&) = default;
};

/// The member of a contact set: the client, else the number; 0 = nobody to count.
std::uint64_t member_of(Client client, Subject number);

enum class Direction : std::uint8_t { inbound = 1, outbound = 2, internal = 3, transit = 4 };

/// Exactly one per call (domain.md 4). Do not renumber.
enum class Disposition : std::uint8_t {
    blocked = 1,
    machine = 2,
    answered = 3,
    answered_zero = 4,
    voicemail = 5,
    closed = 6,
    abandoned_ivr = 7,
    abandoned_queue = 8,
    abandoned_ringing = 9,
    no_answer = 10,
    busy = 11,
    rejected = 12,
    unreachable = 13,
    invalid_number = 14,
    congestion = 15,
    failed = 16,
    cancelled = 17,
    unknown = 18,
};

/// What became of a manager's offers; of several the first in this order speaks. Do not renumber.
enum class OfferResult : std::uint8_t {
    answered = 1,
    answered_elsewhere = 2,
    ring_no_answer = 3,
    caller_gave_up = 4,
    rejected = 5,
    busy = 6,
    unreachable = 7,
};

std::string_view to_string(Direction direction);
std::string_view to_string(Disposition disposition);
std::string_view to_string(OfferResult result);
std::string_view to_string(Segment segment);  ///< `new`, `existing`; `none` for none
std::optional<Direction> direction_of(std::string_view word);
std::optional<Disposition> disposition_of(std::string_view word);

/// All offers and connected intervals of one manager in one call.
struct Participation {
    Manager manager;  ///< 0: a human endpoint without manager
    Team
        team;  ///< at the call's start; of the endpoint, else of the dialled queue, without manager
    Subject endpoint;
    OfferResult result{};
    bool connected = false;  ///< with the external party, if only for 0 s
    bool qualified = false;
    bool touch = false;  ///< talk >= touch_seconds
    base::Millis ring{0};
    base::Millis talk{0};
    std::optional<base::Millis> hold;
    std::optional<base::Millis> consult;
    friend bool operator==(const Participation&, const Participation&) = default;
};

/// Flags of an assembled call; the bit stands in rows: do not renumber. Shown sorted by name.
enum class Quality : std::uint8_t {
    ambiguous_client = 0,
    ambiguous_endpoint = 1,
    conference = 2,
    duration_mismatch = 3,
    tz_ambiguous = 4,
    tz_assumed = 5,
    undeclared = 6,
    unregistered_endpoint = 7,
    weak_key = 8,
    unterminated = 9,
};
std::string_view to_string(Quality quality);
using QualitySet = std::uint32_t;
inline constexpr QualitySet bit(Quality quality) {
    return 1U << static_cast<unsigned>(quality);
}

/// A call as it was assembled and attributed: what its row shows, and all that its contributions
/// need.
struct AssembledCall {
    Direction direction{};
    Disposition disposition{};
    base::UtcMillis started_at{};
    std::optional<base::UtcMillis> answered_at;
    /// Absent: open, contributes nothing; or given up on (quality `unterminated`): it counts, and
    /// its durations are unknown.
    std::optional<base::UtcMillis> ended_at;
    Client client;
    Subject client_name;
    Subject number;  ///< of the external party, normal form; 0: anonymous or none
    bool anonymous = false;
    Subject dialled;  ///< as it came
    Segment segment = Segment::none;
    std::optional<base::Millis> ivr;
    std::optional<base::Millis> wait;
    base::Millis talk{0};  ///< union over managers
    bool missed = false;
    bool short_abandon = false;
    bool owned = false;  ///< missed or closed: `owner`, `owner_team` say whose
    Manager owner;
    Team owner_team;      ///< shown only without owner; credited: the owner's team then, else this
    Team owner_own_team;  ///< of `owner` at the start
    Manager originator;   ///< outbound: who dialled
    Team originator_team;
    std::vector<Participation> participations;  ///< by first offer, then endpoint
    QualitySet quality = 0;
    friend bool operator==(const AssembledCall&, const AssembledCall&) = default;
};

/// So long after its last record an open call is given up on, by log time; none is shown as going
/// on that began longer ago. Source: domain.md 8, unterminated.
inline constexpr std::chrono::hours open_call_max{12};
/// No end of it came in time.
inline bool is_unterminated(const AssembledCall& call) {
    return (call.quality & bit(Quality::unterminated)) != 0;
}

/// What an assembled call gives. Pure and total. Source: domain.md 10.
std::vector<Contribution> contributions(const AssembledCall& call);

}  // namespace kpi
