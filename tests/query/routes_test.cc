// Proves the routes: which exist, what becomes of parameters, pages, CSV, min_offset, search and
// reveal, and the status of every failure. How: requests go through the router into the handlers,
// without sockets, over a store in memory and ports that note what they were asked.
#include <gtest/gtest.h>

#include "query/openapi.h"
#include "query/routes.h"
#include "world.h"

namespace query_test {
namespace {

using base::HttpRequest;
using base::HttpResponse;

/// Answers from one world; notes what it was asked to wait for.
class WorldViews final : public query::Views {
public:
    explicit WorldViews(World& world) : world_(world) {}
    base::Result<std::shared_ptr<const store::ReadView>> view(
        std::string_view company) const override {
        if (!failure.empty()) {
            return base::Error(base::ErrorCode::unavailable, failure);
        }
        if (company == "other") {
            return base::Error(base::ErrorCode::invalid, "no such company: other");
        }
        return std::make_shared<const store::ReadView>(world_.view());
    }
    bool wait_applied(std::string_view, std::string_view, std::uint64_t offset,
                      std::chrono::milliseconds timeout) const override {
        waited = std::to_string(offset) + "/" + std::to_string(timeout.count());
        world_.position().next_offset = applied;
        return offset <= applied;
    }
    query::Ports ports(std::string_view) const override { return world_.ports(); }

    mutable std::string waited;
    std::uint64_t applied = 100;
    std::string failure;

private:
    World& world_;
};

class RoutesTest : public testing::Test {
protected:
    RoutesTest() {
        for (int i = 0; i < 3; ++i) {
            const std::string instant = "2026-11-02T07:0" + std::to_string(i) + ":00Z";
            world_.add_call("main", std::to_string(i),
                            answered(world_, instant, {{"m-bob", "north", 30}}));
        }
        world_.declare_client("c-1", "Romashka", "m-bob");
        query::RoutePorts ports;
        ports.views = &views_;
        ports.normal_number = [](std::string_view, std::string_view text) {
            return text == "8 916 111 00 01" ? std::optional<std::string>("+79161110001")
                                             : std::nullopt;
        };
        ports.audit = [this](const query::Reveal& reveal) -> base::Result<void> {
            audited_.push_back(std::string(reveal.what) + " " + std::string(reveal.reason) + " " +
                               std::to_string(reveal.filters.count("number")));
            if (audit_fails_) {
                return base::Error(base::ErrorCode::unavailable, "audit.jsonl: no space");
            }
            return base::success();
        };
        query::add_routes(router_, ports);
    }

    HttpResponse send(HttpRequest request) {
        const auto match = router_.match(request.method, request.target);
        if (match.route == nullptr) {
            return {.status = match.allow.empty() ? 404 : 405,
                    .content_type = {},
                    .headers = {},
                    .body = {}};
        }
        EXPECT_TRUE(base::split_target(request).has_value());
        request.params = match.params;
        HttpResponse response{.status = 0, .content_type = {}, .headers = {}, .body = {}};
        std::get<base::HttpHandler>(match.route->handler)(
            std::move(request), [&](HttpResponse given) { response = std::move(given); });
        return response;
    }
    HttpResponse get(const std::string& target, const std::string& accept = "application/json") {
        HttpRequest request;
        request.method = "GET";
        request.target = target;
        request.headers.add("Accept", accept);
        return send(request);
    }
    HttpResponse search(const std::string& body, const std::string& type = "application/json") {
        HttpRequest request;
        request.method = "POST";
        request.target = "/v1/calls/search";
        request.headers.add("Content-Type", type);
        request.body = body;
        return send(request);
    }

