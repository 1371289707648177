#include "events/text.h"

#include <cstdint>

#include "base/utf8.h"

namespace events {
namespace {

/// One code point of a text and its length in bytes; a byte that begins none is itself, alone.
struct CodePoint {
    std::uint32_t value = 0;
    std::size_t length = 1;
    bool valid = true;
};

bool is_tail(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

CodePoint code_point_at(std::string_view text, std::size_t at) {
    const std::uint32_t lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
        return {lead, 1, true};
    }
    const std::size_t length = base::utf8_size(text.substr(at, 4));
    if (length == 0) {
        return {lead, 1, false};
    }
    std::uint32_t value = lead & (0xFFU >> (length + 1));
    for (const char tail : text.substr(at + 1, length - 1)) {
        value = (value << 6U) | (static_cast<unsigned char>(tail) & 0x3FU);
    }
    return {value, length, true};
}

bool is_white_space(std::uint32_t c) {
    if (c <= 0x20) {
        return c == 0x20 || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
    }
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else {  // the letters changed here take two bytes
        out += static_cast<char>(0xC0U | (c >> 6U));
        out += static_cast<char>(0x80U | (c & 0x3FU));
    }
}

std::uint32_t lower(std::uint32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
        (c >= 0x410 && c <= 0x42F)) {
        return c + 32;
    }
    return c >= 0x400 && c <= 0x40F ? c + 80 : c;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
        const CodePoint point = code_point_at(text, begin);
        if (!point.valid || !is_white_space(point.value)) {
            break;
        }
        begin += point.length;
    }
    std::size_t end = text.size();
    while (end > begin) {
        std::size_t last = end - 1;
        while (last > begin && end - last < 4 && is_tail(text[last])) {
            --last;
        }
        const CodePoint point = code_point_at(text, last);
        if (!point.valid || last + point.length != end || !is_white_space(point.value)) {
            break;
        }
        end = last;
    }
    return text.substr(begin, end - begin);
}

std::size_t code_points(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++count) {
        at += code_point_at(text, at).length;
    }
    return count;
}

std::string lower_case(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        const std::uint32_t small = point.valid ? lower(point.value) : point.value;
        if (small != point.value) {
            append_utf8(out, small);
        } else {
            out += text.substr(at, point.length);
        }
        at += point.length;
    }
    return out;
}

std::string without_white_space(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const CodePoint point = code_point_at(text, at);
        if (!point.valid || !is_white_space(point.value)) {
            out += text.substr(at, point.length);
        }
        at += point.length;
    }
    return out;
}

}  // namespace events
