#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace query {

/// RFC 4648 base64 with padding, for bytes inside an answer.
std::string base64(std::string_view bytes);
/// RFC 4648 base64url without padding, for what stands in a URL.
std::string base64url(std::string_view bytes);
/// Strict: no padding, no other alphabet, no bits left over; nullopt otherwise.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace query
