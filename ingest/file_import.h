#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/line_reader.h"
#include "ingest/mapped.h"

namespace ingest {

/// What a file of lines holds; each is a source kind, and a `--format` of `import`.
enum class LineFormat { cloudevents, asterisk_cdr_csv };

std::optional<LineFormat> line_format_of(std::string_view word);
std::string_view to_string(LineFormat format);

/// One record, line ends inside of it as `\n`, by the mapper of its format. An event without
/// origin; the caller knows where it stood.
Mapped map_record(LineFormat format, std::string_view record, const MapContext& context);

/// One record of a file, mapped: ready to be encoded.
struct FileItem {
    events::Event event;
    bool rejected = false;        ///< it is normwatch.rejected.v1
    std::uint64_t last_line = 0;  ///< its last physical line: `--skip` to go on behind it
};

/// Turns the bytes of one file into events, one per record: a line, of cdr_csv up to 8. Lines of
/// white space are none. The same for a file that is read and for one that is streamed.
///
///     FileMapper mapper(format, context, "Master.csv", skip);
///     while (more) { mapper.feed(chunk); append(mapper.take()); }
///     mapper.finish(); append(mapper.take());
///
/// Threads: one at a time.
class FileMapper {
public:
    /// `skip`: that many physical lines are passed over unread.
    FileMapper(LineFormat format, MapContext context, std::string file_name,
               std::uint64_t skip = 0);

    /// What is mapped from now on was received then.
    void set_received_at(base::UtcMillis at) { context_.received_at = at; }

    void feed(std::string_view chunk);
    void finish();

    /// The items mapped since the last call, in the order of the file.
    std::vector<FileItem> take();
    std::size_t waiting() const { return items_.size(); }

private:
    void map_lines(bool at_end);
    std::size_t lines_of_next(bool at_end) const;
    void map_next(std::size_t lines);

    LineFormat format_;
    MapContext context_;
    std::string file_name_;
    std::uint64_t skip_;
    LineReader reader_;
    std::deque<Line> lines_;
    std::vector<FileItem> items_;
};

}  // namespace ingest
