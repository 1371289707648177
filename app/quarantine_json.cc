// The request and the answer of `POST /v1/quarantine` as JSON.
#include <boost/json.hpp>
#include <utility>

#include "app/quarantine.h"
#include "base/json.h"

namespace app {
namespace {

namespace json = boost::json;

base::Error wrong(std::string_view name, std::string_view expected) {
    return base::Error(base::ErrorCode::invalid,
                       std::string(name) + ": expected " + std::string(expected));
}

base::Result<void> read_ids(const json::value& value, std::vector<std::string>& ids) {
    const json::array* list = value.if_array();
    if (list == nullptr) {
        return wrong("ids", "a list of ids");
    }
    for (const json::value& id : *list) {
        if (!id.is_string()) {
            return wrong("ids", "a list of ids");
        }
        ids.emplace_back(id.as_string());
    }
    return base::success();
}

base::Result<void> read_limit(const json::value& value, std::size_t& limit) {
    if (!value.is_int64() || value.as_int64() < 1) {
        return wrong("limit", "a whole number above 0");
    }
    limit = static_cast<std::size_t>(value.as_int64());
    return base::success();
}

/// The text that a member of this name goes to; null when it has another type.
std::string* text_of(QuarantineRequest& request, std::string_view name) {
    return name == "company"   ? &request.company
           : name == "reason"  ? &request.reason
           : name == "source"  ? &request.source
           : name == "because" ? &request.because
           : name == "cursor"  ? &request.cursor
                               : nullptr;
}

base::Result<void> read_member(std::string_view name, const json::value& value,
                               QuarantineRequest& request) {
    if (std::string* text = text_of(request, name)) {
        if (!value.is_string()) {
            return wrong(name, "a text");
        }
        *text = std::string(value.as_string());
        return base::success();
    }
    if (name == "all" || name == "replace") {
        if (!value.is_bool()) {
            return wrong(name, "true or false");
        }
        (name == "all" ? request.all : request.replace) = value.as_bool();
        return base::success();
    }
    if (name == "ids") {
        return read_ids(value, request.ids);
    }
    if (name == "limit") {
        return read_limit(value, request.limit);
    }
    if (name != "action") {
        return base::Error(base::ErrorCode::invalid, "unknown member " + std::string(name));
    }
    if (value != json::value("redrive") && value != json::value("discard")) {
        return wrong("action", "redrive or discard");
    }
    request.work =
        value == json::value("redrive") ? QuarantineWork::redrive : QuarantineWork::discard;
    return base::success();
}

}  // namespace

base::Result<QuarantineRequest> read_quarantine_request(std::string_view body) {
    BOOST_OUTCOME_TRY(const json::value value, base::parse_json(body));
    const json::object* object = value.if_object();
    if (object == nullptr) {
        return base::Error(base::ErrorCode::invalid, "the body is no object");
    }
    if (!object->contains("action")) {
        return wrong("action", "redrive or discard");
    }
    QuarantineRequest request;
    for (const auto& member : *object) {
        if (!member.value().is_null()) {
            BOOST_OUTCOME_TRY(read_member(member.key(), member.value(), request));
        }
    }
    return request;
}

std::string to_json(const QuarantineRequest& request) {
    base::JsonWriter out;
    out.begin_object().member("action",
                              request.work == QuarantineWork::redrive ? "redrive" : "discard");
    for (const auto& [name, text] :
         {std::pair<const char*, const std::string&>{"company", request.company},
          {"reason", request.reason},
          {"source", request.source},
          {"because", request.because},
          {"cursor", request.cursor}}) {
        if (!text.empty()) {
            out.member(name, std::string_view(text));
        }
    }
    if (!request.ids.empty()) {
        out.key("ids").begin_array();
        for (const std::string& id : request.ids) {
            out.value(std::string_view(id));
        }
        out.end_array();
    }
    out.member("all", request.all).member("replace", request.replace);
    if (request.limit != 0) {
        out.member("limit", request.limit);
    }
    return out.end_object().take();
}

base::Result<std::string> all_pages(
    QuarantineRequest request,
    const std::function<base::Result<std::string>(const QuarantineRequest&)>& page) {
    json::array items;
    for (;;) {
        BOOST_OUTCOME_TRY(const std::string text, page(request));
        BOOST_OUTCOME_TRY(json::value value, base::parse_json(text));
        json::object* answer = value.if_object();
        json::value* some = answer == nullptr ? nullptr : answer->if_contains("items");
        if (some == nullptr || !some->is_array()) {
            return base::Error(base::ErrorCode::unavailable, "the answer cannot be read");
        }
        for (json::value& item : some->as_array()) {
            items.push_back(std::move(item));
        }
        const json::value* cursor = answer->if_contains("next_cursor");
        if (cursor == nullptr || !cursor->is_string()) {
            break;
        }
        request.cursor = std::string(cursor->as_string());
    }
    return base::JsonWriter()
        .json(json::object{{"items", std::move(items)}, {"next_cursor", nullptr}})
        .take();
}

}  // namespace app
