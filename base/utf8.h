#pragma once

#include <cstddef>
#include <string_view>

namespace base {

/// The size of the UTF-8 sequence that `text` starts with; 0 if it is broken or `text` is empty.
/// Overlong forms, surrogates and what lies beyond U+10FFFF are broken.
std::size_t utf8_size(std::string_view text);

/// Whether `text` is whole UTF-8 sequences from end to end.
bool is_utf8(std::string_view text);

}  // namespace base
