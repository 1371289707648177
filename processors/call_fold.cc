#include "processors/call_fold.h"

#include <algorithm>
#include <iterator>

namespace processors {
namespace {

using store::EntityKey;
using store::Family;

EntityKey call_key(const CompanyState& company, kpi::Scope scope, const std::string& native_id) {
    return {company.ordinal, store::kind_byte(events::Kind::call), scope, native_id};
}
EntityKey alias_key(const CompanyState& company, kpi::Scope scope, const std::string& token) {
    return {company.ordinal, store::alias_kind, scope, token};
}
EntityKey voided_key(const CompanyState& company, kpi::Scope scope, const std::string& native_id) {
    return {company.ordinal, store::voided_legs_kind, scope, native_id};
}

base::Result<std::vector<store::LegRow>> read_legs(const CompanyState& company,
                                                   const Incoming& incoming, Names& names) {
    const LegSource source{names, company.ordinal, incoming.parties};
    const events::pb::Event& head = incoming.event.head;
    std::vector<store::LegRow> legs;
    if (head.has_cdr_row()) {
        BOOST_OUTCOME_TRY(auto leg, leg_of(head.cdr_row(), source));
        legs.push_back(std::move(leg));
    } else if (head.has_call_leg()) {
        BOOST_OUTCOME_TRY(auto leg, leg_of(head.call_leg(), source));
        legs.push_back(std::move(leg));
    } else {
        BOOST_OUTCOME_TRY(legs, legs_of(head.call(), source));
    }
    for (store::LegRow& leg : legs) {
        leg.quality = quality_of(incoming.event.head);
        leg.head = head_of(incoming.revision, incoming.fingerprint, incoming.delivery);
    }
    return legs;
}

/// Which legs make one call; indices.
std::vector<std::vector<std::size_t>> groups_of(const std::vector<store::LegRow>& legs) {
    if (legs.size() == 1) {
        return {{0}};
    }
    std::vector<Leg> for_correlation;
    for (const store::LegRow& leg : legs) {
        Leg one;
        one.native_id = leg.native_id;
        one.tokens = tokens_of(leg);
        for_correlation.push_back(std::move(one));
    }
    return correlate(for_correlation);
}

/// Whether a leg has a correlation id beside the native id of its call.
bool has_other_token(const store::LegRow& leg, const std::string& primary) {
    const auto is_other = [&](const std::string& token) {
        return !token.empty() && token != primary;
    };
    return leg.native_id != primary ||
           (leg.kind == store::LegKind::cdr && is_other(leg.second_id)) ||
           std::any_of(leg.linked_ids.begin(), leg.linked_ids.end(), is_other);
}

/// Out of `legs` what `leg` replaces: itself, and with a call event its inner legs.
void take_out(std::vector<store::LegRow>& legs, const store::LegRow& leg) {
    std::erase_if(legs, [&](const store::LegRow& one) {
        return same_leg(one, leg) || (leg.kind == store::LegKind::call_event &&
                                      one.inside_call_event && one.native_id == leg.native_id);
    });
}

}  // namespace

std::string void_target(std::string_view kind, std::string_view entity_id) {
    std::string target(kind);
    target.push_back('\0');
    target += entity_id;
    return target;
}

base::Result<void> CallFold::want_rows(const CompanyState& company,
                                       const events::EventView& event) {
    const events::pb::Event& head = event.head;
    std::vector<std::string_view> tokens;
    if (head.has_cdr_row()) {
        tokens = {head.cdr_row().linkedid()};
        if (head.cdr_row().uniqueid() != head.cdr_row().linkedid()) {
            tokens.emplace_back(head.cdr_row().uniqueid());
        }
    } else if (head.has_call_leg()) {
        tokens.assign(head.call_leg().linked_ids().begin(), head.call_leg().linked_ids().end());
        tokens.emplace_back(head.call_leg().call_id());
    } else if (head.has_call()) {
        tokens = {head.call().call_id()};
    }
    if (tokens.empty()) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(const std::uint32_t scope,
                      state_.names.find(company.ordinal, store::Table::scope, head.scope()));
    for (const std::string_view token : tokens) {
        const std::string native_id(token);
        for (const auto& key : {call_key(company, kpi::Scope(scope), native_id),
                                alias_key(company, kpi::Scope(scope), native_id)}) {
            state_.rows.want(Family::entity, store::entity_key(key));
        }
    }
    return base::success();
}

base::Result<Verdict> CallFold::apply(CompanyState& company, const Incoming& incoming) {
    BOOST_OUTCOME_TRY(const auto scope,
                      state_.names.intern_as<kpi::Scope>(company.ordinal, store::Table::scope,
                                                         incoming.event.head.scope()));
    BOOST_OUTCOME_TRY(auto legs, read_legs(company, incoming, state_.names));
    std::vector<std::string> tokens;
    for (const store::LegRow& leg : legs) {
        auto of_leg = tokens_of(leg);
        std::move(of_leg.begin(), of_leg.end(), std::back_inserter(tokens));
    }
    Rows before;
    BOOST_OUTCOME_TRY(gather(company, scope, tokens, before));
    const store::LegRow& own = legs.front();
    BOOST_OUTCOME_TRY(const Found found, find(company, scope, before, own));
    const Verdict verdict =
        judge(found.leg ? &found.leg->head : nullptr, incoming.revision, incoming.fingerprint);
    if (verdict == Verdict::duplicate) {
        BOOST_OUTCOME_TRY(note_duplicate(company, scope, found, incoming.delivery));
        return verdict;
    }
    if (verdict == Verdict::stale || verdict == Verdict::conflict) {
        return verdict;
    }
    if (found.voided) {
        BOOST_OUTCOME_TRY(forget_voided(company, scope, *found.leg));
    }
    std::vector<store::LegRow> all;
    for (const auto& [primary, row] : before) {
        all.insert(all.end(), row.legs.begin(), row.legs.end());
    }
    take_out(all, own);
    all.insert(all.end(), std::make_move_iterator(legs.begin()),
               std::make_move_iterator(legs.end()));
    BOOST_OUTCOME_TRY(rebuild(company, scope, before, std::move(all)));
    return verdict;
}

base::Result<void> CallFold::apply_void(CompanyState& company, kpi::Scope scope,
                                        std::string_view kind, const std::string& entity_id) {
    std::vector<std::string> tokens;
    if (kind == "call") {
        tokens.push_back(entity_id);
    } else {  // call_id/leg_id: either may hold a slash
        for (auto slash = entity_id.find('/'); slash != std::string::npos;
             slash = entity_id.find('/', slash + 1)) {
            tokens.push_back(entity_id.substr(0, slash));
        }
    }
    Rows before;
    BOOST_OUTCOME_TRY(gather(company, scope, tokens, before));
    std::vector<store::LegRow> legs;
    for (const auto& [primary, row] : before) {
        legs.insert(legs.end(), row.legs.begin(), row.legs.end());
    }
    return rebuild(company, scope, before, std::move(legs));
}

base::Result<void> CallFold::reattribute(CompanyState& company, const EntityKey& key) {
    BOOST_OUTCOME_TRY(const auto before,
                      state_.read<store::CallRow>(Family::entity, store::entity_key(key)));
    if (!before) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(const auto after, assemble_row(company, key.scope, before->legs));
    return replace(company, key.scope, key.native_id, &*before, &after);
}

base::Result<std::string> CallFold::primary_of(const CompanyState& company, kpi::Scope scope,
                                               const std::string& token) {
    BOOST_OUTCOME_TRY(
        const auto row,
        state_.rows.get(Family::entity, store::entity_key(call_key(company, scope, token))));
    if (row) {
        return token;
    }
    BOOST_OUTCOME_TRY(const auto alias,
                      state_.read<store::AliasRow>(
                          Family::entity, store::entity_key(alias_key(company, scope, token))));
    return alias ? alias->native_id : std::string();
}

base::Result<CallFold::Found> CallFold::find(const CompanyState& company, kpi::Scope scope,
                                             const Rows& standing, const store::LegRow& leg) {
    Found found;
    for (const auto& [primary, row] : standing) {
        for (const store::LegRow& one : row.legs) {
            if (same_leg(one, leg)) {
                found.primary = primary;
                found.leg = one;
                return found;
            }
        }
    }
    if (!company.has_voids) {
        return found;
    }
    BOOST_OUTCOME_TRY(
        const auto aside,
        state_.read<store::VoidedLegsRow>(
            Family::entity, store::entity_key(voided_key(company, scope, leg.native_id))));
    for (const store::LegRow& one : aside ? aside->legs : std::vector<store::LegRow>()) {
        if (same_leg(one, leg)) {
            found.leg = one;
            found.voided = true;
        }
    }
    return found;
}

base::Result<void> CallFold::note_duplicate(CompanyState& company, kpi::Scope scope,
                                            const Found& found,
                                            const store::Observation& delivery) {
    store::LegRow leg = *found.leg;
    const bool new_source =
        !std::binary_search(leg.head.sources.begin(), leg.head.sources.end(), delivery.source);
    if (!observe(leg.head, delivery)) {
        return base::success();
    }
    const auto renew = [&](std::vector<store::LegRow>& legs) {
        for (store::LegRow& one : legs) {
            const bool inner = leg.kind == store::LegKind::call_event && one.inside_call_event &&
                               one.native_id == leg.native_id;
            if (same_leg(one, leg) || inner) {
                one.head = leg.head;
            }
        }
    };
    if (found.voided) {
        const store::Key key = store::entity_key(voided_key(company, scope, leg.native_id));
        BOOST_OUTCOME_TRY(auto aside, state_.read<store::VoidedLegsRow>(Family::entity, key));
        renew(aside->legs);
        state_.write(Family::entity, key, *aside);
        return base::success();
    }
    const EntityKey key = call_key(company, scope, found.primary);
    BOOST_OUTCOME_TRY(auto row,
                      state_.read<store::CallRow>(Family::entity, store::entity_key(key)));
    const store::CallRow before = *row;
    renew(row->legs);
    state_.write(Family::entity, store::entity_key(key), *row);
    move_timer(key, &before, &*row);
    return new_source ? reattribute(company, key) : base::Result<void>(base::success());
}

base::Result<void> CallFold::gather(const CompanyState& company, kpi::Scope scope,
                                    const std::vector<std::string>& tokens, Rows& rows) {
    for (const std::string& token : tokens) {
        BOOST_OUTCOME_TRY(const std::string primary, primary_of(company, scope, token));
        if (primary.empty() || rows.contains(primary)) {
            continue;
        }
        BOOST_OUTCOME_TRY(
            auto row, state_.read<store::CallRow>(
                          Family::entity, store::entity_key(call_key(company, scope, primary))));
        if (row) {
            rows.emplace(primary, std::move(*row));
        }
    }
    return base::success();
}

base::Result<void> CallFold::forget_voided(const CompanyState& company, kpi::Scope scope,
                                           const store::LegRow& leg) {
    const store::Key key = store::entity_key(voided_key(company, scope, leg.native_id));
    BOOST_OUTCOME_TRY(auto aside, state_.read<store::VoidedLegsRow>(Family::entity, key));
    if (!aside) {
        return base::success();
    }
    take_out(aside->legs, leg);
    if (aside->legs.empty()) {
        state_.rows.erase(Family::entity, key);
    } else {
        state_.write(Family::entity, key, *aside);
    }
    return base::success();
}

base::Result<void> CallFold::rebuild(CompanyState& company, kpi::Scope scope, const Rows& before,
                                     std::vector<store::LegRow> legs) {
    BOOST_OUTCOME_TRY(auto standing, set_voided_aside(company, scope, std::move(legs)));
    Rows after;
    for (const auto& group : groups_of(standing)) {
        std::vector<store::LegRow> of_call;
        for (const std::size_t index : group) {
            of_call.push_back(std::move(standing[index]));
        }
        BOOST_OUTCOME_TRY(auto row, assemble_row(company, scope, std::move(of_call)));
        std::string primary = row.native_ids.front();
        after.emplace(std::move(primary), std::move(row));
    }
    std::set<std::string> primaries;
    for (const Rows* rows : {&before, static_cast<const Rows*>(&after)}) {
        for (const auto& [primary, row] : *rows) {
            primaries.insert(primary);
        }
    }
    BOOST_OUTCOME_TRY(replace_aliases(company, scope, before, after));
    for (const std::string& primary : primaries) {
        const auto was = before.find(primary);
        const auto is = after.find(primary);
        BOOST_OUTCOME_TRY(replace(company, scope, primary,
                                  was == before.end() ? nullptr : &was->second,
                                  is == after.end() ? nullptr : &is->second));
    }
    return base::success();
}

base::Result<std::vector<store::LegRow>> CallFold::set_voided_aside(
    const CompanyState& company, kpi::Scope scope, std::vector<store::LegRow> legs) {
    if (!company.has_voids) {
        return legs;
    }
    std::vector<store::LegRow> standing;
    std::set<std::string> voided_calls;  // their inner legs go with them
    for (const store::LegRow& leg : legs) {
        BOOST_OUTCOME_TRY(const bool voided, is_voided(company, scope, leg));
        if (voided && leg.kind == store::LegKind::call_event) {
            voided_calls.insert(leg.native_id);
        }
    }
    for (store::LegRow& leg : legs) {
        BOOST_OUTCOME_TRY(bool voided, is_voided(company, scope, leg));
        voided = voided || (leg.inside_call_event && voided_calls.contains(leg.native_id));
        leg.head.voided = voided;
        if (!voided) {
            standing.push_back(std::move(leg));
            continue;
        }
        const store::Key key = store::entity_key(voided_key(company, scope, leg.native_id));
        BOOST_OUTCOME_TRY(auto aside, state_.read<store::VoidedLegsRow>(Family::entity, key));
        store::VoidedLegsRow row = aside.value_or(store::VoidedLegsRow{});
        std::erase_if(row.legs, [&](const store::LegRow& one) { return same_leg(one, leg); });
        row.legs.push_back(std::move(leg));
        state_.write(Family::entity, key, row);
    }
    return standing;
}

base::Result<bool> CallFold::is_voided(const CompanyState& company, kpi::Scope scope,
                                       const store::LegRow& leg) {
    if (!company.has_voids || leg.kind == store::LegKind::cdr || leg.inside_call_event) {
        return false;
    }
    const std::string target = leg.kind == store::LegKind::call_event
                                   ? void_target("call", leg.native_id)
                                   : void_target("call.leg", leg.native_id + "/" + leg.second_id);
    const EntityKey key{company.ordinal, store::kind_byte(events::Kind::voided), scope, target};
    BOOST_OUTCOME_TRY(const auto voids, state_.voids_of(key));
    return voids && voids->hits(leg.head.revision.source);
}

base::Result<void> CallFold::replace(CompanyState& company, kpi::Scope scope,
                                     const std::string& primary, const store::CallRow* before,
                                     const store::CallRow* after) {
    const EntityKey entity = call_key(company, scope, primary);
    const store::Key key = store::entity_key(entity);
    std::vector<kpi::Contribution> was;
    std::vector<kpi::Contribution> is;
    IndexTerms old_terms;
    IndexTerms new_terms;
    if (before != nullptr) {
        was = kpi::contributions(before->call);
        BOOST_OUTCOME_TRY(old_terms, index_terms(company, *before));
    }
    if (after != nullptr) {
        is = kpi::contributions(after->call);
        BOOST_OUTCOME_TRY(new_terms, index_terms(company, *after));
        state_.write(Family::entity, key, *after);
    } else {
        state_.rows.erase(Family::entity, key);
    }
    BOOST_OUTCOME_TRY(state_.cells.replace(company.ordinal, was, is));
    replace_index_keys(state_.rows, entity, old_terms, new_terms);
    move_timer(entity, before, after);
    return cases_.changed(company,
                          before == nullptr ? std::nullopt : case_event_of(entity, before->call),
                          after == nullptr ? std::nullopt : case_event_of(entity, after->call));
}

/// The timer of an open call that nobody has given up on.
void CallFold::move_timer(const EntityKey& key, const store::CallRow* before,
                          const store::CallRow* after) {
    const auto due_of = [](const store::CallRow* row) -> std::optional<base::UtcMillis> {
        const bool is_open = row != nullptr && row->call.direction != kpi::Direction{} &&
                             !row->call.ended_at && !kpi::is_unterminated(row->call);
        return is_open ? std::optional(open_until(*row)) : std::nullopt;
    };
    const auto was_due = due_of(before);
    const auto is_due = due_of(after);
    if (was_due == is_due) {
        return;
    }
    const auto timer = [&key](base::UtcMillis due) {
        return store::TimerKey{
            .due = due,
            .company = key.company,
            .rule = store::TimerRule::call_given_up,
            .subject = store::KeyWriter().u32(key.scope.value()).raw(key.native_id).take()};
    };
    if (was_due) {
        timers_.erase(timer(*was_due));
    }
    if (is_due) {
        timers_.put(timer(*is_due));
    }
}

base::Result<void> CallFold::give_up(const store::TimerKey& timer) {
    store::KeyReader subject(timer.subject);
    const kpi::Scope scope(subject.u32());
    CompanyState& company = state_.companies.at(timer.company);
    return reattribute(company, call_key(company, scope, std::string(subject.rest())));
}

base::Result<void> CallFold::replace_aliases(const CompanyState& company, kpi::Scope scope,
                                             const Rows& before, const Rows& after) {
    const auto aliases_of = [](const Rows& rows) {
        std::map<std::string, std::string> aliases;
        for (const auto& [primary, row] : rows) {
            for (const store::LegRow& leg : row.legs) {
                for (const std::string& token : tokens_of(leg)) {
                    if (token != primary) {
                        aliases[token] = primary;
                    }
                }
            }
        }
        return aliases;
    };
    const auto has_alias = [](const auto& row) {
        return std::any_of(
            row.second.legs.begin(), row.second.legs.end(),
            [&](const store::LegRow& leg) { return has_other_token(leg, row.first); });
    };
    if (std::none_of(before.begin(), before.end(), has_alias) &&
        std::none_of(after.begin(), after.end(), has_alias)) {
        return base::success();
    }
    const auto was = aliases_of(before);
    const auto is = aliases_of(after);
    for (const auto& [token, primary] : was) {
        if (!is.contains(token)) {
            state_.rows.erase(Family::entity, store::entity_key(alias_key(company, scope, token)));
        }
    }
    for (const auto& [token, primary] : is) {
        state_.write(Family::entity, store::entity_key(alias_key(company, scope, token)),
                     store::AliasRow{.native_id = primary});
    }
    return base::success();
}

}  // namespace processors
