#pragma once

#include <string_view>

namespace kpi {

/// Digits behind the point of a currency's amounts: 2 of EUR, 0 of JPY, 3 of KWD; 2 of one not
/// known. Source: ISO 4217.
int decimals_of(std::string_view currency);

}  // namespace kpi
