#include "ingest/follow/cursor.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/base64.h"

namespace ingest::follow {
namespace {

constexpr std::string_view first_line = "format 1\n";
constexpr std::size_t cursor_bytes_max = std::size_t{1} << 20;

/// Takes `NAME VALUE\n` lines off the front of a text.
class LineTaker {
public:
    explicit LineTaker(std::string_view text) : rest_(text) {}

    std::optional<std::string_view> take(std::string_view name) {
        const std::size_t end = rest_.find('\n');
        const std::string_view line = rest_.substr(0, end);
        if (end == std::string_view::npos || !line.starts_with(name) ||
            !line.substr(name.size()).starts_with(' ')) {
            return std::nullopt;
        }
        rest_.remove_prefix(end + 1);
        return line.substr(name.size() + 1);
    }

    template <class Number>
    bool take(std::string_view name, Number& out) {
        const std::optional<std::string_view> text = take(name);
        if (!text) {
            return false;
        }
        const auto parsed = std::from_chars(text->data(), text->data() + text->size(), out);
        return parsed.ec == std::errc{} && parsed.ptr == text->data() + text->size();
    }

    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

}  // namespace

std::string encode(const Cursor& cursor) {
    std::string out(first_line);
    const auto put = [&out](std::string_view name, const std::string& value) {
        out.append(name).append(" ").append(value).append("\n");
    };
    put("log_id", cursor.log_id);
    put("offset", std::to_string(cursor.offset));
    put("device", std::to_string(cursor.file.id.device));
    put("inode", std::to_string(cursor.file.id.inode));
    put("size", std::to_string(cursor.file.size));
    put("modified_ns", std::to_string(cursor.file.modified_ns));
    put("line", std::to_string(cursor.place.line));
    put("byte", std::to_string(cursor.place.byte));
    put("read", std::to_string(cursor.mark.byte));
    put("head", std::to_string(cursor.mark.head));
    put("tail", std::to_string(cursor.mark.tail));
    put("header", base::base64(cursor.header));
    return out;
}

base::Result<Cursor> decode_cursor(std::string_view text) {
    if (text.starts_with("format ") && !text.starts_with(first_line)) {
        return base::Error(base::ErrorCode::invalid, "a cursor of another format");
    }
    LineTaker lines(text.substr(std::min(text.size(), first_line.size())));
    Cursor cursor;
    const auto log_id = text.starts_with(first_line) ? lines.take("log_id") : std::nullopt;
    const bool has_numbers =
        log_id && lines.take("offset", cursor.offset) &&
        lines.take("device", cursor.file.id.device) && lines.take("inode", cursor.file.id.inode) &&
        lines.take("size", cursor.file.size) &&
        lines.take("modified_ns", cursor.file.modified_ns) &&
        lines.take("line", cursor.place.line) && lines.take("byte", cursor.place.byte) &&
        lines.take("read", cursor.mark.byte) && lines.take("head", cursor.mark.head) &&
        lines.take("tail", cursor.mark.tail);
    const auto header = has_numbers ? lines.take("header") : std::nullopt;
    auto decoded = header ? base::from_base64(*header) : std::nullopt;
    if (!decoded || !lines.at_end() || cursor.mark.byte < cursor.place.byte) {
        return base::Error(base::ErrorCode::corrupt, "no cursor");
    }
    cursor.log_id = *log_id;
    cursor.header = std::move(*decoded);
    return cursor;
}

base::Result<std::optional<Cursor>> load_cursor(base::Files& files, const std::string& path) {
    const base::Result<std::string> text = base::read_small_file(files, path, cursor_bytes_max);
    if (!text && text.error().code() == base::ErrorCode::not_found) {
        return std::optional<Cursor>();
    }
    if (!text) {
        return text.error();
    }
    base::Result<Cursor> cursor = decode_cursor(text.value());
    if (!cursor) {
        return cursor.error().within(path + ": ");
    }
    return std::optional(std::move(cursor).value());
}

base::Result<void> save_cursor(base::Files& files, const std::string& path, const Cursor& cursor) {
    return base::write_small_file(files, path, encode(cursor));
}

}  // namespace ingest::follow
