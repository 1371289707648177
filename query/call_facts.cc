#include "query/call_facts.h"

#include <algorithm>
#include <charconv>

namespace query {
namespace {

base::Result<std::optional<double>> seconds_filter(const Question& question,
                                                   std::string_view name) {
    constexpr double ms = 1000;
    const std::string_view text = question.param(name);
    if (text.empty()) {
        return std::optional<double>();
    }
    double seconds = 0;
    const auto [end, failed] =
        std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
    if (failed != std::errc{} || end != text.data() + text.size()) {
        return bad_question(std::string(name) + ": a number of seconds is needed");
    }
    return std::optional(seconds * ms);
}

base::Result<std::optional<bool>> flag_filter(const Question& question, std::string_view name) {
    const std::string_view word = question.param(name);
    if (word.empty()) {
        return std::optional<bool>();
    }
    if (word == "true" || word == "1") {
        return std::optional(true);
    }
    if (word == "false" || word == "0") {
        return std::optional(false);
    }
    return bad_question(std::string(name) + ": true or false");
}

template <class Word, class Find>
base::Result<std::optional<Word>> word_filter(const Question& question, std::string_view name,
                                              Find find) {
    const std::string_view word = question.param(name);
    if (word.empty()) {
        return std::optional<Word>();
    }
    const std::optional<Word> found = find(word);
    if (!found) {
        return bad_question("no such " + std::string(name) + ": " + std::string(word));
    }
    return found;
}

/// The team that a miss counts for: the owner's then, else that of the queue.
kpi::Team missed_team(const kpi::AssembledCall& call) {
    return call.owner_own_team ? call.owner_own_team : call.owner_team;
}

bool has_manager(const kpi::AssembledCall& call, std::uint32_t manager) {
    if (call.missed && call.owner.value() == manager) {
        return true;
    }
    return std::any_of(call.participations.begin(), call.participations.end(),
                       [&](const auto& one) { return one.manager.value() == manager; });
}

bool has_team(const kpi::AssembledCall& call, std::uint32_t team) {
    if (call.missed && missed_team(call).value() == team) {
        return true;
    }
    return std::any_of(call.participations.begin(), call.participations.end(),
                       [&](const auto& one) { return one.team.value() == team; });
}

/// Does an optional filter name this value, or nothing?
template <class Value>
bool fits(const std::optional<Value>& wanted, Value value) {
    return !wanted || *wanted == value;
}

}  // namespace

std::vector<const store::LegRow*> legs_in_force(const store::CallRow& row) {
    const auto is_stated = [](const store::LegRow& leg) {
        return leg.kind == store::LegKind::call_event;
    };
    const bool all_stated = std::all_of(row.legs.begin(), row.legs.end(), is_stated);
    std::vector<const store::LegRow*> legs;
    for (const store::LegRow& leg : row.legs) {
        if (all_stated || !is_stated(leg)) {
            legs.push_back(&leg);
        }
    }
    return legs;
}

const store::LegRow* stated_leg(const store::CallRow& row) {
    const auto leg = std::find_if(row.legs.begin(), row.legs.end(), [](const store::LegRow& one) {
        return one.kind == store::LegKind::call_event;
    });
    return leg == row.legs.end() ? nullptr : &*leg;
}

std::vector<Evidence> evidence_of(const std::vector<const store::Head*>& heads) {
    std::vector<Evidence> found;
    for (const store::Head* head : heads) {
        for (const store::Observation& one : head->observations) {
            found.push_back({one.event_source, one.id, one.offset, one.received_at});
        }
    }
    std::sort(found.begin(), found.end());
    const auto same = [](const Evidence& a, const Evidence& b) {
        return a.source == b.source && a.id == b.id && a.offset == b.offset;
    };
    found.erase(std::unique(found.begin(), found.end(), same), found.end());
    return found;
}

std::vector<Evidence> evidence_of(const store::CallRow& row) {
    std::vector<const store::Head*> heads;
    for (const store::LegRow* leg : legs_in_force(row)) {
        heads.push_back(&leg->head);
    }
    return evidence_of(heads);
}

base::Result<CallFilter> CallFilter::read(Question& question) {
    CallFilter filter;
    BOOST_OUTCOME_TRY(filter.range, question.range());
    BOOST_OUTCOME_TRY(filter.manager, question.filter("manager", store::Table::manager));
    BOOST_OUTCOME_TRY(filter.team, question.filter("team", store::Table::team));
    BOOST_OUTCOME_TRY(filter.client, question.filter("client", store::Table::client));
    BOOST_OUTCOME_TRY(filter.segment, question.segment());
    BOOST_OUTCOME_TRY(filter.direction,
                      word_filter<kpi::Direction>(question, "direction", kpi::direction_of));
    BOOST_OUTCOME_TRY(filter.disposition,
                      word_filter<kpi::Disposition>(question, "disposition", kpi::disposition_of));
    BOOST_OUTCOME_TRY(filter.talk_ms_min, seconds_filter(question, "talk_min"));
    BOOST_OUTCOME_TRY(filter.talk_ms_max, seconds_filter(question, "talk_max"));
    BOOST_OUTCOME_TRY(filter.wait_ms_min, seconds_filter(question, "wait_min"));
    BOOST_OUTCOME_TRY(filter.recording, flag_filter(question, "recording"));
    BOOST_OUTCOME_TRY(filter.reviewed, flag_filter(question, "reviewed"));
    const auto subject = [&](std::string_view name) -> base::Result<std::optional<std::uint32_t>> {
        const std::string_view text = question.param(name);
        if (text.empty()) {
            return std::optional<std::uint32_t>();
        }
        BOOST_OUTCOME_TRY(const auto ordinal,
                          question.names().ordinal(store::Table::subject, text));
        return std::optional(ordinal.value_or(unknown_ordinal));
    };
    filter.tag = question.param("tag");
    BOOST_OUTCOME_TRY(filter.tag_subject, subject("tag"));
    BOOST_OUTCOME_TRY(filter.number, subject("number"));
    return filter;
}

bool CallFilter::takes(const store::CallRow& row) const {
    const kpi::AssembledCall& call = row.call;
    const auto talk = static_cast<double>(call.talk.count());
    const auto wait = static_cast<double>(call.wait.value_or(base::Millis(0)).count());
    const store::LegRow* stated = stated_leg(row);
    const bool has_recording = stated != nullptr && stated->has_recording;
    const bool has_tag =
        tag.empty() || (stated != nullptr && std::find(stated->tags.begin(), stated->tags.end(),
                                                       tag) != stated->tags.end());
    return range.holds(call.started_at) && (!manager || has_manager(call, *manager)) &&
           (!team || has_team(call, *team)) && fits(client, call.client.value()) &&
           fits(number, call.number.value()) && fits(direction, call.direction) &&
           fits(disposition, call.disposition) && fits(segment, call.segment) &&
           (!talk_ms_min || talk >= *talk_ms_min) && (!talk_ms_max || talk <= *talk_ms_max) &&
           (!wait_ms_min || wait >= *wait_ms_min) && fits(recording, has_recording) && has_tag &&
           fits(reviewed, false);
}

}  // namespace query
