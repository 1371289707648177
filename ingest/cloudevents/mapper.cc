#include "ingest/cloudevents/mapper.h"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/base64.h"
#include "base/ensure.h"
#include "base/json.h"
#include "ingest/cloudevents/canonical_json.h"
#include "ingest/cloudevents/check.h"
#include "ingest/cloudevents/fill.h"
#include "ingest/cloudevents/schema.h"

namespace ingest::cloudevents {
namespace {

namespace json = boost::json;

using Rejected = std::optional<Rejection>;

constexpr std::array<std::string_view, 4> required_attributes = {"specversion", "id", "source",
                                                                 "type"};
/// Attributes with a place of their own, or of the transport. All others are kept as extensions.
constexpr std::array<std::string_view, 9> known_attributes = {
    "specversion",     "id",   "source",      "type",   "time",
    "datacontenttype", "data", "data_base64", "company"};

Rejected wrong_attribute(const json::object& event, const MapContext& context) {
    for (const std::string_view name : required_attributes) {
        const json::value* value = member(event, name);
        if (value == nullptr || (value->is_string() && text_of(*value).empty())) {
            return Rejection{"missing_field", "/" + std::string(name), "required"};
        }
        if (!value->is_string()) {
            return Rejection{"invalid_value", "/" + std::string(name), "not a text"};
        }
    }
    if (text_of(*member(event, "specversion")) != "1.0") {
        return Rejection{"invalid_value", "/specversion", "only CloudEvents 1.0"};
    }
    if (const json::value* company = member(event, "company")) {
        if (!company->is_string()) {
            return Rejection{"invalid_value", "/company", "not a text"};
        }
        if (text_of(*company) != context.company) {
            return Rejection{"refused_company", "/company", "another company than the source's"};
        }
    }
    return std::nullopt;
}

/// `call*` matches every word that begins so, any other pattern itself.
bool matches(std::string_view pattern, std::string_view word) {
    return pattern.ends_with('*') ? word.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : word == pattern;
}

Rejected refused_type(std::string_view word, const Type* type, const MapContext& context) {
    if (is_internal(word)) {
        return Rejection{"refused_type", "/type", "internal"};
    }
    if (type == nullptr) {
        return Rejection{"unknown_type", "/type", "no such type"};
    }
    const bool is_allowed = type->privileged
                                ? context.privileged
                                : std::any_of(context.types.begin(), context.types.end(),
                                              [word](const auto& p) { return matches(p, word); });
    if (!is_allowed) {
        return Rejection{"refused_type", "/type",
                         type->privileged ? "needs the role admin, supervisor or quality"
                                          : "not among the source's types"};
    }
    return std::nullopt;
}

/// `data`, or what `data_base64` holds.
struct Data {
    const json::value* value = nullptr;
    json::value decoded;
    Rejected rejected;
};

void find_data(const json::object& event, Data& data) {
    data.value = member(event, "data");
    const json::value* encoded = member(event, "data_base64");
    if (data.value == nullptr && encoded != nullptr && encoded->is_string()) {
        const auto bytes = base::from_base64(text_of(*encoded));
        if (!bytes) {
            data.rejected = Rejection{"malformed", "/data_base64", "no base64"};
            return;
        }
        auto parsed = base::parse_json(*bytes);
        if (!parsed) {
            data.rejected = Rejection{"malformed", "", parsed.error().context()};
            return;
        }
        data.decoded = std::move(parsed.value());
        data.value = data.decoded.is_null() ? nullptr : &data.decoded;
    }
    if (data.value == nullptr) {
        data.rejected = Rejection{"missing_field", "/data", "required"};
    }
}

std::string scope_of(const Type& type, const json::value& data, std::string_view source,
                     const MapContext& context) {
    if (type.word == "invoice" || type.word == "payment") {
        const json::value* ledger = member(data.get_object(), "ledger");
        return std::string(text_of(*ledger));
    }
    const json::value* kind = type.word == "void" ? member(data.get_object(), "kind") : nullptr;
    const bool is_of_call = type.word == "call" || type.word == "call.leg" ||
                            (kind != nullptr && text_of(*kind).starts_with("call"));
    if (!is_of_call) {
        return "";
    }
    return context.source_pbx.value_or(context.source_id + " " + std::string(source));
}

/// Extensions beside the unknown members of `data`, which `fill_data` left in `personal.extra`.
void keep_extensions(const json::object& event, events::Event& out) {
    json::object extensions;
    for (const auto& [name, value] : event) {
        const std::string_view attribute(name);
        if (!value.is_null() && std::find(known_attributes.begin(), known_attributes.end(),
                                          attribute) == known_attributes.end()) {
            extensions.emplace(name, value);
        }
    }
    if (extensions.empty()) {
        return;
    }
    json::object extra;
    if (!out.personal.extra().empty()) {
        auto parsed = base::parse_json(out.personal.extra());
        ENSURE(parsed);
        extra = std::move(parsed.value().get_object());
    }
    extra.emplace("extensions", std::move(extensions));
    out.personal.set_extra(canonical_json(extra));
}

events::Event make_event(const Type& type, const json::value& data, std::string_view source,
                         std::string_view id, const MapContext& context) {
    events::Event event;
    fill_envelope(event.head, type.word, context);
    event.head.set_source(std::string(source));
    event.head.set_id(std::string(id));
    event.head.set_scope(scope_of(type, data, source, context));
    fill_data(event, type, data, context);
    if (type.word == "void") {
        event.head.clear_scope();  // its key has the scope of what it takes back
    }
    return event;
}

/// Many short addresses take more room in an event, beside their normal forms, than they took in
/// JSON; four times as much is more than any can take.
bool is_too_long(const events::Event& event, std::size_t bytes_as_sent) {
    return bytes_as_sent > event_bytes_max / 4 &&
           event.head.ByteSizeLong() + event.personal.ByteSizeLong() > event_bytes_max;
}

}  // namespace

Mapped map_event(const json::value& event, std::size_t bytes_as_sent, const MapContext& context) {
    if (bytes_as_sent > item_bytes_max) {
        return Rejection{"too_large", "", "over 1 MiB"};
    }
    const json::object* object = event.if_object();
    if (object == nullptr) {
        return Rejection{"malformed", "", "an event is an object"};
    }
    if (Rejected rejected = wrong_attribute(*object, context)) {
        return std::move(*rejected);
    }
    const std::string_view word = events::word_of_type(text_of(*member(*object, "type")));
    const Type* type = find_type(word);
    if (Rejected rejected = refused_type(word, type, context)) {
        return std::move(*rejected);
    }
    const json::value* time = member(*object, "time");
    if (time != nullptr && !instant_of(*time)) {
        return Rejection{"invalid_time", "/time", "no instant"};
    }
    Data data;
    find_data(*object, data);
    if (data.rejected) {
        return std::move(*data.rejected);
    }
    if (Rejected rejected = check_data(*type, *data.value, context)) {
        return std::move(*rejected);
    }
    events::Event out = make_event(*type, *data.value, text_of(*member(*object, "source")),
                                   text_of(*member(*object, "id")), context);
    if (time != nullptr) {
        out.head.set_time(base::to_ms(*instant_of(*time)));
    }
    keep_extensions(*object, out);
    if (is_too_long(out, bytes_as_sent)) {
        return Rejection{"too_large", "", "over 2 MiB with its normal forms"};
    }
    return out;
}

Mapped map_text(std::string_view text, const MapContext& context) {
    if (text.size() > item_bytes_max) {
        return Rejection{"too_large", "", "over 1 MiB"};
    }
    std::array<unsigned char, 8192> first;  // most events need no more memory than this
    json::monotonic_resource memory(first.data(), first.size());
    const auto parsed = base::parse_json(text, &memory);
    if (!parsed) {
        return Rejection{"malformed", "", parsed.error().context()};
    }
    return map_event(parsed.value(), text.size(), context);
}

Mapped map_directory_entry(std::string_view word, const json::value& data,
                           const MapContext& context) {
    const Type* type = find_type(word);
    ENSURE(type != nullptr && type->privileged);
    if (Rejected rejected = check_data(*type, data, context)) {
        return std::move(*rejected);
    }
    return make_event(*type, data, "/directory", "", context);
}

}  // namespace ingest::cloudevents
