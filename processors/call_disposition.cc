#include "processors/call_disposition.h"

#include <algorithm>
#include <utility>

namespace processors {
namespace {

using kpi::Disposition;

constexpr kpi::EndpointKinds every_kind = ~kpi::EndpointKinds{0};

const CallLeg* first_dialled(const CallLegs& call) {
    const auto found = std::find_if(call.legs.begin(), call.legs.end(),
                                    [](const CallLeg& leg) { return !leg.said->dialled.empty(); });
    return found != call.legs.end() ? &*found : nullptr;
}

/// The entry of what was dialled first, in force at the call's start.
const kpi::EndpointEntry* dialled_entry(const CallLegs& call, const kpi::Directory& directory,
                                        kpi::EndpointKinds kinds) {
    const CallLeg* const leg = first_dialled(call);
    return leg == nullptr ? nullptr
                          : directory.endpoint(leg->said->dialled, leg->said->dialled_normalised,
                                               call.started_at(), kinds);
}

/// A calendar is known, and it has no working time at the call's start.
bool is_outside_hours(const CallFacts& facts) {
    const base::UtcMillis at = facts.call.started_at();
    const auto hours =
        facts.directory.calendars().hours({.manager = {}, .role = {}, .team = facts.queue_team},
                                          facts.directory.zone(), at, at + base::Millis{1});
    return hours && hours->empty();
}

bool any_result(const std::vector<const CallLeg*>& legs, LegResult result) {
    return std::any_of(legs.begin(), legs.end(),
                       [result](const CallLeg* leg) { return leg->said->result == result; });
}

/// What the results of offers that nobody took say, in the order in which they speak.
Disposition said_by(const std::vector<const CallLeg*>& legs, bool inbound) {
    if (any_result(legs, LegResult::no_answer) || any_result(legs, LegResult::answered)) {
        return Disposition::no_answer;
    }
    if (any_result(legs, LegResult::busy)) {
        return Disposition::busy;
    }
    if (any_result(legs, LegResult::failed)) {
        return inbound ? Disposition::unreachable : Disposition::failed;
    }
    if (any_result(legs, LegResult::congestion)) {
        return Disposition::congestion;
    }
    return any_result(legs, LegResult::rejected) ? Disposition::rejected : Disposition::cancelled;
}

/// An inbound call that nobody answered. Before anybody was offered it, it was the caller who hung
/// up.
Disposition unanswered_inbound(const CallFacts& facts) {
    std::vector<const CallLeg*> offers;
    bool voicemail = false;
    bool queued = false;
    bool announced = false;
    for (const CallLeg& leg : facts.call.legs) {
        if (!leg.is_application()) {
            offers.push_back(&leg);
            continue;
        }
        voicemail |= leg.is_connected() && leg.is_voicemail();
        queued |= leg.is_queue();
        announced |= leg.is_connected() && leg.is_announcement();
    }
    if (voicemail) {
        return Disposition::voicemail;
    }
    if (!offers.empty()) {
        return any_result(offers, LegResult::cancel) ? Disposition::abandoned_ringing
                                                     : said_by(offers, true);
    }
    if (!queued && announced && is_outside_hours(facts)) {
        return Disposition::closed;
    }
    return queued ? Disposition::abandoned_queue : Disposition::abandoned_ivr;
}

Disposition unanswered_other(const CallFacts& facts) {
    std::vector<const CallLeg*> all;
    std::vector<const CallLeg*> to_client;
    for (const CallLeg& leg : facts.call.legs) {
        all.push_back(&leg);
        if (leg.called && leg.called->kind == SideKind::external) {
            to_client.push_back(&leg);
        }
    }
    const bool client_dialled = facts.direction == kpi::Direction::outbound && !to_client.empty();
    return said_by(client_dialled ? to_client : all, false);
}

/// When somebody spoke: with the external party, or with each other where nobody of the company or
/// nobody else takes part. nullopt: nobody ever did.
std::optional<kpi::Intervals> conversation_of(const CallFacts& facts) {
    kpi::Intervals bridged;
    if (facts.direction == kpi::Direction::internal || facts.direction == kpi::Direction::transit) {
        for (const CallLeg& leg : facts.call.legs) {
            if (leg.is_connected() && !leg.is_application()) {
                bridged.push_back({*leg.said->answered_at, leg.end()});
            }
        }
    } else {
        for (const Connection& one : facts.connections) {
            bridged.push_back(one.bridged);
        }
    }
    return bridged.empty() ? std::nullopt : std::optional(std::move(bridged));
}

}  // namespace

kpi::Team queue_team_of(const CallLegs& call, const kpi::Directory& directory) {
    const kpi::EndpointEntry* const entry = dialled_entry(call, directory, every_kind);
    if (entry != nullptr && (kpi::bit(entry->kind) & kpi::human_endpoints) == 0 && entry->team) {
        return entry->team;
    }
    for (const CallLeg& leg : call.legs) {
        const kpi::EndpointEntry* const queue =
            directory.endpoint(leg.said->dialled, leg.said->dialled_normalised, leg.start(),
                               kpi::bit(kpi::EndpointKind::queue));
        if (!leg.said->dialled.empty() && queue != nullptr && queue->team) {
            return queue->team;
        }
    }
    return {};
}

Disposition disposition_of(const CallFacts& facts, base::Millis min_connect) {
    const std::optional<StatedCall>& stated = facts.call.stated;
    if (stated && stated->disposition && *stated->disposition != Disposition::answered &&
        *stated->disposition != Disposition::answered_zero) {
        return *stated->disposition;
    }
    if (const auto conversation = conversation_of(facts); conversation) {
        return kpi::length(*conversation) >= min_connect ? Disposition::answered
                                                         : Disposition::answered_zero;
    }
    if (facts.direction != kpi::Direction::inbound) {
        return unanswered_other(facts);
    }
    return stated && stated->hung_up_by_caller ? Disposition::abandoned_ringing
                                               : unanswered_inbound(facts);
}

Waiting waiting_of(const CallFacts& facts, std::optional<base::UtcMillis> answered_at) {
    std::optional<base::UtcMillis> first;
    base::UtcMillis last{};
    kpi::Intervals announcements;
    for (const CallLeg& leg : facts.call.legs) {
        if (!leg.is_application() || leg.is_queue()) {
            last = first ? std::max(last, leg.end()) : leg.end();
            first = first.value_or(leg.start());  // legs are in the order of their start
        } else if (!leg.is_voicemail() && !leg.is_park()) {
            announcements.push_back({leg.start(), leg.end()});
        }
    }
    Waiting waiting;
    if (!first) {
        waiting.ivr = kpi::length(announcements);
        return waiting;
    }
    kpi::Intervals before = announcements;
    for (kpi::Interval& one : before) {
        one.until = std::min(one.until, *first);
    }
    waiting.ivr = kpi::length(before);
    waiting.wait =
        kpi::length(kpi::subtracted({{*first, answered_at.value_or(last)}}, announcements));
    return waiting;
}

MissedOwner owner_of_miss(const CallFacts& facts, kpi::Client client) {
    if (facts.call.stated && facts.call.stated->manager) {
        return {facts.call.stated->manager, {}};
    }
    const kpi::EndpointEntry* const entry =
        dialled_entry(facts.call, facts.directory, kpi::human_endpoints);
    if (entry != nullptr && entry->manager) {
        return {entry->manager, {}};
    }
    if (client) {
        if (const auto owner = facts.directory.owner_of(client, facts.call.started_at()); owner) {
            return {owner, {}};
        }
    }
    return {{}, facts.queue_team};
}

bool is_miss(Disposition disposition) {
    switch (disposition) {
        case Disposition::voicemail:
        case Disposition::abandoned_queue:
        case Disposition::abandoned_ringing:
        case Disposition::no_answer:
        case Disposition::busy:
        case Disposition::rejected:
        case Disposition::unreachable:
        case Disposition::congestion:
        case Disposition::failed: return true;
        default: return false;
    }
}

}  // namespace processors
