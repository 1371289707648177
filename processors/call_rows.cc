#include <algorithm>

#include "processors/call_fold.h"

// What a call's row holds beside its legs: the assembled call, and the keys by which it is found.

namespace processors {
namespace {

using store::EntityKey;
using store::Family;

/// Correlation ids that are ids of the call: of a CDR row its linkedid, of an event all of them.
std::vector<std::string> native_ids_of(const std::vector<store::LegRow>& legs) {
    std::set<std::string> ids;
    for (const store::LegRow& leg : legs) {
        ids.insert(leg.native_id);
        ids.insert(leg.linked_ids.begin(), leg.linked_ids.end());
    }
    ids.erase(std::string());
    return {ids.begin(), ids.end()};
}

}  // namespace

base::Result<bool> CallFold::is_hidden(const CompanyState& company, kpi::Scope scope,
                                       const store::CallRow& row) {
    if (!company.has_voids) {
        return false;
    }
    const bool has_cdr = std::any_of(row.legs.begin(), row.legs.end(), [](const auto& leg) {
        return leg.kind == store::LegKind::cdr;
    });
    for (const std::string& native_id : row.native_ids) {
        const EntityKey key{company.ordinal, store::kind_byte(events::Kind::voided), scope,
                            void_target("call", native_id)};
        BOOST_OUTCOME_TRY(const auto voids, state_.voids_of(key));
        if (voids && (voids->hits(UINT64_MAX) || (has_cdr && voids->hits(1)))) {
            return true;
        }
    }
    return false;
}

base::Result<bool> CallFold::is_counted(const CompanyState& company, const store::LegRow& leg) {
    const auto& count = company.settings_at(leg.started_at).source_count;
    if (count.empty()) {
        return true;
    }
    for (const kpi::Source source : leg.head.sources) {
        BOOST_OUTCOME_TRY(const std::string_view id,
                          state_.names.text(company.ordinal, store::Table::source, source.value()));
        const auto found = count.find(std::string(id));
        if (found == count.end() || found->second) {
            return true;
        }
    }
    return false;
}

base::UtcMillis open_until(const store::CallRow& row) {
    base::UtcMillis last = base::since_ever;
    for (const store::LegRow& leg : row.legs) {
        for (const store::Observation& one : leg.head.observations) {
            last = std::max(last, one.received_at);
        }
    }
    return last + kpi::open_call_max;
}

/// The legs that make the call: none of a hidden one, no inner leg that came on its own too, none
/// that only sources bring whose events are not counted.
base::Result<std::vector<Leg>> CallFold::counted_legs(const CompanyState& company, kpi::Scope scope,
                                                      const store::CallRow& row) {
    BOOST_OUTCOME_TRY(const bool hidden, is_hidden(company, scope, row));
    std::vector<Leg> counted;
    for (const store::LegRow& leg : row.legs) {
        const bool told_apart =
            leg.inside_call_event &&
            std::any_of(row.legs.begin(), row.legs.end(), [&](const store::LegRow& other) {
                return !other.inside_call_event && other.kind == store::LegKind::leg_event &&
                       other.native_id == leg.native_id && other.second_id == leg.second_id;
            });
        BOOST_OUTCOME_TRY(const bool counts, is_counted(company, leg));
        if (hidden || told_apart || !counts) {
            continue;
        }
        BOOST_OUTCOME_TRY(auto one, to_leg(leg, state_.names, company.ordinal));
        counted.push_back(std::move(one));
    }
    return counted;
}

base::Result<store::CallRow> CallFold::assemble_row(CompanyState& company, kpi::Scope scope,
                                                    std::vector<store::LegRow> legs) {
    store::CallRow row;
    row.native_ids = native_ids_of(legs);
    std::sort(legs.begin(), legs.end(), [](const store::LegRow& a, const store::LegRow& b) {
        return std::tie(a.started_at, a.kind, a.native_id, a.second_id, a.third_id,
                        a.inside_call_event) < std::tie(b.started_at, b.kind, b.native_id,
                                                        b.second_id, b.third_id,
                                                        b.inside_call_event);
    });
    row.legs = std::move(legs);
    BOOST_OUTCOME_TRY(auto counted, counted_legs(company, scope, row));
    if (counted.empty()) {
        return row;
    }
    std::optional<base::Error> failure;
    const CallWorld world{
        .directory = company.directory,
        .settings_at =
            [&](base::UtcMillis at) {
                const kpi::Settings& settings = company.settings_at(at);
                return CallSettings{settings.qualified, settings.touch, settings.short_abandon,
                                    settings.min_connect};
            },
        .segment_of =
            [&](kpi::Client client, base::UtcMillis at) {
                auto segment = segments_.at(company, client, at);
                if (!segment) {
                    failure = segment.error();
                    return kpi::Segment::none;
                }
                return segment.value();
            },
        .subject_of =
            [&](std::string_view text) {
                auto ordinal = state_.names.find(company.ordinal, store::Table::subject, text);
                if (!ordinal) {
                    failure = ordinal.error();
                    return kpi::Subject();
                }
                return kpi::Subject(ordinal.value());
            },
    };
    const auto given_up_at = open_until(row);
    row.call = assemble(std::move(counted), world, state_.position.log_time >= given_up_at);
    if (failure) {
        return *failure;
    }
    return row;
}

base::Result<IndexTerms> CallFold::index_terms(const CompanyState& company,
                                               const store::CallRow& row) {
    using store::Index;
    IndexTerms terms;
    const kpi::AssembledCall& call = row.call;
    const bool shown = call.direction != kpi::Direction{};
    terms.add(Index::kind, shown ? store::kind_byte(events::Kind::call) : store::voided_legs_kind,
              shown ? call.started_at : row.legs.front().started_at);
    // Who is under `subject` anyway needs no second key: both are looked through together.
    const auto add_party = [&](kpi::Subject party, const store::LegRow& leg) {
        const bool is_subject = shown && party == call.number && leg.started_at == call.started_at;
        if (!is_subject) {
            terms.add(Index::party, party.value(), leg.started_at);
        }
    };
    for (const store::LegRow& leg : row.legs) {
        for (const kpi::Subject subject :
             {leg.caller.number, leg.called.number, leg.called.text, leg.endpoint}) {
            add_party(subject, leg);
        }
        if (leg.kind != store::LegKind::cdr) {
            add_party(leg.caller.text, leg);
        }
        for (const kpi::Subject peer : {leg.channel, leg.peer}) {
            BOOST_OUTCOME_TRY(
                const std::string_view text,
                state_.names.text(company.ordinal, store::Table::subject, peer.value()));
            BOOST_OUTCOME_TRY(
                const std::uint32_t address,
                state_.names.find(company.ordinal, store::Table::subject, address_part(text)));
            add_party(kpi::Subject(address), leg);
        }
        terms.add(Index::named, leg.manager.value(), leg.started_at);
        for (const std::string& tag : shown ? leg.tags : std::vector<std::string>()) {
            BOOST_OUTCOME_TRY(const std::uint32_t term,
                              state_.names.find(company.ordinal, store::Table::subject, tag));
            terms.add(Index::tag, term, call.started_at);
        }
    }
    if (!shown) {
        return terms;
    }
    for (const kpi::Participation& one : call.participations) {
        terms.add(Index::manager, one.manager.value(), call.started_at);
    }
    terms.add(Index::manager, call.owner.value(), call.started_at);
    terms.add(Index::manager, call.originator.value(), call.started_at);
    terms.add(Index::client, call.client.value(), call.started_at);
    terms.add(Index::subject, call.number.value(), call.started_at);
    return terms;
}

}  // namespace processors
