// A request to the routes that read, as text: target, header fields, body. The answer is never the
// server's fault, is JSON or CSV, and what comes in pages is what comes at once. A cursor is taken
// only where it was given. Nothing keeps a person from making one, so that `cursor=raw.BYTES` is
// made one here, whatever position the bytes say.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "base/json.h"
#include "query/question.h"
#include "query/routes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/http_text.h"
#include "tests/query/world.h"

namespace fuzz {
namespace {

namespace json = boost::json;
using base::HttpRequest;
using base::HttpResponse;

/// A few calls, a mail, and what could not be read.
class SmallWorld final : public query::Views {
public:
    SmallWorld() {
        world_.declare("m-bob", "north");
        world_.declare("m-eve", "south");
        for (int n = 0; n < 4; ++n) {
            const std::string instant = "2026-11-02T07:0" + std::to_string(n) + ":00Z";
            world_.add_call("main", "in." + std::to_string(n),
                            query_test::answered(world_, instant, {{"m-bob", "north", 30 + n}}));
        }
        world_.add_call("main", "missed",
                        query_test::missed(world_, "2026-11-02T08:00:00Z", "m-eve", "south"));
        world_.add_call("main", "out",
                        query_test::outbound(world_, "2026-11-03T08:00:00Z", "m-eve", "south", 40));
        world_.add_alias("main", "alias", "out");
        for (std::uint64_t offset = 5; offset < 8; ++offset) {
            store::QuarantineRow row;
            row.source = world_.source("pbx-1");
            row.reason = "malformed";
            row.stage = "map";
            world_.add_item(offset, row);
        }
        world_.set_source("pbx-1", {});
        view_ = std::make_shared<const store::ReadView>(world_.view());
        query::RoutePorts ports;
        ports.views = this;
        ports.normal_number = [](std::string_view, std::string_view text) {
            return std::optional<std::string>(text);
        };
        ports.audit = [](const query::Reveal&) -> base::Result<void> { return base::success(); };
        query::add_routes(router_, ports);
    }

    base::Result<std::shared_ptr<const store::ReadView>> view(std::string_view) const override {
        return view_;
    }
    bool wait_applied(std::string_view, std::string_view, std::uint64_t,
                      std::chrono::milliseconds) const override {
        return false;
    }
    query::Ports ports(std::string_view) const override { return ports_; }

