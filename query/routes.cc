#include "query/routes.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <charconv>
#include <utility>

#include "base/json.h"
#include "query/answers.h"
#include "query/csv.h"
#include "query/openapi.h"

namespace query {
namespace {

namespace json = boost::json;
using base::ErrorCode;
using base::HttpReply;
using base::HttpRequest;
using base::HttpResponse;

int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid: return 400;
        case ErrorCode::not_found: return 404;
        case ErrorCode::already_exists: return 409;
        case ErrorCode::corrupt: return 500;
        case ErrorCode::unavailable:
        case ErrorCode::timeout:
        case ErrorCode::cancelled:
        case ErrorCode::exhausted: return 503;
    }
    return 500;
}

HttpResponse problem(int status, std::string detail, std::string pointer = {}) {
    return base::problem_response({.status = status,
                                   .type = "about:blank",
                                   .title = {},
                                   .detail = std::move(detail),
                                   .pointer = std::move(pointer)});
}

/// An answer in the making: parameters and rights of one request.
struct Asked {
    Params params;
    Who who;
    bool csv = false;
};

bool wants_csv(const HttpRequest& request) {
    const std::string_view accept = request.headers.find("Accept").value_or("");
    return accept.find("text/csv") != std::string_view::npos;
}

std::string text_of(const Params& params, const std::string& name) {
    const auto found = params.find(name);
    return found == params.end() ? std::string() : found->second;
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = failed == std::errc{} && end == text.data() + text.size();
    return is_whole ? std::optional(number) : std::nullopt;
}

/// A page has a size here, unless the whole list is exported.
void bound_page(Asked& asked) {
    std::string& limit = asked.params["limit"];
    if (limit.empty()) {
        limit = asked.csv ? "" : std::to_string(page_default);
    } else if (const auto number = number_of(limit); number && *number > page_max) {
        limit = std::to_string(page_max);
    }
    if (limit.empty()) {
        asked.params.erase("limit");
    }
}

HttpResponse answer_response(const Asked& asked, base::Result<std::string> answer) {
    if (!answer) {
        return failure_response(answer.error());
    }
    HttpResponse response;
    response.headers.add("Cache-Control", "no-store");
    response.body = std::move(answer).value();
    if (asked.csv) {
        base::Result<std::string> table = csv(response.body);
        if (!table) {
            return failure_response(table.error());
        }
        response.body = std::move(table).value();
        response.content_type = "text/csv; charset=utf-8; header=present";
    }
    return response;
}

/// The routes' handlers. Every request takes exactly one state and answers from it alone.
class Routes {
public:
    explicit Routes(RoutePorts ports) : ports_(std::move(ports)) {}

    using Answer = std::function<base::Result<std::string>(const store::ReadView& view,
                                                           const Asked& asked, const Ports& ports)>;

    /// Answers a GET whose parameters stand in its URL.
    HttpResponse get(const HttpRequest& request, bool is_list, const Answer& answer) const;
    /// POST /v1/calls/search.
    HttpResponse search(const HttpRequest& request) const;
    const RoutePorts& ports() const { return ports_; }

private:
    HttpResponse ask(Asked asked, bool is_list, const Answer& answer) const;
    /// Waits for `min_offset`; the answer that says no, or nothing.
    std::optional<HttpResponse> wait(const std::string& company, const Params& params) const;
    /// Checks `reveal`, `reason` and `number` of a search; the answer that says no, or nothing.
    std::optional<HttpResponse> permit(const json::object& body, Asked& asked) const;

    RoutePorts ports_;
};

std::optional<HttpResponse> Routes::wait(const std::string& company, const Params& params) const {
    const std::string text = text_of(params, "min_offset");
    if (text.empty()) {
        return std::nullopt;
    }
    const auto offset = number_of(text);
    if (!offset) {
        return problem(400, "min_offset: a whole number is needed");
    }
    const auto view = ports_.views->view(company);
    if (!view) {
        return failure_response(view.error());
    }
    const std::string collector = text_of(params, "collector");
    if ((collector.empty() && view.value()->applied_offset >= *offset) ||
        ports_.views->wait_applied(company, collector, *offset, min_offset_wait)) {
        return std::nullopt;
    }
    const auto late = ports_.views->view(company);
    const std::uint64_t applied = (late ? late : view).value()->applied_offset;
    return problem(409, "min_offset is not reached yet; applied up to " + std::to_string(applied));
}

