#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "ingest/mapped.h"

namespace ingest::asterisk_cdr_csv {

/// How many of `lines` (at least one, without line ends) the first record takes. What does not
/// parse is its first line alone, so that a broken quote never swallows its neighbours.
std::size_t lines_of_record(std::span<const std::string_view> lines);

/// One record of Asterisk's cdr_csv, line ends inside quotes as `\n` -> an event, or the reason why
/// not.
///
/// Source:  formats.md 2.1, domain.md 2 (key), 3 (parties), 8 (wall clocks); README.md of this
/// folder. Returns: an event without origin; the caller knows where it stood. Threads: any; pure
/// but for the cache of normal forms.
Mapped map_row(std::string_view record, const MapContext& context);

}  // namespace ingest::asterisk_cdr_csv
