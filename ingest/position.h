#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace ingest {

/// Writes `position` of an answer: where the request's last record ends in the log that
/// acknowledged it. `collector` names that log when the views count otherwise (interface.md 4),
/// else it is empty.
inline void write_position(base::JsonWriter& out, std::uint32_t partition, std::uint64_t offset,
                           std::string_view collector) {
    out.key("position").begin_object().member("partition", partition).member("offset", offset);
    out.key("collector");
    if (collector.empty()) {
        out.null();
    } else {
        out.value(collector);
    }
    out.end_object();
}

}  // namespace ingest
