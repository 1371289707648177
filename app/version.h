#pragma once

#include <string_view>

namespace app {

/// `0.1.0`
std::string_view version();
/// The commit that was built, shortened; `unknown` outside of a clone.
std::string_view commit();

}  // namespace app
