#include "ingest/csv.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace ingest {
namespace {

/// 0x80 to 0xBF of windows-1251; above, the letters follow one another.
constexpr std::array<std::uint16_t, 64> cp1251_middle = {
    0x0402, 0x0403, 0x201A, 0x0453, 0x201E, 0x2026, 0x2020, 0x2021, 0x20AC, 0x2030, 0x0409,
    0x2039, 0x040A, 0x040C, 0x040B, 0x040F, 0x0452, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0xFFFD, 0x2122, 0x0459, 0x203A, 0x045A, 0x045C, 0x045B, 0x045F, 0x00A0,
    0x040E, 0x045E, 0x0408, 0x00A4, 0x0490, 0x00A6, 0x00A7, 0x0401, 0x00A9, 0x0404, 0x00AB,
    0x00AC, 0x00AD, 0x00AE, 0x0407, 0x00B0, 0x00B1, 0x0406, 0x0456, 0x0491, 0x00B5, 0x00B6,
    0x00B7, 0x0451, 0x2116, 0x0454, 0x00BB, 0x0458, 0x0405, 0x0455, 0x0457};

bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

Rejection malformed(std::string detail) {
    return {"malformed", "", std::move(detail)};
}

}  // namespace

std::optional<std::size_t> split_csv(std::string_view text, std::vector<std::string>& values,
                                     char separator) {
    const std::string ends = {separator, '\r', '\n'};
    values.clear();
    std::size_t at = 0;
    for (;;) {
        std::string& value = values.emplace_back();
        if (at < text.size() && text[at] == '"') {
            for (;;) {
                const std::size_t quote = text.find('"', at + 1);
                if (quote == std::string_view::npos) {
                    return std::nullopt;
                }
                value.append(text.substr(at + 1, quote - at - 1));
                at = quote + 1;
                if (at >= text.size() || text[at] != '"') {
                    break;
                }
                value += '"';  // a doubled quote; the next piece begins behind it
            }
            if (at < text.size() && text[at] != separator && !is_line_end(text[at])) {
                return std::nullopt;
            }
        } else {
            const std::size_t end = text.find_first_of(ends, at);
            value.append(text.substr(at, end - at));
            at = end == std::string_view::npos ? text.size() : end;
        }
        if (at >= text.size() || is_line_end(text[at])) {
            return at;
        }
        ++at;
    }
}

std::optional<Rejection> split_record(std::string_view record, std::vector<std::string>& values,
                                      char separator) {
    if (record.size() > record_bytes_max) {
        return malformed("over 64 KiB");
    }
    std::string decoded;
    if (!base::is_utf8(record)) {
        decoded = from_cp1251(record);
        record = decoded;
    }
    if (record.find('\0') != std::string_view::npos) {
        return malformed("a NUL byte");
    }
    if (has_open_quote(record)) {
        return malformed("an open quote");
    }
    const auto taken = split_csv(record, values, separator);
    if (!taken) {
        return malformed("an open quote, or text after a closing one");
    }
    if (record.find('\n', *taken) != std::string_view::npos) {  // it would swallow its neighbours
        return malformed("a line end outside quotes");
    }
    return std::nullopt;
}

bool has_open_quote(std::string_view text) {
    return std::count(text.begin(), text.end(), '"') % 2 != 0;
}

std::size_t lines_of_record(std::span<const std::string_view> lines,
                            const std::function<bool(std::string_view)>& is_record) {
    bool is_open = false;
    std::size_t bytes = 0;
    std::size_t taken = 0;
    do {
        is_open = is_open != has_open_quote(lines[taken]);
        bytes += lines[taken].size() + (taken > 0 ? 1 : 0);
        ++taken;
    } while (is_open && taken < std::min(lines.size(), record_lines_max));
    if (taken == 1 || is_open || bytes > 2 * record_bytes_max) {
        return 1;
    }
    std::string record;
    record.reserve(bytes);
    for (std::size_t n = 0; n < taken; ++n) {
        record.append(n > 0 ? "\n" : "").append(lines[n]);
    }
    while (record.ends_with('\r')) {
        record.pop_back();
    }
    return is_record(record) ? taken : 1;
}

std::string from_cp1251(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out += c;
            continue;
        }
        const std::uint32_t point =
            byte >= 0xC0 ? 0x0410U + (byte - 0xC0U) : cp1251_middle[byte - 0x80U];
        if (point >= 0x800) {
            out += static_cast<char>(0xE0U | (point >> 12U));
            out += static_cast<char>(0x80U | ((point >> 6U) & 0x3FU));
        } else {
            out += static_cast<char>(0xC0U | (point >> 6U));
        }
        out += static_cast<char>(0x80U | (point & 0x3FU));
    }
    return out;
}

}  // namespace ingest
