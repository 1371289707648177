// Proves the server and the client against each other and against bytes written by hand, over real
// sockets on loopback and a free port. What the server must not do (hang, reset, mix requests up)
// shows as a failed read, whose patience is limited by the sockets' own timeouts.
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <latch>
#include <mutex>
#include <semaphore>
#include <thread>

#include "base/http_client.h"
#include "base/http_server.h"

namespace base {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

HttpResponse text(std::string body) {
    return {.content_type = "text/plain", .body = std::move(body)};
}

HttpHandler echo() {
    return [](HttpRequest request, HttpReply reply) {
        reply(text(request.method + " " + request.path + " " + request.body));
    };
}

std::unique_ptr<HttpServer> start(HttpRouter router, HttpServerOptions options = {}) {
    std::vector<HttpListener> listeners;
    listeners.push_back({"127.0.0.1:0", std::move(router)});
    auto server = HttpServer::start(std::move(listeners), options);
    EXPECT_TRUE(server) << server.error().context();
    return std::move(server).value();
}

HttpClient client_of(const HttpServer& server) {
    return HttpClient::open("http://127.0.0.1:" + std::to_string(server.port())).value();
}

/// A client that writes what it is told.
class Raw {
public:
    explicit Raw(const HttpServer& server) : socket_(io_) {
        socket_.connect({asio::ip::address_v4::loopback(), server.port()});
    }
    void write(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }
    /// One answer with Content-Length: head and body.
    std::string read_answer() {
        boost::system::error_code failed;
        const std::size_t head =
            asio::read_until(socket_, asio::dynamic_buffer(bytes_), "\r\n\r\n", failed);
        if (failed) {
            return "broken: " + failed.message();
        }
        const std::size_t field = bytes_.find("Content-Length: ");
        const std::size_t size = field < head ? std::stoul(bytes_.substr(field + 16)) : 0;
        if (bytes_.size() < head + size) {
            asio::read(socket_, asio::dynamic_buffer(bytes_),
                       asio::transfer_exactly(head + size - bytes_.size()), failed);
        }
        std::string answer = bytes_.substr(0, head + size);
        bytes_.erase(0, head + size);
        return answer;
    }
    /// Everything until the server closes; "" if it does so without a word.
    std::string read_all() {
        boost::system::error_code failed;
        asio::read(socket_, asio::dynamic_buffer(bytes_), failed);
        return failed == asio::error::eof ? std::exchange(bytes_, {}) : failed.message();
    }
    void close_sending() { socket_.shutdown(tcp::socket::shutdown_send); }

private:
    asio::io_context io_;
    tcp::socket socket_;
    std::string bytes_;
};

std::string get_text(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

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
                [&seen](HttpRequest request, HttpReply reply) {
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
    router.get("/", HandlerMode::io, [](HttpRequest, HttpReply reply) { reply(text("four")); });
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
};

class HttpRefusal : public testing::TestWithParam<Refusal> {};

void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << refusal.name;
}

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
    router.post("/", HandlerMode::io_when_small,
                [](HttpRequest request, HttpReply reply) { reply(text(std::move(request.body))); });
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
    router.post("/", HandlerMode::io,
                [&waiting](HttpRequest, HttpReply reply) { waiting.set_value(std::move(reply)); });
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
               [](HttpRequest, HttpReply) { throw std::runtime_error("inside"); });
    router.get("/drop", HandlerMode::io, [](HttpRequest, HttpReply) {});
    const auto server = start(std::move(router));
    EXPECT_EQ(client_of(*server).get("/throw").value().status, 500);
    EXPECT_EQ(client_of(*server).get("/drop").value().status, 500);
}

TEST(HttpServer, Answers503WhenThePoolIsFull) {
    HttpRouter router;
    std::latch running(1);
    std::latch release(1);
    router.get("/slow", HandlerMode::worker, [&](HttpRequest, HttpReply reply) {
        running.count_down();
        release.wait();
        reply(text("done"));
    });
    const auto server = start(std::move(router), {.workers = 1, .worker_queue_max = 0});
    auto first = std::async(std::launch::async, [&] { return client_of(*server).get("/slow"); });
    running.wait();
    const auto second = client_of(*server).get("/slow");
    release.count_down();
    EXPECT_EQ(second.value().status, 503);
    EXPECT_EQ(second.value().headers.find("Retry-After"), "1");
    EXPECT_EQ(first.get().value().body, "done");
}

