#pragma once

#include <string_view>

namespace app {

/// The log of the running server: one JSON object a line on stderr. `code` is a stable word; `text`
/// is for a person and never holds a telephone number, an address, a name or a secret.
///
/// Threads: any.
void log_info(std::string_view code, std::string_view text);
void log_warning(std::string_view code, std::string_view text);
void log_error(std::string_view code, std::string_view text);

}  // namespace app
