#pragma once

#include <map>
#include <string>
#include <vector>

#include "events/event.h"
#include "processors/call_assembly.h"
#include "processors/case_fold.h"
#include "processors/fold_state.h"
#include "processors/index_terms.h"
#include "processors/leg_rows.h"
#include "processors/segments.h"
#include "processors/timers.h"
#include "processors/verdict.h"

namespace processors {

/// One event on its way through the fold: decoded, its parties interned.
struct Incoming {
    events::EventView event;
    std::vector<InternedParty> parties;
    store::Observation delivery;
    events::Revision revision;
    events::Fingerprint fingerprint;
};

/// Legs into calls: verdict per leg, correlation by shared ids, assembly, voids, merges and splits.
///
/// The calls are a function of the legs that stand, whatever the order of their arrival: every
/// change gathers the calls it can touch, takes them apart into legs and puts them together again.
class CallFold {
public:
    CallFold(FoldState& state, CaseFold& cases, Timers& timers)
        : state_(state), cases_(cases), timers_(timers), segments_(state) {}

    base::Result<Verdict> apply(CompanyState& company, const Incoming& incoming);

    /// Notes the rows that `apply` will look for (WriteBack::want).
    base::Result<void> want_rows(const CompanyState& company, const events::EventView& event);

    /// A void of `call` or `call.leg` arrived: its target, if it is here, is judged again.
    base::Result<void> apply_void(CompanyState& company, kpi::Scope scope, std::string_view kind,
                                  const std::string& entity_id);

    /// Its time is up: an open call is finalised.
    base::Result<void> give_up(const store::TimerKey& timer);

    /// Assembles one call again: who and whose it is may have changed.
    base::Result<void> reattribute(CompanyState& company, const store::EntityKey& key);

private:
    using Rows = std::map<std::string, store::CallRow>;  ///< by native id

    struct Found {
        std::string primary;  ///< of the call it stands in; empty: voided or unknown
        std::optional<store::LegRow> leg;
        bool voided = false;
    };

    base::Result<std::string> primary_of(const CompanyState& company, kpi::Scope scope,
                                         const std::string& token);
    base::Result<Found> find(const CompanyState& company, kpi::Scope scope, const Rows& standing,
                             const store::LegRow& leg);
    base::Result<void> note_duplicate(CompanyState& company, kpi::Scope scope, const Found& found,
                                      const store::Observation& delivery);
    base::Result<void> gather(const CompanyState& company, kpi::Scope scope,
                              const std::vector<std::string>& tokens, Rows& rows);
    base::Result<void> forget_voided(const CompanyState& company, kpi::Scope scope,
                                     const store::LegRow& leg);
    base::Result<void> rebuild(CompanyState& company, kpi::Scope scope, const Rows& before,
                               std::vector<store::LegRow> legs);
    base::Result<std::vector<store::LegRow>> set_voided_aside(const CompanyState& company,
                                                              kpi::Scope scope,
                                                              std::vector<store::LegRow> legs);
    base::Result<bool> is_voided(const CompanyState& company, kpi::Scope scope,
                                 const store::LegRow& leg);
    base::Result<bool> is_hidden(const CompanyState& company, kpi::Scope scope,
                                 const store::CallRow& row);
    base::Result<std::vector<Leg>> counted_legs(const CompanyState& company, kpi::Scope scope,
                                                const store::CallRow& row);
    base::Result<bool> is_counted(const CompanyState& company, const store::LegRow& leg);
    base::Result<store::CallRow> assemble_row(CompanyState& company, kpi::Scope scope,
                                              std::vector<store::LegRow> legs);
    base::Result<void> replace(CompanyState& company, kpi::Scope scope, const std::string& primary,
                               const store::CallRow* before, const store::CallRow* after);
    void move_timer(const store::EntityKey& key, const store::CallRow* before,
                    const store::CallRow* after);
    base::Result<void> replace_aliases(const CompanyState& company, kpi::Scope scope,
                                       const Rows& before, const Rows& after);
    base::Result<IndexTerms> index_terms(const CompanyState& company, const store::CallRow& row);

    FoldState& state_;
    CaseFold& cases_;
    Timers& timers_;
    Segments segments_;
};

/// When it is given up on (kpi::open_call_max) if it is open, which the call says.
base::UtcMillis open_until(const store::CallRow& row);

/// Native id of the void row of a target.
std::string void_target(std::string_view kind, std::string_view entity_id);

}  // namespace processors
