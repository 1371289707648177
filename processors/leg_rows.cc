#include "processors/leg_rows.h"

#include <algorithm>
#include <map>

namespace processors {
namespace {

using store::Table;

/// The words of a leg event's result and of a call event's disposition, as a CDR would say them.
/// Maps are data: domain.md 4.
LegResult result_of_word(std::string word) {
    static const std::map<std::string_view, LegResult> words{
        {"busy", LegResult::busy},
        {"rejected", LegResult::rejected},
        {"failed", LegResult::failed},
        {"unreachable", LegResult::failed},
        {"invalid_number", LegResult::failed},
        {"congestion", LegResult::congestion},
        {"cancelled", LegResult::cancel},
        {"caller_gave_up", LegResult::cancel},
        {"abandoned_ringing", LegResult::cancel},
        {"abandoned_queue", LegResult::cancel},
    };
    std::transform(word.begin(), word.end(), word.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const auto found = words.find(word);
    return found == words.end() ? LegResult::no_answer : found->second;
}

LegResult result_of_cdr(std::string_view disposition) {
    static const std::map<std::string_view, LegResult> words{
        {"ANSWERED", LegResult::answered},
        {"NO ANSWER", LegResult::no_answer},
        {"BUSY", LegResult::busy},
        {"FAILED", LegResult::failed},
        {"CONGESTION", LegResult::congestion},
        {"CANCEL", LegResult::cancel},
    };
    const auto found = words.find(disposition);
    return found == words.end() ? LegResult::no_answer : found->second;
}

store::PartyRow party_row(const LegSource& source, std::uint32_t index_plus_one) {
    if (index_plus_one == 0 || index_plus_one > source.parties.size()) {
        return {};
    }
    const InternedParty& party = source.parties[index_plus_one - 1];
    return {.number = party.normalised, .text = party.text};
}

/// Interns the address part of a channel's peer: the registry may know that form.
base::Result<kpi::Subject> intern_peer(const LegSource& source, std::uint32_t index_plus_one) {
    if (index_plus_one == 0 || index_plus_one > source.parties.size()) {
        return kpi::Subject();
    }
    const kpi::Subject peer = source.parties[index_plus_one - 1].text;
    BOOST_OUTCOME_TRY(const std::string_view text,
                      source.names.text(source.company, Table::subject, peer.value()));
    BOOST_OUTCOME_TRY(source.names.intern(source.company, Table::subject, address_part(text)));
    return peer;
}

std::optional<base::UtcMillis> instant(bool present, std::int64_t ms) {
    return present ? std::optional(base::from_ms(ms)) : std::nullopt;
}

std::uint8_t byte_of(auto value) {
    return static_cast<std::uint8_t>(value);
}

/// Sides of an event's leg: ours by address, theirs by number.
struct EventSides {
    LegParty inside;
    LegParty outside;
};

void place_sides(Leg& leg, kpi::Direction direction, EventSides sides) {
    if (direction == kpi::Direction::inbound) {
        leg.caller = std::move(sides.outside);
        leg.called = std::move(sides.inside);
    } else {
        leg.caller = std::move(sides.inside);
        leg.called = std::move(sides.outside);
    }
}

class LegReader {
public:
    LegReader(const store::LegRow& row, Names& names, kpi::Company company)
        : row_(row), names_(names), company_(company) {}

    base::Result<Leg> read() {
        BOOST_OUTCOME_TRY(common());
        if (row_.kind == store::LegKind::cdr) {
            BOOST_OUTCOME_TRY(cdr());
        } else {
            BOOST_OUTCOME_TRY(event());
        }
        return std::move(leg_);
    }

private:
    base::Result<std::string_view> text(kpi::Subject subject) {
        return names_.text(company_, Table::subject, subject.value());
    }

    base::Result<void> common() {
        leg_.is_cdr = row_.kind == store::LegKind::cdr;
        leg_.native_id = row_.native_id;
        leg_.tokens = tokens_of(row_);
        leg_.application = row_.application;
        leg_.started_at = row_.started_at;
        leg_.answered_at = row_.answered_at;
        leg_.open = !row_.ended_at;
        leg_.ended_at = row_.ended_at.value_or(row_.answered_at.value_or(row_.started_at));
        leg_.result = static_cast<LegResult>(row_.result);
        leg_.quality = row_.quality;
        return base::success();
    }

    base::Result<void> cdr() {
        BOOST_OUTCOME_TRY(leg_.caller, channel_party(row_.channel, row_.caller));
        if (row_.peer) {
            BOOST_OUTCOME_TRY(leg_.called, channel_party(row_.peer, row_.called));
        }
        BOOST_OUTCOME_TRY(leg_.dialled, text(row_.called.text));
        BOOST_OUTCOME_TRY(leg_.dialled_normalised, text(row_.called.number));
        leg_.billed_seconds = row_.billed_seconds;
        const bool numbered = (row_.quality & kpi::bit(kpi::Quality::weak_key)) == 0 &&
                              !row_.third_id.empty() && row_.third_id.size() < 19 &&
                              row_.third_id.find_first_not_of("0123456789") == std::string::npos;
        leg_.sequence = numbered ? std::stoull(row_.third_id) : 0;
        BOOST_OUTCOME_TRY(const std::string_view peer, text(row_.peer));
        leg_.order_key = row_.second_id.empty() ? row_.native_id : row_.second_id;
        leg_.order_key.append(1, '\0').append(peer).append(1, '\0').append(row_.third_id);
        return base::success();
    }

    base::Result<LegParty> channel_party(kpi::Subject channel, const store::PartyRow& number) {
        LegParty party;
        BOOST_OUTCOME_TRY(party.peer, text(channel));
        party.address = address_part(party.peer);
        party.local_channel = party.peer.starts_with("Local/");
        party.number_subject = number.number;
        BOOST_OUTCOME_TRY(party.number, text(number.number));
        return party;
    }

    base::Result<void> event() {
        const auto direction = static_cast<kpi::Direction>(row_.direction);
        const bool is_call = row_.kind == store::LegKind::call_event;
        const bool inbound = direction == kpi::Direction::inbound;
        store::PartyRow ours = is_call ? (inbound ? row_.called : row_.caller) : row_.called;
        store::PartyRow theirs = is_call ? (inbound ? row_.caller : row_.called) : row_.caller;
        EventSides sides;
        if (row_.endpoint) {
            // Its normal form is known when it is the address that was called or calls.
            ours.number = row_.endpoint == ours.text ? ours.number : kpi::Subject();
            ours.text = row_.endpoint;
        }
        BOOST_OUTCOME_TRY(sides.inside, company_side(ours));
        sides.inside.manager = row_.manager;
        BOOST_OUTCOME_TRY(sides.inside.manager_id,
                          names_.text(company_, Table::manager, row_.manager.value()));
        if (direction == kpi::Direction::internal) {
            BOOST_OUTCOME_TRY(sides.outside, company_side(theirs));
        } else {
            sides.outside.number_subject = theirs.number;
            BOOST_OUTCOME_TRY(sides.outside.number, text(theirs.number));
        }
        place_sides(leg_, direction, std::move(sides));
        leg_.order_key = is_call ? row_.native_id : row_.second_id;
        if (is_call) {
            BOOST_OUTCOME_TRY(leg_.dialled, text(row_.called.text));
            BOOST_OUTCOME_TRY(leg_.dialled_normalised, text(row_.called.number));
            leg_.stated = StatedCall{
                .direction = direction,
                .disposition = row_.disposition == 0
                                   ? std::nullopt
                                   : std::optional(static_cast<kpi::Disposition>(row_.disposition)),
                .manager = row_.manager,
                .hung_up_by_caller = row_.hung_up_by_caller};
        }
        return base::success();
    }

    /// Ours: named by address; its normal form serves the registry's numbers only.
    base::Result<LegParty> company_side(const store::PartyRow& row) {
        LegParty party;
        BOOST_OUTCOME_TRY(party.address, text(row.text));
        BOOST_OUTCOME_TRY(party.number, text(row.number));
        party.has_number = false;
        party.company = true;
        return party;
    }

    const store::LegRow& row_;
    Names& names_;
    kpi::Company company_;
    Leg leg_;
};

}  // namespace

kpi::QualitySet quality_of(const events::pb::Event& event) {
    kpi::QualitySet set = 0;
    for (const std::string& word : event.quality()) {
        for (const auto quality :
             {kpi::Quality::tz_ambiguous, kpi::Quality::tz_assumed, kpi::Quality::weak_key}) {
            if (word == kpi::to_string(quality)) {
                set |= kpi::bit(quality);
            }
        }
    }
    return set;
}

std::string_view address_part(std::string_view peer) {
    const auto slash = peer.find('/');
    return slash == std::string_view::npos ? peer : peer.substr(slash + 1);
}

base::Result<std::vector<InternedParty>> intern_parties(Names& names, kpi::Company company,
                                                        const events::EventView& event) {
    std::vector<InternedParty> parties;
    for (const events::pb::Party& party : event.personal.parties()) {
        InternedParty one;
        const std::string& raw = party.raw().empty() ? party.normalised() : party.raw();
        BOOST_OUTCOME_TRY(one.normalised, names.intern_as<kpi::Subject>(company, Table::subject,
                                                                        party.normalised()));
        BOOST_OUTCOME_TRY(one.text, names.intern_as<kpi::Subject>(company, Table::subject, raw));
        if (party.kind() == events::pb::Party::TEXT && one.normalised) {
            one.text = one.normalised;
        }
        parties.push_back(one);
    }
    return parties;
}

base::Result<store::LegRow> leg_of(const events::pb::CdrRow& row, const LegSource& source) {
    store::LegRow leg;
    leg.kind = store::LegKind::cdr;
    leg.native_id = row.linkedid();
    leg.second_id = row.uniqueid();
    leg.third_id = row.sequence();
    leg.caller = party_row(source, row.caller());
    leg.called = party_row(source, row.dialled());
    BOOST_OUTCOME_TRY(leg.channel, intern_peer(source, row.channel()));
    BOOST_OUTCOME_TRY(leg.peer, intern_peer(source, row.peer()));
    leg.application = row.last_application();
    leg.started_at = base::from_ms(row.started_at());
    leg.answered_at = instant(row.has_answered_at(), row.answered_at());
    leg.ended_at = base::from_ms(row.ended_at());
    leg.result = byte_of(result_of_cdr(row.disposition()));
    leg.billed_seconds = row.billed_seconds();
    return leg;
}

base::Result<store::LegRow> leg_of(const events::pb::CallLeg& event, const LegSource& source) {
    store::LegRow leg;
    leg.kind = store::LegKind::leg_event;
    leg.native_id = event.call_id();
    leg.second_id = event.leg_id();
    leg.linked_ids.assign(event.linked_ids().begin(), event.linked_ids().end());
    leg.called = party_row(source, event.endpoint());
    leg.caller = party_row(source, event.remote());
    leg.application = event.application();
    leg.direction = byte_of(kpi::direction_of(event.direction()).value_or(kpi::Direction::inbound));
    leg.started_at = base::from_ms(event.ring_started_at());
    leg.answered_at = instant(event.has_answered_at(), event.answered_at());
    leg.ended_at = instant(event.has_ended_at(), event.ended_at());
    leg.result =
        byte_of(event.has_answered_at() ? LegResult::answered : result_of_word(event.result()));
    return leg;
}

base::Result<std::vector<store::LegRow>> legs_of(const events::pb::Call& call,
                                                 const LegSource& source) {
    std::vector<store::LegRow> legs(1);
    store::LegRow& own = legs.front();
    own.kind = store::LegKind::call_event;
    own.native_id = call.call_id();
    own.caller = party_row(source, call.from());
    own.called = party_row(source, call.to());
    own.direction = byte_of(kpi::direction_of(call.direction()).value_or(kpi::Direction::inbound));
    own.started_at = base::from_ms(call.started_at());
    own.answered_at = instant(call.has_answered_at(), call.answered_at());
    own.ended_at = instant(call.has_ended_at(), call.ended_at());
    own.result =
        byte_of(call.has_answered_at() ? LegResult::answered : result_of_word(call.disposition()));
    const auto disposition = kpi::disposition_of(call.disposition());
    own.disposition = disposition ? byte_of(*disposition) : 0;
    BOOST_OUTCOME_TRY(own.manager, source.names.intern_as<kpi::Manager>(
                                       source.company, Table::manager, call.manager()));
    BOOST_OUTCOME_TRY(own.endpoint, source.names.intern_as<kpi::Subject>(
                                        source.company, Table::subject, call.endpoint()));
    own.hung_up_by_caller = call.hangup_by() == "caller";
    own.tags.assign(call.tags().begin(), call.tags().end());
    std::sort(own.tags.begin(), own.tags.end());
    own.tags.erase(std::unique(own.tags.begin(), own.tags.end()), own.tags.end());
    for (const std::string& tag : own.tags) {
        BOOST_OUTCOME_TRY(source.names.intern(source.company, Table::subject, tag));
    }
    own.has_recording = call.has_recording();
    own.recording_state = call.recording().state();
    if (call.recording().has_seconds()) {
        own.recording_seconds = call.recording().seconds();
    }
    for (const events::pb::CallLeg& inner : call.legs()) {
        BOOST_OUTCOME_TRY(auto leg, leg_of(inner, source));
        leg.inside_call_event = true;
        legs.push_back(std::move(leg));
    }
    return legs;
}

std::vector<std::string> tokens_of(const store::LegRow& leg) {
    std::vector<std::string> tokens{leg.native_id};
    const auto add = [&](const std::string& token) {
        if (!token.empty() && std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
            tokens.push_back(token);
        }
    };
    if (leg.kind == store::LegKind::cdr) {
        add(leg.second_id);
    }
    for (const std::string& linked : leg.linked_ids) {
        add(linked);
    }
    return tokens;
}

bool same_leg(const store::LegRow& a, const store::LegRow& b) {
    return a.kind == b.kind && a.inside_call_event == b.inside_call_event &&
           a.native_id == b.native_id && a.second_id == b.second_id && a.third_id == b.third_id;
}

base::Result<Leg> to_leg(const store::LegRow& row, Names& names, kpi::Company company) {
    return LegReader(row, names, company).read();
}

}  // namespace processors
