#pragma once

#include <cstddef>
#include <string_view>

#include "ingest/file_import.h"

namespace fuzz {

/// Reads `bytes` as a file of that format and holds what came of it against the file: no line is
/// lost or counted twice, what was refused is kept as it stood there, and neither the pieces in
/// which the file came nor a stop in its middle make a difference.
void check_line_file(ingest::LineFormat format, const ingest::MapContext& context,
                     std::string_view bytes, std::size_t piece_bytes);

/// That an event survives its encoding, and its `data` is JSON.
void check_event(const events::Event& event);

/// That a rejection has one of the contract's reasons.
void check_reason(const events::pb::Rejected& rejected);

}  // namespace fuzz
