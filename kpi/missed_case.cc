#include "kpi/missed_case.h"

#include <array>

#include "base/ensure.h"

namespace kpi {
namespace {

struct NamedState {
    CaseState state;
    std::string_view name;
};
constexpr std::array states{
    NamedState{CaseState::open, "open"},
    NamedState{CaseState::attempted, "attempted"},
    NamedState{CaseState::returned, "returned"},
    NamedState{CaseState::recovered, "recovered"},
    NamedState{CaseState::expired, "expired"},
    NamedState{CaseState::returned_late, "returned_late"},
};

}  // namespace

std::string_view to_string(CaseState state) {
    for (const NamedState& one : states) {
        if (one.state == state) {
            return one.name;
        }
    }
    ENSURE(false);
}

std::optional<CaseState> case_state_of(std::string_view word) {
    for (const NamedState& one : states) {
        if (one.name == word) {
            return one.state;
        }
    }
    return std::nullopt;
}

std::vector<Contribution> contributions(const MissedCase& one) {
    std::vector<Contribution> given;
    const auto give = [&](Kpi kpi, Manager manager, Team team, std::int64_t value = 1) {
        given.push_back({.kpi = kpi,
                         .manager = manager,
                         .team = team,
                         .segment = one.segment,
                         .at = one.first_at,
                         .value = value,
                         .currency = {},
                         .member = 0});
    };
    const Team team = credited_team(one);
    give(Kpi::missed_cases, one.owner, team);
    switch (one.state) {
        case CaseState::open:
        case CaseState::attempted: break;
        case CaseState::returned:
            give(Kpi::callbacks_returned, one.resolver, one.resolver_team);
            break;
        case CaseState::recovered:
            give(Kpi::callbacks_recovered, one.resolver, one.resolver_team);
            break;
        case CaseState::expired:
        case CaseState::returned_late: give(Kpi::callbacks_expired, one.owner, team); break;
    }
    if (one.contact) {
        give(Kpi::callback_seconds, one.owner, team, one.contact->count());
    }
    return given;
}

}  // namespace kpi
