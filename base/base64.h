#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base {

/// Base64 with padding. Source: RFC 4648, section 4.
std::string base64(std::string_view bytes);
/// Strict: whole groups of four, no other alphabet; nullopt otherwise.
std::optional<std::string> from_base64(std::string_view text);

/// Base64url without padding, for what stands in a URL. Source: RFC 4648, section 5.
std::string base64url(std::string_view bytes);
/// Strict: no padding, no other alphabet, no bits left over; nullopt otherwise.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace base