HttpResponse Routes::ask(Asked asked, bool is_list, const Answer& answer) const {
    const std::string company = text_of(asked.params, "company");
    if (auto refused = wait(company, asked.params)) {
        return std::move(*refused);
    }
    const auto view = ports_.views->view(company);
    if (!view) {
        return failure_response(view.error());
    }
    if (is_list) {
        bound_page(asked);
    }
    return answer_response(asked, answer(*view.value(), asked, ports_.views->ports(company)));
}

HttpResponse Routes::get(const HttpRequest& request, bool is_list, const Answer& answer) const {
    Asked asked;
    asked.csv = wants_csv(request);
    for (const auto& [name, value] : request.query.items()) {
        if (name == "number") {
            return problem(400, "number: only in the body of POST /v1/calls/search");
        }
        asked.params[name] = value;
    }
    return ask(std::move(asked), is_list, answer);
}

/// A member of a search as the text of a parameter; nullopt when it is no such thing.
std::optional<std::string> param_text(const json::value& value) {
    if (value.is_string()) {
        return std::string(value.as_string());
    }
    if (value.is_number() || value.is_bool()) {
        return base::JsonWriter().json(value).take();
    }
    return value.is_null() ? std::optional<std::string>("") : std::nullopt;
}

std::optional<HttpResponse> Routes::permit(const json::object& body, Asked& asked) const {
    const std::string company = text_of(asked.params, "company");
    if (const std::string number = text_of(asked.params, "number"); !number.empty()) {
        const auto normal =
            ports_.normal_number ? ports_.normal_number(company, number) : std::nullopt;
        if (!normal) {
            return problem(400, "number: one full telephone number is needed", "/number");
        }
        asked.params["number"] = *normal;
    }
    const json::value* reveal = body.if_contains("reveal");
    if (reveal == nullptr || reveal->is_null() || *reveal == json::value(false)) {
        return std::nullopt;
    }
    if (!reveal->is_bool()) {
        return problem(400, "reveal: true or false", "/reveal");
    }
    const std::string reason = text_of(asked.params, "reason");
    if (reason.find_first_not_of(' ') == std::string::npos) {
        return problem(400, "reason: who sees full numbers says why", "/reason");
    }
    Params filters = asked.params;
    filters.erase("number");
    const base::Result<void> audited =
        ports_.audit ? ports_.audit({"POST /v1/calls/search", reason, filters})
                     : base::Error(ErrorCode::unavailable, "there is no audit");
    if (!audited) {
        return failure_response(audited.error());
    }
    asked.who.reveal = true;
    return std::nullopt;
}

HttpResponse Routes::search(const HttpRequest& request) const {
    if (request.content_type() != "application/json") {
        return problem(415, "a search is application/json");
    }
    const auto value = base::parse_json(request.body);
    const json::object* body = value ? value.value().if_object() : nullptr;
    if (body == nullptr) {
        return problem(400, value ? "the body is no object" : value.error().context());
    }
    Asked asked;
    asked.csv = wants_csv(request);
    for (const auto& member : *body) {
        const std::string name(member.key());
        const auto text = param_text(member.value());
        if (!text) {
            return problem(400, "a text, a number or a truth value is needed", "/" + name);
        }
        asked.params[name] = *text;
    }
    if (auto refused = permit(*body, asked)) {
        return std::move(*refused);
    }
    return ask(std::move(asked), true,
               [](const store::ReadView& view, const Asked& what, const Ports& ports) {
                   return calls(view, what.params, what.who, ports);
               });
}

using PlainAnswer = base::Result<std::string> (*)(const store::ReadView&, const Params&,
                                                  const Ports&);

/// Answers on this thread, or, when the question waits for the views, on one of those that wait.
void reply_when_applied(const RoutePorts& ports, const HttpRequest& request, const HttpReply& reply,
                        const std::function<HttpResponse()>& answer) {
    const bool may_wait = request.query.last("min_offset").has_value() ||
                          request.body.find("min_offset") != std::string::npos;
    if (!may_wait || !ports.defer) {
        reply(answer());
    } else if (!ports.defer([reply, answer] { reply(answer()); })) {
        reply(failure_response(base::Error(ErrorCode::exhausted, "too many questions wait")));
    }
}

void add_plain(base::HttpRouter& router, const std::shared_ptr<const Routes>& routes,
               std::string pattern, PlainAnswer answer, bool is_list) {
    router.get(std::move(pattern), base::HandlerMode::worker,
               [routes, answer, is_list](const HttpRequest& request, const HttpReply& reply) {
                   reply_when_applied(routes->ports(), request, reply, [=] {
                       return routes->get(request, is_list,
                                          [answer](const store::ReadView& view, const Asked& asked,
                                                   const Ports& ports) {
                                              return answer(view, asked.params, ports);
                                          });
                   });
               });
}

