#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/mapped.h"

namespace ingest {

/// Longer records of separated values are not split.
inline constexpr std::size_t record_bytes_max = 64 * 1024;
/// Such a record spans at most this many physical lines.
inline constexpr std::size_t record_lines_max = 8;

/// The first record of `text`, split strictly: fields between separators, quoted ones with `"`
/// doubled, line ends inside quotes kept. An unquoted line end closes the record; what follows is
/// not read.
///
/// Returns: how many bytes the record takes; nullopt when a quote stays open or something else than
///          a separator follows a closing one.
std::optional<std::size_t> split_csv(std::string_view text, std::vector<std::string>& values,
                                     char separator = ',');

/// Splits one whole record; what is no UTF-8 is read as windows-1251.
/// Returns: nullopt when it is one; else why it is `malformed`.
std::optional<Rejection> split_record(std::string_view record, std::vector<std::string>& values,
                                      char separator = ',');

/// Whether a quote of `text` is not closed: the record goes on in the next line, or is broken.
bool has_open_quote(std::string_view text);

/// How many of `lines` (at least one, without line ends) the first record takes. What `is_record`
/// refuses is its first line alone, so that a broken quote never swallows its neighbours.
std::size_t lines_of_record(std::span<const std::string_view> lines,
                            const std::function<bool(std::string_view)>& is_record);

/// Text of windows-1251 as UTF-8; the one byte without meaning becomes U+FFFD.
std::string from_cp1251(std::string_view bytes);

}  // namespace ingest
