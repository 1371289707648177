#include "ingest/directory_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/ensure.h"
#include "base/json.h"
#include "base/utf8.h"
#include "events/text.h"
#include "ingest/cloudevents/event_json.h"
#include "ingest/cloudevents/mapper.h"
#include "ingest/cloudevents/schema.h"

namespace ingest::directory_yaml {
namespace {

namespace json = boost::json;

using cloudevents::Field;
using cloudevents::Place;
using cloudevents::Shape;
using cloudevents::Type;

/// Values in a file, an alias counted as often as it is used: no file grows without bound.
constexpr std::size_t values_max = 4'000'000;
constexpr std::size_t entry_values_max = 10'000;
constexpr std::size_t depth_max = 16;

struct SectionWord {
    std::string_view section;
    std::string_view word;
};
constexpr std::array<SectionWord, 10> section_words = {{{"teams", "team"},
                                                        {"managers", "manager"},
                                                        {"endpoints", "endpoint"},
                                                        {"clients", "client"},
                                                        {"calendars", "calendar"},
                                                        {"absences", "absence"},
                                                        {"norms", "norm"},
                                                        {"plans", "plan"},
                                                        {"checkpoints", "checkpoint"},
                                                        {"settings", "settings"}}};

/// A mistake in the file; caught in `read`.
struct Mistake {
    std::size_t line;
    std::string what;
};

std::size_t line_of(const YAML::Node& node) {
    return static_cast<std::size_t>(std::max(node.Mark().line, 0)) + 1;
}

/// Events hold UTF-8 alone; YAML's escapes make other bytes too: `\N` one that is none.
const std::string& checked(const YAML::Node& node) {
    if (!base::is_utf8(node.Scalar())) {
        throw Mistake{line_of(node), "not UTF-8"};
    }
    return node.Scalar();
}

std::optional<json::value> number_of(const std::string& text) {
    const char* const end = text.data() + text.size();
    const char* const begin = text.data() + (text.starts_with('+') ? 1 : 0);
    std::int64_t whole = 0;
    if (const auto [stop, failed] = std::from_chars(begin, end, whole);
        failed == std::errc{} && stop == end) {
        return json::value(whole);
    }
    double real = 0;
    const auto [stop, failed] = std::from_chars(begin, end, real);
    const bool is_digit =
        begin != end && ((*begin >= '0' && *begin <= '9') || *begin == '-' || *begin == '.');
    if (failed == std::errc{} && stop == end && is_digit && std::isfinite(real)) {
        return json::value(real);
    }
    return std::nullopt;
}

bool is_among(const std::string& text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

/// Turns YAML nodes into the JSON values of the events' contract.
class Converter {
public:
    void begin_entry() { entry_values_ = 0; }

    json::value convert(const YAML::Node& node, const Field* field) {
        if (field == nullptr) {
            return any(node, 0);
        }
        switch (field->shape) {
            case Shape::text:
            case Shape::any_text:
            case Shape::label:
            case Shape::word:
            case Shape::instant:
            case Shape::moment:
            case Shape::day_end: return text(node);
            case Shape::text_list: return texts(node);
            case Shape::object:
                return field->place == Place::applies_to ? texts_by_name(node) : any(node, 0);
            default: return any(node, 0);
        }
    }

private:
    void count(const YAML::Node& node) {
        if (++values_ > values_max || ++entry_values_ > entry_values_max) {
            throw Mistake{line_of(node), "more values than a directory can have"};
        }
    }

    static bool is_quoted(const YAML::Node& node) {
        return node.Tag() != "?" && !node.Tag().empty();
    }

    static bool is_null(const YAML::Node& node) {
        return node.IsNull() || (node.IsScalar() && !is_quoted(node) &&
                                 is_among(node.Scalar(), {"", "~", "null", "Null", "NULL"}));
    }

    /// A scalar as it stands there; anything else as it is, for the check to refuse.
    json::value text(const YAML::Node& node) {
        count(node);
        if (is_null(node)) {
            return nullptr;
        }
        return node.IsScalar() ? json::value(checked(node)) : any(node, 0);
    }

    json::value texts(const YAML::Node& node) {
        if (!node.IsSequence()) {
            return any(node, 0);
        }
        json::array items;
        for (const YAML::Node& item : node) {
            items.push_back(text(item));
        }
        return items;
    }

    json::value texts_by_name(const YAML::Node& node) {
        if (!node.IsMap()) {
            return any(node, 0);
        }
        json::object object;
        for (const auto& member : node) {
            add(object, member.first, text(member.second));
        }
        return object;
    }

    json::value any(const YAML::Node& node, std::size_t depth) {  // as deep as `depth_max`
        count(node);
        if (depth > depth_max) {
            throw Mistake{line_of(node), "nested deeper than " + std::to_string(depth_max)};
        }
        if (is_null(node)) {
            return nullptr;
        }
        if (node.IsSequence()) {
            json::array items;
            for (const YAML::Node& item : node) {
                items.push_back(any(item, depth + 1));
            }
            return items;
        }
        if (node.IsMap()) {
            json::object object;
            for (const auto& member : node) {
                add(object, member.first, any(member.second, depth + 1));
            }
            return object;
        }
        return scalar(node);
    }

    static json::value scalar(const YAML::Node& node) {
        const std::string& written = checked(node);
        if (!is_quoted(node)) {
            if (is_among(written, {"true", "True", "TRUE"})) {
                return true;
            }
            if (is_among(written, {"false", "False", "FALSE"})) {
                return false;
            }
            if (auto number = number_of(written)) {
                return std::move(*number);
            }
        }
        return json::value(written);
    }

    static void add(json::object& object, const YAML::Node& name, json::value value) {
        if (!name.IsScalar()) {
            throw Mistake{line_of(name), "a name that is no text"};
        }
        if (!object.emplace(checked(name), std::move(value)).second) {
            throw Mistake{line_of(name), "\"" + name.Scalar() + "\" stands there twice"};
        }
    }

    std::size_t values_ = 0;
    std::size_t entry_values_ = 0;
};

/// Reads one file.
class Reader {
public:
    explicit Reader(const MapContext& context) : context_(context) {}

    Directory read(const YAML::Node& root) {
        if (root.IsNull()) {
            return {};
        }
        if (!root.IsMap()) {
            throw Mistake{line_of(root), "not a directory: no sections"};
        }
        for (const auto& member : root) {
            section(member.first, member.second);
        }
        return std::move(directory_);
    }

private:
    void section(const YAML::Node& name, const YAML::Node& entries) {
        const std::string section = name.IsScalar() ? name.Scalar() : std::string();
        const std::string_view word = word_of(section);
        if (word.empty()) {
            throw Mistake{line_of(name), "unknown section \"" + section + "\""};
        }
        const auto& known = directory_.sections;
        if (std::find(known.begin(), known.end(), section) != known.end()) {
            throw Mistake{line_of(name), "section \"" + section + "\" stands there twice"};
        }
        directory_.sections.push_back(section);
        if (entries.IsNull()) {
            return;
        }
        if (!entries.IsSequence()) {
            throw Mistake{line_of(entries), section + ": not a list"};
        }
        for (const YAML::Node& node : entries) {
            entry(section, *cloudevents::find_type(word), node);
        }
    }

    void entry(const std::string& section, const Type& type, const YAML::Node& node) {
        if (!node.IsMap()) {
            throw Mistake{line_of(node), section + ": an entry that is no object"};
        }
        json::object data;
        converter_.begin_entry();
        std::map<std::string, std::size_t> lines;
        for (const auto& member : node) {
            const std::string name =
                member.first.IsScalar() ? checked(member.first) : std::string();
            const Field* field = type.field(name);
            const bool is_ours = field != nullptr && field->place != Place::revision &&
                                 field->place != Place::declared_by;
            if (!is_ours && type.word != "checkpoint") {
                throw Mistake{line_of(member.first), section + ": unknown field \"" + name + "\""};
            }
            if (!lines.emplace(name, line_of(member.first)).second) {
                throw Mistake{line_of(member.first),
                              section + ": \"" + name + "\" stands there twice"};
            }
            data.emplace(name, converter_.convert(member.second, field));
        }
        Mapped mapped = cloudevents::map_directory_entry(type.word, data, context_);
        if (const auto* rejection = std::get_if<Rejection>(&mapped)) {
            refuse(section, *rejection, node, lines);
        }
        add(section, std::move(std::get<events::Event>(mapped)), line_of(node));
    }

    [[noreturn]] static void refuse(const std::string& section, const Rejection& rejection,
                                    const YAML::Node& node,
                                    const std::map<std::string, std::size_t>& lines) {
        static constexpr std::string_view data = "/data/";
        std::string place = rejection.pointer.starts_with(data)
                                ? rejection.pointer.substr(data.size())
                                : rejection.pointer;
        const auto known = lines.find(place.substr(0, place.find('/')));
        throw Mistake{
            known != lines.end() ? known->second : line_of(node),
            section + ": " + place + ": " + rejection.reason + " (" + rejection.detail + ")"};
    }

    void add(const std::string& section, events::Event event, std::size_t line) {
        std::vector<std::string> identity =
            cloudevents::directory_identity(event, context_.company_zone);
        identity.insert(identity.begin(), section);
        const auto [known, is_new] = lines_.emplace(std::move(identity), line);
        if (!is_new) {
            throw Mistake{line, section + ": the entry of line " + std::to_string(known->second) +
                                    " stands here again"};
        }
        directory_.entries.push_back({section, std::move(event), line});
    }

    const MapContext& context_;
    Converter converter_;
    Directory directory_;
    std::map<std::vector<std::string>, std::size_t> lines_;  ///< by section and identity
};

/// A text that YAML reads back as itself without quotes: a word, an address, a date.
bool is_plain(std::string_view text) {
    if (text.size() == 10 && kpi::parse_date(text)) {
        return true;
    }
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    if (text.empty() || !is_letter(text.front())) {
        return false;
    }
    const bool is_word = std::all_of(text.begin(), text.end(), [is_letter](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '@' ||
               c == '/';
    });
    return is_word && !is_among(events::lower_case(text),
                                {"true", "false", "null", "yes", "no", "on", "off", "y", "n"});
}

void write_value(std::string& out, const json::value& value);

void write_text(std::string& out, std::string_view text) {
    if (is_plain(text)) {
        out += text;
        return;
    }
    base::JsonWriter quoted;
    quoted.value(text);
    out += quoted.take();
}

/// A name, and what parts it from its value. One of more than 1024 characters is a key for YAML
/// only behind a `?` (YAML 1.2.2, section 7.4.2).
void write_name(std::string& out, std::string_view name) {
    constexpr std::size_t implicit_max = 1024;
    std::string text;
    write_text(text, name);
    const bool is_explicit = text.size() > implicit_max;
    out += is_explicit ? "? " + text + " : " : text + ": ";
}

void write_object(std::string& out, const json::object& object) {
    out += '{';
    bool is_first = true;
    for (const auto& [name, value] : object) {
        out += is_first ? "" : ", ";
        is_first = false;
        write_name(out, std::string_view(name));
        write_value(out, value);
    }
    out += '}';
}

void write_value(std::string& out, const json::value& value) {  // as deep as the parser allowed
    if (const auto* object = value.if_object()) {
        write_object(out, *object);
    } else if (const auto* array = value.if_array()) {
        out += '[';
        for (std::size_t n = 0; n < array->size(); ++n) {
            out += n > 0 ? ", " : "";
            write_value(out, (*array)[n]);
        }
        out += ']';
    } else if (const auto* text = value.if_string()) {
        write_text(out, std::string_view(text->data(), text->size()));
    } else {
        base::JsonWriter plain;
        plain.json(value);
        out += plain.take();
    }
}

}  // namespace

base::Result<Directory> read(std::string_view text, std::string_view file_name,
                             const MapContext& context) {
    const auto mistake = [file_name](std::size_t line, const std::string& what) {
        return base::Error(base::ErrorCode::invalid,
                           std::string(file_name) + ":" + std::to_string(line) + ": " + what);
    };
    try {
        return Reader(context).read(YAML::Load(std::string(text)));
    } catch (const Mistake& found) {
        return mistake(found.line, found.what);
    } catch (const YAML::Exception& failed) {
        return mistake(static_cast<std::size_t>(std::max(failed.mark.line, 0)) + 1, failed.msg);
    }
}

std::string write(const std::vector<Section>& sections) {
    std::string out;
    for (const Section& section : sections) {
        if (section.entries.empty()) {
            continue;
        }
        out += section.name + ":\n";
        for (const std::string& entry : section.entries) {
            const auto value = base::parse_json(entry);
            ENSURE(value && value.value().is_object());
            out += "  - ";
            write_object(out, value.value().get_object());
            out += '\n';
        }
    }
    return out;
}

std::string_view section_of(std::string_view word) {
    for (const SectionWord& known : section_words) {
        if (known.word == word) {
            return known.section;
        }
    }
    return "";
}

std::string_view word_of(std::string_view section) {
    for (const SectionWord& known : section_words) {
        if (known.section == section) {
            return known.word;
        }
    }
    return "";
}

}  // namespace ingest::directory_yaml
