#pragma once

#include <array>
#include <bit>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/int128.h"

namespace store {

/// Appends to keys: big-endian, so that byte order is number order. A short key needs no memory of
/// its own.
class KeyWriter {
public:
    KeyWriter& u8(std::uint8_t value) {
        bytes_.push_back(static_cast<char>(value));
        return *this;
    }
    KeyWriter& u16(std::uint16_t value) { return big_endian<2>(value); }
    KeyWriter& u32(std::uint32_t value) { return big_endian<4>(value); }
    KeyWriter& u64(std::uint64_t value) { return big_endian<8>(value); }
    /// Signed numbers sort below unsigned ones of the same bits: the sign is flipped.
    KeyWriter& i64(std::int64_t value) {
        return u64(std::bit_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63));
    }
    /// Later instants first.
    KeyWriter& descending(std::int64_t value) {
        return u64(~(std::bit_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63)));
    }
    /// Bytes that something follows: 0 is written 00 FF, the end 00 00; keeps the order of the
    /// texts.
    KeyWriter& text(std::string_view value) {
        for (const char c : value) {
            bytes_.push_back(c);
            if (c == '\0') {
                bytes_.push_back('\xff');
            }
        }
        bytes_.insert(bytes_.end(), 2, '\0');
        return *this;
    }
    KeyWriter& raw(std::string_view value) {
        bytes_.insert(bytes_.end(), value.begin(), value.end());
        return *this;
    }
    std::string take() const { return std::string(bytes()); }
    std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }
    // NOLINTNEXTLINE(google-explicit-constructor): a key is asked for by its bytes
    operator std::string_view() const { return bytes(); }

private:
    static constexpr std::size_t usual_bytes = 96;

    template <std::size_t Count>
    KeyWriter& big_endian(std::uint64_t value) {
        std::array<char, Count> bytes{};
        for (std::size_t i = 0; i < Count; ++i) {
            bytes[i] = static_cast<char>((value >> (8 * (Count - 1 - i))) & 0xff);
        }
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    boost::container::small_vector<char, usual_bytes> bytes_;
};

/// Eight bytes of `key` from `begin` on as a number of the same order, for comparing; 0 behind the
/// end.
inline std::uint64_t number_at(std::string_view key, std::size_t begin) {
    std::array<char, 8> bytes{};
    if (begin < key.size()) {
        key.copy(bytes.data(), bytes.size(), begin);
    }
    const auto number = std::bit_cast<std::uint64_t>(bytes);
    return std::endian::native == std::endian::little ? __builtin_bswap64(number) : number;
}

/// A key on the stack.
using Key = KeyWriter;

/// The first bytes of a key, for sorting many: equal ones leave the order to the keys themselves.
struct KeyHead {
    explicit KeyHead(std::string_view key)
        : first(number_at(key, 0)), second(number_at(key, 8)), third(number_at(key, 16)) {}
    friend bool operator==(const KeyHead&, const KeyHead&) = default;
    friend bool operator<(const KeyHead& a, const KeyHead& b) {
        if (a.first != b.first) {
            return a.first < b.first;
        }
        return a.second != b.second ? a.second < b.second : a.third < b.third;
    }

    std::uint64_t first;
    std::uint64_t second;
    std::uint64_t third;
};

/// Reads what KeyWriter wrote. `ok()` is false once something was missing; values are then 0.
class KeyReader {
public:
    explicit KeyReader(std::string_view bytes) : rest_(bytes) {}
    std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
    std::uint64_t u64() { return big_endian(8); }
    std::int64_t i64() {
        return std::bit_cast<std::int64_t>(big_endian(8) ^ (std::uint64_t{1} << 63));
    }
    std::int64_t descending() {
        return std::bit_cast<std::int64_t>(~big_endian(8) ^ (std::uint64_t{1} << 63));
    }
    std::string text() {
        std::string out;
        for (;;) {
            if (rest_.empty()) {
                ok_ = false;
                return out;
            }
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c != '\0') {
                out.push_back(c);
                continue;
            }
            const char next = rest_.empty() ? 'x' : rest_.front();
            rest_.remove_prefix(rest_.empty() ? 0 : 1);
            if (next != '\xff') {
                ok_ = ok_ && next == '\0';
                return out;
            }
            out.push_back('\0');
        }
    }
    std::string_view rest() const { return rest_; }
    bool ok() const { return ok_; }

