#pragma once

#include <string>
#include <string_view>

namespace query {

/// A number as it is shown without a reveal: `+7 *** ***-45-67`, the first two characters and the
/// last four. What has fewer than seven characters is internal and stays. Source: promises.md 9.3.
std::string masked(std::string_view number);

}  // namespace query
