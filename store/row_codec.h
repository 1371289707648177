#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "store/bytes.h"

/// How rows become bytes, once for all kinds. For the rows_*.cc files only.
///
/// A record is a varint bitmap of the fields that are not at their default, then these fields in
/// the order of their bits. One function per struct, `fields(visit, row)`, names each field with
/// its bit; reading and writing run through the same function, so they cannot disagree. A bit is
/// never used again for another meaning. Nested records stand in place, without a length: a new
/// field anywhere is a new version.
namespace store {

inline constexpr std::uint8_t row_version = 1;

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsId : std::false_type {};
template <class Tag, class Number>
struct IsId<base::StrongId<Tag, Number>> : std::true_type {};

template <class T>
concept Whole = std::unsigned_integral<T> && !std::same_as<T, bool>;
/// What has a first value and is compared with it.
template <class T>
concept Scalar = std::integral<T> || std::is_enum_v<T> || IsId<T>::value ||
                 std::same_as<T, base::UtcMillis> || std::same_as<T, base::Millis> ||
                 std::same_as<T, std::array<char, 3>> || std::same_as<T, base::Int128>;

/// The largest number of an enumeration that stands in rows.
template <class Enumeration>
struct LastOf;

/// First pass of writing: which fields are there.
class Presence {
public:
    template <class T>
    void operator()(unsigned bit, const T& value) {
        note(bit, !is_absent(value));
    }
    template <class T>
    void or_default(unsigned bit, const T& value, const T& absent) {
        note(bit, value != absent);
    }
    template <class T>
    void since(unsigned bit, const T& value, base::UtcMillis) {
        note(bit, value.has_value());
    }
    void fixed(unsigned bit, std::uint64_t value) { note(bit, value != 0); }
    std::uint64_t bits() const { return bits_; }

