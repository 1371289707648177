#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace events {

/// `text` without white space at its ends; white space is Unicode's (U+00A0 and the like included).
std::string_view trimmed(std::string_view text);

/// Nothing but white space, or nothing at all.
inline bool is_blank(std::string_view text) {
    return trimmed(text).empty();
}

/// How many code points `text` has; bytes that are no UTF-8 count one each.
std::size_t code_points(std::string_view text);

/// Lower case of ASCII, Latin-1 and Cyrillic letters; everything else as it stands.
std::string lower_case(std::string_view text);

/// `text` without any white space.
std::string without_white_space(std::string_view text);

}  // namespace events