private:
    std::uint64_t big_endian(std::size_t count) {
        if (rest_.size() < count) {
            ok_ = false;
            rest_ = {};
            return 0;
        }
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            value = value << 8 | static_cast<unsigned char>(rest_[i]);
        }
        rest_.remove_prefix(count);
        return value;
    }
    std::string_view rest_;
    bool ok_ = true;
};

/// Appends to row values: varints, zigzag, length and bytes.
class ValueWriter {
public:
    ValueWriter() { bytes_.reserve(usual_bytes); }
    void u(std::uint64_t value) {
        while (value >= 0x80) {
            bytes_.push_back(static_cast<char>(value | 0x80));
            value >>= 7;
        }
        bytes_.push_back(static_cast<char>(value));
    }
    void i(std::int64_t value) {
        u((std::bit_cast<std::uint64_t>(value) << 1) ^ std::bit_cast<std::uint64_t>(value >> 63));
    }
    void i128(base::Int128 value) {
        auto rest =
            (static_cast<base::Uint128>(value) << 1) ^ static_cast<base::Uint128>(value >> 127);
        while (rest >= 0x80) {
            bytes_.push_back(static_cast<char>(static_cast<std::uint8_t>(rest) | 0x80));
            rest >>= 7;
        }
        bytes_.push_back(static_cast<char>(static_cast<std::uint8_t>(rest)));
    }
    void text(std::string_view value) {
        u(value.size());
        bytes_ += value;
    }
    void raw(std::string_view value) { bytes_ += value; }
    /// Eight bytes, little-endian: hashes, whose varints would be longer.
    void fixed64(std::uint64_t value) {
        for (int shift = 0; shift < 64; shift += 8) {
            bytes_.push_back(static_cast<char>((value >> shift) & 0xff));
        }
    }
    void f64(double value) { fixed64(std::bit_cast<std::uint64_t>(value)); }
    std::string take() { return std::move(bytes_); }

private:
    static constexpr std::size_t usual_bytes = 384;
    std::string bytes_;
};

/// Reads what ValueWriter wrote. `ok()` is false once something was missing or is written as no
/// ValueWriter writes it; values are then 0.
class ValueReader {
public:
    explicit ValueReader(std::string_view bytes) : rest_(bytes) {}
    std::uint64_t u() { return varint<std::uint64_t>(); }
    std::int64_t i() {
        const std::uint64_t value = u();
        return std::bit_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
    base::Int128 i128() {
        const auto value = varint<base::Uint128>();
        return static_cast<base::Int128>((value >> 1) ^ (~(value & 1) + 1));
    }
    std::string_view text() { return raw(u()); }
    /// The next `size` bytes.
    std::string_view raw(std::uint64_t size) {
        if (size > rest_.size()) {
            fail();
            return {};
        }
        const std::string_view out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return out;
    }
    std::uint64_t fixed64() {
        std::uint64_t bits = 0;
        for (int shift = 0; shift < 64; shift += 8) {
            bits |= std::uint64_t{next()} << shift;
        }
        return bits;
    }
    double f64() { return std::bit_cast<double>(fixed64()); }
    /// How many of something begin here, each at least `bytes_min` long: never more than could
    /// follow.
    std::size_t count(std::size_t bytes_min = 1) {
        const std::uint64_t value = u();
        if (value > rest_.size() / bytes_min) {
            fail();
            return 0;
        }
        return value;
    }
    /// What was read makes no sense to the caller.
    void fail() {
        ok_ = false;
        rest_ = {};
    }
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }

private:
    template <class Number>
    Number varint() {
        constexpr unsigned bits = sizeof(Number) * 8;
        Number value = 0;
        for (unsigned shift = 0; shift < bits; shift += 7) {
            const std::uint8_t byte = next();
            const bool is_last = (byte & 0x80) == 0;
            const bool is_cut = bits - shift < 7 && (byte >> (bits - shift)) != 0;
            if (is_cut || (is_last && byte == 0 && shift != 0)) {
                break;
            }
            value |= Number{static_cast<std::uint8_t>(byte & 0x7f)} << shift;
            if (is_last) {
                return value;
            }
        }
        fail();
        return 0;
    }
    std::uint8_t next() {
        if (rest_.empty()) {
            ok_ = false;
            return 0;
        }
        const auto byte = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return byte;
    }
    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace store
