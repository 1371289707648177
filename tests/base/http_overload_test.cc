// Proves what a server does that has more to do than it can: who is refused, how, and that he may
// come again. Handlers are held, so that it is full for as long as a test wants.
#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <string>
#include <utility>

#include "base/http_server.h"
#include "tests/base/http_fixture.h"

namespace base {
namespace {

using test::client_of;
using test::echo;
using test::get_text;
using test::Raw;
using test::start;
using test::text;

TEST(HttpOverload, Answers503WhenThePoolIsFull) {
    HttpRouter router;
    std::latch running(1);
    std::latch release(1);
    router.get("/slow", HandlerMode::worker, [&](const HttpRequest&, const HttpReply& reply) {
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

/// Answers when it is told to; its first request is waited for.
struct Held {
    std::latch running{1};
    std::latch release{1};
    HttpHandler handler() {
        return [this](const HttpRequest& request, const HttpReply& reply) {
            running.count_down();
            release.wait();
            reply(text(std::to_string(request.body.size())));
        };
    }
};

TEST(HttpOverload, BodiesOfAllRequestsShareTheirMemory) {
    HttpRouter router;
    Held held;
    router.post("/held", HandlerMode::worker, held.handler());
    router.post("/echo", HandlerMode::io, echo());
    const auto server = start(std::move(router), {.bodies_bytes_max = 100'000});
    const std::string body(60'000, 'x');
    auto first = std::async(std::launch::async,
                            [&] { return client_of(*server).post("/held", "text/plain", body); });
    held.running.wait();
    Raw second(*server);
    second.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + body);
    const std::string refused = second.read_answer();
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos) << refused;
    Raw chunked(*server);
    chunked.write("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nea60\r\n" +
                  body + "\r\n0\r\n\r\n");
    EXPECT_TRUE(chunked.read_answer().starts_with("HTTP/1.1 503 "));
    EXPECT_EQ(client_of(*server).post("/echo", "text/plain", "small").value().status, 200);
    held.release.count_down();
    EXPECT_EQ(first.get().value().body, "60000");
    // The refused client is still welcome, and now there is room.
    second.write("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + body);
    EXPECT_TRUE(second.read_answer().starts_with("HTTP/1.1 200 "));
}

TEST(HttpOverload, LargeBodiesAreTakenInWhileEveryWorkerIsBusy) {
    HttpRouter router;
    Held held;
    router.get("/held", HandlerMode::worker, held.handler());
    router.post("/intake", HandlerMode::io_when_small, echo());
    const auto server = start(std::move(router), {.workers = 1, .worker_queue_max = 0});
    auto first = std::async(std::launch::async, [&] { return client_of(*server).get("/held"); });
    held.running.wait();
    const std::string body(small_body_bytes_max + 1, 'x');
    EXPECT_EQ(client_of(*server).post("/intake", "text/plain", body).value().status, 200);
    held.release.count_down();
    EXPECT_EQ(first.get().value().status, 200);
}

TEST(HttpOverload, TurnsAwayConnectionsAboveTheLimit) {
    HttpRouter router;
    router.get("/", HandlerMode::io, echo());
    const auto server = start(std::move(router), {.connections_max = 1});
    Raw first(*server);
    first.write(get_text("/"));
    EXPECT_TRUE(first.read_answer().starts_with("HTTP/1.1 200 "));
    Raw second(*server);
    EXPECT_TRUE(second.read_answer().starts_with("HTTP/1.1 503 "));
}

TEST(HttpOverload, ALargeBodyThatNobodyWouldWorkOnIsRefusedBeforeIt) {
    HttpRouter router;
    Held held;
    router.post("/intake", HandlerMode::io_when_small, held.handler());
    const auto server = start(
        std::move(router),
        {.intake_workers = 1, .intake_places = 1, .intake_wait = std::chrono::milliseconds(0)});
    const std::string body(4 * small_body_bytes_max, 'x');
    const std::string request =
        "POST /intake HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n";
    auto first = std::async(std::launch::async,
                            [&] { return client_of(*server).post("/intake", "text/plain", body); });
    held.running.wait();
    Raw waiting(*server);
    waiting.write(request + "Expect: 100-continue\r\n\r\n");
    const std::string refused = waiting.read_answer();
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
    EXPECT_NE(refused.find("Retry-After: 1\r\n"), std::string::npos) << refused;
    Raw sending(*server);
    sending.write(request + "\r\n" + body);
    EXPECT_TRUE(sending.read_answer().starts_with("HTTP/1.1 503 "));
    held.release.count_down();
    EXPECT_EQ(first.get().value().status, 200);
    // Every byte of a refused body is gone: the client comes again, as it was told, until the pool
    // has noticed that it is free.
    std::string answer;
    do {
        sending.write(request + "\r\n" + body.substr(1));
        sending.write("x");
        answer = sending.read_answer();
    } while (answer.starts_with("HTTP/1.1 503 "));
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + std::to_string(body.size()))) << answer;
}

TEST(HttpOverload, ALargeBodyWaitsForItsTurn) {
    HttpRouter router;
    Held held;
    router.post("/intake", HandlerMode::io_when_small, held.handler());
    const auto server =
        start(std::move(router),
              {.intake_workers = 1, .intake_places = 1, .intake_wait = std::chrono::minutes(10)});
    const std::string body(4 * small_body_bytes_max, 'x');
    auto first = std::async(std::launch::async,
                            [&] { return client_of(*server).post("/intake", "text/plain", body); });
    held.running.wait();
    Raw second(*server);
    second.write("POST /intake HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\nExpect: 100-continue\r\n\r\n");
    held.release.count_down();
    EXPECT_EQ(first.get().value().status, 200);
    EXPECT_TRUE(second.read_answer().starts_with("HTTP/1.1 100 "));
    second.write(body);
    EXPECT_TRUE(second.read_answer().starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace base
