#pragma once

#include <cstdint>
#include <string>

namespace bench {

/// The limit of HTTP intake: a bare Beast server on `port` that appends every request's body to
/// `file` and answers 200 once it is durable, many bodies by one `fdatasync`. Nothing is read of
/// them. Runs until the process is ended.
void http_sink(std::uint16_t port, const std::string& file);

}  // namespace bench
