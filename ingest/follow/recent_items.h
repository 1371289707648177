#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "eventlog/log.h"
#include "events/event.h"

namespace ingest::follow {

/// Items of one source and file that stand at the end of the log: what a follower appended before
/// it was killed and could no longer write into its cursor. What could not be mapped has no key by
/// which the fold would know it again, so it must not be appended twice.
class RecentItems {
public:
    /// Those at `from` and behind. Errors: of LogReader::read.
    static base::Result<RecentItems> find(eventlog::LogReader& log, eventlog::Partition partition,
                                          std::uint64_t from, std::string_view source_id,
                                          std::string_view file_name);

    /// Whether the item is one of them, but for the instant of its receipt. Each is taken once.
    bool take(const events::Event& item);
    bool empty() const { return items_.empty(); }
    void clear() { items_.clear(); }

private:
    std::set<std::pair<std::uint64_t, std::uint64_t>> items_;  ///< XXH3-128
};

}  // namespace ingest::follow
