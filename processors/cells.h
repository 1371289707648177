#pragma once

#include <span>

#include "base/error.h"
#include "kpi/contribution.h"
#include "store/write_back.h"

namespace processors {

/// Takes one entity's old contributions out of the cells and sets and puts its new ones in.
///
/// An entity counts once at every level: for the company, for each distinct team, for each manager
/// credited; durations are sums of participations. Source: domain.md 3 (levels are not sums), 10.
base::Result<void> replace_contributions(store::WriteBack& rows, kpi::Company company,
                                         std::span<const kpi::Contribution> before,
                                         std::span<const kpi::Contribution> after);

}  // namespace processors
