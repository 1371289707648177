#include "processors/call_participations.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace processors {
namespace {

/// An offer that ends within this time of another endpoint's answer was answered elsewhere.
constexpr base::Millis same_moment{2000};

bool has_external(const CallLegs& call) {
    return std::any_of(call.legs.begin(), call.legs.end(), [](const CallLeg& leg) {
        return leg.caller.kind == SideKind::external ||
               (leg.called && leg.called->kind == SideKind::external);
    });
}

/// The opposite of `side`, when that is the external party or stands for it.
const Side* outside_of(const CallLeg& leg, const Side& side) {
    const Side* const other = leg.opposite(side);
    return other != nullptr && other->is_outside() ? other : nullptr;
}

bool are_bridged_at(const CallLegs& call, const Side& one, const Side& two, base::UtcMillis at) {
    return std::any_of(call.legs.begin(), call.legs.end(), [&](const CallLeg& leg) {
        if (!leg.called || !leg.is_connected() || at < *leg.said->answered_at || at >= leg.end()) {
            return false;
        }
        return (same_party(leg.caller, one) && same_party(*leg.called, two)) ||
               (same_party(leg.caller, two) && same_party(*leg.called, one));
    });
}

/// When `leg`, a bridge of `outside` with `human`, ends: at the latest where the same external side
/// opens a row with another of the company while the two of the company have no row of their own
/// bridged.
base::UtcMillis end_of_bridge(const CallLegs& call, const CallLeg& leg, const Side& human,
                              const Side& outside) {
    base::UtcMillis end = leg.end();
    for (const CallLeg& later : call.legs) {
        if (later.start() <= *leg.said->answered_at || later.start() >= end || !later.called) {
            continue;
        }
        const Side* const other = later.only_company_side();
        const Side* const same = other != nullptr ? outside_of(later, *other) : nullptr;
        if (same != nullptr && !same_party(*other, human) && same_external(outside, *same) &&
            !are_bridged_at(call, human, *other, later.start())) {
            end = later.start();
        }
    }
    return end;
}

/// Finds or starts the part of `side`.
Part& part_of(std::vector<Part>& parts, const Side& side) {
    const auto found = std::find_if(parts.begin(), parts.end(),
                                    [&side](const Part& part) { return part.is_of(side); });
    if (found != parts.end()) {
        return *found;
    }
    Part part;
    part.manager = side.manager;
    part.manager_id = side.manager_id;
    part.team = side.team;
    part.address = side.manager ? std::string_view{} : side.address;
    parts.push_back(std::move(part));
    return parts.back();
}

/// A manager always; a human without manager when he was connected with the external party.
bool takes_part(const Side& side, const std::vector<Connection>& connections) {
    if (side.kind != SideKind::human) {
        return side.kind == SideKind::manager;
    }
    return std::any_of(connections.begin(), connections.end(), [&side](const Connection& one) {
        return one.party->manager == side.manager && one.party->address == side.address;
    });
}

void add_leg(Part& part, const CallLeg& leg) {
    if (part.legs.empty() || part.legs.back() != &leg) {
        part.legs.push_back(&leg);
    }
}

std::vector<Part> collect(const CallLegs& call, const std::vector<Connection>& connections) {
    std::vector<Part> parts;
    for (const CallLeg& leg : call.legs) {
        if (leg.called && takes_part(*leg.called, connections)) {
            Part& part = part_of(parts, *leg.called);
            part.offers.push_back(&leg);
            add_leg(part, leg);
        }
        if (takes_part(leg.caller, connections)) {
            Part& part = part_of(parts, leg.caller);
            if (leg.called && leg.called->kind == SideKind::external) {
                part.dials.push_back(&leg);
            }
            add_leg(part, leg);
        }
    }
    for (const Connection& one : connections) {
        part_of(parts, *one.party).talks.push_back(one);
    }
    return parts;
}

/// Rung once from setup to answer, else to the end.
kpi::Interval ringing(const CallLeg& leg) {
    return {leg.start(), leg.is_connected() ? *leg.said->answered_at : leg.end()};
}

kpi::Intervals ring_of(const Part& part, kpi::Direction direction) {
    kpi::Intervals rung;
    for (const CallLeg* const leg : part.offers) {
        if (leg->was_heard() && !leg->is_conference()) {
            rung.push_back(ringing(*leg));
        }
    }
    for (const CallLeg* const leg : part.dials) {
        if (leg->was_heard() && direction == kpi::Direction::outbound) {
            rung.push_back(ringing(*leg));
        }
    }
    return kpi::united(std::move(rung));
}

void measure(Part& part, const CallLegs& call, const std::vector<Connection>& connections) {
    kpi::Intervals connected;
    for (const Connection& talk : part.talks) {
        connected.push_back(talk.bridged);
        const kpi::Intervals held = hold_within(talk, call, connections);
        part.hold.insert(part.hold.end(), held.begin(), held.end());
    }
    part.hold = kpi::united(std::move(part.hold));
    part.talk = kpi::subtracted(connected, part.hold);
    kpi::Intervals with_colleagues;
    for (const CallLeg* const leg : part.legs) {
        if (leg->called && leg->caller.is_company() && leg->called->is_company()) {
            const kpi::Intervals bridged = leg->bridged();
            with_colleagues.insert(with_colleagues.end(), bridged.begin(), bridged.end());
        }
    }
    part.consult = kpi::subtracted(with_colleagues, part.talk);  // a conference is talk
}

kpi::OfferResult result_of_offer(const CallLeg& leg, const std::vector<Connection>& connections) {
    if (leg.is_connected()) {  // by a colleague only, or the source says that a machine took it
        return leg.caller.kind == SideKind::external ? kpi::OfferResult::ring_no_answer
                                                     : kpi::OfferResult::answered;
    }
    if (leg.said->result == LegResult::no_answer || leg.said->result == LegResult::cancel) {
        const bool taken =
            std::any_of(connections.begin(), connections.end(), [&leg](const Connection& one) {
                return one.leg != &leg && !same_party(*one.party, *leg.called) &&
                       std::chrono::abs(one.answered_at() - leg.end()) <= same_moment;
            });
        if (taken) {
            return kpi::OfferResult::answered_elsewhere;
        }
        return leg.said->result == LegResult::cancel ? kpi::OfferResult::caller_gave_up
                                                     : kpi::OfferResult::ring_no_answer;
    }
    if (leg.said->result == LegResult::busy) {
        return kpi::OfferResult::busy;
    }
    return leg.said->result == LegResult::rejected ? kpi::OfferResult::rejected
                                                   : kpi::OfferResult::unreachable;
}

/// The result of the client's leg is that of who dialled it.
kpi::OfferResult result_of_dial(const CallLeg& leg) {
    switch (leg.said->result) {
        case LegResult::no_answer:
        case LegResult::answered: return kpi::OfferResult::ring_no_answer;
        case LegResult::cancel: return kpi::OfferResult::caller_gave_up;
        case LegResult::busy: return kpi::OfferResult::busy;
        case LegResult::rejected: return kpi::OfferResult::rejected;
        case LegResult::failed:
        case LegResult::congestion: break;
    }
    return kpi::OfferResult::unreachable;
}

kpi::OfferResult result_of(const Part& part, kpi::Direction direction,
                           const std::vector<Connection>& connections) {
    if (!part.talks.empty()) {
        return kpi::OfferResult::answered;
    }
    std::vector<kpi::OfferResult> results;
    for (const CallLeg* const leg : part.offers) {
        results.push_back(result_of_offer(*leg, connections));
    }
    for (const CallLeg* const leg : part.dials) {
        results.push_back(result_of_dial(*leg));
    }
    if (results.empty()) {
        return direction == kpi::Direction::internal ? kpi::OfferResult::answered
                                                     : kpi::OfferResult::caller_gave_up;
    }
    return *std::min_element(results.begin(), results.end());  // the first in the list speaks
}

/// The first connected, else the first offered; of those of one instant the smallest address.
std::string_view endpoint_of(const Part& part) {
    std::vector<std::pair<base::UtcMillis, std::string_view>> seen;
    for (const Connection& talk : part.talks) {
        seen.emplace_back(talk.leg->start(), talk.party->address);
    }
    if (seen.empty()) {
        for (const CallLeg* const leg : part.legs) {
            for (const Side* const side : leg->sides()) {
                if (side->is_company() && part.is_of(*side)) {
                    seen.emplace_back(leg->start(), side->address);
                }
            }
        }
    }
    return std::min_element(seen.begin(), seen.end())->second;
}

}  // namespace

