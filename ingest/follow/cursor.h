#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "ingest/follow/followed_file.h"
#include "ingest/line_reader.h"

namespace ingest::follow {

/// How far a followed file is in the log: `<data_dir>/cursors/<source>`.
///
/// Invariants: everything before `place` is durable in the log. What the follower appended behind
///             it stands at `offset` or later, so that a start finds out what the cursor does not
///             know. `mark` lies at `place` or behind it, where the file was read to.
struct Cursor {
    std::string log_id;        ///< of the log that holds it
    std::uint64_t offset = 0;  ///< of the source's partition
    FileState file;            ///< as it was then
    FilePlace place;
    Mark mark;
    std::string header;  ///< by which the rows are read; empty: none
    friend bool operator==(const Cursor&, const Cursor&) = default;
};

/// The text of a cursor file: `format 1`, then a line for each member.
std::string encode(const Cursor& cursor);
/// Errors: corrupt - it is no such text. invalid - of a later format.
base::Result<Cursor> decode_cursor(std::string_view text);

/// Errors: as decode_cursor, of Files. Returns: nullopt when there is none.
base::Result<std::optional<Cursor>> load_cursor(base::Files& files, const std::string& path);
/// Replaces the cursor, durably. Errors: of Files.
base::Result<void> save_cursor(base::Files& files, const std::string& path, const Cursor& cursor);

}  // namespace ingest::follow
