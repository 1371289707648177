#include "base/json.h"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "base/utf8.h"

namespace base {
namespace {

namespace json = boost::json;

/// The names of the members of the objects that are being read, innermost last.
class OpenNames {
public:
    void add_part(json::string_view part) { bytes_.append(part.data(), part.size()); }
    void finish_name() {
        names_.emplace_back(name_begin_, bytes_.size() - name_begin_);
        name_begin_ = bytes_.size();
    }

    /// Forgets the last `count` names; true if two of them are equal.
    bool close_object(std::size_t count) {
        if (count == 0) {
            return false;
        }
        const auto first = names_.end() - static_cast<std::ptrdiff_t>(count);
        const std::size_t bytes_before = first->first;
        std::sort(first, names_.end(), [this](Name a, Name b) { return text(a) < text(b); });
        const auto twin = std::adjacent_find(first, names_.end(),
                                             [this](Name a, Name b) { return text(a) == text(b); });
        const bool has_twins = twin != names_.end();
        names_.erase(first, names_.end());
        bytes_.resize(bytes_before);
        name_begin_ = bytes_before;
        return has_twins;
    }

private:
    using Name = std::pair<std::size_t, std::size_t>;  // begin, size in bytes_
    std::string_view text(Name name) const {
        return std::string_view(bytes_).substr(name.first, name.second);
    }

    std::string bytes_;
    std::vector<Name> names_;
    std::size_t name_begin_ = 0;
};

/// The double nearest to the JSON number `text`; the parser's own conversion may be one unit off.
double nearest_double(json::string_view text, double approximate) {
    double exact = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), exact);
    if (failed == std::errc{}) {
        return exact;
    }
    if (std::abs(approximate) < 1) {
        return 0;
    }
    return std::copysign(std::numeric_limits<double>::max(), approximate);
}

/// Builds the value and watches the names. The whole text comes in one piece, so a number's text
/// does too.
struct StrictHandler {
    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    json::value_stack values;
    OpenNames names;
    bool has_twins = false;

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t count, json::error_code& failed) {
        if (names.close_object(count)) {
            has_twins = true;
            failed = json::error::syntax;
            return false;
        }
        values.push_object(count);
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t count, json::error_code&) {
        values.push_array(count);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        names.add_part(part);
        values.push_chars(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        names.add_part(part);
        names.finish_name();
        values.push_key(part);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        values.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        values.push_string(part);
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
        values.push_int64(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
        values.push_uint64(number);
        return true;
    }
    bool on_double(double number, json::string_view text, json::error_code&) {
        values.push_double(nearest_double(text, number));
        return true;
    }
    bool on_bool(bool truth, json::error_code&) {
        values.push_bool(truth);
        return true;
    }
    bool on_null(json::error_code&) {
        values.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
};

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
    static constexpr std::string_view hex = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default: {
            const auto byte = static_cast<unsigned char>(c);
            out += "\\u00";
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        }
    }
}

/// Cuts the zeros a fixed number of decimals brings, and the sign of nothing.
std::string_view trimmed(std::string_view fixed) {
    if (fixed.find('.') != std::string_view::npos) {
        fixed = fixed.substr(0, fixed.find_last_not_of('0') + 1);
        if (fixed.back() == '.') {
            fixed.remove_suffix(1);
        }
    }
    return fixed == "-0" ? "0" : fixed;
}

}  // namespace

Result<json::value> parse_json(std::string_view text, json::storage_ptr memory) {
    json::parse_options options;
    options.max_depth = json_depth_max;
    json::basic_parser<StrictHandler> parser(options);
    parser.handler().values.reset(std::move(memory));
    json::error_code failed;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), failed);
    if (!failed && used < text.size()) {
        failed = json::error::extra_data;
    }
    if (failed) {
        const std::string what =
            parser.handler().has_twins ? "two members of one name" : failed.message();
        return Error(ErrorCode::invalid, "byte " + std::to_string(used) + ": " + what);
    }
    return parser.handler().values.release();
}

