#include "processors/case_fold.h"

#include <algorithm>

#include "kpi/working_clock.h"

namespace processors {
namespace {

using store::CaseRow;
using store::CasesRow;
using store::EntityKey;
using Place = store::CasesRow::Place;
using store::Family;
using What = CaseEvent::What;

/// Members that are kept in mind, and events of theirs: at most some 20 MiB.
constexpr std::size_t members_max = 50'000;
constexpr std::size_t events_max = 100'000;

EntityKey case_key(const CompanyState& company, const Place& first) {
    return {company.ordinal, store::case_kind, first.scope, first.native_id};
}

Place place_of(const CaseEvent& event) {
    return {.at = event.at, .native_id = event.native_id, .scope = event.scope};
}

store::TimerKey timer_of(const EntityKey& key, base::UtcMillis due) {
    return {.due = due,
            .company = key.company,
            .rule = store::TimerRule::case_expiry,
            .subject = store::KeyWriter().u32(key.scope.value()).raw(key.native_id).take()};
}

/// When a case of this state expires by log time alone.
std::optional<base::UtcMillis> timer_at(const std::optional<CaseRow>& row) {
    const bool waits = row && (row->missed.state == kpi::CaseState::open ||
                               row->missed.state == kpi::CaseState::attempted);
    return waits ? row->missed.due : std::nullopt;
}

/// Index terms of a case: by time, and under who owns or resolved it.
IndexTerms index_terms(const std::optional<CaseRow>& row) {
    IndexTerms terms;
    if (row) {
        const kpi::MissedCase& missed = row->missed;
        terms.add(store::Index::kind, store::case_kind, missed.first_at);
        terms.add(store::Index::manager, missed.owner.value(), missed.first_at);
        terms.add(store::Index::manager, missed.resolver.value(), missed.first_at);
    }
    return terms;
}

std::vector<kpi::Contribution> contributions_of(const std::optional<CaseRow>& row) {
    return row ? kpi::contributions(row->missed) : std::vector<kpi::Contribution>();
}

using Places = std::vector<Place>;

/// The first case that begins at or after `at`.
Places::const_iterator first_from(const Places& cases, base::UtcMillis at) {
    return std::lower_bound(cases.begin(), cases.end(), at,
                            [](const Place& one, base::UtcMillis from) { return one.at < from; });
}

bool begins_at(const Places& cases, const CaseEvent& event) {
    const Place wanted = place_of(event);
    for (auto one = first_from(cases, event.at); one != cases.end() && one->at == event.at; ++one) {
        if (*one == wanted) {
            return true;
        }
    }
    return false;
}

std::optional<kpi::WorkingClock> clock_of(const CompanyState& company, kpi::Manager owner,
                                          kpi::Team team, base::UtcMillis at) {
    return kpi::WorkingClock::of(company.directory, owner, team, at);
}

/// Decided before `at`, by what happened before it: a missed call then begins a case and leaves
/// this one as it is.
bool is_over(const kpi::MissedCase& one, base::UtcMillis at) {
    const bool waits = one.state == kpi::CaseState::open || one.state == kpi::CaseState::attempted;
    return !waits && one.first_at < at && one.attempted_at.value_or(base::since_ever) < at &&
           one.resolved_at.value_or(base::since_ever) < at;
}

bool is_missed(const std::optional<CaseEvent>& event) {
    return event && event->what == What::missed;
}

}  // namespace

base::Result<void> CaseFold::changed(CompanyState& company, const std::optional<CaseEvent>& before,
                                     const std::optional<CaseEvent>& after) {
    if (before == after) {
        return base::success();
    }
    if (before && after && before->member != after->member) {
        BOOST_OUTCOME_TRY(touch(company, before->member, before, std::nullopt));
        return touch(company, after->member, std::nullopt, after);
    }
    return touch(company, (before ? before : after)->member, before, after);
}

base::Result<CaseFold::Member*> CaseFold::member_of(const CompanyState& company,
                                                    std::uint64_t member) {
    auto& of_company = members_[company.ordinal];
    auto found = of_company.find(member);
    if (found == of_company.end()) {
        BOOST_OUTCOME_TRY(auto row, state_.read<CasesRow>(
                                        Family::state, store::cases_key(company.ordinal, member)));
        found = of_company.emplace(member, Member()).first;
        found->second.row = std::move(row).value_or(CasesRow{});
        ++members_count_;
    }
    return &found->second;
}

/// Between changes: bounds what is kept in mind.
void CaseFold::forget_if_many() {
    if (members_count_ >= members_max || events_count_ >= events_max) {
        flush();
        members_.clear();
        members_count_ = 0;
        events_count_ = 0;
    }
}

base::Result<void> CaseFold::touch(CompanyState& company, std::uint64_t member_number,
                                   const std::optional<CaseEvent>& before,
                                   const std::optional<CaseEvent>& after) {
    forget_if_many();
    BOOST_OUTCOME_TRY(Member* const member, member_of(company, member_number));
    events_count_ -= member->story.size();
    member->story.note(before, after);
    events_count_ += member->story.size();
    if (member->row.cases.empty() && !is_missed(after)) {
        return base::success();
    }
    if (is_missed(before) && is_missed(after) && before->at == after->at) {
        // One more record of the same call: where cases begin and end stays.
        return begins_at(member->row.cases, *after)
                   ? make_again(company, member_number, after->at, after->at, false)
                   : base::Result<void>(base::success());
    }
    base::UtcMillis from = base::for_ever;
    base::UtcMillis until = base::since_ever;
    for (const auto* event : {&before, &after}) {
        if (*event) {
            BOOST_OUTCOME_TRY(const base::UtcMillis moved,
                              moves_from(company, member->row, **event));
            from = std::min(from, moved);
            until = std::max(until, (*event)->at);
        }
    }
    if (from == base::for_ever) {
        return base::success();
    }
    return make_again(company, member_number, from, until, is_missed(before) || is_missed(after));
}

base::Result<base::UtcMillis> CaseFold::moves_from(const CompanyState& company,
                                                   const CasesRow& standing,
                                                   const CaseEvent& event) {
    const auto& cases = standing.cases;
    const auto next =
        std::upper_bound(cases.begin(), cases.end(), event.at,
                         [](base::UtcMillis at, const Place& one) { return at < one.at; });
    if (next == cases.begin()) {
        return event.what == What::missed ? event.at : base::for_ever;
    }
    const auto last = std::prev(next);
    if (event.what == What::missed && begins_at(cases, event)) {
        const auto own = first_from(cases, event.at);
        if (own == cases.begin()) {
            return event.at;
        }
        const Place& before = *std::prev(own);
        BOOST_OUTCOME_TRY(
            const auto row,
            state_.read<CaseRow>(Family::entity, store::entity_key(case_key(company, before))));
        return row && row->missed.resolved_at && is_over(row->missed, event.at) ? event.at
                                                                                : before.at;
    }
    BOOST_OUTCOME_TRY(
        const auto row,
        state_.read<CaseRow>(Family::entity, store::entity_key(case_key(company, *last))));
    if (row && !may_change(row->missed, event)) {
        return base::for_ever;
    }
    const bool is_behind = row && event.what == What::missed && is_over(row->missed, event.at);
    return is_behind ? event.at : last->at;
}

base::Result<void> CaseFold::reattribute(CompanyState& company, const EntityKey& key) {
    BOOST_OUTCOME_TRY(const auto row, state_.read<CaseRow>(Family::entity, store::entity_key(key)));
    if (!row) {
        return base::success();  // it stands no more since it was found
    }
    const kpi::MissedCase& missed = row->missed;
    return make_again(company, kpi::member_of(missed.client, missed.number), missed.first_at,
                      missed.first_at, false);
}

base::Result<void> CaseFold::expire(const store::TimerKey& timer) {
    store::KeyReader subject(timer.subject);
    const kpi::Scope scope(subject.u32());
    const CompanyState& company = state_.companies.at(timer.company);
    const Place first{.at = {}, .native_id = std::string(subject.rest()), .scope = scope};
    BOOST_OUTCOME_TRY(auto row, state_.read<CaseRow>(Family::entity,
                                                     store::entity_key(case_key(company, first))));
    if (row && timer_at(row) == timer.due) {
        row->missed.state = kpi::CaseState::expired;
        BOOST_OUTCOME_TRY(place(company, first, row));
    }
    return base::success();
}

CaseRow CaseFold::judged(const CompanyState& company, const CaseLife& life, bool is_followed) {
    CaseRow row = life.row(state_.position.log_time, is_followed);
    kpi::MissedCase& missed = row.missed;
    if (missed.resolver) {
        missed.resolver_team = company.directory.team_of(missed.resolver, missed.first_at);
    }
    const auto clock = clock_of(company, missed.owner, kpi::credited_team(missed), missed.first_at);
    if (clock && missed.attempted_at) {
        missed.attempt = clock->between(missed.first_ended_at, *missed.attempted_at);
    }
    if (clock && missed.resolved_at) {
        missed.contact = clock->between(missed.first_ended_at, *missed.resolved_at);
    }
    return row;
}

/// Puts a case in the place of what its first call began; nullopt: it begins none. True when it was
/// the same.
base::Result<bool> CaseFold::place(const CompanyState& company, const Place& first,
                                   const std::optional<CaseRow>& row) {
    const EntityKey entity = case_key(company, first);
    const store::Key key = store::entity_key(entity);
    BOOST_OUTCOME_TRY(const auto before, state_.read<CaseRow>(Family::entity, key));
    if (before == row) {
        return true;
    }
    if (row) {
        state_.write(Family::entity, key, *row);
    } else {
        state_.rows.erase(Family::entity, key);
    }
    BOOST_OUTCOME_TRY(
        state_.cells.replace(company.ordinal, contributions_of(before), contributions_of(row)));
    replace_index_keys(state_.rows, entity, index_terms(before), index_terms(row));
    const auto was_due = timer_at(before);
    const auto is_due = timer_at(row);
    if (was_due && was_due != is_due) {
        timers_.erase(timer_of(entity, *was_due));
    }
    if (is_due && was_due != is_due) {
        timers_.put(timer_of(entity, *is_due));
    }
    return false;
}

/// How far the cases of one member have been made again.
struct CaseFold::Remake {
    const Places& standing;
    /// Of `standing`: what may change begins here, and from `kept` on all stand as they are.
    Places::const_iterator old;
    Places::const_iterator kept;
    base::UtcMillis until{};      ///< no event behind it has changed
    bool missed_changed = false;  ///< a missed call came, went or moved
    Places made;                  ///< in the place of [old, kept)

