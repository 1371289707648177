#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "processors/case_life.h"
#include "processors/case_story.h"
#include "processors/fold_state.h"
#include "processors/index_terms.h"
#include "processors/timers.h"

namespace processors {

/// Missed cases: who called, was missed, and what became of it.
///
/// The cases of a client or number are a function of the calls and mails that stand, of directory,
/// settings and log time, whatever the order of their arrival: what a change can touch is made
/// again from the case before it, forwards, until a case begins where one began. A company's calls
/// to and from somebody whom it never missed cost one look for a row that is not there.
///
/// Source: domain.md 6, missed case. Errors: those of the store. Threads: one.
class CaseFold {
public:
    CaseFold(FoldState& state, Timers& timers) : state_(state), timers_(timers) {}

    /// A call or mail took the place of what it was; its row and search keys are written.
    base::Result<void> changed(CompanyState& company, const std::optional<CaseEvent>& before,
                               const std::optional<CaseEvent>& after);
    /// What its case rests on beside calls and mails may have changed.
    base::Result<void> reattribute(CompanyState& company, const store::EntityKey& key);
    /// Its time is up.
    base::Result<void> expire(const store::TimerKey& timer);
    /// Hands what changed to the write-back. To be called before each of its commits.
    void flush();

private:
    struct Remake;

    /// A client or number.
    struct Member {
        store::CasesRow row;  ///< as it will be written; empty: there is none
        KnownStory story;
    };

    /// It stands until `forget_if_many`.
    base::Result<Member*> member_of(const CompanyState& company, std::uint64_t member);
    void forget_if_many();
    base::Result<void> touch(CompanyState& company, std::uint64_t member,
                             const std::optional<CaseEvent>& before,
                             const std::optional<CaseEvent>& after);
    /// From when on the cases have to be made again because of `event`, which came or went;
    /// for_ever: nothing moves.
    base::Result<base::UtcMillis> moves_from(const CompanyState& company,
                                             const store::CasesRow& standing,
                                             const CaseEvent& event);
    /// Makes the cases that begin from `from` on again; no event behind `until` has changed.
    base::Result<void> make_again(CompanyState& company, std::uint64_t member_number,
                                  base::UtcMillis from, base::UtcMillis until, bool missed_changed);
    base::Result<std::optional<CaseEvent>> make_case(CompanyState& company, Remake& remake,
                                                     CaseStory& story, const CaseEvent& first);
    store::CaseRow judged(const CompanyState& company, const CaseLife& life, bool is_followed);
    base::Result<bool> place(const CompanyState& company, const store::CasesRow::Place& first,
                             const std::optional<store::CaseRow>& row);

    FoldState& state_;
    Timers& timers_;
    /// By company and number: a cache of their rows, also of those that are not there.
    std::unordered_map<kpi::Company, std::unordered_map<std::uint64_t, Member>> members_;
    std::set<std::pair<kpi::Company, std::uint64_t>> dirty_;  ///< whose row is to be written
    std::size_t members_count_ = 0;
    std::size_t events_count_ = 0;  ///< in their known stories
};

}  // namespace processors
