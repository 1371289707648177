#include "tests/bench/http_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/bench/tool.h"

namespace bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Clock = std::chrono::steady_clock;

constexpr const char* events_path = "/v1/events?source=crm";
constexpr const char* batch_type = "application/cloudevents-batch+json";

double ms_since(Clock::time_point then) {
    return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

/// One keep-alive connection, blocking.
class Connection {
public:
    explicit Connection(std::uint16_t port) : socket_(io_) {
        socket_.connect({asio::ip::address_v4::loopback(), port});
        socket_.set_option(asio::ip::tcp::no_delay(true));
    }

    http::response<http::string_body> get(const std::string& target) {
        return exchange({http::verb::get, target, 11});
    }

    /// Posts a batch; the offset behind its last event, 0 of a server that gives none.
    std::uint64_t post(const std::string& body) {
        http::request<http::string_body> request{http::verb::post, events_path, 11};
        request.set(http::field::content_type, batch_type);
        request.body() = body;
        const auto answer = exchange(std::move(request));
        const unsigned status = answer.result_int();
        if (status != 200 && status != 202 && status != 207) {
            fail(fmt::format("POST {}: {} {}", events_path, status, answer.body().substr(0, 300)));
        }
        boost::json::error_code code;
        const auto said = boost::json::parse(answer.body(), code);
        const auto* const offset = code ? nullptr : said.find_pointer("/position/offset", code);
        return offset == nullptr ? 0 : offset->to_number<std::uint64_t>();
    }

private:
    http::response<http::string_body> exchange(http::request<http::string_body> request) {
        request.set(http::field::host, "127.0.0.1");
        request.prepare_payload();
        http::write(socket_, request);
        http::response<http::string_body> answer;
        http::read(socket_, buffer_, answer);
        return answer;
    }

    asio::io_context io_{1};
    asio::ip::tcp::socket socket_;
    beast::flat_buffer buffer_;
};

std::vector<std::string> bodies_of(const Lines& lines) {
    std::ifstream file(lines.file);
    std::vector<std::string> bodies;
    std::string line;
    std::size_t number = 0;
    std::size_t taken = 0;
    while (taken < lines.count && std::getline(file, line)) {
        if (!line.ends_with("}}") || number++ < lines.from) {
            continue;  // broken on purpose, or not asked for
        }
        if (taken++ % lines.batch == 0) {
            bodies.emplace_back("[");
        } else {
            bodies.back() += ',';
        }
        bodies.back() += line;
    }
    for (std::string& body : bodies) {
        body += ']';
    }
    if (taken < lines.count) {
        fail(fmt::format("{} has no {} lines from {} on", lines.file, lines.count, lines.from));
    }
    return bodies;
}

void raise(std::atomic<std::uint64_t>& end, std::uint64_t offset) {
    std::uint64_t known = end;
    while (known < offset && !end.compare_exchange_weak(known, offset)) {
    }
}

/// A call that ended a moment before it is sent, of a name that no other event has.
std::string fresh_call(std::size_t number) {
    return fmt::format(
        R"([{{"specversion":"1.0","id":"v{0}","source":"/bench","type":"normwatch.call.v1",)"
        R"("time":"2026-11-03T10:00:00Z","data":{{"call_id":"v{0}","direction":"outbound",)"
        R"("from":"101","to":"+7495{1:07}","started_at":"2026-11-03T10:00:00Z",)"
        R"("answered_at":"2026-11-03T10:00:05Z","ended_at":"2026-11-03T10:00:45Z"}}}}])",
        number, 1'000'000 + number);
}

/// Until an answer holds everything below `offset`.
void wait_visible(Connection& connection, std::uint64_t offset) {
    const std::string target = fmt::format(
        "/v1/calls?from=2000-01-01T00:00:00Z&until=2000-01-02T00:00:00Z&limit=1&min_offset={}",
        offset);
    for (;;) {
        const auto answer = connection.get(target);
        if (answer.result_int() == 200) {
            return;
        }
        if (answer.result_int() != 409) {
            fail(fmt::format("min_offset: {} {}", answer.result_int(), answer.body()));
        }
    }
}

double percentile(std::vector<double> sorted, double share) {
    const auto place = static_cast<std::size_t>(static_cast<double>(sorted.size()) * share);
    return sorted.at(std::min(sorted.size() - 1, place));
}

}  // namespace

void http_load(std::uint16_t port, const Lines& lines, std::size_t connections) {
    const std::vector<std::string> bodies = bodies_of(lines);
    std::atomic<std::size_t> next = 0;
    std::atomic<std::uint64_t> end = 0;
    const auto began = Clock::now();
    {
        std::vector<std::jthread> senders;
        for (std::size_t i = 0; i < connections; ++i) {
            senders.emplace_back([&] {
                Connection connection(port);
                for (std::size_t number = next++; number < bodies.size(); number = next++) {
                    raise(end, connection.post(bodies[number]));
                }
            });
        }
    }
    fmt::print("{{\"events\": {}, \"seconds\": {:.4f}, \"end\": {}}}\n", lines.count,
               ms_since(began) / 1000, end.load());
}

void http_visible(std::uint16_t port, const Lines& lines, double rate) {
    const std::vector<std::string> bodies = bodies_of(lines);
    const std::chrono::duration<double> pause(static_cast<double>(lines.batch) / rate);
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> running = 2;
    const auto began = Clock::now();
    const auto send = [&] {
        Connection connection(port);
        for (std::size_t number = next++; number < bodies.size(); number = next++) {
            const auto due =
                std::chrono::duration_cast<Clock::duration>(pause * static_cast<double>(number));
            std::this_thread::sleep_until(began + due);
            connection.post(bodies[number]);
        }
        --running;
    };
    std::vector<double> waits;
    double seconds = 0;
    {
        const std::jthread one(send);
        const std::jthread other(send);
        Connection connection(port);
        constexpr std::chrono::milliseconds between{5};
        for (std::size_t number = 0; running > 0; ++number) {
            const std::uint64_t offset = connection.post(fresh_call(number));
            const auto acknowledged = Clock::now();
            wait_visible(connection, offset);
            waits.push_back(ms_since(acknowledged));
            std::this_thread::sleep_for(between);
        }
        seconds = ms_since(began) / 1000;
    }
    std::sort(waits.begin(), waits.end());
    fmt::print(
        "{{\"probes\": {}, \"p50_ms\": {:.3f}, \"p99_ms\": {:.3f}, \"max_ms\": {:.3f}, "
        "\"events_per_second\": {:.0f}}}\n",
        waits.size(), percentile(waits, 0.5), percentile(waits, 0.99), waits.back(),
        static_cast<double>(lines.count) / seconds);
}

}  // namespace bench
