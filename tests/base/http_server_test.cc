// Proves the server against bytes written by hand, over real sockets on loopback and a free port.
// What the server must not do (hang, reset, mix requests up) shows as a failed read.
#include "base/http_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <ostream>
#include <stdexcept>
#include <thread>

#include "tests/base/http_fixture.h"

namespace base {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using test::client_of;
using test::echo;
using test::get_text;
using test::Raw;
using test::start;
using test::text;

TEST(HttpServer, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
    HttpRouter router;
    router.get("/late", HandlerMode::worker, echo()).get("/{what}", HandlerMode::io, echo());
    const auto server = start(std::move(router));
    Raw raw(*server);
    raw.write(get_text("/late") + get_text("/a%20b?x=1"));
    EXPECT_EQ(
        raw.read_answer(),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nGET /late ");
    raw.write(get_text("/c"));
    EXPECT_TRUE(raw.read_answer().ends_with("GET /a b "));
    EXPECT_TRUE(raw.read_answer().ends_with("GET /c "));
    raw.write("GET /d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(raw.read_all().ends_with("Connection: close\r\n\r\nGET /d "));
}

TEST(HttpServer, GivesTheHandlerWhatTheClientSent) {
    HttpRouter router;
    HttpRequest seen;
    router.post("/v1/{kind}/{id}/x/{rest...}", HandlerMode::worker,
                [&seen](HttpRequest request, const HttpReply& reply) {
                    seen = std::move(request);
                    reply({.status = 204});
                });
    const auto server = start(std::move(router));
    const auto answer =
        client_of(*server).post("/v1/calls/a%2Fb/x/c/d?q=1&q=%D0%96+2&empty", "text/plain;x=y",
                                "body", {{"X-One", "1"}, {"x-one", "2"}});
    ASSERT_TRUE(answer) << answer.error().context();
    EXPECT_EQ(answer.value().status, 204);
    EXPECT_FALSE(answer.value().headers.find("Content-Length"));
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.param("kind"), "calls");
    EXPECT_EQ(seen.param("id"), "a/b");
    EXPECT_EQ(seen.param("rest"), "c/d");
    EXPECT_EQ(seen.query.last("q"), "\xD0\x96 2");
    EXPECT_EQ(seen.query.all("q").size(), 2U);
    EXPECT_EQ(seen.query.last("empty"), "");
    EXPECT_FALSE(seen.query.last("none"));
    EXPECT_EQ(seen.headers.find("X-ONE"), "1");
    EXPECT_EQ(seen.headers.count("x-one"), 2U);
    EXPECT_EQ(seen.content_type(), "text/plain");
    EXPECT_EQ(seen.body, "body");
    EXPECT_EQ(seen.peer, "127.0.0.1");
}

TEST(HttpServer, AnswersHeadLikeGetWithoutTheBody) {
    HttpRouter router;
    router.get("/", HandlerMode::io,
               [](const HttpRequest&, const HttpReply& reply) { reply(text("four")); });
    const auto server = start(std::move(router));
    Raw raw(*server);
    raw.write("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(raw.read_all(),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
              "Connection: close\r\n\r\n");
}

struct Refusal {
    const char* name;
    std::string request;
    std::string status_line;
    bool keeps_alive;

    friend std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
        return out << refusal.name;
    }
};

class HttpRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(HttpRefusal, IsAProblemAndTheNextRequestIsNotMixedUp) {
    HttpRouter router;
    router.get("/here", HandlerMode::io, echo()).post("/here", HandlerMode::io, echo());
    const auto server = start(std::move(router), {.body_bytes_max = 1000});
    Raw raw(*server);
    raw.write(GetParam().request);
    raw.write(get_text("/here"));
    const std::string answer = raw.read_answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + GetParam().status_line + "\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: application/problem+json\r\n"), std::string::npos);
    EXPECT_NE(answer.find("{\"type\":\"about:blank\",\"title\":"), std::string::npos);
    EXPECT_EQ(answer.find("Connection: close") == std::string::npos, GetParam().keeps_alive);
    if (GetParam().keeps_alive) {
        EXPECT_TRUE(raw.read_answer().ends_with("GET /here "));
    } else {
        raw.close_sending();
        EXPECT_EQ(raw.read_all(), "");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Requests, HttpRefusal,
    testing::Values(
        Refusal{"no_route", get_text("/nowhere"), "404 Not Found", true},
        Refusal{"no_route_with_body",
                "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "404 Not Found",
                true},
        Refusal{"wrong_method", "PUT /here HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
                "405 Method Not Allowed\r\nContent-Type: application/problem+json\r\nAllow: GET, "
                "HEAD, POST",
                true},
        Refusal{"too_large",
                "POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" +
                    std::string(1001, 'x'),
                "413 Content Too Large", false},
        Refusal{"too_large_in_chunks",
                "POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                    std::string(1001, 'x') + "\r\n0\r\n\r\n",
                "413 Content Too Large", false},
        Refusal{"beyond_hearing_out",
                "POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" +
                    std::string(9000, 'x'),
                "413 Content Too Large", false},
        Refusal{"no_host", "GET /here HTTP/1.1\r\n\r\n", "400 Bad Request", false},
        Refusal{"two_hosts", "GET /here HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request",
                false},
        Refusal{"bad_escape", get_text("/%zz"), "400 Bad Request", false},
        Refusal{"nul", get_text("/here?a=%00"), "400 Bad Request", false},
        Refusal{"not_utf8", get_text("/%ff"), "400 Bad Request", false},
        Refusal{"absolute_target", get_text("http://a/here"), "400 Bad Request", false},
        Refusal{"garbage", "\x16\x03\x01 hello\r\n\r\n", "400 Bad Request", false},
        Refusal{"bare_newlines", "GET /here HTTP/1.1\nHost: a\n\n", "400 Bad Request", false},
        Refusal{
            "two_lengths",
            "POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "400 Bad Request", false},
        Refusal{"length_and_chunks",
                "POST /here HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
                "chunked\r\n\r\n0\r\n\r\n",
                "400 Bad Request", false},
        Refusal{"other_coding",
                "POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nabc",
                "501 Not Implemented", false},
        Refusal{"bad_chunk",
                "POST /here HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
                "400 Bad Request", false},
        Refusal{"other_expectation",
                "POST /here HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\nContent-Length: 0\r\n\r\n",
                "417 Expectation Failed", true},
        Refusal{"large_header",
                "GET /here HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x') + "\r\n\r\n",
                "431 Request Header Fields Too Large", false}),
    [](const auto& tested) { return tested.param.name; });

TEST(HttpServer, InvitesABodyThatWaits) {
    HttpRouter router;
    router.post("/", HandlerMode::io, echo());
    const auto server = start(std::move(router));
    Raw raw(*server);
    raw.write("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(raw.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
    raw.write("ok");
    EXPECT_TRUE(raw.read_answer().ends_with("POST / ok"));
}

TEST(HttpServer, DoesNotInviteABodyThatIsTooLarge) {
    HttpRouter router;
    router.post("/", HandlerMode::io, echo());
    const auto server = start(std::move(router), {.body_bytes_max = 1000});
    Raw raw(*server);
    raw.write("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
    EXPECT_TRUE(raw.read_answer().starts_with("HTTP/1.1 413 "));
    raw.close_sending();
    EXPECT_EQ(raw.read_all(), "");
}

TEST(HttpServer, ReadsLargeBodiesWholeWhetherChunkedOrNot) {
    HttpRouter router;
    router.post("/", HandlerMode::io_when_small, [](HttpRequest request, const HttpReply& reply) {
        reply(text(std::move(request.body)));
    });
    const auto server = start(std::move(router));
    std::string body;
    for (int i = 0; body.size() < 3'000'000; ++i) {
        body += std::to_string(i);
    }
    const auto whole = client_of(*server).post("/", "text/plain", body);
    ASSERT_TRUE(whole) << whole.error().context();
    EXPECT_EQ(whole.value().body, body);

    std::size_t sent = 0;
    std::string lines;
    const auto chunked = client_of(*server).stream(
        {.method = "POST", .target = "/"},
        [&](std::span<char> piece) -> Result<std::size_t> {
            const std::size_t size = std::min(piece.size(), body.size() - sent);
            body.copy(piece.data(), size, sent);
            sent += size;
            return size;
        },
        [&lines](std::string_view line) { lines += line; });
    ASSERT_TRUE(chunked) << chunked.error().context();
    EXPECT_EQ(lines, body);
}

TEST(HttpServer, TakesAReplyFromAnotherThreadLater) {
    HttpRouter router;
    std::promise<HttpReply> waiting;
    router.post("/", HandlerMode::io, [&waiting](const HttpRequest&, HttpReply reply) {
        waiting.set_value(std::move(reply));
    });
    router.get("/other", HandlerMode::io, echo());
    const auto server = start(std::move(router));
    auto answer = std::async(std::launch::async,
                             [&] { return client_of(*server).post("/", "text/plain", "x"); });
    const HttpReply reply = waiting.get_future().get();
    EXPECT_EQ(client_of(*server).get("/other").value().status, 200);
    reply(text("late"));
    EXPECT_EQ(answer.get().value().body, "late");
}

TEST(HttpServer, MakesAThrownExceptionAndADroppedReplyA500) {
    HttpRouter router;
    router.get("/throw", HandlerMode::worker,
               [](const HttpRequest&, const HttpReply&) { throw std::runtime_error("inside"); });
    router.get("/drop", HandlerMode::io, [](const HttpRequest&, const HttpReply&) {});
    const auto server = start(std::move(router));
    EXPECT_EQ(client_of(*server).get("/throw").value().status, 500);
    EXPECT_EQ(client_of(*server).get("/drop").value().status, 500);
}

/// Leaves the process without a free descriptor while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        const int lowest_free = dup(STDERR_FILENO);
        close(lowest_free);
        rlimit none = before_;
        none.rlim_cur = static_cast<rlim_t>(lowest_free);
        setrlimit(RLIMIT_NOFILE, &none);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

double accept_failures(const HttpServer& server) {
    double failures = 0;
    server.probe().visit([&failures](const Sample& sample) {
        failures += sample.name == "http_accept_failures_total" ? sample.value : 0;
    });
    return failures;
}

TEST(HttpServer, WaitsOutAWantOfDescriptorsAndServesWhoWaited) {
    HttpRouter router;
    router.get("/", HandlerMode::io, echo());
    const auto server = start(std::move(router));
    Raw raw;
    {
        const NoDescriptors none;
        raw.connect(*server);
        while (accept_failures(*server) == 0) {
            std::this_thread::yield();
        }
    }
    raw.write(get_text("/"));
    EXPECT_TRUE(raw.read_answer().starts_with("HTTP/1.1 200 "));
    EXPECT_LT(accept_failures(*server), 5);
}

TEST(HttpServer, ClosesOnAHeadThatDribbles) {
    HttpRouter router;
    router.get("/", HandlerMode::io, echo());
    const auto server = start(std::move(router), {.header_timeout = 50ms});
    Raw raw(*server);
    raw.write("GET / HTTP/1.1\r\nHo");
    EXPECT_EQ(raw.read_all(), "");
}

TEST(HttpServer, ClosesOnABodyThatDoesNotComeAndOnSilence) {
    HttpRouter router;
    router.post("/", HandlerMode::io, echo());
    const auto server = start(std::move(router), {.request_timeout = 50ms, .idle_timeout = 50ms});
    Raw half(*server);
    half.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    EXPECT_EQ(half.read_all(), "");
    Raw silent(*server);
    EXPECT_EQ(silent.read_all(), "");
}

TEST(HttpServer, PutsNoLineBreakOfAHandlerOnTheWire) {
    HttpRouter router;
    router.get("/", HandlerMode::io, [](const HttpRequest& request, const HttpReply& reply) {
        HttpResponse response = text("");
        response.headers.add("X-Echo", std::string(request.query.last("x").value_or("")));
        reply(std::move(response));
    });
    const auto server = start(std::move(router));
    const auto answer = client_of(*server).get("/?x=a%0D%0ASet-Cookie:%20b");
    EXPECT_EQ(answer.value().headers.find("X-Echo"), "a  Set-Cookie: b");
    EXPECT_FALSE(answer.value().headers.find("Set-Cookie"));
}

TEST(HttpServer, StopFinishesTheRequestUnderWayAndClosesTheIdle) {
    HttpRouter router;
    std::promise<HttpReply> waiting;
    router.get("/", HandlerMode::io, [&waiting](const HttpRequest&, HttpReply reply) {
        waiting.set_value(std::move(reply));
    });
    const auto server = start(std::move(router));
    Raw idle(*server);
    Raw busy(*server);
    busy.write(get_text("/"));
    const HttpReply reply = waiting.get_future().get();
    auto stopped = std::async(std::launch::async, [&] { server->stop(10s); });
    EXPECT_EQ(idle.read_all(), "");
    reply(text("done"));
    const std::string answer = busy.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_TRUE(answer.ends_with("Connection: close\r\n\r\ndone")) << answer;
    busy.close_sending();
    stopped.get();
    EXPECT_FALSE(client_of(*server).get("/"));
}

TEST(HttpServer, StopCutsOffWhatMissesTheDeadlineAndALateReplyHarmsNobody) {
    HttpRouter router;
    std::promise<HttpReply> waiting;
    router.get("/", HandlerMode::io, [&waiting](const HttpRequest&, HttpReply reply) {
        waiting.set_value(std::move(reply));
    });
    auto server = start(std::move(router));
    Raw busy(*server);
    busy.write(get_text("/"));
    const HttpReply reply = waiting.get_future().get();
    server->stop(1ms);
    server.reset();
    EXPECT_EQ(busy.read_all(), "");
    reply(text("too late"));
}

TEST(HttpServer, CountsByPatternMethodAndCode) {
    HttpRouter router;
    router.get("/v1/calls/{call_id}", HandlerMode::io, echo());
    const auto server = start(std::move(router));
    ASSERT_TRUE(client_of(*server).get("/v1/calls/secret"));
    ASSERT_TRUE(client_of(*server).get("/v1/calls/other"));
    ASSERT_TRUE(client_of(*server).get("/secret"));
    std::string seen;
    server->probe().visit([&seen](const Sample& sample) {
        if (sample.kind == Sample::Kind::histogram) {
            for (const auto& [name, value] : sample.labels) {
                seen += name + "=" + value + " ";
            }
            seen += std::to_string(sample.count) + "\n";
            EXPECT_EQ(sample.buckets.back().second, sample.count);
        }
    });
    EXPECT_EQ(
        seen,
        "route=/v1/calls/{call_id} method=GET code=200 2\nroute=none method=GET code=404 1\n");
}

TEST(HttpServer, NamesTheAddressThatIsTaken) {
    const auto server = start({});
    const std::string address = "127.0.0.1:" + std::to_string(server->port());
    std::vector<HttpListener> same;
    same.push_back({address, {}});
    const auto refused = HttpServer::start(std::move(same), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), ErrorCode::unavailable);
    EXPECT_EQ(refused.error().context(), address + ": Address already in use");
    std::vector<HttpListener> unreadable;
    unreadable.push_back({"8080", {}});
    EXPECT_EQ(HttpServer::start(std::move(unreadable), {}).error().code(), ErrorCode::invalid);
}

}  // namespace
}  // namespace base