    World world_;
    WorldViews views_{world_};
    base::HttpRouter router_;
    std::vector<std::string> audited_;
    bool audit_fails_ = false;
};

TEST_F(RoutesTest, AnswerWhatTheyAreNamedFor) {
    const std::pair<std::string, const char*> rows[] = {
        {"/v1/kpis?day=2026-11-02", "rows"},
        {"/v1/calls", "calls"},
        {"/v1/calls/" + store::call_id_of("main", "1"), "legs"},
        {"/v1/explain?kpi=calls_in", "contributions"},
        {"/v1/managers", "managers"},
        {"/v1/clients?sort=name", "clients"},
        {"/v1/clients/c-1/timeline", "items"},
        {"/v1/sources", "sources"},
        {"/v1/quarantine", "items"},
    };
    for (const auto& [target, member] : rows) {
        const HttpResponse response = get(target);
        EXPECT_EQ(response.status, 200) << target;
        EXPECT_EQ(response.content_type, "application/json");
        EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
        EXPECT_NE(member_of(response.body, member), "(absent)") << target;
        EXPECT_NE(member_of(response.body, "meta.as_of"), "(absent)") << target;
    }
    EXPECT_EQ(get("/v1/nothing").status, 404);
    EXPECT_EQ(get("/v1/calls/search").status, 404);
}

TEST_F(RoutesTest, AreAllInOpenApi) {
    const HttpResponse response = get("/openapi.yaml");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, query::openapi_yaml());
    for (const char* path :
         {"/v1/kpis", "/v1/calls", "/v1/calls/{call_id}", "/v1/calls/search", "/v1/explain",
          "/v1/managers", "/v1/clients", "/v1/clients/{client_id}/timeline", "/v1/sources",
          "/v1/quarantine", "/v1/quarantine/{id}", "/v1/missed", "/v1/pace", "/v1/board",
          "/v1/deviations", "/openapi.yaml"}) {
        EXPECT_NE(response.body.find(std::string("\n  ") + path + ":\n"), std::string::npos)
            << path;
    }
}

TEST_F(RoutesTest, GivePagesOfAHundredAndCsvWhole) {
    for (int i = 100; i < 260; ++i) {
        const std::string instant =
            kpi::render(at("2026-11-03T00:00:00Z") + std::chrono::minutes(i));
        world_.add_call("main", std::to_string(i),
                        answered(world_, instant, {{"m-bob", "north", 3}}));
    }
    const auto lines = [](const std::string& text) {
        return std::count(text.begin(), text.end(), '\n');
    };
    const HttpResponse page = get("/v1/calls?count=exact");
    EXPECT_EQ(member_of(page.body, "total"), "163");
    EXPECT_EQ(member_of(page.body, "calls.99.direction"), "inbound");
    EXPECT_EQ(member_of(page.body, "calls.100"), "(absent)");
    EXPECT_NE(member_of(page.body, "next_cursor"), "null");
    const HttpResponse csv = get("/v1/calls", "text/html, text/csv");
    EXPECT_EQ(csv.content_type, "text/csv; charset=utf-8; header=present");
    EXPECT_EQ(lines(csv.body), 164);
    EXPECT_EQ(lines(get("/v1/calls?limit=5", "text/csv").body), 6);
    EXPECT_EQ(get("/v1/calls?limit=1000000").status, 200);
}

TEST_F(RoutesTest, WaitForMinOffset) {
    EXPECT_EQ(get("/v1/kpis?min_offset=100").status, 200);
    EXPECT_EQ(views_.waited, "");
    views_.applied = 120;
    const HttpResponse there = get("/v1/kpis?min_offset=110");
    EXPECT_EQ(there.status, 200);
    EXPECT_EQ(views_.waited, "110/10000");
    EXPECT_EQ(member_of(there.body, "meta.applied_offset"), "120");
    const HttpResponse late = get("/v1/kpis?min_offset=121");
    EXPECT_EQ(late.status, 409);
    EXPECT_EQ(late.content_type, "application/problem+json");
    EXPECT_NE(late.body.find("applied up to 120"), std::string::npos) << late.body;
    EXPECT_EQ(get("/v1/kpis?min_offset=-1").status, 400);
}

TEST_F(RoutesTest, TellFailuresAsProblems) {
    const std::pair<std::string, int> rows[] = {
        {"/v1/kpis?kpi=nonsense", 400},    {"/v1/kpis?company=other", 400},
        {"/v1/kpis?limit=0", 400},         {"/v1/calls?number=%2B79161110001", 400},
        {"/v1/calls/AAAA", 404},           {"/v1/quarantine/0-1", 404},
        {"/v1/calls?colour=red", 400},     {"/v1/clients?state=rich", 400},
        {"/v1/clients/c-2/timeline", 404},
    };
    for (const auto& [target, status] : rows) {
        const HttpResponse response = get(target);
        EXPECT_EQ(response.status, status) << target;
        EXPECT_EQ(response.content_type, "application/problem+json");
        EXPECT_EQ(member_of(response.body, "status"), std::to_string(status));
        EXPECT_EQ(response.body.find("79161110001"), std::string::npos);
    }
    views_.failure = "/var/lib/views: not open";
    const HttpResponse closed = get("/v1/calls");
    EXPECT_EQ(closed.status, 503);
    EXPECT_EQ(closed.headers.find("Retry-After"), "1");
    EXPECT_EQ(closed.body.find("/var/lib"), std::string::npos);
}

TEST_F(RoutesTest, NeverRevealByUrl) {
    const HttpResponse response = get("/v1/calls?reveal=true&reason=curious");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body.find("79161110001"), std::string::npos);
    EXPECT_TRUE(audited_.empty());
}

