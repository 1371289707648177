#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace app {

/// What is written down before it is done: who saw full numbers, or changed the quarantine, and
/// why.
struct Disclosure {
    base::UtcMillis at{};
    std::string user;
    std::string command;
    std::string reason;
    std::map<std::string, std::string> filters;  ///< as asked; `number` is left out
};

/// Appends one line to `<data_dir>/audit.jsonl` and makes it durable. Nothing is shown when it
/// fails.
///
/// Errors:  unavailable - the file cannot be written or synced.
/// Threads: any.
base::Result<void> append_audit(const std::string& data_dir, const Disclosure& disclosure);

/// Who asks over HTTP, as long as there are no tokens.
inline constexpr std::string_view loopback_user = "loopback";
/// The user of this process, by name or number.
std::string current_user();

}  // namespace app
