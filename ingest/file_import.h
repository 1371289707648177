#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ingest/cdr_csv/mapping.h"
#include "ingest/line_reader.h"
#include "ingest/mapped.h"

namespace ingest {

/// What a file of lines holds; each is a source kind, and a `--format` of `import`.
enum class LineFormat { cloudevents, asterisk_cdr_csv, cdr_csv };

std::optional<LineFormat> line_format_of(std::string_view word);
std::string_view to_string(LineFormat format);

/// One record, line ends inside of it as `\n`, by the mapper of its format. An event without
/// origin; the caller knows where it stood.
Mapped map_record(LineFormat format, std::string_view record, const MapContext& context);

/// Whether `context` says all that the format needs: cdr_csv its columns.
bool can_map(LineFormat format, const MapContext& context);

/// One record of a file, mapped: ready to be encoded.
struct FileItem {
    events::Event event;
    bool rejected = false;  ///< it is normwatch.rejected.v1
    FilePlace end;  ///< behind its last physical line: `end.line` is `--skip` to go on there
};

/// Turns the bytes of one file into events, one per record: a line, of separated values up to 8.
/// Lines of white space are none, nor is the header that the columns of a cdr_csv may have. The
/// same for a file that is read, streamed or followed.
///
///     FileMapper mapper(format, context, "Master.csv", skip);
///     while (more) { mapper.feed(chunk); append(mapper.take()); }
///     mapper.finish(); append(mapper.take());
///
/// Threads: one at a time.
class FileMapper {
public:
    /// `skip`: that many physical lines are passed over unread, but for a header.
    /// Invariants: `can_map(format, context)`.
    FileMapper(LineFormat format, MapContext context, std::string file_name,
               std::uint64_t skip = 0);

    /// The bytes to come begin at `place` of the file, in which `header` was read before (empty:
    /// none). At its very start another header may stand, or none at all. Before the first bytes.
    void begin_at(FilePlace place, std::string header);
    /// The header that rows are read by; empty: none.
    const std::string& header() const { return header_; }
    /// Behind the last record that is decided; what stands behind has to be fed again in another
    /// mapper.
    FilePlace place() const;

    /// What is mapped from now on was received then.
    void set_received_at(base::UtcMillis at) { context_.received_at = at; }

    void feed(std::string_view chunk);
    void finish();
    /// Nobody wrote for long: whole lines that wait for the rest of a quoted value wait no more.
    void settle() { map_lines(true); }

    /// The items mapped since the last call, in the order of the file.
    std::vector<FileItem> take();
    std::size_t waiting() const { return items_.size(); }

private:
    void map_lines(bool at_end);
    std::size_t lines_of_next(bool at_end) const;
    void map_next(std::size_t lines);
    std::size_t lines_of(std::span<const std::string_view> ahead) const;
    /// nullopt: it is a header, and no item.
    std::optional<Mapped> map(std::string_view record, bool is_too_long);
    std::optional<Mapped> map_row(std::string_view record, bool is_too_long);

    LineFormat format_;
    MapContext context_;
    std::string file_name_;
    std::uint64_t skip_;
    bool is_at_start_ = true;  ///< no record of the file is read
    std::string header_;
    std::variant<cdr_csv::Layout, Rejection> layout_;
    LineReader reader_;
    std::deque<Line> lines_;
    std::vector<FileItem> items_;
};

}  // namespace ingest
