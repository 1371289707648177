#include "kpi/contribution.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"

namespace kpi {
namespace {

template <class Word>
struct Named {
    Word value;
    std::string_view name;
};

constexpr std::array directions{
    Named<Direction>{Direction::inbound, "inbound"},
    Named<Direction>{Direction::outbound, "outbound"},
    Named<Direction>{Direction::internal, "internal"},
    Named<Direction>{Direction::transit, "transit"},
};
constexpr std::array dispositions{
    Named<Disposition>{Disposition::blocked, "blocked"},
    Named<Disposition>{Disposition::machine, "machine"},
    Named<Disposition>{Disposition::answered, "answered"},
    Named<Disposition>{Disposition::answered_zero, "answered_zero"},
    Named<Disposition>{Disposition::voicemail, "voicemail"},
    Named<Disposition>{Disposition::closed, "closed"},
    Named<Disposition>{Disposition::abandoned_ivr, "abandoned_ivr"},
    Named<Disposition>{Disposition::abandoned_queue, "abandoned_queue"},
    Named<Disposition>{Disposition::abandoned_ringing, "abandoned_ringing"},
    Named<Disposition>{Disposition::no_answer, "no_answer"},
    Named<Disposition>{Disposition::busy, "busy"},
    Named<Disposition>{Disposition::rejected, "rejected"},
    Named<Disposition>{Disposition::unreachable, "unreachable"},
    Named<Disposition>{Disposition::invalid_number, "invalid_number"},
    Named<Disposition>{Disposition::congestion, "congestion"},
    Named<Disposition>{Disposition::failed, "failed"},
    Named<Disposition>{Disposition::cancelled, "cancelled"},
    Named<Disposition>{Disposition::unknown, "unknown"},
};
constexpr std::array results{
    Named<OfferResult>{OfferResult::answered, "answered"},
    Named<OfferResult>{OfferResult::answered_elsewhere, "answered_elsewhere"},
    Named<OfferResult>{OfferResult::ring_no_answer, "ring_no_answer"},
    Named<OfferResult>{OfferResult::caller_gave_up, "caller_gave_up"},
    Named<OfferResult>{OfferResult::rejected, "rejected"},
    Named<OfferResult>{OfferResult::busy, "busy"},
    Named<OfferResult>{OfferResult::unreachable, "unreachable"},
};
constexpr std::array segments{
    Named<Segment>{Segment::none, "none"},
    Named<Segment>{Segment::fresh, "new"},
    Named<Segment>{Segment::existing, "existing"},
};
constexpr std::array qualities{
    Named<Quality>{Quality::ambiguous_client, "ambiguous_client"},
    Named<Quality>{Quality::ambiguous_endpoint, "ambiguous_endpoint"},
    Named<Quality>{Quality::conference, "conference"},
    Named<Quality>{Quality::duration_mismatch, "duration_mismatch"},
    Named<Quality>{Quality::tz_ambiguous, "tz_ambiguous"},
    Named<Quality>{Quality::tz_assumed, "tz_assumed"},
    Named<Quality>{Quality::undeclared, "undeclared"},
    Named<Quality>{Quality::unregistered_endpoint, "unregistered_endpoint"},
    Named<Quality>{Quality::unterminated, "unterminated"},
    Named<Quality>{Quality::weak_key, "weak_key"},
};

template <class Word, std::size_t Size>
std::string_view name_of(const std::array<Named<Word>, Size>& names, Word value) {
    for (const Named<Word>& one : names) {
        if (one.value == value) {
            return one.name;
        }
    }
    ENSURE(false);
}

template <class Word, std::size_t Size>
std::optional<Word> value_of(const std::array<Named<Word>, Size>& names, std::string_view name) {
    for (const Named<Word>& one : names) {
        if (one.name == name) {
            return one.value;
        }
    }
    return std::nullopt;
}

/// Collects what one call gives; segment and instant are the same for all of it.
class Giver {
public:
    explicit Giver(const AssembledCall& call) : call_(call) { given_.reserve(usual_count); }

    void count(Kpi kpi, Manager manager, Team team, std::uint64_t member = 0) {
        put(kpi, manager, team, 1, member);
    }

    /// A duration; none of 0, nor of a call whose end is unknown.
    void time(Kpi kpi, const Participation& whose, base::Millis lasted) {
        if (lasted > base::Millis{0} && !is_unterminated(call_)) {
            put(kpi, whose.manager, whose.team, lasted.count(), 0);
        }
    }

    /// By KPI; of one KPI in the order of the participations.
    std::vector<Contribution> take() { return std::move(given_); }

private:
    static constexpr std::size_t usual_count = 16;

