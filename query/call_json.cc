#include "query/call_json.h"

#include <algorithm>
#include <array>
#include <set>

#include "query/call_facts.h"
#include "query/masking.h"
#include "query/value_text.h"

namespace query {
namespace {

void write_number(base::JsonWriter& out, const std::optional<std::string>& number, bool is_shown) {
    if (!number || number->empty()) {
        out.null();
    } else {
        out.value(is_shown ? *number : masked(*number));
    }
}

base::Result<void> write_dialled(base::JsonWriter& out, Question& question, const CallStyle& style,
                                 const kpi::AssembledCall& call) {
    BOOST_OUTCOME_TRY(const auto dialled,
                      question.names().text(store::Table::subject, call.dialled));
    out.key("dialled");
    write_number(out, dialled, style.who.reveal || call.direction != kpi::Direction::outbound);
    return base::success();
}

base::Result<void> write_owner(base::JsonWriter& out, Question& question,
                               const kpi::AssembledCall& call) {
    out.key("missed_owner");
    if (!call.missed) {
        out.null();
        return base::success();
    }
    return write_whose(out, question, call.owner, call.owner_team);
}

std::optional<base::Millis> known_talk(const kpi::AssembledCall& call, base::Millis talk) {
    return kpi::is_unterminated(call) ? std::nullopt : std::optional(talk);
}

base::Result<void> write_participation(base::JsonWriter& out, Question& question,
                                       const kpi::AssembledCall& call,
                                       const kpi::Participation& one) {
    Names& names = question.names();
    BOOST_OUTCOME_TRY(const auto manager, names.text(store::Table::manager, one.manager));
    BOOST_OUTCOME_TRY(const auto endpoint, names.text(store::Table::subject, one.endpoint));
    out.begin_object().key("manager");
    write_text(out, manager);
    out.member("endpoint", endpoint.value_or("")).member("result", kpi::to_string(one.result));
    out.key("ring_seconds");
    write_seconds(out, one.ring);
    out.key("talk_seconds");
    write_seconds(out, known_talk(call, one.talk));
    out.key("hold_seconds");
    write_seconds(out, one.hold);
    out.key("consult_seconds");
    write_seconds(out, one.consult);
    out.member("qualified", one.qualified).end_object();
    return base::success();
}

void write_list(base::JsonWriter& out, std::string_view name, const std::set<std::string>& texts) {
    out.key(name).begin_array();
    for (const std::string& text : texts) {
        out.value(text);
    }
    out.end_array();
}

base::Result<std::set<std::string>> source_ids(Question& question, const store::CallRow& row) {
    std::set<std::string> ids;
    for (const store::LegRow* leg : legs_in_force(row)) {
        for (const kpi::Source source : leg->head.sources) {
            BOOST_OUTCOME_TRY(const auto id, question.names().text(store::Table::source, source));
            ids.insert(id.value_or(""));
        }
    }
    return ids;
}

std::set<std::string> quality_words(kpi::QualitySet set) {
    std::set<std::string> words;
    for (unsigned number = 0; number <= static_cast<unsigned>(kpi::Quality::unterminated);
         ++number) {
        const auto quality = static_cast<kpi::Quality>(number);
        if ((set & kpi::bit(quality)) != 0) {
            words.emplace(kpi::to_string(quality));
        }
    }
    return words;
}

/// Tags, recording and revision, which only the summary of a source states.
void write_stated(base::JsonWriter& out, const store::LegRow* stated) {
    std::set<std::string> tags;
    if (stated != nullptr) {
        tags.insert(stated->tags.begin(), stated->tags.end());
    }
    write_list(out, "tags", tags);
    out.key("recording");
    if (stated != nullptr && stated->has_recording) {
        out.begin_object().key("state");
        write_word(out, stated->recording_state);
        out.key("seconds");
        if (stated->recording_seconds) {
            out.number(*stated->recording_seconds, 3);
        } else {
            out.null();
        }
        out.end_object();
    } else {
        out.null();
    }
    out.member("reviewed", false);
    out.member("revision", stated == nullptr ? std::uint64_t{1} : stated->head.revision.source);
}

std::string_view leg_result(std::uint8_t result) {
    static constexpr std::array<std::string_view, 8> words{
        "", "answered", "no_answer", "busy", "failed", "congestion", "cancel", "rejected"};
    return result < words.size() ? words[result] : std::string_view();
}

/// The two sides of a leg, as its source named them.
struct LegSides {
    std::optional<std::string> from;
    std::optional<std::string> to;
};

/// The first of these texts that there is.
base::Result<std::optional<std::string>> first_text(Question& question,
                                                    std::initializer_list<kpi::Subject> subjects) {
    for (const kpi::Subject subject : subjects) {
        BOOST_OUTCOME_TRY(auto text, question.names().text(store::Table::subject, subject));
        if (text && !text->empty()) {
            return text;
        }
    }
    return std::optional<std::string>();
}

/// The address of a channel's peer: `101` of `PJSIP/101`.
std::optional<std::string> address_of(const std::optional<std::string>& peer) {
    return peer ? std::optional(peer->substr(peer->find('/') + 1)) : std::nullopt;
}

/// A CDR row has caller and dialled number, else the channels; a call event's company side may be
/// named by an endpoint; a leg event has the far side and the endpoint, whoever began.
base::Result<LegSides> sides_of(Question& question, const store::LegRow& leg) {
    const bool is_inbound = leg.direction == static_cast<std::uint8_t>(kpi::Direction::inbound);
    const bool is_cdr = leg.kind == store::LegKind::cdr;
    const bool is_turned = leg.kind == store::LegKind::leg_event && !is_inbound;
    const store::PartyRow& from = is_turned ? leg.called : leg.caller;
    const store::PartyRow& to = is_turned ? leg.caller : leg.called;
    const kpi::Subject nobody;
    const kpi::Subject from_endpoint = is_cdr || is_inbound ? nobody : leg.endpoint;
    const kpi::Subject to_endpoint = !is_cdr && is_inbound ? leg.endpoint : nobody;
    LegSides sides;
    BOOST_OUTCOME_TRY(sides.from, first_text(question, {from_endpoint, from.text, from.number}));
    BOOST_OUTCOME_TRY(sides.to, first_text(question, {to_endpoint, to.text, to.number}));
    if (!sides.from) {
        BOOST_OUTCOME_TRY(const auto channel, first_text(question, {leg.channel}));
        sides.from = address_of(channel);
    }
    if (!sides.to) {
        BOOST_OUTCOME_TRY(const auto peer, first_text(question, {leg.peer}));
        sides.to = address_of(peer);
    }
    return sides;
}

base::Result<void> write_leg(base::JsonWriter& out, Question& question, const CallStyle& style,
                             const store::LegRow& leg) {
    std::set<std::string> sources;
    for (const kpi::Source source : leg.head.sources) {
        BOOST_OUTCOME_TRY(const auto id, question.names().text(store::Table::source, source));
        sources.insert(id.value_or(""));
    }
    BOOST_OUTCOME_TRY(const LegSides sides, sides_of(question, leg));
    out.begin_object().member("source", sources.empty() ? std::string() : *sources.begin());
    out.member("native_id", leg.native_id).key("from");
    write_number(out, sides.from, style.who.reveal);
    out.key("to");
    write_number(out, sides.to, style.who.reveal);
    out.key("ring_started_at");
    write_instant(out, leg.started_at, style.zone);
    out.key("answered_at");
    write_instant(out, leg.answered_at, style.zone);
    out.key("ended_at");
    write_instant(out, leg.ended_at, style.zone);
    out.key("result");
    write_word(out, leg_result(leg.result));
    out.end_object();
    return base::success();
}

base::Result<void> write_timeline(base::JsonWriter& out, Question& question, const CallStyle& style,
                                  const store::CallRow& row) {
    out.key("timeline").begin_array();
    if (question.ports().timeline) {
        for (const Step& step :
             question.ports().timeline(row, question.view(), question.company())) {
            BOOST_OUTCOME_TRY(const auto manager,
                              question.names().text(store::Table::manager, step.manager));
            out.begin_object().key("at");
            write_instant(out, step.at, style.zone);
            out.member("what", step.what).member("endpoint", step.endpoint).key("manager");
            write_text(out, manager);
            out.end_object();
        }
    }
    out.end_array();
    return base::success();
}

base::Result<void> write_contributions(base::JsonWriter& out, Question& question,
                                       const CallStyle& style, const store::CallRow& row) {
    out.key("contributions").begin_array();
    for (const kpi::Contribution& one : kpi::contributions(row.call)) {
        BOOST_OUTCOME_TRY(const auto manager,
                          question.names().text(store::Table::manager, one.manager));
        const kpi::KpiInfo& info = kpi::info(one.kpi);
        out.begin_object().member("kpi", info.id).key("manager");
        write_text(out, manager);
        out.key("segment");
        write_segment(out, one.segment);
        out.key("at");
        write_instant(out, one.at, style.zone);
        out.key("value");
        if (info.unit == kpi::Unit::seconds) {
            out.raw(seconds_text(one.value));
        } else {
            out.value(1);
        }
        out.end_object();
    }
    out.end_array();
    return base::success();
}

}  // namespace

void add_names(const store::EntityKey& key, const store::CallRow& row,
               std::vector<std::pair<store::Table, std::uint32_t>>& names) {
    using store::Table;
    const kpi::AssembledCall& call = row.call;
    names.emplace_back(Table::scope, key.scope.value());
    names.emplace_back(Table::client, call.client.value());
    for (const kpi::Subject subject : {call.client_name, call.number, call.dialled}) {
        names.emplace_back(Table::subject, subject.value());
    }
    names.emplace_back(Table::manager, call.owner.value());
    names.emplace_back(Table::team, call.owner_team.value());
    for (const kpi::Participation& one : call.participations) {
        names.emplace_back(Table::manager, one.manager.value());
        names.emplace_back(Table::subject, one.endpoint.value());
    }
}

base::Result<void> write_client(base::JsonWriter& out, Question& question, const CallStyle& style,
                                const kpi::AssembledCall& call) {
    Names& names = question.names();
    BOOST_OUTCOME_TRY(const auto id, names.text(store::Table::client, call.client));
    BOOST_OUTCOME_TRY(const auto name, names.text(store::Table::subject, call.client_name));
    BOOST_OUTCOME_TRY(const auto number, names.text(store::Table::subject, call.number));
    out.key("client").begin_object().key("id");
    write_text(out, id);
    out.key("name");
    write_text(out, name);
    out.key("number");
    write_number(out, number, style.who.reveal);
    out.member("anonymous", call.anonymous).end_object();
    return base::success();
}

base::Result<void> write_whose(base::JsonWriter& out, Question& question, kpi::Manager owner,
                               kpi::Team owner_team) {
    BOOST_OUTCOME_TRY(const auto manager, question.names().text(store::Table::manager, owner));
    BOOST_OUTCOME_TRY(const auto team, question.names().text(store::Table::team, owner_team));
    out.begin_object().key("manager");
    write_text(out, manager);
    out.key("team");
    write_text(out, team);
    out.end_object();
    return base::success();
}

base::Result<void> write_call(base::JsonWriter& out, Question& question, const CallStyle& style,
                              const store::EntityKey& key, const store::CallRow& row) {
    const kpi::AssembledCall& call = row.call;
    BOOST_OUTCOME_TRY(const auto scope, question.names().text(store::Table::scope, key.scope));
    out.member("call_id", store::call_id_of(scope.value_or(""), key.native_id));
    out.member("company", question.company().id);
    out.member("direction", kpi::to_string(call.direction));
    out.member("disposition", kpi::to_string(call.disposition)).key("started_at");
    write_instant(out, call.started_at, style.zone);
    out.key("answered_at");
    write_instant(out, call.answered_at, style.zone);
    out.key("ended_at");
    write_instant(out, call.ended_at, style.zone);
    BOOST_OUTCOME_TRY(write_client(out, question, style, call));
    BOOST_OUTCOME_TRY(write_dialled(out, question, style, call));
    out.key("segment");
    write_segment(out, call.segment);
    out.key("ivr_seconds");
    write_seconds(out, call.ivr);
    out.key("wait_seconds");
    write_seconds(out, call.wait);
    out.key("talk_seconds");
    write_seconds(out, known_talk(call, call.talk));
    out.member("missed", call.missed).member("short_abandon", call.short_abandon);
    BOOST_OUTCOME_TRY(write_owner(out, question, call));
    out.key("participations").begin_array();
    for (const kpi::Participation& one : call.participations) {
        BOOST_OUTCOME_TRY(write_participation(out, question, call, one));
    }
    out.end_array();
    BOOST_OUTCOME_TRY(const auto sources, source_ids(question, row));
    write_list(out, "sources", sources);
    write_list(out, "native_ids", {row.native_ids.begin(), row.native_ids.end()});
    write_list(out, "quality", quality_words(call.quality));
    write_stated(out, stated_leg(row));
    return base::success();
}

base::Result<void> write_call_details(base::JsonWriter& out, Question& question,
                                      const CallStyle& style, const store::CallRow& row) {
    out.key("legs").begin_array();
    for (const store::LegRow* leg : legs_in_force(row)) {
        BOOST_OUTCOME_TRY(write_leg(out, question, style, *leg));
    }
    out.end_array();
    BOOST_OUTCOME_TRY(write_timeline(out, question, style, row));
    BOOST_OUTCOME_TRY(write_contributions(out, question, style, row));
    out.key("events").begin_array();
    for (const Evidence& one : evidence_of(row)) {
        out.begin_object().member("source", one.source).member("id", one.id).key("received_at");
        write_instant(out, one.received_at, style.zone);
        out.member("offset", one.offset).end_object();
    }
    out.end_array();
    return base::success();
}

}  // namespace query
