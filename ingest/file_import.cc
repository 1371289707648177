#include "ingest/file_import.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "ingest/asterisk_cdr_csv/mapper.h"
#include "ingest/cdr_csv/mapper.h"
#include "ingest/cloudevents/mapper.h"
#include "ingest/csv.h"

namespace ingest {
namespace {

bool is_white_space(std::string_view text) {
    return text.find_first_not_of(" \t\n\r\v\f") == std::string_view::npos;
}

/// Whether the first record may go on behind `lines`.
bool stays_open(std::span<const std::string_view> lines) {
    bool is_open = false;
    for (const std::string_view line : lines) {
        is_open = is_open != has_open_quote(line);
        if (!is_open) {
            return false;
        }
    }
    return true;
}

bool has_names(const cdr_csv::Mapping& mapping) {
    return std::any_of(mapping.columns.begin(), mapping.columns.end(),
                       [](const auto& column) { return column && column->number == 0; });
}

}  // namespace

std::optional<LineFormat> line_format_of(std::string_view word) {
    if (word == "cloudevents") {
        return LineFormat::cloudevents;
    }
    if (word == "cdr-csv") {
        return LineFormat::cdr_csv;
    }
    return word == "asterisk-cdr-csv" ? std::optional(LineFormat::asterisk_cdr_csv) : std::nullopt;
}

bool can_map(LineFormat format, const MapContext& context) {
    return format != LineFormat::cdr_csv || context.columns != nullptr;
}

std::string_view to_string(LineFormat format) {
    switch (format) {
        case LineFormat::cloudevents: return "cloudevents";
        case LineFormat::asterisk_cdr_csv: return "asterisk-cdr-csv";
        case LineFormat::cdr_csv: return "cdr-csv";
    }
    return "";
}

Mapped map_record(LineFormat format, std::string_view record, const MapContext& context) {
    switch (format) {
        case LineFormat::cloudevents: return cloudevents::map_text(record, context);
        case LineFormat::asterisk_cdr_csv: return asterisk_cdr_csv::map_row(record, context);
        case LineFormat::cdr_csv: break;
    }
    if (!can_map(format, context)) {
        return Rejection{"missing_field", "", "its source has no columns now"};
    }
    const cdr_csv::Mapping& mapping = *context.columns;
    if (has_names(mapping)) {
        return Rejection{"missing_field", "", "the header of its file is not kept with it"};
    }
    return cdr_csv::map_row(record, mapping, cdr_csv::layout_of_numbers(mapping), context);
}

FileMapper::FileMapper(LineFormat format, MapContext context, std::string file_name,
                       std::uint64_t skip)
    : format_(format), context_(std::move(context)), file_name_(std::move(file_name)), skip_(skip) {
    ENSURE(can_map(format_, context_));
    if (format_ == LineFormat::cdr_csv) {
        layout_ = cdr_csv::layout_of_numbers(*context_.columns);
    }
}

void FileMapper::begin_at(FilePlace place, std::string header) {
    reader_.begin_at(place);
    is_at_start_ = place.line == 0;
    header_ = std::move(header);
    if (format_ == LineFormat::cdr_csv && !header_.empty()) {
        layout_ = cdr_csv::layout_of_header(header_, *context_.columns);
    }
}

FilePlace FileMapper::place() const {
    return lines_.empty() ? reader_.place()
                          : FilePlace{lines_.front().number - 1, lines_.front().byte};
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
    const bool has_header = format_ == LineFormat::cdr_csv && context_.columns->header;
    while (!lines_.empty()) {
        if (lines_.front().number <= skip_ && !(has_header && is_at_start_)) {
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
    if (format_ == LineFormat::cloudevents || first.is_too_long || !has_open_quote(first.text)) {
        return 1;
    }
    std::vector<std::string_view> ahead;
    for (const Line& line : lines_) {
        if (ahead.size() == record_lines_max) {
            break;
        }
        ahead.emplace_back(line.text);
    }
    if (!at_end && ahead.size() < record_lines_max && stays_open(ahead)) {
        return 0;
    }
    return lines_of(ahead);
}

std::size_t FileMapper::lines_of(std::span<const std::string_view> ahead) const {
    return format_ == LineFormat::cdr_csv ? cdr_csv::lines_of_record(ahead, *context_.columns)
                                          : asterisk_cdr_csv::lines_of_record(ahead);
}

void FileMapper::map_next(std::size_t lines) {
    Line first = std::move(lines_.front());
    lines_.pop_front();
    for (std::size_t n = 1; n < lines; ++n) {
        first.text += '\n';
        first.text += lines_.front().text;
        first.bytes += 1 + lines_.front().bytes;
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
    std::optional<Mapped> mapped = map(record, first.is_too_long);
    if (!mapped || first.number <= skip_) {
        return;
    }
    events::pb::Origin origin;
    origin.set_file(file_name_);
    origin.set_line(first.number);
    origin.set_byte(first.byte);
    if (const auto* rejection = std::get_if<Rejection>(&*mapped)) {
        items_.push_back(
            {rejected_event(*rejection, record, first.bytes, origin, to_string(format_), context_),
             true, place()});
        return;
    }
    FileItem& item =
        items_.emplace_back(FileItem{std::move(std::get<events::Event>(*mapped)), false, place()});
    *item.event.head.mutable_origin() = std::move(origin);
}

std::optional<Mapped> FileMapper::map(std::string_view record, bool is_too_long) {
    if (format_ == LineFormat::cdr_csv && context_.columns->header) {
        return map_row(record, is_too_long);
    }
    if (is_too_long) {
        return Rejection{"too_large", "", "over 1 MiB"};
    }
    switch (format_) {
        case LineFormat::cloudevents: return cloudevents::map_text(record, context_);
        case LineFormat::asterisk_cdr_csv: return asterisk_cdr_csv::map_row(record, context_);
        case LineFormat::cdr_csv: break;
    }
    return cdr_csv::map_row(record, *context_.columns, std::get<cdr_csv::Layout>(layout_),
                            context_);
}

/// A row of a file that has, or had, a header. The first record is it. Where one is known from
/// before, as when a followed file begins anew, the first record may be a row, since who writes
/// there does not know that the file was emptied.
std::optional<Mapped> FileMapper::map_row(std::string_view record, bool is_too_long) {
    const cdr_csv::Mapping& mapping = *context_.columns;
    const bool is_first = std::exchange(is_at_start_, false);
    if (!header_.empty() && record == header_) {
        return std::nullopt;
    }
    if (is_first && !is_too_long) {
        auto layout = cdr_csv::layout_of_header(record, mapping);
        const bool is_wrong = std::holds_alternative<Rejection>(layout);
        if (header_.empty() || (!is_wrong && has_names(mapping))) {
            header_ = record;
            layout_ = std::move(layout);
            return is_wrong ? std::optional<Mapped>(std::get<Rejection>(layout_)) : std::nullopt;
        }
    }
    if (is_too_long) {
        if (header_.empty()) {
            layout_ = Rejection{"missing_field", "", "the header is over 1 MiB"};
        }
        return Rejection{"too_large", "", "over 1 MiB"};
    }
    if (const auto* rejection = std::get_if<Rejection>(&layout_)) {
        return *rejection;
    }
    return cdr_csv::map_row(record, mapping, std::get<cdr_csv::Layout>(layout_), context_);
}

}  // namespace ingest
