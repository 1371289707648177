#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingest::asterisk_cdr_csv {

/// Longer records are not split.
inline constexpr std::size_t record_bytes_max = 64 * 1024;

/// The first record of `text`, split strictly: fields between commas, quoted ones with `"` doubled,
/// line ends inside quotes kept. An unquoted line end closes the record; what follows is not read.
///
/// Returns: how many bytes the record takes; nullopt when a quote stays open or something else than
/// a
///          comma follows a closing one.
std::optional<std::size_t> split_csv(std::string_view text, std::vector<std::string>& values);

/// Text of windows-1251 as UTF-8; the one byte without meaning becomes U+FFFD.
std::string from_cp1251(std::string_view bytes);

}  // namespace ingest::asterisk_cdr_csv
