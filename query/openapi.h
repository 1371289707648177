#pragma once

#include <string_view>

namespace query {

/// The text of openapi.yaml, as it was when the program was built.
std::string_view openapi_yaml();

}  // namespace query