    void put(Kpi kpi, Manager manager, Team team, std::int64_t value, std::uint64_t member) {
        Contribution one;
        one.kpi = kpi;
        one.manager = manager;
        one.team = team;
        one.segment = call_.segment;
        one.at = call_.started_at;
        one.value = value;
        one.member = member;
        const auto place = std::upper_bound(
            given_.begin(), given_.end(), one,
            [](const Contribution& a, const Contribution& b) { return a.kpi < b.kpi; });
        given_.insert(place, one);
    }

    const AssembledCall& call_;
    std::vector<Contribution> given_;
};

/// Missed and closed: the one owner, a manager or a team.
void give_owner(const AssembledCall& call, Giver& giver) {
    const Team team = call.owner ? call.owner_own_team : call.owner_team;
    if (call.missed) {
        giver.count(Kpi::calls_in, call.owner, team);
        giver.count(Kpi::calls_missed, call.owner, team);
    }
    if (call.disposition == Disposition::closed) {
        giver.count(Kpi::calls_missed_after_hours, call.owner, team);
    }
}

/// An attempt is the originating manager's only: who takes a transfer gets talk and qualified.
void give_attempt(const AssembledCall& call, std::uint64_t member, Giver& giver) {
    giver.count(Kpi::calls_out, call.originator, call.originator_team);
    if (member != 0) {
        giver.count(Kpi::contacts_attempted, call.originator, call.originator_team, member);
    }
    if (call.disposition == Disposition::answered) {
        giver.count(Kpi::calls_out_answered, call.originator, call.originator_team);
    }
}

/// What a participation connected with the external party earns in a call that is `answered`.
void give_conversation(bool incoming, const Participation& one, std::uint64_t member,
                       Giver& giver) {
    if (one.qualified) {
        giver.count(Kpi::calls_qualified, one.manager, one.team);
        giver.count(incoming ? Kpi::calls_qualified_in : Kpi::calls_qualified_out, one.manager,
                    one.team);
    }
    giver.time(Kpi::talk_seconds, one, one.talk);
    giver.time(incoming ? Kpi::talk_seconds_in : Kpi::talk_seconds_out, one, one.talk);
    giver.time(Kpi::hold_seconds, one, one.hold.value_or(base::Millis{0}));
    if (member != 0) {
        giver.count(Kpi::contacts_unique, one.manager, one.team, member);
    }
    if (one.touch) {
        giver.count(Kpi::touches, one.manager, one.team);
    }
}

}  // namespace

std::uint64_t member_of(Client client, Subject number) {
    constexpr std::uint64_t of_client = 1ULL << 32;
    constexpr std::uint64_t of_number = 2ULL << 32;
    if (client) {
        return of_client | client.value();
    }
    return number ? of_number | number.value() : 0;
}

std::string_view to_string(Direction direction) {
    return name_of(directions, direction);
}
std::string_view to_string(Disposition disposition) {
    return name_of(dispositions, disposition);
}
std::string_view to_string(OfferResult result) {
    return name_of(results, result);
}
std::string_view to_string(Segment segment) {
    return name_of(segments, segment);
}
std::string_view to_string(Quality quality) {
    return name_of(qualities, quality);
}
std::optional<Direction> direction_of(std::string_view word) {
    return value_of(directions, word);
}
std::optional<Disposition> disposition_of(std::string_view word) {
    return value_of(dispositions, word);
}

std::vector<Contribution> contributions(const AssembledCall& call) {
    const bool incoming = call.direction == Direction::inbound;
    const bool external = incoming || call.direction == Direction::outbound;
    if (!external || call.disposition == Disposition::blocked ||
        (!call.ended_at && !is_unterminated(call))) {
        return {};
    }
    Giver giver(call);
    const bool answered = call.disposition == Disposition::answered;
    const bool connected = answered || call.disposition == Disposition::answered_zero;
    const std::uint64_t member = member_of(call.client, call.number);
    give_owner(call, giver);
    if (!incoming) {
        give_attempt(call, member, giver);
    }
    const Participation* first = nullptr;
    for (const Participation& one : call.participations) {
        if (one.connected || one.result != OfferResult::answered) {  // not who was only consulted
            giver.time(Kpi::ring_seconds, one, one.ring);
        }
        if (!one.connected) {
            continue;
        }
        if (incoming && connected) {
            giver.count(Kpi::calls_in, one.manager, one.team);
            giver.count(Kpi::calls_in_answered, one.manager, one.team);
        }
        if (answered) {
            give_conversation(incoming, one, member, giver);
        }
        first = first == nullptr ? &one : first;
    }
    if (incoming && connected && first != nullptr) {
        giver.time(Kpi::wait_seconds, *first, call.wait.value_or(base::Millis{0}));
    }
    return giver.take();
}

}  // namespace kpi
