#include "ingest/line_reader.h"

#include <algorithm>
#include <utility>

namespace ingest {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
/// One byte more than an item may have: a carriage return at the end does not count.
constexpr std::size_t kept_bytes_max = item_bytes_max + 1;

}  // namespace

void LineReader::begin_at(FilePlace place) {
    next_number_ = place.line + 1;
    next_byte_ = place.byte;
    begun_ = place.byte > 0;  // a mark stands at the very start alone
}

void LineReader::feed(std::string_view chunk, std::deque<Line>& lines) {
    std::string first;
    if (!begun_) {
        first_bytes_ += chunk;
        if (first_bytes_.size() < byte_order_mark.size()) {
            return;
        }
        first = std::exchange(first_bytes_, {});
        chunk = first;
        skip_byte_order_mark(chunk);
    }
    cut(chunk, lines);
}

void LineReader::finish(std::deque<Line>& lines) {
    begun_ = true;
    cut(std::exchange(first_bytes_, {}), lines);
    if (line_.bytes > 0) {
        close(lines);
        --next_byte_;  // it has no line feed
    }
}

void LineReader::skip_byte_order_mark(std::string_view& chunk) {
    begun_ = true;
    if (chunk.starts_with(byte_order_mark)) {
        chunk.remove_prefix(byte_order_mark.size());
        next_byte_ = byte_order_mark.size();
    }
}

void LineReader::cut(std::string_view bytes, std::deque<Line>& lines) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        add(bytes.substr(0, end));
        if (end == std::string_view::npos) {
            return;
        }
        close(lines);
        bytes.remove_prefix(end + 1);
    }
}

void LineReader::add(std::string_view part) {
    line_.bytes += part.size();
    if (line_.text.size() < kept_bytes_max) {
        line_.text += part.substr(0, kept_bytes_max - line_.text.size());
    }
}

void LineReader::close(std::deque<Line>& lines) {
    const bool ends_in_return = line_.bytes == line_.text.size() && line_.text.ends_with('\r');
    line_.number = next_number_++;
    line_.byte = next_byte_;
    next_byte_ += line_.bytes + 1;
    line_.is_too_long = line_.bytes - (ends_in_return ? 1 : 0) > item_bytes_max;
    if (line_.is_too_long) {
        line_.text.resize(rejected_bytes_max);
        line_.text.shrink_to_fit();
    }
    lines.push_back(std::exchange(line_, {}));
}

}  // namespace ingest
