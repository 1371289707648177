#pragma once

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/int128.h"

namespace base {

/// Deepest nesting of arrays and objects that is read or written.
inline constexpr std::size_t json_depth_max = 64;

/// Reads one strict JSON text (RFC 8259), the whole of `text`.
///
/// Refused beyond the grammar: two members of one name in an object, bytes that are not UTF-8, a
/// lone surrogate, a byte order mark, nesting deeper than `json_depth_max`, anything behind the
/// value. Numbers: what fits 64 bits is an integer; everything else is the nearest double, beyond
/// its range the largest one.
///
/// Errors:   invalid - the text breaks these rules; the context names the byte, never the content.
/// Lifetime: `memory` (a monotonic_resource, say) must outlive the value.
/// Cost:     linear; no recursion beyond the depth limit.
/// Threads:  any.
Result<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr memory = {});

/// Writes JSON text piece by piece, members in the order they are given, without spaces.
///
/// Strings come out as valid UTF-8: each broken sequence becomes U+FFFD. Calls out of order (a
/// value without a key in an object, an end that matches no begin) are a bug and abort.
///
///     JsonWriter out;
///     out.begin_object().member("id",
///     7).key("tags").begin_array().value("vip").end_array().end_object();
///
/// Units:   numbers are written without exponent.
/// Threads: one at a time.
class JsonWriter {
public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('{'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close('['); }

    JsonWriter& key(std::string_view name);

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
    JsonWriter& value(Int128 number) { return raw(to_decimal(number)); }
    template <std::integral Number>
    JsonWriter& value(Number number) {
        if constexpr (std::signed_integral<Number>) {
            return whole(static_cast<std::int64_t>(number));
        } else {
            return whole(static_cast<std::uint64_t>(number));
        }
    }
    JsonWriter& null() { return raw("null"); }

    /// `number` rounded to `decimals` places (ties of the exact binary value to even), trailing
    /// zeros trimmed, never `-0`. What is not finite is `null`.
    JsonWriter& number(double number, int decimals);

    /// A read value, members in their order; a double in its shortest form that reads back equal,
    /// never `-0`.
    JsonWriter& json(const boost::json::value& value);

    /// `text` as it is, in the place of a value: the caller vouches that it is one JSON value.
    JsonWriter& raw(std::string_view text);

    template <class Value>
    JsonWriter& member(std::string_view name, const Value& what) {
        return key(name).value(what);
    }

    /// What is written so far.
    const std::string& text() const { return text_; }

    /// The finished text; every begin has met its end. The writer is empty afterwards.
    std::string take();

private:
    /// A read value at its deepest, inside an answer of ours.
    static constexpr std::size_t levels_max = 2 * json_depth_max;
    struct Level {
        char kind = 0;
        bool has_items = false;
    };

    JsonWriter& open(char kind);
    JsonWriter& close(char kind);
    JsonWriter& whole(std::int64_t number);
    JsonWriter& whole(std::uint64_t number);
    void separate();
    void append_string(std::string_view text);

    std::string text_;
    Level levels_[levels_max]{};
    std::size_t depth_ = 0;
    bool after_key_ = false;
};

}  // namespace base
