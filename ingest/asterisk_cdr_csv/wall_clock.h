#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "ingest/wall_clock.h"

namespace ingest::asterisk_cdr_csv {

/// The wall clocks of one row, as they stand there.
struct RowClocks {
    std::string_view start;
    std::string_view answer;  ///< empty: never answered
    std::string_view end;
    std::int64_t duration_seconds = 0;            ///< what the row claims
    std::optional<base::UtcMillis> channel_made;  ///< the epoch in uniqueid
};

/// Reads `2026-11-02 07:00:00` of a zone. Of ambiguous hours the best reading is taken.
///
/// Source: domain.md 8.
std::variant<RowInstants, Rejection> place(const RowClocks& clocks, const kpi::Zone& zone);

}  // namespace ingest::asterisk_cdr_csv
