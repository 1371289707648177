#pragma once

#include <span>
#include <vector>

#include "events/event.h"
#include "processors/call_assembly.h"
#include "processors/names.h"
#include "store/rows.h"

namespace processors {

/// A party of an event as ordinals.
struct InternedParty {
    kpi::Subject normalised;  ///< 0: anonymous, or the party is a plain text
    kpi::Subject text;        ///< as it came
};
/// All parties of an event, interned in order; position = index of the party.
base::Result<std::vector<InternedParty>> intern_parties(Names& names, kpi::Company company,
                                                        const events::EventView& event);

/// What mapping of an event into leg rows needs.
struct LegSource {
    Names& names;
    kpi::Company company;
    const std::vector<InternedParty>& parties;
};

/// A CDR row, a leg event, a call event: as leg rows. The call event comes first, its `legs` behind
/// it. Interns every text that assembly may show or look up.
base::Result<store::LegRow> leg_of(const events::pb::CdrRow& row, const LegSource& source);
base::Result<store::LegRow> leg_of(const events::pb::CallLeg& leg, const LegSource& source);
base::Result<std::vector<store::LegRow>> legs_of(const events::pb::Call& call,
                                                 const LegSource& source);

/// Correlation ids of a leg; the first is its native id.
std::vector<std::string> tokens_of(const store::LegRow& leg);
/// Identity of a leg within its scope.
bool same_leg(const store::LegRow& a, const store::LegRow& b);

/// A stored leg as assembly takes it.
base::Result<Leg> to_leg(const store::LegRow& row, Names& names, kpi::Company company);

/// The quality flags that the collector found, as a set.
kpi::QualitySet quality_of(const events::pb::Event& event);

/// `101` of `PJSIP/101`; the text itself without a slash.
std::string_view address_part(std::string_view peer);

}  // namespace processors