    /// A case as it was, and nothing behind it can have changed.
    bool ends_behind(Places::const_iterator known) const {
        const auto next = std::next(known);
        return !missed_changed && (next == standing.end() || next->at > until);
    }
    bool has_made(const Place& one) const {
        return std::any_of(made.begin(), made.end(), [&](const Place& other) {
            return other.native_id == one.native_id && other.scope == one.scope;
        });
    }
};

base::Result<void> CaseFold::make_again(CompanyState& company, std::uint64_t member_number,
                                        base::UtcMillis from, base::UtcMillis until,
                                        bool missed_changed) {
    BOOST_OUTCOME_TRY(Member* const member, member_of(company, member_number));
    Places& cases = member->row.cases;
    Remake remake{.standing = cases,
                  .old = first_from(cases, from),
                  .kept = cases.end(),
                  .until = until,
                  .missed_changed = missed_changed,
                  .made = {}};
    CaseStory story(state_, company, member_number, member->story, from, until);
    BOOST_OUTCOME_TRY(auto event, story.next());
    while (event) {
        if (event->what == What::missed) {
            BOOST_OUTCOME_TRY(event, make_case(company, remake, story, *event));
        } else {
            BOOST_OUTCOME_TRY(event, story.next());
        }
    }
    for (auto gone = remake.old; gone != remake.kept; ++gone) {
        if (!remake.has_made(*gone)) {
            BOOST_OUTCOME_TRY(place(company, *gone, std::nullopt));
        }
    }
    if (!std::equal(remake.old, remake.kept, remake.made.begin(), remake.made.end())) {
        const auto place = cases.erase(remake.old, remake.kept);
        cases.insert(place, remake.made.begin(), remake.made.end());
        dirty_.emplace(company.ordinal, member_number);
    }
    events_count_ -= member->story.size();
    story.keep_in(member->story);
    if (!cases.empty()) {  // a ringing queue makes and unmakes cases: what was looked up stays
        member->story.drop_before(cases.back().at);
    }
    events_count_ += member->story.size();
    return base::success();
}

void CaseFold::flush() {
    for (const auto& [company, number] : dirty_) {
        const CasesRow& row = members_.at(company).at(number).row;
        const store::Key key = store::cases_key(company, number);
        if (row.cases.empty()) {
            state_.rows.erase(Family::state, key);
        } else {
            state_.write(Family::state, key, row);
        }
    }
    dirty_.clear();
}

/// The case that `first` begins. Returns: the missed call that begins the next one; nullopt when
/// the rest stands as it is.
base::Result<std::optional<CaseEvent>> CaseFold::make_case(CompanyState& company, Remake& remake,
                                                           CaseStory& story,
                                                           const CaseEvent& first) {
    const Place begin = place_of(first);
    const auto end = remake.standing.end();
    const auto known = std::find(remake.old, end, begin);
    if (first.at > remake.until && known != end) {
        remake.kept = known;
        return std::optional<CaseEvent>();
    }
    remake.made.push_back(begin);
    const auto clock =
        clock_of(company, first.who, first.who ? first.team : first.shown_team, first.at);
    CaseLife life(first,
                  clock ? clock->after(first.done_at, company.settings_at(first.at).callback_window)
                        : std::nullopt);
    BOOST_OUTCOME_TRY(auto event, story.next());
    bool may_be_same = known != end && remake.ends_behind(known);
    while (event && life.takes(*event)) {
        if (may_be_same && event->at > remake.until && life.is_settled(event->at)) {
            BOOST_OUTCOME_TRY(may_be_same, place(company, begin, judged(company, life, false)));
            if (may_be_same) {
                remake.kept = std::next(known);
                return std::optional<CaseEvent>();
            }
        }
        BOOST_OUTCOME_TRY(event, story.next());
    }
    BOOST_OUTCOME_TRY(place(company, begin, judged(company, life, event.has_value())));
    return event;
}

}  // namespace processors
