#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "ingest/mapped.h"

namespace ingest::asterisk_cdr_csv {

/// The wall clocks of one row, as they stand there.
struct RowClocks {
    std::string_view start;
    std::string_view answer;  ///< empty: never answered
    std::string_view end;
    std::int64_t duration_seconds = 0;            ///< what the row claims
    std::optional<base::UtcMillis> channel_made;  ///< the epoch in uniqueid
};

/// The instants that they mean.
struct RowInstants {
    base::UtcMillis start{};
    std::optional<base::UtcMillis> answer;
    base::UtcMillis end{};
    bool ambiguous = false;  ///< another reading existed
};

/// Reads `2026-11-02 07:00:00` of a zone. Of ambiguous hours the reading with start <= answer <=
/// end that fits the duration best, then one that does not lie more than 2 s before the channel was
/// made, then the earliest.
///
/// Source: domain.md 8.
std::variant<RowInstants, Rejection> place(const RowClocks& clocks, const kpi::Zone& zone);

}  // namespace ingest::asterisk_cdr_csv
