#include "processors/call_parties.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <initializer_list>
#include <tuple>

#include "base/ensure.h"
#include "base/int128.h"

namespace processors {
namespace {

using kpi::EndpointKind;

constexpr kpi::EndpointKinds every_kind = ~kpi::EndpointKinds{0};
constexpr kpi::EndpointKinds by_number_only =
    kpi::bit(EndpointKind::mobile) | kpi::bit(EndpointKind::did);
constexpr kpi::EndpointKinds parties =
    kpi::human_endpoints | kpi::bit(EndpointKind::queue) | kpi::bit(EndpointKind::ivr) |
    kpi::bit(EndpointKind::voicemail) | kpi::bit(EndpointKind::fax);

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// A text under which a side may be registered.
struct Name {
    std::string_view text;
    std::string_view normalised;
};
using Names = boost::container::small_vector<Name, 4>;

/// Peer, then address, then number; of a channel behind a trunk the number alone: a stranger who
/// shows a manager's extension as his caller id is no manager.
Names names_of(const LegParty& party, bool trunk) {
    Names names;
    if (!trunk) {
        names.push_back({party.peer, {}});
        names.push_back({party.address, party.has_number ? std::string_view{} : party.number});
    }
    if (party.has_number) {
        names.push_back({party.number, party.number});
    }
    return names;
}

bool is_trunk(const LegParty& party, base::UtcMillis at, const kpi::Directory& directory) {
    const auto registered = [&](std::string_view name) {
        return !name.empty() &&
               directory.endpoint(name, {}, at, kpi::bit(EndpointKind::trunk)) != nullptr;
    };
    return registered(party.peer) || registered(party.address);
}

/// Lets a registry entry speak for `side`; `name` is what it matched.
void identify(Side& side, const kpi::EndpointEntry& entry, std::string_view name, bool company) {
    // Somebody whom the registry does not know answers for the queue.
    const bool by_queue = entry.kind == EndpointKind::queue && (name == side.number || company);
    if (name == side.number && name != side.address && !by_queue) {
        side.address = entry.address;
    }
    const bool human = (kpi::bit(entry.kind) & kpi::human_endpoints) != 0 || by_queue;
    side.kind = entry.manager ? SideKind::manager : human ? SideKind::human : SideKind::machine;
    side.manager = entry.manager;
    side.manager_id = entry.manager_id;
    side.team = entry.team;
    side.registered = !by_queue;
}

Side side_of(const LegParty& party, base::UtcMillis at, const kpi::Directory& directory,
             kpi::QualitySet& quality) {
    Side side;
    side.peer = party.peer;
    side.address = party.address;
    if (party.has_number) {
        side.number = party.number;
        side.number_subject = party.number_subject;
    }
    if (party.local_channel) {
        side.kind = SideKind::link;
        return side;
    }
    if (party.manager) {
        side.kind = SideKind::manager;
        side.manager = party.manager;
        side.manager_id = party.manager_id;
        return side;
    }
    side.trunk = is_trunk(party, at, directory);
    for (const Name& name : names_of(party, side.trunk)) {
        const auto found = directory.endpoints(name.text, name.normalised, at,
                                               side.trunk ? by_number_only : parties);
        if (!found.empty()) {
            quality |= found.size() > 1 ? kpi::bit(kpi::Quality::ambiguous_endpoint) : 0;
            identify(side, *found.front(), name.text, party.company);
            return side;
        }
    }
    side.kind = party.company ? SideKind::human : SideKind::external;
    return side;
}

/// The source's billed time contradicts its timestamps by more than their precision and a second.
bool is_billed_wrong(const CallLeg& leg) {
    constexpr base::Millis precision{1000};
    if (!leg.is_connected() || !leg.said->billed_seconds) {
        return false;
    }
    const base::Int128 billed = base::Int128{*leg.said->billed_seconds} * 1000;
    const base::Int128 lasted = (leg.end() - *leg.said->answered_at).count();
    const base::Int128 apart = billed > lasted ? billed - lasted : lasted - billed;
    return apart > (precision + std::chrono::seconds{1}).count();
}

CallLeg resolved(const Leg& said, const kpi::Directory& directory) {
    CallLeg leg;
    leg.said = &said;
    leg.quality = said.quality;
    leg.caller = side_of(said.caller, said.started_at, directory, leg.quality);
    if (said.called) {
        leg.called = side_of(*said.called, said.started_at, directory, leg.quality);
    }
    if (!said.dialled.empty()) {
        const kpi::EndpointEntry* const entry =
            directory.endpoint(said.dialled, said.dialled_normalised, said.started_at, every_kind);
        leg.dialled = entry != nullptr ? std::optional(entry->kind) : std::nullopt;
    }
    if (is_billed_wrong(leg)) {
        leg.quality |= kpi::bit(kpi::Quality::duration_mismatch);
    }
    return leg;
}

/// In a call whose first caller is external, a called side of another peer than his, without entry
/// and not behind a trunk, is a human endpoint of the company. Only channels have peers: an event
/// says itself which side is the company's.
void find_unregistered(std::vector<CallLeg>& legs) {
    const auto first = std::find_if(legs.begin(), legs.end(), [](const CallLeg& leg) {
        return leg.caller.kind != SideKind::link;
    });
    if (first == legs.end() || first->caller.kind != SideKind::external) {
        return;
    }
    std::vector<std::string_view> phones;
    for (const CallLeg& leg : legs) {
        if (leg.called && leg.called->kind == SideKind::external && !leg.called->trunk &&
            !leg.called->peer.empty() && leg.called->peer != first->caller.peer) {
            phones.push_back(leg.called->peer);
        }
    }
    std::sort(phones.begin(), phones.end());
    const auto claim = [&phones](Side& side) {
        if (side.kind == SideKind::external &&
            std::binary_search(phones.begin(), phones.end(), side.peer)) {
            side.kind = SideKind::human;
        }
    };
    for (CallLeg& leg : legs) {
        claim(leg.caller);
        if (leg.called) {
            claim(*leg.called);
        }
    }
}

bool comes_before(const Leg& a, const Leg& b) {
    return std::tie(a.started_at, a.sequence, a.order_key, a.native_id) <
           std::tie(b.started_at, b.sequence, b.order_key, b.native_id);
}

/// What is stated of the call; of several summaries that one leg joins the smallest call id speaks.
const Leg* summary_of(const std::vector<Leg>& legs) {
    const Leg* found = nullptr;
    for (const Leg& leg : legs) {
        if (leg.stated && (found == nullptr || leg.native_id < found->native_id)) {
            found = &leg;
        }
    }
    return found;
}

}  // namespace

bool same_party(const Side& one, const Side& two) {
    return one.manager == two.manager && one.address == two.address;
}

bool same_external(const Side& one, const Side& two) {
    return one.kind == SideKind::link || two.kind == SideKind::link ||
           (one.peer == two.peer && one.number == two.number);
}

kpi::Intervals CallLeg::bridged() const {
    return is_connected() ? kpi::Intervals{{*said->answered_at, end()}} : kpi::Intervals{};
}

bool CallLeg::is_queue() const {
    return said->application == "Queue" || dialled == EndpointKind::queue;
}

bool CallLeg::is_voicemail() const {
    return is_one_of(said->application, {"VoiceMail", "MiniVM", "MiniVMRecord"}) ||
           dialled == EndpointKind::voicemail;
}

bool CallLeg::is_park() const {
    return is_one_of(said->application, {"Park", "ParkedCall"});
}

bool CallLeg::is_announcement() const {
    return is_one_of(said->application, {"Playback", "BackGround", "Background"});
}

bool CallLeg::is_conference() const {
    return is_one_of(said->application, {"ConfBridge", "MeetMe"});
}

bool CallLeg::was_heard() const {
    return said->result != LegResult::busy && said->result != LegResult::failed &&
           said->result != LegResult::congestion;
}

const Side* CallLeg::opposite(const Side& side) const {
    if (&side != &caller) {
        return &caller;
    }
    return called ? &*called : nullptr;
}

const Side* CallLeg::only_company_side() const {
    if (!called || caller.is_company() == called->is_company()) {
        return !called && caller.is_company() ? &caller : nullptr;
    }
    return caller.is_company() ? &caller : &*called;
}

CallLegs resolve(std::vector<Leg> legs, const kpi::Directory& directory) {
    ENSURE(!legs.empty());
    CallLegs call;
    const auto is_summary = [](const Leg& leg) { return leg.stated.has_value(); };
    call.is_summary = std::all_of(legs.begin(), legs.end(), is_summary);
    if (const Leg* const summary = summary_of(legs); summary != nullptr) {
        call.stated = summary->stated;
    }
    if (!call.is_summary) {  // legs say more than the summary
        std::erase_if(legs, is_summary);
    }
    std::sort(legs.begin(), legs.end(), comes_before);
    call.said = std::move(legs);
    call.legs.reserve(call.said.size());
    for (const Leg& said : call.said) {
        call.legs.push_back(resolved(said, directory));
    }
    find_unregistered(call.legs);
    return call;
}

kpi::Direction direction_of(const CallLegs& call) {
    if (call.is_summary) {
        return call.stated->direction;
    }
    const CallLeg* first_outside = nullptr;
    bool any_inside = false;
    bool external_dialled = false;
    for (const CallLeg& leg : call.legs) {
        for (const Side* const side : leg.sides()) {
            any_inside |= side->is_company();
            if (side->kind == SideKind::external && first_outside == nullptr) {
                first_outside = &leg;
            }
        }
        external_dialled |= leg.called && leg.called->kind == SideKind::external;
    }
    if (first_outside == nullptr) {
        return kpi::Direction::internal;
    }
    if (!any_inside && external_dialled) {
        return kpi::Direction::transit;
    }
    return first_outside->caller.is_outside() ? kpi::Direction::inbound : kpi::Direction::outbound;
}

}  // namespace processors