TEST_F(RoutesTest, SearchByANumberAsAPersonWritesIt) {
    const HttpResponse found = search(R"({"number":"8 916 111 00 01","talk_min":30,"limit":2})");
    EXPECT_EQ(found.status, 200);
    EXPECT_EQ(column_of(found.body, "calls", "native_ids.0"), "2 1");
    EXPECT_EQ(found.body.find("79161110001"), std::string::npos);
    const std::string cursor = member_of(found.body, "next_cursor");
    const HttpResponse next = search(
        R"({"number":"8 916 111 00 01","talk_min":30,"limit":2,"cursor":")" + cursor + "\"}");
    EXPECT_EQ(column_of(next.body, "calls", "native_ids.0"), "0");
    const HttpResponse none = search(R"({"number":"hello"})");
    EXPECT_EQ(none.status, 400);
    EXPECT_EQ(member_of(none.body, "pointer"), "/number");
    EXPECT_EQ(search(R"({"talk_min":31})").status, 200);
    EXPECT_EQ(search(R"({"talk_min":[1]})").status, 400);
    EXPECT_EQ(search(R"({"colour":"red"})").status, 400);
    EXPECT_EQ(search("[]").status, 400);
    EXPECT_EQ(search("{").status, 400);
    EXPECT_EQ(search("{}", "text/plain").status, 415);
}

TEST_F(RoutesTest, RevealOnlyWhatWasAuditedBefore) {
    const HttpResponse shown =
        search(R"({"number":"8 916 111 00 01","reveal":true,"reason":"complaint 17"})");
    EXPECT_EQ(shown.status, 200);
    EXPECT_EQ(member_of(shown.body, "calls.0.client.number"), "+79161110001");
    EXPECT_EQ(audited_, std::vector<std::string>{"POST /v1/calls/search complaint 17 0"});
    const HttpResponse silent = search(R"({"reveal":true,"reason":"  "})");
    EXPECT_EQ(silent.status, 400);
    EXPECT_EQ(member_of(silent.body, "pointer"), "/reason");
    EXPECT_EQ(search(R"({"reveal":"yes","reason":"x"})").status, 400);
    EXPECT_EQ(audited_.size(), 1U);
    audit_fails_ = true;
    const HttpResponse refused = search(R"({"reveal":true,"reason":"complaint 18"})");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.body.find("79161110001"), std::string::npos);
    EXPECT_EQ(search(R"({"reveal":false})").status, 200);
    EXPECT_EQ(audited_.size(), 2U);
}

TEST(FailureResponse, HasOneStatusForEachCode) {
    const std::pair<base::ErrorCode, int> rows[] = {
        {base::ErrorCode::invalid, 400},        {base::ErrorCode::not_found, 404},
        {base::ErrorCode::already_exists, 409}, {base::ErrorCode::corrupt, 500},
        {base::ErrorCode::unavailable, 503},    {base::ErrorCode::timeout, 503},
        {base::ErrorCode::cancelled, 503},      {base::ErrorCode::exhausted, 503}};
    for (const auto& [code, status] : rows) {
        EXPECT_EQ(query::failure_response({code, "x"}).status, status);
    }
}

}  // namespace
}  // namespace query_test