bool Part::is_of(const Side& side) const {
    return manager == side.manager && (manager || address == side.address);
}

std::vector<Connection> connections_of(const CallLegs& call) {
    std::vector<Connection> found;
    if (!has_external(call)) {  // then a link stands for nobody outside
        return found;
    }
    for (const CallLeg& leg : call.legs) {
        const Side* const human = leg.only_company_side();
        if (!leg.is_connected() || leg.is_application() || human == nullptr) {
            continue;
        }
        if (const Side* const outside = outside_of(leg, *human); outside != nullptr) {
            const base::UtcMillis end = end_of_bridge(call, leg, *human, *outside);
            found.push_back({&leg, human, {*leg.said->answered_at, end}});
        }
    }
    return found;
}

kpi::Intervals hold_within(const Connection& talk, const CallLegs& call,
                           const std::vector<Connection>& connections) {
    kpi::Intervals hold;
    if (talk.leg->is_conference()) {
        return hold;
    }
    const Side* const client = outside_of(*talk.leg, *talk.party);
    for (const CallLeg& other : call.legs) {
        if (&other == talk.leg || other.is_conference() || other.start() < talk.answered_at() ||
            !same_party(other.caller, *talk.party) ||
            (other.called && client != nullptr && same_external(*client, *other.called))) {
            continue;
        }
        kpi::Intervals third;  // what whom he asks is bridged with the client
        for (const Connection& one : connections) {
            if (other.called && same_party(*one.party, *other.called)) {
                third.push_back(one.bridged);
            }
        }
        const kpi::Intervals away =
            kpi::subtracted(kpi::intersected({talk.bridged}, {{other.start(), other.end()}}),
                            kpi::intersected(other.bridged(), third));
        hold.insert(hold.end(), away.begin(), away.end());
    }
    return kpi::united(std::move(hold));
}

std::vector<Part> parts_of(const CallLegs& call, kpi::Direction direction,
                           const std::vector<Connection>& connections) {
    std::vector<Part> parts = collect(call, connections);
    for (Part& part : parts) {
        part.ring = ring_of(part, direction);
        measure(part, call, connections);
        part.result = result_of(part, direction, connections);
        part.endpoint = endpoint_of(part);
    }
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
        return std::tuple(a.first(), a.endpoint, a.manager_id) <
               std::tuple(b.first(), b.endpoint, b.manager_id);
    });
    return parts;
}

}  // namespace processors
