#include "processors/call_assembly.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "processors/call_disposition.h"
#include "processors/call_participations.h"
#include "processors/call_parties.h"

// A call is a function of the set of its legs: they are put in order first, every rule reads them
// in that order, and nothing remembers which came when. What changed is assembled again from all of
// its legs.

namespace processors {
namespace {

/// A call on its way: the facts that rules read, and what they gave so far.
struct Assembly {
    const CallWorld& world;
    CallLegs call;
    CallSettings settings;
    std::vector<Connection> connections;
    kpi::AssembledCall made;
};

std::vector<Connection> spoken_connections(const CallLegs& call) {
    const bool nobody_spoke = call.stated && call.stated->disposition &&
                              *call.stated->disposition != kpi::Disposition::answered &&
                              *call.stated->disposition != kpi::Disposition::answered_zero;
    return nobody_spoke ? std::vector<Connection>{} : connections_of(call);
}

bool is_company_only(kpi::Direction direction) {
    return direction == kpi::Direction::internal || direction == kpi::Direction::transit;
}

/// The first answer of a human; of a call without a human of the company or without a stranger, of
/// anybody.
std::optional<base::UtcMillis> answered_at_of(const Assembly& assembly) {
    std::optional<base::UtcMillis> first;
    const auto consider = [&first](base::UtcMillis at) {
        first = std::min(first.value_or(at), at);
    };
    if (is_company_only(assembly.made.direction)) {
        for (const CallLeg& leg : assembly.call.legs) {
            if (leg.is_connected() && !leg.is_application()) {
                consider(*leg.said->answered_at);
            }
        }
    } else {
        for (const Connection& one : assembly.connections) {
            consider(one.answered_at());
        }
    }
    return first;
}

void set_times(Assembly& assembly) {
    kpi::AssembledCall& made = assembly.made;
    made.started_at = assembly.call.started_at();
    base::UtcMillis last = made.started_at;
    bool open = false;
    for (const CallLeg& leg : assembly.call.legs) {
        open |= leg.said->open;
        last = std::max(last, leg.end());
    }
    made.ended_at = open ? std::nullopt : std::optional(last);
    made.answered_at = answered_at_of(assembly);
}

const Side* external_party(const CallLegs& call) {
    for (const CallLeg& leg : call.legs) {
        for (const Side* const side : leg.sides()) {
            if (side->kind == SideKind::external) {
                return side;
            }
        }
    }
    return nullptr;
}

/// The external party of the first leg that has one, resolved with the directory of the call's
/// start.
void set_client(Assembly& assembly) {
    kpi::AssembledCall& made = assembly.made;
    if (made.direction == kpi::Direction::internal) {
        return;
    }
    if (const Side* const party = external_party(assembly.call); party != nullptr) {
        made.anonymous = party->number.empty();
        made.number = made.anonymous ? kpi::Subject{} : party->number_subject;
        const auto clients =
            assembly.world.directory.clients_by_phone(made.number, made.started_at);
        for (const kpi::ClientEntry* const one : clients) {
            if (one->client != clients.front()->client) {
                made.quality |= kpi::bit(kpi::Quality::ambiguous_client);
            }
        }
        if (!clients.empty()) {
            made.client = clients.front()->client;
            made.client_name = clients.front()->name;
        }
    }
    if (!made.anonymous) {
        made.segment = made.client ? assembly.world.segment_of(made.client, made.started_at)
                                   : kpi::Segment::fresh;
    }
}

bool is_sales_call(const kpi::AssembledCall& made) {
    return !is_company_only(made.direction) && made.disposition != kpi::Disposition::blocked &&
           made.ended_at.has_value();
}

kpi::Participation participation_of(const Part& part, const Assembly& assembly,
                                    kpi::Team queue_team) {
    const kpi::AssembledCall& made = assembly.made;
    kpi::Participation one;
    one.manager = part.manager;
    one.team = part.manager ? assembly.world.directory.team_of(part.manager, made.started_at)
               : part.team  ? part.team
                            : queue_team;
    one.endpoint = assembly.world.subject_of(part.endpoint);
    one.result = part.result;
    one.connected = !part.talks.empty();
    one.ring = kpi::length(part.ring);
    one.talk = kpi::length(part.talk);
    one.qualified = made.disposition == kpi::Disposition::answered && is_sales_call(made) &&
                    one.talk >= assembly.settings.qualified;
    one.touch = one.talk >= assembly.settings.touch;
    if (!part.hold.empty()) {
        one.hold = kpi::length(part.hold);
    }
    if (!assembly.call.is_summary) {
        one.consult = kpi::length(part.consult);
    }
    return one;
}

void set_participations(Assembly& assembly, kpi::Team queue_team) {
    kpi::AssembledCall& made = assembly.made;
    kpi::Intervals seen;
    for (const Part& part : parts_of(assembly.call, made.direction, assembly.connections)) {
        made.participations.push_back(participation_of(part, assembly, queue_team));
        if (!kpi::intersected(seen, part.talk).empty()) {
            made.quality |= kpi::bit(kpi::Quality::conference);
        }
        seen.insert(seen.end(), part.talk.begin(), part.talk.end());
        seen = kpi::united(std::move(seen));
    }
    made.talk = kpi::length(seen);
}

/// Waiting, short abandon, miss and its owner: of inbound calls only.
void set_inbound(Assembly& assembly, const CallFacts& facts) {
    kpi::AssembledCall& made = assembly.made;
    if (made.direction == kpi::Direction::inbound) {
        const Waiting waiting = waiting_of(facts, made.answered_at);
        made.wait = waiting.wait;
        if (!assembly.call.stated) {  // a summary does not say
            made.ivr = waiting.ivr;
        }
        const auto is_cdr = [](const CallLeg& leg) { return leg.said->is_cdr; };
        const std::vector<CallLeg>& legs = assembly.call.legs;
        const bool by_caller = made.disposition == kpi::Disposition::abandoned_queue ||
                               made.disposition == kpi::Disposition::abandoned_ringing ||
                               (made.disposition == kpi::Disposition::no_answer &&
                                std::any_of(legs.begin(), legs.end(), is_cdr));
        made.short_abandon = by_caller && !kpi::is_unterminated(made) &&
                             waiting.wait < assembly.settings.short_abandon;
        made.missed = is_miss(made.disposition) && !made.short_abandon;
    }
    made.owned = made.missed || made.disposition == kpi::Disposition::closed;
    if (made.owned) {
        const MissedOwner owner = owner_of_miss(facts, made.client);
        made.owner = owner.manager;
        made.owner_team = owner.team;
        made.owner_own_team = assembly.world.directory.team_of(owner.manager, made.started_at);
    }
}

/// When somebody rang and answered is known, how long he spoke is not.
void forget_durations(kpi::AssembledCall& made) {
    made.talk = base::Millis{0};
    if (!made.answered_at) {
        made.wait.reset();
    }
    for (kpi::Participation& one : made.participations) {
        one.talk = base::Millis{0};
        one.hold.reset();
        one.consult.reset();
        one.qualified = false;
        one.touch = false;
    }
}

/// Of an outbound call: who is on the company's side of the first leg that dials the external
/// party.
void set_originator(Assembly& assembly, kpi::Team queue_team) {
    kpi::AssembledCall& made = assembly.made;
    if (made.direction != kpi::Direction::outbound) {
        return;
    }
    made.originator_team = queue_team;
    for (const CallLeg& leg : assembly.call.legs) {
        if (leg.caller.is_company() && leg.called && leg.called->kind == SideKind::external) {
            made.originator = leg.caller.manager;
            made.originator_team = leg.caller.team ? leg.caller.team : queue_team;
            break;
        }
    }
    if (made.originator) {
        made.originator_team = assembly.world.directory.team_of(made.originator, made.started_at);
    }
}

void set_quality(Assembly& assembly) {
    kpi::AssembledCall& made = assembly.made;
    for (const CallLeg& leg : assembly.call.legs) {
        made.quality |= leg.quality;
    }
    for (const Connection& one : assembly.connections) {
        if (one.party->kind == SideKind::human && !one.party->registered) {
            made.quality |= kpi::bit(kpi::Quality::unregistered_endpoint);
        }
    }
    const std::optional<StatedCall>& stated = assembly.call.stated;
    if (stated && stated->manager &&
        assembly.world.directory.manager(stated->manager, made.started_at) == nullptr) {
        made.quality |= kpi::bit(kpi::Quality::undeclared);
    }
}

kpi::Subject dialled_subject(const Assembly& assembly) {
    for (const CallLeg& leg : assembly.call.legs) {
        if (!leg.said->dialled.empty()) {
            return assembly.world.subject_of(leg.said->dialled);
        }
    }
    return {};
}

/// Collects the steps of one call.
class Timeline {
public:
    void add(base::UtcMillis at, std::string_view what, const Side& side) {
        steps_.push_back({at, std::string(what), std::string(side.address), side.manager});
    }

