#include "processors/case_life.h"

#include <algorithm>

namespace processors {
namespace {

using What = CaseEvent::What;
using kpi::CaseState;

CaseEvent event_at(const store::EntityKey& key, base::UtcMillis at) {
    CaseEvent event;
    event.at = at;
    event.done_at = at;
    event.kind = key.kind;
    event.native_id = key.native_id;
    event.scope = key.scope;
    return event;
}

}  // namespace

std::optional<CaseEvent> case_event_of(const store::EntityKey& key,
                                       const kpi::AssembledCall& call) {
    const bool is_inbound = call.direction == kpi::Direction::inbound;
    const bool is_external = is_inbound || call.direction == kpi::Direction::outbound;
    const bool is_answered = call.disposition == kpi::Disposition::answered;
    const std::uint64_t member = kpi::member_of(call.client, call.number);
    const bool is_open = !call.ended_at && !kpi::is_unterminated(call);
    if (!is_external || is_open || member == 0 || call.disposition == kpi::Disposition::blocked ||
        (is_inbound && !call.missed && !is_answered)) {
        return std::nullopt;
    }
    CaseEvent event = event_at(key, call.started_at);
    event.member = member;
    event.client = call.client;
    event.number = call.number;
    event.segment = call.segment;
    if (call.missed) {
        event.what = What::missed;
        event.done_at = call.ended_at.value_or(call.started_at);
        event.who = call.owner;
        event.team = call.owner_own_team;
        event.shown_team = call.owner_team;
        return event;
    }
    event.done_at = is_answered ? call.answered_at.value_or(call.started_at) : call.started_at;
    if (!is_inbound) {
        event.what = is_answered ? What::reached : What::called;
        event.who = call.originator;
        event.team = call.originator_team;
        return event;
    }
    event.what = What::answered;
    const auto first = std::find_if(call.participations.begin(), call.participations.end(),
                                    [](const kpi::Participation& one) { return one.connected; });
    if (first != call.participations.end()) {
        event.who = first->manager;
        event.team = first->team;
    }
    return event;
}

std::optional<CaseEvent> case_event_of(const store::EntityKey& key,
                                       const store::ActivityRow& mail) {
    const auto credit_for = [&](kpi::Kpi kpi) {
        return std::find_if(mail.contributions.begin(), mail.contributions.end(),
                            [kpi](const kpi::Contribution& one) { return one.kpi == kpi; });
    };
    const auto sent = credit_for(kpi::Kpi::emails_sent);
    const bool is_sent = sent != mail.contributions.end();
    if (!mail.resolved_client ||
        (!is_sent && credit_for(kpi::Kpi::emails_received) == mail.contributions.end())) {
        return std::nullopt;
    }
    CaseEvent event = event_at(key, mail.at);
    event.member = kpi::member_of(mail.resolved_client, kpi::Subject());
    event.client = mail.resolved_client;
    event.what = is_sent ? What::replied : What::wrote;
    if (is_sent) {
        event.who = sent->manager;
        event.team = sent->team;
    }
    return event;
}

CaseLife::CaseLife(const CaseEvent& first, std::optional<base::UtcMillis> due)
    : first_(first), due_(due) {
}

void CaseLife::resolve(const CaseEvent& event) {
    if (!resolved_at_ || event.done_at < *resolved_at_) {
        resolved_at_ = event.done_at;
        resolver_ = event;
    }
}

bool CaseLife::takes(const CaseEvent& event) {
    if (event.what == What::missed) {
        return !is_settled(event.at) && !is_late(event.at);
    }
    if (event.at < first_.done_at || is_settled(event.at)) {
        return true;
    }
    switch (event.what) {
        case What::missed: break;
        case What::reached: resolve(event); [[fallthrough]];
        case What::called: attempted_at_ = attempted_at_.value_or(event.at); break;
        case What::answered:
            if (!is_late(event.done_at)) {
                resolve(event);
            }
            break;
        case What::wrote: wrote_at_ = wrote_at_.value_or(event.at); break;
        case What::replied:
            if (wrote_at_ && !is_late(event.at)) {
                resolve(event);
            }
            break;
    }
    return true;
}

store::CaseRow CaseLife::row(base::UtcMillis log_time, bool is_followed) const {
    store::CaseRow row;
    kpi::MissedCase& missed = row.missed;
    missed.client = first_.client;
    missed.number = first_.number;
    missed.first_at = first_.at;
    missed.first_ended_at = first_.done_at;
    missed.owner = first_.who;
    missed.owner_own_team = first_.team;
    missed.owner_team = first_.shown_team;
    missed.segment = first_.segment;
    missed.due = due_;
    missed.attempted_at = attempted_at_;
    missed.resolved_at = resolved_at_;
    if (resolver_) {
        row.resolver_kind = resolver_->kind;
        row.resolver_scope = resolver_->scope;
        row.resolver_native_id = resolver_->native_id;
        missed.resolver = resolver_->who;
        missed.resolver_team = resolver_->team;
        missed.state = is_late(*resolved_at_)             ? CaseState::returned_late
                       : resolver_->what == What::reached ? CaseState::returned
                                                          : CaseState::recovered;
    } else if (due_ && (log_time >= *due_ || is_followed)) {
        missed.state = CaseState::expired;
    } else {
        missed.state = attempted_at_ ? CaseState::attempted : CaseState::open;
    }
    return row;
}

bool may_change(const kpi::MissedCase& standing, const CaseEvent& event) {
    const bool is_late = standing.due && event.at > *standing.due;
    if (event.what == What::missed) {
        return event.at == standing.first_at || is_late ||
               (standing.resolved_at && event.at >= *standing.resolved_at);
    }
    if (event.at < standing.first_ended_at ||
        (standing.resolved_at && event.at > *standing.resolved_at)) {
        return false;
    }
    switch (event.what) {
        case What::missed:
        case What::reached: return true;
        case What::called: return !standing.attempted_at || event.at <= *standing.attempted_at;
        case What::answered:
        case What::wrote:
        case What::replied: return !is_late;
    }
    return true;
}

}  // namespace processors
