#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/int128.h"

namespace store {

/// Appends to keys: big-endian, so that byte order is number order.
class KeyWriter {
public:
    KeyWriter& u8(std::uint8_t value) {
        bytes_.push_back(static_cast<char>(value));
        return *this;
    }
    KeyWriter& u16(std::uint16_t value) { return big_endian(value, 2); }
    KeyWriter& u32(std::uint32_t value) { return big_endian(value, 4); }
    KeyWriter& u64(std::uint64_t value) { return big_endian(value, 8); }
    /// Signed numbers sort below unsigned ones of the same bits: the sign is flipped.
    KeyWriter& i64(std::int64_t value) {
        return u64(std::bit_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63));
    }
    /// Later instants first.
    KeyWriter& descending(std::int64_t value) {
        return u64(~(std::bit_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63)));
    }
    /// Bytes that something follows: 0 is written 00 FF, the end 00 00; keeps the order of the texts.
    KeyWriter& text(std::string_view value) {
        for (const char c : value) {
            bytes_.push_back(c);
            if (c == '\0') {
                bytes_.push_back('\xff');
            }
        }
        bytes_.append(2, '\0');
        return *this;
    }
    KeyWriter& raw(std::string_view value) {
        bytes_ += value;
        return *this;
    }
    std::string take() { return std::move(bytes_); }
    const std::string& bytes() const { return bytes_; }

private:
    KeyWriter& big_endian(std::uint64_t value, int count) {
        for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) {
            bytes_.push_back(static_cast<char>((value >> shift) & 0xff));
        }
        return *this;
    }
    std::string bytes_;
};

/// Reads what KeyWriter wrote. `ok()` is false once something was missing; values are then 0.
class KeyReader {
public:
    explicit KeyReader(std::string_view bytes) : rest_(bytes) {}
    std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
    std::uint64_t u64() { return big_endian(8); }
    std::int64_t i64() { return std::bit_cast<std::int64_t>(big_endian(8) ^ (std::uint64_t{1} << 63)); }
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
            const char next = rest_.empty() ? '\0' : rest_.front();
            rest_.remove_prefix(rest_.empty() ? 0 : 1);
            if (next == '\0') {
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
        auto rest = (static_cast<base::Uint128>(value) << 1) ^ static_cast<base::Uint128>(value >> 127);
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
    void f64(double value) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        for (int shift = 0; shift < 64; shift += 8) {
            bytes_.push_back(static_cast<char>((bits >> shift) & 0xff));
        }
    }
    std::string take() { return std::move(bytes_); }

private:
    std::string bytes_;
};

/// Reads what ValueWriter wrote. `ok()` is false once something was missing; values are then 0.
class ValueReader {
public:
    explicit ValueReader(std::string_view bytes) : rest_(bytes) {}
    std::uint64_t u() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = next();
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) {
                return value;
            }
        }
        ok_ = false;
        return 0;
    }
    std::int64_t i() {
        const std::uint64_t value = u();
        return std::bit_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
    base::Int128 i128() {
        base::Uint128 value = 0;
        for (unsigned shift = 0; shift < 128; shift += 7) {
            const std::uint8_t byte = next();
            value |= static_cast<base::Uint128>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) {
                return static_cast<base::Int128>((value >> 1) ^ (~(value & 1) + 1));
            }
        }
        ok_ = false;
        return 0;
    }
    std::string_view text() {
        const std::uint64_t size = u();
        if (size > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view out = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return out;
    }
    double f64() {
        std::uint64_t bits = 0;
        for (int shift = 0; shift < 64; shift += 8) {
            bits |= static_cast<std::uint64_t>(next()) << shift;
        }
        return std::bit_cast<double>(bits);
    }
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }

private:
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
