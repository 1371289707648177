#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "kpi/contribution.h"
#include "kpi/ids.h"

namespace kpi {

/// What has become of a missed case. Do not renumber.
enum class CaseState : std::uint8_t {
    open = 1,
    attempted = 2,      ///< somebody called back, nobody answered yet
    returned = 3,       ///< a callback was answered
    recovered = 4,      ///< the client called again or wrote, and was answered
    expired = 5,        ///< nothing of this within the window
    returned_late = 6,  ///< a callback was answered after the window
};
std::string_view to_string(CaseState state);
std::optional<CaseState> case_state_of(std::string_view word);

/// The missed calls of one client, or of one number that is no client's, from the first of them to
/// their resolution: as it was judged, and all that its contributions need.
///
/// Source: domain.md 6, missed case. Instants `first_*` are the first missed call's, and so are
/// owner and segment.
struct MissedCase {
    Client client;   ///< 0: the case of a number
    Subject number;  ///< of the first call; with a client it says nothing about the case
    base::UtcMillis first_at{};
    base::UtcMillis first_ended_at{};
    Manager owner;
    Team owner_team;      ///< shown only without owner; credited: the owner's team then, else this
    Team owner_own_team;  ///< of `owner` at the start
    Segment segment = Segment::none;
    CaseState state = CaseState::open;
    std::optional<base::UtcMillis> due;  ///< when it expires; absent: never
    std::optional<base::UtcMillis> attempted_at;
    std::optional<base::UtcMillis> resolved_at;
    /// Working time from the first call's end; absent without a calendar.
    std::optional<base::Millis> attempt;
    std::optional<base::Millis> contact;
    Manager resolver;  ///< who called back or answered
    Team resolver_team;
    friend bool operator==(const MissedCase&, const MissedCase&) = default;
};

/// The team that a case counts for.
inline Team credited_team(const MissedCase& one) {
    return one.owner ? one.owner_own_team : one.owner_team;
}

/// What a case gives, all of it at its first missed call. Pure and total. A case that was returned
/// late has expired; the time it took counts all the same.
std::vector<Contribution> contributions(const MissedCase& one);

}  // namespace kpi
