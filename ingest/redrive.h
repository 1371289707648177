#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingest/file_import.h"
#include "ingest/mapped.h"

namespace ingest {

/// The format of what a record of normwatch.rejected.v1 keeps: the one written with it; else what a
/// line of a file of `source_kind` is, or a CloudEvent when it came in no file.
std::optional<LineFormat> format_of_rejected(const events::Event& rejected,
                                             std::string_view source_kind);

/// Maps the bytes that `rejected` keeps again, as the source would be mapped now. `id` is the
/// item's in quarantine; the event names it and stands where the item stood.
///
/// Returns: why it is still none: `too_large` also when only the first part of it was kept,
///          `raw_gone` when nothing is kept any more.
Mapped map_again(const events::Event& rejected, LineFormat format, const std::string& id,
                 const MapContext& context);

/// What became of an item in quarantine.
struct ClosedItem {
    std::string id;      ///< of the item
    std::string action;  ///< redriven, discarded
    std::string because;
    std::string by;
};

/// Its normwatch.quarantine.v1, to be appended with the one that the item became, in one append.
events::Event quarantine_event(const ClosedItem& item, const MapContext& context);

}  // namespace ingest
