#include "ingest/file_import.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ingest/asterisk_cdr_csv/mapper.h"
#include "ingest/cloudevents/mapper.h"

namespace ingest {
namespace {

bool is_white_space(std::string_view text) {
    return text.find_first_not_of(" \t\n\r\v\f") == std::string_view::npos;
}

bool has_open_quote(std::string_view text) {
    return std::count(text.begin(), text.end(), '"') % 2 != 0;
}

}  // namespace

std::optional<LineFormat> line_format_of(std::string_view word) {
    if (word == "cloudevents") {
        return LineFormat::cloudevents;
    }
    return word == "asterisk-cdr-csv" ? std::optional(LineFormat::asterisk_cdr_csv) : std::nullopt;
}

std::string_view to_string(LineFormat format) {
    return format == LineFormat::cloudevents ? "cloudevents" : "asterisk-cdr-csv";
}

Mapped map_record(LineFormat format, std::string_view record, const MapContext& context) {
    return format == LineFormat::cloudevents ? cloudevents::map_text(record, context)
                                             : asterisk_cdr_csv::map_row(record, context);
}

FileMapper::FileMapper(LineFormat format, MapContext context, std::string file_name,
                       std::uint64_t skip)
    : format_(format), context_(std::move(context)), file_name_(std::move(file_name)), skip_(skip) {
}

void FileMapper::feed(std::string_view chunk) {
    reader_.feed(chunk, lines_);
    map_lines(false);
}

void FileMapper::finish() {
    reader_.finish(lines_);
    map_lines(true);
}

std::vector<FileItem> FileMapper::take() {
    return std::exchange(items_, {});
}

void FileMapper::map_lines(bool at_end) {
    while (!lines_.empty()) {
        if (lines_.front().number <= skip_) {
            lines_.pop_front();
            continue;
        }
        const std::size_t lines = lines_of_next(at_end);
        if (lines == 0) {
            return;
        }
        map_next(lines);
    }
}

/// How many lines the next record takes; 0: not known before more of the file is there.
std::size_t FileMapper::lines_of_next(bool at_end) const {
    const Line& first = lines_.front();
    if (format_ != LineFormat::asterisk_cdr_csv || first.is_too_long ||
        !has_open_quote(first.text)) {
        return 1;
    }
    if (!at_end && lines_.size() < asterisk_cdr_csv::record_lines_max) {
        return 0;
    }
    std::vector<std::string_view> ahead;
    for (const Line& line : lines_) {
        if (ahead.size() == asterisk_cdr_csv::record_lines_max) {
            break;
        }
        ahead.emplace_back(line.text);
    }
    return asterisk_cdr_csv::lines_of_record(ahead);
}

void FileMapper::map_next(std::size_t lines) {
    Line first = std::move(lines_.front());
    lines_.pop_front();
    std::uint64_t last_line = first.number;
    for (std::size_t n = 1; n < lines; ++n) {
        first.text += '\n';
        first.text += lines_.front().text;
        first.bytes += 1 + lines_.front().bytes;
        last_line = lines_.front().number;
        lines_.pop_front();
    }
    std::string_view record = first.text;
    while (!first.is_too_long && record.ends_with('\r')) {
        record.remove_suffix(1);
        --first.bytes;
    }
    if (!first.is_too_long && is_white_space(record)) {
        return;
    }
    events::pb::Origin origin;
    origin.set_file(file_name_);
    origin.set_line(first.number);
    origin.set_byte(first.byte);
    Mapped mapped = first.is_too_long ? Mapped(Rejection{"too_large", "", "over 1 MiB"})
                                      : map_record(format_, record, context_);
    if (const auto* rejection = std::get_if<Rejection>(&mapped)) {
        items_.push_back(
            {rejected_event(*rejection, record, first.bytes, origin, to_string(format_), context_),
             true, last_line});
        return;
    }
    FileItem& item =
        items_.emplace_back(FileItem{std::move(std::get<events::Event>(mapped)), false, last_line});
    *item.event.head.mutable_origin() = std::move(origin);
}

}  // namespace ingest