    HttpResponse send(HttpRequest request) const {
        const auto match = router_.match(request.method, request.target);
        if (match.route == nullptr || !base::split_target(request)) {
            return base::problem_response({.status = match.allow.empty() ? 404 : 405});
        }
        request.params = match.params;
        int answers = 0;
        HttpResponse response;
        std::get<base::HttpHandler>(match.route->handler)(std::move(request), [&](HttpResponse r) {
            ++answers;
            response = std::move(r);
        });
        ENSURE(answers == 1);
        return response;
    }

private:
    query_test::World world_;
    query::Ports ports_ = world_.ports();
    std::shared_ptr<const store::ReadView> view_;
    base::HttpRouter router_;
};

constexpr std::initializer_list<std::string_view> known = {
    "day",      "week",           "month",     "from",      "until",       "by",
    "kpi",      "manager",        "team",      "segment",   "tz",          "limit",
    "cursor",   "count",          "client",    "direction", "disposition", "talk_min",
    "talk_max", "wait_min",       "recording", "tag",       "reviewed",    "sort",
    "at",       "received_after", "reason",    "source",    "state"};

struct List {
    std::string_view path;
    std::string_view name;    ///< that its cursors are of
    std::string_view member;  ///< of the answer
};
constexpr std::array<List, 4> lists = {{{"/v1/kpis", "kpis", "rows"},
                                        {"/v1/calls", "calls", "calls"},
                                        {"/v1/explain", "explain", "contributions"},
                                        {"/v1/quarantine", "quarantine", "items"}}};

using Params = std::vector<std::pair<std::string, std::string>>;

/// The same request with other parameters.
HttpRequest with_params(const HttpRequest& request, const Params& params) {
    HttpRequest other = request;
    other.target = base::url_encode(request.path.substr(1));
    for (std::size_t at = other.target.find("%2F"); at != std::string::npos;
         at = other.target.find("%2F")) {
        other.target.replace(at, 3, "/");
    }
    other.target.insert(0, 1, '/');
    for (const auto& [name, value] : params) {
        other.target += (other.target.find('?') == std::string::npos ? '?' : '&');
        other.target += base::url_encode(name) + "=" + base::url_encode(value);
    }
    return other;
}

Params params_without(const HttpRequest& request, std::initializer_list<std::string_view> names) {
    Params params;
    for (const auto& item : request.query.items()) {
        if (std::find(names.begin(), names.end(), item.first) == names.end()) {
            params.push_back(item);
        }
    }
    return params;
}

/// Makes a cursor of `raw.BYTES`. A cursor of any other text is taken by one list at most, and is
/// then the very text that the list would give.
void look_at_cursor(const SmallWorld& world, HttpRequest& request, const List& list) {
    const std::string cursor(request.query.last("cursor").value_or(""));
    if (cursor.empty()) {
        return;
    }
    query::Params params(request.query.items().begin(), request.query.items().end());
    params["cursor"] = cursor;
    const auto view = world.view("").value();
    const query::Ports ports = world.ports("");
    const auto question = query::Question::open(*view, params, ports, known);
    if (!question) {
        return;
    }
    constexpr std::string_view mark = "raw.";
    if (cursor.starts_with(mark)) {
        Params made = params_without(request, {"cursor"});
        made.emplace_back("cursor", question.value().cursor(list.name, cursor.substr(mark.size())));
        request = with_params(request, made);
        return;
    }
    for (const List& other : lists) {
        const auto page = question.value().page(other.name);
        ENSURE(!page || question.value().cursor(other.name, page.value().after) == cursor);
    }
}

void check_pages(const SmallWorld& world, const HttpRequest& request, const List& list) {
    constexpr int pages_max = 100;
    json::array one_by_one;
    std::string cursor;
    for (int page = 0; page < pages_max; ++page) {
        Params params = params_without(request, {"limit", "cursor"});
        params.emplace_back("limit", "1");
        params.emplace_back("cursor", cursor);
        const HttpResponse response = world.send(with_params(request, params));
        ENSURE(response.status == 200);
        const json::value answer = base::parse_json(response.body).value();
        const json::array& items = answer.at(list.member).as_array();
        ENSURE(items.size() <= 1);
        one_by_one.insert(one_by_one.end(), items.begin(), items.end());
        const json::value& next = answer.at("next_cursor");
        if (next.is_null()) {
            const HttpResponse all =
                world.send(with_params(request, params_without(request, {"limit", "cursor"})));
            ENSURE(base::parse_json(all.body).value().at(list.member) == one_by_one);
            return;
        }
        cursor = next.as_string();
    }
    ENSURE(one_by_one.size() == pages_max);  // as many as that are behind no filter: `by` an hour
}

void check_body(const HttpResponse& response) {
    const bool is_problem = response.content_type == "application/problem+json";
    ENSURE(is_problem == (response.status != 200));
    if (is_problem || response.content_type == "application/json") {
        ENSURE(base::parse_json(response.body));
    } else {
        ENSURE(response.content_type.starts_with("text/csv") ||
               response.content_type == "application/yaml");
        ENSURE(!response.body.empty());
    }
}

}  // namespace

void run(std::string_view bytes) {
    static const SmallWorld world;
    HttpRequest request = read_request(bytes);
    const List* list = nullptr;
    if (base::split_target(request)) {
        for (const List& one : lists) {
            list = request.path == one.path && request.method == "GET" ? &one : list;
        }
    }
    if (list != nullptr) {
        look_at_cursor(world, request, *list);
    }
    const HttpResponse response = world.send(request);
    constexpr std::array<int, 6> statuses = {200, 400, 404, 405, 409, 415};
    ENSURE(std::find(statuses.begin(), statuses.end(), response.status) != statuses.end());
    check_body(response);
    if (list != nullptr && response.content_type == "application/json" &&
        !request.query.last("cursor")) {
        check_pages(world, request, *list);
    }
}

}  // namespace fuzz
