#include "base/base64.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace base {
namespace {

constexpr std::string_view plain_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, std::string_view digits) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t pending = 0;
    unsigned bits = 0;
    for (const char c : bytes) {
        pending = pending << 8 | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6) {
            out.push_back(digits[(pending >> (bits - 6)) & 63]);
        }
    }
    if (bits != 0) {
        out.push_back(digits[(pending << (6 - bits)) & 63]);
    }
    return out;
}

/// `left_over`: how many bits follow the last whole byte; `is_zero`: none of them is set.
std::optional<std::string> decode(std::string_view text, std::string_view digits,
                                  unsigned& left_over, bool& is_zero) {
    std::string out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t pending = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t digit = digits.find(c);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        pending = pending << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<char>(static_cast<std::uint8_t>(pending >> bits)));
        }
    }
    left_over = bits;
    is_zero = (pending & ((1U << bits) - 1)) == 0;
    return out;
}

}  // namespace

std::string base64(std::string_view bytes) {
    std::string out = encode(bytes, plain_digits);
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) {
        text.remove_suffix(1);
    }
    unsigned left_over = 0;
    bool is_zero = false;
    return decode(text, plain_digits, left_over, is_zero);
}

std::string base64url(std::string_view bytes) {
    return encode(bytes, url_digits);
}

std::optional<std::string> from_base64url(std::string_view text) {
    unsigned left_over = 0;
    bool is_zero = false;
    std::optional<std::string> out = decode(text, url_digits, left_over, is_zero);
    return left_over >= 6 || !is_zero ? std::nullopt : std::move(out);
}

}  // namespace base
