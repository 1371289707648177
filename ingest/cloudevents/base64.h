#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ingest::cloudevents {

/// The bytes of a base64 text (RFC 4648, padded, only its alphabet); nullopt when it is none.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ingest::cloudevents