JsonWriter& JsonWriter::open(char kind) {
    separate();
    ENSURE(depth_ < levels_max);
    levels_[depth_++] = Level{kind, false};
    text_ += kind;
    return *this;
}

JsonWriter& JsonWriter::close(char kind) {
    ENSURE(depth_ > 0 && levels_[depth_ - 1].kind == kind && !after_key_);
    --depth_;
    text_ += kind == '{' ? '}' : ']';
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    ENSURE(depth_ > 0 && levels_[depth_ - 1].kind == '{' && !after_key_);
    Level& level = levels_[depth_ - 1];
    if (level.has_items) {
        text_ += ',';
    }
    level.has_items = true;
    append_string(name);
    text_ += ':';
    after_key_ = true;
    return *this;
}

void JsonWriter::separate() {
    if (depth_ == 0) {
        ENSURE(text_.empty());
        return;
    }
    Level& level = levels_[depth_ - 1];
    if (level.kind == '{') {
        ENSURE(after_key_);
        after_key_ = false;
        return;
    }
    if (level.has_items) {
        text_ += ',';
    }
    level.has_items = true;
}

void JsonWriter::append_string(std::string_view text) {
    text_ += '"';
    while (!text.empty()) {
        const auto plain = static_cast<std::size_t>(
            std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
        text_ += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        if (static_cast<unsigned char>(text[0]) < 0x80) {
            append_escaped(text_, text[0]);
            text.remove_prefix(1);
        } else if (const std::size_t size = utf8_size(text); size != 0) {
            text_ += text.substr(0, size);
            text.remove_prefix(size);
        } else {
            text_ += "\xEF\xBF\xBD";
            text.remove_prefix(1);
        }
    }
    text_ += '"';
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    append_string(text);
    return *this;
}

JsonWriter& JsonWriter::whole(std::int64_t number) {
    std::array<char, 24> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return raw(std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data())));
}

JsonWriter& JsonWriter::whole(std::uint64_t number) {
    std::array<char, 24> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return raw(std::string_view(buffer.data(), static_cast<std::size_t>(end - buffer.data())));
}

JsonWriter& JsonWriter::number(double number, int decimals) {
    if (!std::isfinite(number)) {
        return null();
    }
    ENSURE(decimals >= 0 && decimals <= 32);
    std::array<char, 360> buffer;  // 309 digits, point, sign, decimals
    const auto [end, failed] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                             std::chars_format::fixed, decimals);
    ENSURE(failed == std::errc{});
    return raw(trimmed({buffer.data(), static_cast<std::size_t>(end - buffer.data())}));
}

JsonWriter& JsonWriter::json(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null: return null();
        case json::kind::bool_: return this->value(value.get_bool());
        case json::kind::int64: return whole(value.get_int64());
        case json::kind::uint64: return whole(value.get_uint64());
        case json::kind::string: {
            const json::string& text = value.get_string();
            return this->value(std::string_view(text.data(), text.size()));
        }
        case json::kind::double_: {
            std::array<char, 360> buffer;
            const double number = value.get_double() + 0.0;  // makes one zero of the two
            const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                           std::chars_format::fixed)
                                 .ptr;
            return std::isfinite(number)
                       ? raw({buffer.data(), static_cast<std::size_t>(end - buffer.data())})
                       : null();
        }
        case json::kind::array:
            begin_array();
            for (const json::value& item : value.get_array()) {
                json(item);
            }
            return end_array();
        case json::kind::object:
            begin_object();
            for (const auto& member : value.get_object()) {
                key({member.key().data(), member.key().size()}).json(member.value());
            }
            return end_object();
    }
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view text) {
    separate();
    text_ += text;
    return *this;
}

std::string JsonWriter::take() {
    ENSURE(depth_ == 0 && !after_key_);
    return std::exchange(text_, {});
}

}  // namespace base
