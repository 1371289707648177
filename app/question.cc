#include "app/question.h"

#include <boost/json.hpp>
#include <optional>

#include "base/json.h"
#include "events/normal_form.h"
#include "query/answers.h"

namespace app {
namespace {

namespace json = boost::json;

constexpr std::string_view page_rows = "1000";

std::string path_of(const Question& question) {
    switch (question.kind) {
        case AnswerKind::report: return "/v1/kpis";
        case AnswerKind::calls: return "/v1/calls";
        case AnswerKind::explain: return "/v1/explain";
        case AnswerKind::pace: return "/v1/pace";
        case AnswerKind::board: return "/v1/board";
        case AnswerKind::quarantine: return "/v1/quarantine";
        case AnswerKind::quarantine_item: return "/v1/quarantine/" + base::url_encode(question.id);
        case AnswerKind::managers: return "/v1/managers";
        default: return "/v1/sources";
    }
}

/// The member that is a list in pages; empty when the answer has none.
std::string_view list_of(AnswerKind kind) {
    switch (kind) {
        case AnswerKind::report: return "rows";
        case AnswerKind::calls: return "calls";
        case AnswerKind::explain: return "contributions";
        case AnswerKind::quarantine: return "items";
        default: return "";
    }
}

bool is_good(const base::HttpResponse& response) {
    return response.status / 100 == 2;
}

/// The filters as the body of `POST /v1/calls/search`.
std::string search_body(const Question& question, const query::Params& params) {
    base::JsonWriter body;
    body.begin_object();
    for (const auto& [name, value] : params) {
        body.member(name, std::string_view(value));
    }
    if (!question.number.empty()) {
        body.member("number", std::string_view(question.number));
    }
    if (question.reveal) {
        body.member("reveal", true).member("reason", std::string_view(question.reason));
    }
    return body.end_object().take();
}

base::Result<std::string> ask_page(const base::HttpClient& server, const Question& question,
                                   const query::Params& params) {
    const bool is_search =
        question.kind == AnswerKind::calls && (question.reveal || !question.number.empty());
    base::Result<base::HttpResponse> response =
        is_search
            ? server.post("/v1/calls/search", "application/json", search_body(question, params))
            : server.get(target_of(path_of(question), params));
    if (!response) {
        return std::move(response).error();
    }
    if (!is_good(response.value())) {
        return error_of(response.value());
    }
    return std::move(response.value().body);
}

base::Error bad_answer() {
    return base::Error(base::ErrorCode::unavailable, "the server's answer cannot be read");
}

/// What stands behind the cursor of `page`; nullopt when it is the last.
std::optional<std::string> cursor_of(const json::object& page) {
    const json::value* cursor = page.if_contains("next_cursor");
    const json::string* text = cursor == nullptr ? nullptr : cursor->if_string();
    return text == nullptr || text->empty() ? std::nullopt : std::optional<std::string>(*text);
}

}  // namespace

base::Result<std::string> answer(const store::ReadView& view, const Question& question,
                                 const query::Ports& ports, const std::string& region) {
    query::Params params = question.params;
    const query::Who who{question.reveal};
    switch (question.kind) {
        case AnswerKind::report: return query::kpis(view, params, ports);
        case AnswerKind::calls:
            if (!question.number.empty()) {
                const auto normal = events::normal_number(question.number, {region, ""});
                if (!normal) {
                    return base::Error(base::ErrorCode::invalid, "number: not a telephone number");
                }
                params["number"] = *normal;
            }
            return query::calls(view, params, who, ports);
        case AnswerKind::explain: return query::explain(view, params, ports);
        case AnswerKind::pace: return query::pace(view, params, ports);
        case AnswerKind::board: return query::board(view, params, ports);
        case AnswerKind::quarantine: return query::quarantine(view, params, ports);
        case AnswerKind::quarantine_item:
            return query::quarantine_item(view, question.id, params, ports);
        case AnswerKind::managers: return query::managers(view, params, ports);
        default: return query::sources(view, params, ports);
    }
}

base::Result<std::string> ask_server(const base::HttpClient& server, const Question& question) {
    const std::string_view list = list_of(question.kind);
    query::Params params = question.params;
    if (list.empty() || params.contains("limit")) {
        return ask_page(server, question, params);
    }
    params["limit"] = page_rows;
    BOOST_OUTCOME_TRY(const std::string first, ask_page(server, question, params));
    BOOST_OUTCOME_TRY(json::value whole, base::parse_json(first));
    if (!whole.is_object() || !whole.as_object()[list].is_array()) {
        return bad_answer();
    }
    std::optional<std::string> cursor = cursor_of(whole.as_object());
    if (!cursor) {
        return first;
    }
    json::array& rows = whole.as_object()[list].as_array();
    while (cursor) {
        params["cursor"] = *cursor;
        BOOST_OUTCOME_TRY(const std::string text, ask_page(server, question, params));
        BOOST_OUTCOME_TRY(json::value page, base::parse_json(text));
        if (!page.is_object() || !page.as_object()[list].is_array()) {
            return bad_answer();
        }
        for (json::value& row : page.as_object()[list].as_array()) {
            rows.push_back(std::move(row));
        }
        cursor = cursor_of(page.as_object());
    }
    whole.as_object()["next_cursor"] = nullptr;
    return base::JsonWriter().json(whole).take();
}

std::string target_of(const std::string& path, const query::Params& params) {
    std::string target = path;
    char separator = '?';
    for (const auto& [name, value] : params) {
        target += separator + base::url_encode(name) + "=" + base::url_encode(value);
        separator = '&';
    }
    return target;
}

base::Error error_of(const base::HttpResponse& response) {
    std::string detail = "the server answers " + std::to_string(response.status);
    const base::Result<json::value> problem = base::parse_json(response.body);
    const json::object* object = problem ? problem.value().if_object() : nullptr;
    for (const std::string_view name : {"detail", "title"}) {
        const json::value* text = object == nullptr ? nullptr : object->if_contains(name);
        if (text != nullptr && text->is_string() && !text->as_string().empty()) {
            detail = std::string(text->as_string());
            break;
        }
    }
    switch (response.status) {
        case 400:
        case 415:
        case 422: return base::Error(base::ErrorCode::invalid, detail);
        case 404: return base::Error(base::ErrorCode::not_found, detail);
        default: return base::Error(base::ErrorCode::unavailable, detail);
    }
}

}  // namespace app