TEST(HttpServer, TurnsAwayConnectionsAboveTheLimit) {
    HttpRouter router;
    router.get("/", HandlerMode::io, echo());
    const auto server = start(std::move(router), {.connections_max = 1});
    Raw first(*server);
    first.write(get_text("/"));
    EXPECT_TRUE(first.read_answer().starts_with("HTTP/1.1 200 "));
    Raw second(*server);
    EXPECT_TRUE(second.read_answer().starts_with("HTTP/1.1 503 "));
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
    router.get("/", HandlerMode::io, [](HttpRequest request, HttpReply reply) {
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
    router.get("/", HandlerMode::io,
               [&waiting](HttpRequest, HttpReply reply) { waiting.set_value(std::move(reply)); });
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
    router.get("/", HandlerMode::io,
               [&waiting](HttpRequest, HttpReply reply) { waiting.set_value(std::move(reply)); });
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

/// Counts the bytes of a body and says so after each piece.
void count_body(const HttpRequest& head, HttpBodySource& source, HttpBodySink& sink) {
    ASSERT_TRUE(sink.begin(200, {{"Content-Type", "application/x-ndjson"}}));
    std::array<char, 8192> buffer;
    std::size_t total = 0;
    for (;;) {
        const auto size = source.read(buffer);
        if (!size || size.value() == 0) {
            const std::string how = size ? "whole" : std::string(to_string(size.error().code()));
            if (sink.write(head.path + " " + how + " " + std::to_string(total) + "\n")) {
                (void)sink.end();
            }
            return;
        }
        total += size.value();
        ASSERT_TRUE(sink.write(std::to_string(total) + "\n"));
    }
}

TEST(HttpStream, ShowsProgressWhileTheBodyArrives) {
    HttpRouter router;
    router.post_stream("/import", count_body);
    const auto server = start(std::move(router));
    std::vector<std::string> lines;
    std::counting_semaphore<> seen(0);
    int rounds = 0;
    const auto answer = client_of(*server).stream(
        {.method = "POST", .target = "/import"},
        [&](std::span<char> piece) -> Result<std::size_t> {
            if (rounds > 0) {
                seen.acquire();  // the line about the piece before has come
            }
            if (++rounds > 3) {
                return std::size_t{0};
            }
            piece[0] = 'x';
            return std::size_t{1};
        },
        [&](std::string_view line) {
            lines.emplace_back(line);
            seen.release();
        });
    ASSERT_TRUE(answer) << answer.error().context();
    EXPECT_EQ(answer.value().content_type, "application/x-ndjson");
    EXPECT_EQ(lines, (std::vector<std::string>{"1", "2", "3", "/import whole 3"}));
}

TEST(HttpStream, CarriesBothWaysMoreThanAllBuffersHold) {
    HttpRouter router;
    router.post_stream("/echo", [](const HttpRequest&, HttpBodySource& source, HttpBodySink& sink) {
        std::string buffer(100'000, '\0');
        ASSERT_TRUE(sink.begin(200, {}));
        auto size = source.read(buffer);
        while (size && size.value() != 0) {
            ASSERT_TRUE(sink.write(buffer.substr(0, size.value())));
            size = source.read(buffer);
        }
        ASSERT_TRUE(sink.end());
    });
    const auto server = start(std::move(router));
    constexpr std::size_t lines_count = 200'000;
    const std::string line(99, 'x');
    std::size_t sent = 0;
    std::size_t lines_received = 0;
    const auto answer = client_of(*server).stream(
        {.method = "POST", .target = "/echo"},
        [&](std::span<char> piece) -> Result<std::size_t> {
            std::size_t size = 0;
            for (; sent < lines_count && size + 100 <= piece.size(); ++sent, size += 100) {
                (line + "\n").copy(piece.data() + size, 100);
            }
            return size;
        },
        [&](std::string_view received) { lines_received += received == line ? 1U : 0U; });
    ASSERT_TRUE(answer) << answer.error().context();
    EXPECT_EQ(lines_received, lines_count);
}

TEST(HttpStream, RefusesWithoutReadingAndTheClientHearsIt) {
    HttpRouter router;
    router.post_stream("/import", [](const HttpRequest&, HttpBodySource&, HttpBodySink& sink) {
        ASSERT_TRUE(sink.answer(problem_response({.status = 401, .detail = "no"})));
    });
    const auto server = start(std::move(router));
    int rounds = 0;
    const auto answer = client_of(*server).stream(
        {.method = "POST", .target = "/import"},
        [&rounds](std::span<char> piece) -> Result<std::size_t> {
            ++rounds;
            return piece.size();
        },
        [](std::string_view) { FAIL() << "not a 2xx"; });
    ASSERT_TRUE(answer) << answer.error().context();
    EXPECT_EQ(answer.value().status, 401);
    EXPECT_NE(answer.value().body.find("\"detail\":\"no\""), std::string::npos);
}

TEST(HttpStream, HandlesLengthAndInvitationAndKeepsTheConnection) {
    HttpRouter router;
    router.post_stream("/import", count_body);
    const auto server = start(std::move(router));
    Raw raw(*server);
    raw.write(
        "POST /import HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(raw.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: "
        "chunked\r\n\r\n";
    EXPECT_EQ(raw.read_answer(), head);
    raw.write("ab");
    raw.write("POST /import HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    const std::string rest = raw.read_all();
    const std::string end = "10\r\n/import whole 2\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n";
    EXPECT_NE(rest.find(end), std::string::npos) << rest;
    EXPECT_TRUE(rest.ends_with("10\r\n/import whole 0\n\r\n0\r\n\r\n")) << rest;
}

TEST(HttpStream, IsToldWhenTheServerStops) {
    HttpRouter router;
    router.post_stream("/import", count_body);
    const auto server = start(std::move(router));
    std::string last;
    std::promise<void> begun;
    std::promise<void> told;
    auto stopping = std::async(std::launch::async, [&] {
        begun.get_future().wait();
        server->stop(10s);
    });
    int rounds = 0;
    const auto answer = client_of(*server).stream(
        {.method = "POST", .target = "/import"},
        [&](std::span<char> piece) -> Result<std::size_t> {
            if (++rounds == 2) {
                told.get_future().wait();
            }
            piece[0] = 'x';
            return std::size_t{1};
        },
        [&](std::string_view line) {
            last = line;
            if (line == "1") {
                begun.set_value();
            } else {
                told.set_value();
            }
        });
    ASSERT_TRUE(answer) << answer.error().context();
    EXPECT_EQ(last, "/import cancelled 1");
    stopping.get();
}

TEST(HttpStream, AnswersTheOneTooMany) {
    HttpRouter router;
    router.post_stream("/import", count_body);
    const auto server = start(std::move(router), {.streams_max = 1});
    Raw first(*server);
    first.write("POST /import HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n");
    EXPECT_TRUE(first.read_answer().starts_with("HTTP/1.1 200 "));
    const auto second = client_of(*server).post("/import", "text/plain", "x");
    ASSERT_TRUE(second) << second.error().context();
    EXPECT_EQ(second.value().status, 503);
}

TEST(HttpStream, GoneClientIsCancelledForTheHandler) {
    HttpRouter router;
    std::promise<ErrorCode> told;
    router.post_stream("/import",
                       [&told](const HttpRequest&, HttpBodySource& source, HttpBodySink&) {
                           std::array<char, 10> buffer;
                           auto size = source.read(buffer);
                           while (size && size.value() != 0) {
                               size = source.read(buffer);
                           }
                           told.set_value(size ? ErrorCode::corrupt : size.error().code());
                       });
    const auto server = start(std::move(router));
    {
        Raw raw(*server);
        raw.write("POST /import HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    }
    EXPECT_EQ(told.get_future().get(), ErrorCode::cancelled);
}

TEST(HttpClient, SaysUnavailableWhenNobodyListens) {
    std::uint16_t port = 0;
    {
        port = start({})->port();
    }
    const HttpClient client = HttpClient::open("http://127.0.0.1:" + std::to_string(port)).value();
    const auto answer = client.get("/");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::unavailable);
    EXPECT_EQ(answer.error().context(), client.peer() + ": Connection refused");
    const auto streamed =
        client.stream({.method = "POST", .target = "/"},
                      [](std::span<char>) { return Result<std::size_t>(1U); }, {});
    ASSERT_FALSE(streamed);
    EXPECT_EQ(streamed.error().code(), ErrorCode::unavailable);
}

TEST(HttpClient, SaysTimeoutWhenNoAnswerComes) {
    HttpRouter router;
    std::promise<HttpReply> waiting;
    router.get("/", HandlerMode::io,
               [&waiting](HttpRequest, HttpReply reply) { waiting.set_value(std::move(reply)); });
    const auto server = start(std::move(router));
    const auto answer =
        HttpClient::open("http://127.0.0.1:" + std::to_string(server->port()), {.timeout = 50ms})
            .value()
            .get("/");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), ErrorCode::timeout);
    waiting.get_future().get()({});
}

TEST(HttpClient, GivesTheFailureOfTheBodysSource) {
    HttpRouter router;
    router.post_stream("/import", count_body);
    const auto server = start(std::move(router));
    const auto answer = client_of(*server).stream(
        {.method = "POST", .target = "/import"},
        [](std::span<char>) -> Result<std::size_t> { return Error(ErrorCode::corrupt, "line 7"); },
        {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().context(), "line 7");
}

TEST(HttpClient, RefusesALineBreakInAHeader) {
    const HttpClient client = HttpClient::open("http://127.0.0.1:1").value();
    EXPECT_EQ(client.get("/", {{"X", "a\r\nY: b"}}).error().code(), ErrorCode::invalid);
    EXPECT_EQ(client.get("/ HTTP/1.1\r\nX: b").error().code(), ErrorCode::invalid);
}

TEST(HttpClient, OpensOnlyPlainHttpUrls) {
    EXPECT_EQ(HttpClient::open("http://localhost").value().peer(), "localhost:80");
    EXPECT_EQ(HttpClient::open("http://[::1]:8080/").value().peer(), "[::1]:8080");
    for (const char* bad :
         {"https://a", "a:80", "http://", "http://a:b", "http://a:99999", "http://a/b"}) {
        EXPECT_FALSE(HttpClient::open(bad)) << bad;
    }
}

TEST(HttpRouter, PrefersTextOverParameterOverRest) {
    HttpRouter router;
    router.get("/{path...}", HandlerMode::io, echo());
    router.get("/v1/{name}", HandlerMode::io, echo()).get("/v1/calls", HandlerMode::io, echo());
    EXPECT_EQ(router.match("GET", "/v1/calls?x").route->pattern, "/v1/calls");
    EXPECT_EQ(router.match("GET", "/v1/other").route->pattern, "/v1/{name}");
    EXPECT_EQ(router.match("GET", "/v1/a/b").route->pattern, "/{path...}");
    EXPECT_EQ(router.match("GET", "/").route->pattern, "/{path...}");
    EXPECT_EQ(router.match("HEAD", "/").route->pattern, "/{path...}");
    EXPECT_EQ(router.match("POST", "/v1/calls").allow, "GET, HEAD");
}

TEST(UrlCodec, DecodesWhatItEncodes) {
    const std::string text = "a b/+%?&=\xD0\x96~";
    EXPECT_EQ(url_encode(text), "a%20b%2F%2B%25%3F%26%3D%D0%96~");
    EXPECT_EQ(url_decode(url_encode(text)).value(), text);
    for (const char* bad : {"%", "%4", "%4g", "%00", "%C0%AF", "\xFF"}) {
        EXPECT_FALSE(url_decode(bad)) << bad;
    }
}

}  // namespace
}  // namespace base
