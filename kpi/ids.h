#pragma once

#include <cstdint>

#include "base/strong_id.h"

namespace kpi {

/// Ordinals: given at first appearance in log order, per company (a company's own: per partition).
/// Ordinal 0 = nobody.
using Company = base::StrongId<struct CompanyTag>;
using Manager = base::StrongId<struct ManagerTag>;
using Team = base::StrongId<struct TeamTag>;
using Client = base::StrongId<struct ClientTag>;
using Source = base::StrongId<struct SourceTag>;
using Scope = base::StrongId<struct ScopeTag>;
/// An interned text: a number or address in normal form, or a text as it came.
using Subject = base::StrongId<struct SubjectTag>;

/// New or existing at event time; `none` = anonymous, shown as null. Do not renumber.
enum class Segment : std::uint8_t { none = 0, fresh = 1, existing = 2 };

}  // namespace kpi
