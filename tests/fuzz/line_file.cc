#include "tests/fuzz/line_file.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "base/json.h"
#include "ingest/cloudevents/event_json.h"
#include "ingest/redrive.h"

namespace fuzz {
namespace {

using ingest::FileItem;
using ingest::FileMapper;
using ingest::LineFormat;

struct ReadFile {
    std::vector<FileItem> items;
    std::string header;
};

/// What is left of the file from `place` on, in pieces.
ReadFile read_file(LineFormat format, const ingest::MapContext& context, std::string_view bytes,
                   std::size_t piece_bytes, const ingest::FilePlace& place = {},
                   const std::string& header = {}, std::uint64_t skip = 0) {
    FileMapper mapper(format, context, "file", skip);
    if (place.byte > 0) {
        mapper.begin_at(place, header);
        bytes.remove_prefix(place.byte);
    }
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, piece_bytes);
        mapper.feed(piece);
        bytes.remove_prefix(piece.size());
    }
    mapper.finish();
    return {mapper.take(), mapper.header()};
}

std::vector<std::string> records_of(const std::vector<FileItem>& items, std::size_t first = 0) {
    std::vector<std::string> records;
    for (std::size_t n = first; n < items.size(); ++n) {
        records.push_back(events::encode(items[n].event));
    }
    return records;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\n\r\v\f") == std::string_view::npos;
}

/// Lines first to last (from 1), each with what the file holds there.
void check_left_out(const std::vector<std::string_view>& lines, std::uint64_t first,
                    std::uint64_t last, const std::string& header) {
    for (std::uint64_t number = first; number <= last; ++number) {
        std::string_view line = lines[number - 1];
        while (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        ENSURE(is_blank(line) || header.find(line) != std::string::npos);
    }
}

/// Every line stands in one item, or is blank, or is the header.
void check_places(const ReadFile& read, std::string_view bytes) {
    constexpr std::string_view mark = "\xEF\xBB\xBF";
    std::vector<std::string_view> lines;
    std::string_view rest = bytes.starts_with(mark) ? bytes.substr(mark.size()) : bytes;
    while (!rest.empty()) {
        lines.push_back(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(std::min(rest.size(), lines.back().size() + 1));
    }
    std::uint64_t line = 0;
    for (const FileItem& item : read.items) {
        const auto& origin = item.event.head.origin();
        ENSURE(origin.line() > line && item.end.line >= origin.line());
        ENSURE(item.end.line <= lines.size() && item.end.byte <= bytes.size());
        check_left_out(lines, line + 1, origin.line() - 1, read.header);
        ENSURE(bytes.data() + origin.byte() == lines[origin.line() - 1].data());
        line = item.end.line;
    }
    check_left_out(lines, line + 1, lines.size(), read.header);
}

/// What was refused is kept as it stood there, and would be refused again.
void check_rejected(const FileItem& item, std::string_view bytes, LineFormat format,
                    const ingest::MapContext& context, bool is_mapped_by_numbers) {
    const auto& rejected = item.event.head.rejected();
    check_reason(rejected);
    const std::string& raw = item.event.personal.raw();
    ENSURE(raw.size() == std::min<std::size_t>(rejected.bytes(), ingest::rejected_bytes_max));
    ENSURE(bytes.substr(item.event.head.origin().byte(), raw.size()) == raw);
    if (is_mapped_by_numbers && rejected.bytes() == raw.size()) {
        const ingest::Mapped again = ingest::map_again(item.event, format, "0-1", context);
        const auto* refusal = std::get_if<ingest::Rejection>(&again);
        ENSURE(refusal != nullptr && refusal->reason == rejected.reason());
        ENSURE(refusal->pointer == rejected.pointer());
    }
}

}  // namespace

void check_event(const events::Event& event) {
    const std::string record = events::encode(event);
    const auto decoded = events::decode(record);
    ENSURE(decoded && events::encode(decoded.value()) == record);
    ENSURE(base::parse_json(ingest::cloudevents::data_json(event)));
}

void check_reason(const events::pb::Rejected& rejected) {
    constexpr std::array<std::string_view, 10> reasons = {
        "malformed",   "missing_field", "invalid_value", "invalid_time", "impossible",
        "future_time", "unknown_type",  "refused_type",  "too_large",    "refused_company"};
    ENSURE(std::find(reasons.begin(), reasons.end(), rejected.reason()) != reasons.end());
}

void check_line_file(LineFormat format, const ingest::MapContext& context, std::string_view bytes,
                     std::size_t piece_bytes) {
    const ReadFile whole = read_file(format, context, bytes, bytes.size() + 1);
    check_places(whole, bytes);
    for (const FileItem& item : whole.items) {
        ENSURE(item.rejected == item.event.head.has_rejected());
        check_event(item.event);
        if (item.rejected) {
            check_rejected(item, bytes, format, context, whole.header.empty());
        }
    }
    const std::vector<std::string> records = records_of(whole.items);
    const ReadFile pieces = read_file(format, context, bytes, piece_bytes + 1);
    ENSURE(records_of(pieces.items) == records);
    if (whole.items.size() < 2) {
        return;
    }
    // A stop behind one of them: begun again there, or the lines before skipped.
    const std::size_t stop = piece_bytes % (whole.items.size() - 1);
    const ingest::FilePlace place = whole.items[stop].end;
    const std::vector<std::string> behind = records_of(whole.items, stop + 1);
    const ReadFile resumed =
        read_file(format, context, bytes, piece_bytes + 1, place, whole.header);
    ENSURE(records_of(resumed.items) == behind);
    const ReadFile skipped =
        read_file(format, context, bytes, bytes.size() + 1, {}, {}, place.line);
    ENSURE(records_of(skipped.items) == behind);
}

}  // namespace fuzz
