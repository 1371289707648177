#pragma once

#include <string>

#include "tests/scenarios/scenario.h"

/// Lines of the directory about working time and norms, as entries of directory.yaml.
namespace scenarios {

/// `calendar mon-fri 09:00-13:00,14:00-18:00 [team north] [holiday DATE]`
std::string calendar_yaml(Words& words);
/// `absence m-bob from DATE until DATE`
std::string absence_yaml(Words& words);
/// `norm calls_out 30 per day [segment new] [team north] [manager m] [role r] [class A]
/// [polarity lower] [from DATE] [until DATE]`
std::string norm_yaml(Words& words);

}  // namespace scenarios
