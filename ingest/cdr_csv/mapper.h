#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "ingest/cdr_csv/mapping.h"
#include "ingest/mapped.h"

namespace ingest::cdr_csv {

/// How many of `lines` (at least one, without line ends) the first record takes. What cannot be
/// split is its first line alone.
std::size_t lines_of_record(std::span<const std::string_view> lines, const Mapping& mapping);

/// One record, line ends inside quotes as `\n` -> `normwatch.call.v1`, or the reason why not.
///
/// Source:  interface.md 2 (columns), 4 (order of reasons), domain.md 2 (key), 8 (wall clocks);
///          README.md of this folder.
/// Returns: an event without origin; the caller knows where it stood.
/// Threads: any; pure but for the cache of normal forms.
Mapped map_row(std::string_view record, const Mapping& mapping, const Layout& layout,
               const MapContext& context);

}  // namespace ingest::cdr_csv
