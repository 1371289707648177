// Proves streaming requests and the client, over real sockets on loopback: progress is seen while
// the body still goes out, neither side waits for the other for ever, and every failure is told to
// both.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <semaphore>

#include "base/http_client.h"
#include "tests/base/http_fixture.h"

namespace base {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using test::client_of;
using test::Raw;
using test::start;

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
    router.get("/", HandlerMode::io, [&waiting](const HttpRequest&, HttpReply reply) {
        waiting.set_value(std::move(reply));
    });
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

}  // namespace
}  // namespace base