    void add_leg(const CallLeg& leg, const Side& side) {
        const bool dials =
            &side == &leg.caller && leg.called && leg.called->kind == SideKind::external;
        if ((&side != &leg.caller || dials) && leg.was_heard() && !leg.is_conference()) {
            add(leg.start(), "ring", side);
        }
        if (leg.is_connected()) {
            add(*leg.said->answered_at, "answer", side);
        }
        if (!leg.said->open) {
            add(leg.end(), "end", side);
        }
    }

    /// A hold that lasts to the end of its connection is not resumed.
    void add_hold(const Connection& talk, const kpi::Intervals& held) {
        for (const kpi::Interval& one : held) {
            add(one.from, "hold", *talk.party);
            if (one.until < talk.bridged.until) {
                add(one.until, "resume", *talk.party);
            }
        }
    }

    void add_consults(const Part& part) {
        for (const kpi::Interval& one : part.consult) {
            steps_.push_back({one.from, "consult", std::string(part.endpoint), part.manager});
        }
    }

    std::vector<TimelineStep> take() {
        const auto order = [](const TimelineStep& step) {
            return std::tie(step.at, step.what, step.endpoint, step.manager);
        };
        const auto before = [&](const TimelineStep& a, const TimelineStep& b) {
            return order(a) < order(b);
        };
        const auto same = [&](const TimelineStep& a, const TimelineStep& b) {
            return order(a) == order(b);
        };
        std::sort(steps_.begin(), steps_.end(), before);
        steps_.erase(std::unique(steps_.begin(), steps_.end(), same), steps_.end());
        return std::move(steps_);
    }

private:
    std::vector<TimelineStep> steps_;
};

}  // namespace

std::vector<std::vector<std::size_t>> correlate(const std::vector<Leg>& legs) {
    std::vector<std::size_t> parent(legs.size());
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto root = [&parent](std::size_t leg) {
        while (parent[leg] != leg) {
            parent[leg] = parent[parent[leg]];
            leg = parent[leg];
        }
        return leg;
    };
    std::unordered_map<std::string_view, std::size_t> first_with;
    for (std::size_t leg = 0; leg < legs.size(); ++leg) {
        for (const std::string& token : legs[leg].tokens) {
            const std::size_t other = root(first_with.emplace(token, leg).first->second);
            const std::size_t mine = root(leg);
            parent[std::max(other, mine)] = std::min(other, mine);  // the root is the first leg
        }
    }
    std::vector<std::vector<std::size_t>> by_root(legs.size());
    for (std::size_t leg = 0; leg < legs.size(); ++leg) {
        by_root[root(leg)].push_back(leg);
    }
    std::erase_if(by_root, [](const auto& group) { return group.empty(); });
    return by_root;
}

kpi::AssembledCall assemble(std::vector<Leg> legs, const CallWorld& world, bool is_given_up) {
    Assembly assembly{world, resolve(std::move(legs), world.directory), {}, {}, {}};
    kpi::AssembledCall& made = assembly.made;
    assembly.settings = world.settings_at(assembly.call.started_at());
    assembly.connections = spoken_connections(assembly.call);
    made.direction = direction_of(assembly.call);
    set_times(assembly);
    if (is_given_up && !made.ended_at) {
        made.quality |= kpi::bit(kpi::Quality::unterminated);
    }
    set_client(assembly);
    made.dialled = dialled_subject(assembly);
    const CallFacts facts{assembly.call, assembly.connections, made.direction,
                          queue_team_of(assembly.call, world.directory), world.directory};
    made.disposition = disposition_of(facts, assembly.settings.min_connect);
    if (kpi::is_unterminated(made) && made.disposition == kpi::Disposition::answered_zero) {
        made.disposition = kpi::Disposition::answered;  // how long is not known
    }
    set_participations(assembly, facts.queue_team);
    set_inbound(assembly, facts);
    set_originator(assembly, facts.queue_team);
    set_quality(assembly);
    if (kpi::is_unterminated(made)) {
        forget_durations(made);
    }
    return std::move(made);
}

std::vector<TimelineStep> timeline(std::vector<Leg> legs, const CallWorld& world) {
    const CallLegs call = resolve(std::move(legs), world.directory);
    const std::vector<Connection> connections = spoken_connections(call);
    Timeline timeline;
    for (const CallLeg& leg : call.legs) {
        for (const Side* const side : leg.sides()) {
            if (side->is_company()) {
                timeline.add_leg(leg, *side);
            }
        }
    }
    for (const Connection& talk : connections) {
        timeline.add_hold(talk, hold_within(talk, call, connections));
    }
    for (const Part& part : parts_of(call, direction_of(call), connections)) {
        timeline.add_consults(part);
    }
    return timeline.take();
}

}  // namespace processors
