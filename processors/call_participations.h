#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "kpi/contribution.h"
#include "kpi/intervals.h"
#include "processors/call_parties.h"

namespace processors {

/// The external party bridged with a human of the company.
struct Connection {
    const CallLeg* leg = nullptr;
    const Side* party = nullptr;
    kpi::Interval bridged;

    base::UtcMillis answered_at() const { return *leg->said->answered_at; }
};

/// All of them, in the order of the legs. Applications are no answer; where the external side goes
/// on to another of the company, its bridge with the first ends. Source: domain.md 5, CDR intervals
/// 1 and 5.
std::vector<Connection> connections_of(const CallLegs& call);

/// All offers and connected intervals of one manager, or of a human endpoint without one.
struct Part {
    kpi::Manager manager;
    std::string_view manager_id;
    kpi::Team team;                      ///< of the endpoint
    std::string_view address;            ///< whose part it is, without manager; else empty
    std::vector<const CallLeg*> legs;    ///< in which they take part
    std::vector<const CallLeg*> offers;  ///< that rang them
    std::vector<const CallLeg*> dials;   ///< in which they called the external party
    std::vector<Connection> talks;

    std::string_view endpoint;  ///< the first connected, else the first offered
    kpi::OfferResult result{};
    kpi::Intervals ring;
    kpi::Intervals hold;
    kpi::Intervals talk;
    kpi::Intervals consult;

    base::UtcMillis first() const { return legs.front()->start(); }
    bool is_of(const Side& side) const;
};

/// By first offer, then endpoint. Source: domain.md 3, participation; 4, offer result; 5,
/// intervals.
std::vector<Part> parts_of(const CallLegs& call, kpi::Direction direction,
                           const std::vector<Connection>& connections);

/// Hold inferred within one connection. Source: domain.md 5, CDR intervals 2 to 4.
kpi::Intervals hold_within(const Connection& talk, const CallLegs& call,
                           const std::vector<Connection>& connections);

}  // namespace processors
