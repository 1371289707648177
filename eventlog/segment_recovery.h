#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "eventlog/segment_format.h"
#include "eventlog/segment_table.h"

namespace eventlog {

/// What a partition's directory holds after a start. Everything in it is on disk.
struct RecoveredPartition {
    std::vector<Segment> segments;
    std::shared_ptr<base::File> last;  ///< the file to go on writing; null when there is none
    std::uint64_t end_position = 0;    ///< in `last`; nothing but zeros from here on
    std::uint64_t next_offset = 0;
    std::vector<std::string> notes;  ///< one line for each tail that was cut
};

/// Opens the segments in `dir`, and makes the last one fit to be served and written on.
///
/// The last segment is walked over. Behind a bad place, a batch that says the place was
/// acknowledged proves damage; otherwise the tail is torn: it is cut, and zeros are written over
/// it. Then what lies behind the last known durable end is written again, byte for byte, and
/// synced, since the pages of a failed sync read well and are not on disk. A last segment without
/// one good batch is removed.
///
/// Errors: corrupt - damage; file, byte and offset are named.
///         invalid - files of another log, or of a later format.
///         of Files - as they come.
base::Result<RecoveredPartition> recover_partition(base::Files& files, const std::string& dir,
                                                   std::uint32_t partition, const LogId& log_id);

/// "PATH: byte B, offset O: FLAW".
base::Error damage(const std::string& path, std::uint64_t position, std::uint64_t offset,
                   std::string_view flaw);

}  // namespace eventlog
