#pragma once

#include <vector>

#include "kpi/contribution.h"
#include "processors/call_participations.h"

namespace processors {

/// What the rules of a whole call look at. Lifetime: what it refers to outlives it.
struct CallFacts {
    const CallLegs& call;
    const std::vector<Connection>& connections;
    kpi::Direction direction{};
    kpi::Team queue_team;  ///< of the queue dialled; 0 when none was
    const kpi::Directory& directory;
};

/// The team of the first queue dialled. Of the number first dialled any entry but a human's says
/// it.
kpi::Team queue_team_of(const CallLegs& call, const kpi::Directory& directory);

/// Exactly one, the first rule that holds. Source: domain.md 4.
kpi::Disposition disposition_of(const CallFacts& facts, base::Millis min_connect);

/// `ivr_time` and `wait_time` of an inbound call. Source: domain.md 5.
struct Waiting {
    base::Millis ivr{0};
    base::Millis wait{0};
};
Waiting waiting_of(const CallFacts& facts, std::optional<base::UtcMillis> answered_at);

/// Exactly one: who was dialled personally, else the client's owner then, else the queue's team.
/// Source: domain.md 4, owner of a missed call.
struct MissedOwner {
    kpi::Manager manager;
    kpi::Team team;  ///< without manager
};
MissedOwner owner_of_miss(const CallFacts& facts, kpi::Client client);

/// Dispositions that are a miss, unless it was a short abandon.
bool is_miss(kpi::Disposition disposition);

}  // namespace processors
