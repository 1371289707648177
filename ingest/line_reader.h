#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "ingest/mapped.h"

namespace ingest {

/// One physical line of a file, without its line feed.
struct Line {
    std::string text;          ///< of a line that is too long its first `rejected_bytes_max` bytes
    std::uint64_t number = 0;  ///< from 1
    std::uint64_t byte = 0;    ///< where it begins in the file
    std::uint64_t bytes = 0;   ///< its length, whatever is kept
    bool is_too_long = false;  ///< over `item_bytes_max`
};

/// A place between two physical lines of a file.
struct FilePlace {
    std::uint64_t line = 0;  ///< lines before it
    std::uint64_t byte = 0;
    friend bool operator==(const FilePlace&, const FilePlace&) = default;
};

/// Cuts a stream of bytes into physical lines. A byte order mark at the very start is skipped; the
/// last line needs no line feed. Memory is bounded whatever the stream holds.
///
/// Threads: one at a time.
class LineReader {
public:
    /// The stream begins at this place of its file. Before the first bytes.
    void begin_at(FilePlace place);
    /// Adds the next bytes of the stream; the lines that they complete go to the end of `lines`.
    void feed(std::string_view chunk, std::deque<Line>& lines);
    /// The stream has ended: what is left is the last line.
    void finish(std::deque<Line>& lines);
    /// Behind the last line that was handed out.
    FilePlace place() const { return {next_number_ - 1, next_byte_}; }

private:
    void skip_byte_order_mark(std::string_view& chunk);
    void cut(std::string_view bytes, std::deque<Line>& lines);
    void add(std::string_view part);
    void close(std::deque<Line>& lines);

    std::string first_bytes_;  ///< until three bytes are there, or the end
    bool begun_ = false;
    Line line_;
    std::uint64_t next_number_ = 1;
    std::uint64_t next_byte_ = 0;
};

}  // namespace ingest