    template <class T>
    static bool is_absent(const T& value);

private:
    void note(unsigned bit, bool is_there) { bits_ |= std::uint64_t{is_there} << bit; }
    std::uint64_t bits_ = 0;
};

template <class Row>
std::uint64_t presence_of(const Row& row) {
    Presence presence;
    fields(presence, row);
    return presence.bits();
}

template <class T>
bool Presence::is_absent(const T& value) {
    if constexpr (Scalar<T>) {
        return value == T{};
    } else if constexpr (IsOptional<T>::value) {
        return !value.has_value();
    } else if constexpr (IsVector<T>::value || std::same_as<T, std::string>) {
        return value.empty();
    } else {
        return presence_of(value) == 0;
    }
}

template <class Row>
void write_row(ValueWriter& out, const Row& row);

template <class T>
void write_value(ValueWriter& out, const T& value) {
    if constexpr (std::same_as<T, bool>) {
        out.u(value ? 1 : 0);
    } else if constexpr (std::same_as<T, base::Int128>) {
        out.i128(value);
    } else if constexpr (Whole<T>) {
        out.u(value);
    } else if constexpr (std::signed_integral<T>) {
        out.i(value);
    } else if constexpr (std::same_as<T, double>) {
        out.f64(value);
    } else if constexpr (std::is_enum_v<T>) {
        out.u(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (IsId<T>::value) {
        out.u(value.value());
    } else if constexpr (std::same_as<T, base::UtcMillis>) {
        out.i(base::to_ms(value));
    } else if constexpr (std::same_as<T, base::Millis>) {
        out.i(value.count());
    } else if constexpr (std::same_as<T, std::array<char, 3>>) {
        out.raw({value.data(), value.size()});
    } else if constexpr (std::same_as<T, std::string>) {
        out.text(value);
    } else if constexpr (IsOptional<T>::value) {
        write_value(out, *value);
    } else if constexpr (IsVector<T>::value) {
        out.u(value.size());
        for (const auto& one : value) {
            write_value(out, one);
        }
    } else {
        write_row(out, value);
    }
}

/// Second pass of writing: the fields that are there. A true `bool` is its bit.
class FieldWriter {
public:
    FieldWriter(ValueWriter& out, std::uint64_t bits) : out_(out), bits_(bits) {}

    template <class T>
    void operator()(unsigned bit, const T& value) {
        if (!std::same_as<T, bool> && is_there(bit)) {
            write_value(out_, value);
        }
    }
    template <class T>
    void or_default(unsigned bit, const T& value, const T&) {
        operator()(bit, value);
    }
    void since(unsigned bit, const std::optional<base::UtcMillis>& value, base::UtcMillis start) {
        if (is_there(bit)) {
            const auto distance = static_cast<std::uint64_t>(base::to_ms(*value)) -
                                  static_cast<std::uint64_t>(base::to_ms(start));
            out_.i(static_cast<std::int64_t>(distance));
        }
    }
    void fixed(unsigned bit, std::uint64_t value) {
        if (is_there(bit)) {
            out_.fixed64(value);
        }
    }

private:
    bool is_there(unsigned bit) const { return (bits_ >> bit & 1) != 0; }
    ValueWriter& out_;
    std::uint64_t bits_;
};

template <class Row>
void write_row(ValueWriter& out, const Row& row) {
    const std::uint64_t bits = presence_of(row);
    out.u(bits);
    FieldWriter writer(out, bits);
    fields(writer, row);
}

template <class T>
T read_whole(ValueReader& in, std::uint64_t largest) {
    const std::uint64_t value = in.u();
    if (value > largest) {
        in.fail();
        return T{};
    }
    if constexpr (std::same_as<T, std::uint64_t>) {
        return value;
    } else {
        return static_cast<T>(value);
    }
}

template <class Row>
void read_row(ValueReader& in, Row& row);

/// A value that no program writes makes the reader fail.
template <class T>
void read_value(ValueReader& in, T& value) {
    if constexpr (std::same_as<T, base::Int128>) {
        value = in.i128();
    } else if constexpr (Whole<T>) {
        value = read_whole<T>(in, std::numeric_limits<T>::max());
    } else if constexpr (std::same_as<T, std::int64_t>) {
        value = in.i();
    } else if constexpr (std::same_as<T, double>) {
        value = in.f64();
    } else if constexpr (std::is_enum_v<T>) {
        value = read_whole<T>(in, static_cast<std::underlying_type_t<T>>(LastOf<T>::value));
    } else if constexpr (IsId<T>::value) {
        using Number = decltype(value.value());
        value = T{read_whole<Number>(in, std::numeric_limits<Number>::max())};
    } else if constexpr (std::same_as<T, base::UtcMillis>) {
        value = base::from_ms(in.i());
    } else if constexpr (std::same_as<T, base::Millis>) {
        value = base::Millis{in.i()};
    } else if constexpr (std::same_as<T, std::array<char, 3>>) {
        const std::string_view bytes = in.raw(value.size());
        bytes.copy(value.data(), bytes.size());
    } else if constexpr (std::same_as<T, std::string>) {
        value = in.text();
    } else if constexpr (IsOptional<T>::value) {
        read_value(in, value.emplace());
    } else if constexpr (IsVector<T>::value) {
        for (std::size_t left = in.count(); left != 0 && in.ok(); --left) {
            read_value(in, value.emplace_back());
        }
    } else {
        read_row(in, value);
    }
}

/// Reads the fields that are there. `is_known` is false when a bit stands for no field of this
/// program.
class FieldReader {
public:
    FieldReader(ValueReader& in, std::uint64_t bits) : in_(in), bits_(bits) {}

    template <class T>
    void operator()(unsigned bit, T& value) {
        const bool there = is_there(bit);
        if constexpr (std::same_as<T, bool>) {
            value = there;
        } else if (there) {
            read_value(in_, value);
            refuse_if(Presence::is_absent(value));
        }
    }
    template <class T>
    void or_default(unsigned bit, T& value, const T& absent) {
        value = absent;
        if (is_there(bit)) {
            read_value(in_, value);
            refuse_if(value == absent);
        }
    }
    void since(unsigned bit, std::optional<base::UtcMillis>& value, base::UtcMillis start) {
        if (is_there(bit)) {
            const auto sum = static_cast<std::uint64_t>(in_.i()) +
                             static_cast<std::uint64_t>(base::to_ms(start));
            value = base::from_ms(static_cast<std::int64_t>(sum));
        }
    }
    void fixed(unsigned bit, std::uint64_t& value) {
        if (is_there(bit)) {
            value = in_.fixed64();
            refuse_if(value == 0);
        }
    }
    bool is_known() const { return (bits_ & ~known_) == 0; }

private:
    bool is_there(unsigned bit) {
        known_ |= std::uint64_t{1} << bit;
        return in_.ok() && (bits_ >> bit & 1) != 0;
    }
    /// A default value has no bit: one state has one form.
    void refuse_if(bool is_default) {
        if (is_default) {
            in_.fail();
        }
    }
    ValueReader& in_;
    std::uint64_t bits_;
    std::uint64_t known_ = 0;
};

template <class Row>
void read_row(ValueReader& in, Row& row) {
    FieldReader reader(in, in.u());
    fields(reader, row);
    if (!reader.is_known()) {
        in.fail();
    }
}

template <class Row>
std::string encode_row(const Row& row) {
    ValueWriter out;
    out.u(row_version);
    write_row(out, row);
    return out.take();
}

template <class Row>
base::Result<Row> decode_row(std::string_view bytes, std::string_view what) {
    ValueReader in(bytes);
    const std::uint64_t version = in.u();
    Row row;
    if (in.ok() && version == row_version) {
        read_row(in, row);
        if (in.ok() && in.at_end()) {
            return row;
        }
    }
    return base::Error(base::ErrorCode::corrupt,
                       std::string(what) + " row of " + std::to_string(bytes.size()) +
                           " bytes and version " + std::to_string(version) + " cannot be read");
}

}  // namespace store
