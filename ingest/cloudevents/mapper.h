#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "ingest/mapped.h"

namespace ingest::cloudevents {

/// One CloudEvent, already parsed, of `bytes_as_sent` bytes -> an event, or the reason why not.
///
/// Source:  interface.md 4 (types, order of the reasons), formats.md 9; README.md of this folder.
/// Returns: an event without origin; the caller knows where it stood.
/// Threads: any; pure but for the cache of normal forms.
Mapped map_event(const boost::json::value& event, std::size_t bytes_as_sent,
                 const MapContext& context);

/// The same of a text: one line of a file, the body of a request.
Mapped map_text(std::string_view text, const MapContext& context);

/// The `data` of one entry of the directory, by the rules of its type (`team`, `endpoint`, ...).
/// The event comes without id; its source is `/directory`.
Mapped map_directory_entry(std::string_view word, const boost::json::value& data,
                           const MapContext& context);

}  // namespace ingest::cloudevents
