#pragma once

#include <cstdint>

#include "eventlog/log.h"
#include "store/rows.h"

namespace processors {

/// Notes in `position` that the record is in the views. Returns: whether it was already.
bool note_origin(store::PositionRow& position, const eventlog::Origin& origin);

/// Whether `all` holds every record that `some` holds.
bool covers(const store::PositionRow& all, const store::PositionRow& some);

/// Whether every record below `offset` of the log `log_id` is in the views: a collector publishes
/// in its order, so that the last one tells.
bool has_all_below(const store::PositionRow& position, const eventlog::LogId& log_id,
                   std::uint64_t offset);

}  // namespace processors