using NamedAnswer = base::Result<std::string> (*)(const store::ReadView&, std::string_view,
                                                  const Params&, const Ports&);

/// As `add_plain`, about what the path names in its part `name`.
void add_named(base::HttpRouter& router, const std::shared_ptr<const Routes>& routes,
               std::string pattern, std::string_view name, NamedAnswer answer, bool is_list) {
    router.get(std::move(pattern), base::HandlerMode::worker,
               [routes, name, answer, is_list](const HttpRequest& request, const HttpReply& reply) {
                   const std::string id(request.param(name));
                   reply_when_applied(routes->ports(), request, reply, [=] {
                       return routes->get(request, is_list,
                                          [answer, &id](const store::ReadView& view,
                                                        const Asked& asked, const Ports& ports) {
                                              return answer(view, id, asked.params, ports);
                                          });
                   });
               });
}

using MaskedAnswer = base::Result<std::string> (*)(const store::ReadView&, const Params&,
                                                   const Who&, const Ports&);

/// A list in which numbers are shown as the asking person may see them.
void add_masked(base::HttpRouter& router, const std::shared_ptr<const Routes>& routes,
                std::string pattern, MaskedAnswer answer) {
    router.get(std::move(pattern), base::HandlerMode::worker,
               [routes, answer](const HttpRequest& request, const HttpReply& reply) {
                   reply_when_applied(routes->ports(), request, reply, [=] {
                       return routes->get(request, true,
                                          [answer](const store::ReadView& view, const Asked& asked,
                                                   const Ports& ports) {
                                              return answer(view, asked.params, asked.who, ports);
                                          });
                   });
               });
}

void add_call_routes(base::HttpRouter& router, const std::shared_ptr<const Routes>& routes) {
    add_masked(router, routes, "/v1/calls", calls);
    add_masked(router, routes, "/v1/missed", missed);
    router.get("/v1/calls/{call_id}", base::HandlerMode::worker,
               [routes](const HttpRequest& request, const HttpReply& reply) {
                   const std::string id(request.param("call_id"));
                   reply_when_applied(routes->ports(), request, reply, [=] {
                       return routes->get(request, false,
                                          [&id](const store::ReadView& view, const Asked& asked,
                                                const Ports& ports) {
                                              return call(view, id, asked.params, asked.who, ports);
                                          });
                   });
               });
    router.post("/v1/calls/search", base::HandlerMode::worker,
                [routes](const HttpRequest& request, const HttpReply& reply) {
                    reply_when_applied(routes->ports(), request, reply,
                                       [=] { return routes->search(request); });
                });
}

}  // namespace

HttpResponse failure_response(const base::Error& error) {
    const int status = status_of(error.code());
    const bool is_callers = status < 500;
    HttpResponse response = problem(status, is_callers      ? error.context()
                                            : status == 503 ? "not now; try again"
                                                            : "the views cannot be read");
    if (status == 503) {
        response.headers.add("Retry-After", "1");
    }
    return response;
}

void add_routes(base::HttpRouter& router, RoutePorts ports) {
    const auto routes = std::make_shared<const Routes>(std::move(ports));
    add_plain(router, routes, "/v1/kpis", kpis, true);
    add_plain(router, routes, "/v1/explain", explain, true);
    add_plain(router, routes, "/v1/pace", pace, false);
    add_plain(router, routes, "/v1/deviations", deviations, true);
    add_plain(router, routes, "/v1/board", board, false);
    add_plain(router, routes, "/v1/managers", managers, false);
    add_plain(router, routes, "/v1/clients", clients, true);
    add_plain(router, routes, "/v1/sources", sources, false);
    add_plain(router, routes, "/v1/quarantine", quarantine, true);
    add_call_routes(router, routes);
    add_named(router, routes, "/v1/quarantine/{id}", "id", quarantine_item, false);
    add_named(router, routes, "/v1/clients/{client_id}/timeline", "client_id", client_timeline,
              true);
    router.get("/openapi.yaml", base::HandlerMode::io,
               [](const HttpRequest&, const HttpReply& reply) {
                   HttpResponse response;
                   response.content_type = "application/yaml";
                   response.body = openapi_yaml();
                   reply(std::move(response));
               });
}

}  // namespace query
