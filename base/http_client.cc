#include "base/http_client.h"

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <charconv>
#include <exception>
#include <future>
#include <optional>
#include <thread>

namespace base {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::size_t piece_bytes = std::size_t{64} * 1024;
constexpr SteadyTime never = SteadyTime::max();

void rethrow(const std::exception_ptr& failed) {
    if (failed) {
        std::rethrow_exception(failed);
    }
}

/// The request's line and fields. Nothing if one of them could end its line.
std::optional<std::string> head_text(const HttpRequest& request, const std::string& peer,
                                     std::string_view framing) {
    std::string head =
        request.method + " " + request.target + " HTTP/1.1\r\nHost: " + peer + "\r\n";
    std::string checked = request.method + request.target;
    for (const auto& [name, value] : request.headers.fields()) {
        head.append(name).append(": ").append(value).append("\r\n");
        checked.append(name).append(value);
    }
    if (checked.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
        return std::nullopt;
    }
    return head.append(framing).append("\r\nConnection: close\r\n\r\n");
}

/// One request and its answer over one connection.
///
/// Threads: the constructor's and `response`'s the caller; everything else the one that runs `io`.
class Exchange {
public:
    Exchange(std::string peer, const HttpClientOptions& options)
        : peer_(std::move(peer)), options_(options), socket_(io), alarm_(io) {}

    asio::io_context io{1};

    /// Connects and sends `head`. An empty code: done.
    asio::awaitable<error_code> begin(std::string host, std::string port, std::string head) {
        arm(options_.connect_timeout);
        asio::co_spawn(io, watch(), rethrow);
        tcp::resolver resolver(io);
        const auto [unknown, endpoints] =
            co_await resolver.async_resolve(host, port, asio::as_tuple(asio::use_awaitable));
        if (unknown) {
            co_return unknown;
        }
        const auto [refused, endpoint] =
            co_await asio::async_connect(socket_, endpoints, asio::as_tuple(asio::use_awaitable));
        if (refused) {
            co_return refused;
        }
        error_code ignored;
        socket_.set_option(tcp::no_delay(true), ignored);
        const error_code failed = co_await write(std::move(head));
        co_return failed;
    }

    asio::awaitable<error_code> write(std::string bytes) {
        arm(options_.timeout);
        const auto [failed, size] = co_await asio::async_write(socket_, asio::buffer(bytes),
                                                               asio::as_tuple(asio::use_awaitable));
        arm_never();
        co_return failed;
    }

    /// Reads the answer; afterwards `outcome` knows.
    asio::awaitable<void> receive(HttpClient::OnLine on_line) {
        const Finish finish(*this);
        co_await receive_parts(on_line);
    }

    /// From now on the other side is to move.
    void await_answer(bool is_each_read) {
        rearms_on_read_ = is_each_read;
        arm(options_.timeout);
    }

    /// Breaks everything off.
    void abort() {
        error_code ignored;
        socket_.close(ignored);
    }

    bool is_answered() const { return is_answered_; }
    bool has_response() const { return is_whole_; }

    Error error_of(const error_code& failed) const {
        if (is_timed_out_) {
            return Error(ErrorCode::timeout, peer_ + ": no answer in time");
        }
        const bool is_gone =
            failed == http::error::end_of_stream || failed == http::error::partial_message;
        if (is_gone) {
            return Error(ErrorCode::unavailable, peer_ + ": the connection broke");
        }
        const bool is_malformed =
            failed.category() == error_code(http::error::bad_method).category();
        return Error(is_malformed ? ErrorCode::corrupt : ErrorCode::unavailable,
                     peer_ + ": " + failed.message());
    }

    Result<HttpResponse> outcome() {
        if (!is_whole_) {
            return error_of(failed_);
        }
        return std::move(response_);
    }

private:
    using Parser = http::response_parser<http::buffer_body>;

    /// Ends the watch however the receiving ends: `on_line` may throw.
    class Finish {
    public:
        explicit Finish(Exchange& exchange) : exchange_(exchange) {}
        Finish(const Finish&) = delete;
        Finish& operator=(const Finish&) = delete;
        ~Finish() {
            exchange_.is_answered_ = true;
            exchange_.is_over_ = true;
            exchange_.alarm_.cancel();
        }

    private:
        Exchange& exchange_;
    };

    /// Closes the socket when the deadline passes without being moved.
    asio::awaitable<void> watch() {
        while (!is_over_) {
            alarm_.expires_at(deadline_);
            co_await alarm_.async_wait(asio::as_tuple(asio::use_awaitable));
            if (!is_over_ && std::chrono::steady_clock::now() >= deadline_) {
                is_timed_out_ = true;
                abort();
                co_return;
            }
        }
    }

    void arm(std::chrono::milliseconds within) {
        deadline_ = std::chrono::steady_clock::now() + within;
        alarm_.cancel();
    }
    void arm_never() {
        if (!rearms_on_read_) {
            deadline_ = never;
        }
    }

    asio::awaitable<void> receive_parts(const HttpClient::OnLine& on_line) {
        boost::beast::flat_buffer buffer;
        std::optional<Parser> parser;
        do {
            parser.emplace();
            parser->body_limit(boost::none);
            const auto [failed, size] = co_await http::async_read_header(
                socket_, buffer, *parser, asio::as_tuple(asio::use_awaitable));
            if (failed) {
                failed_ = failed;
                co_return;
            }
        } while (parser->get().result_int() < 200);
        take_head(*parser);
        const bool is_lines = on_line && response_.status < 300;
        std::string piece(piece_bytes, '\0');
        while (!parser->is_done()) {
            parser->get().body().data = piece.data();
            parser->get().body().size = piece.size();
            const auto [failed, size] = co_await http::async_read_some(
                socket_, buffer, *parser, asio::as_tuple(asio::use_awaitable));
            if (failed && failed != http::error::need_buffer) {
                failed_ = failed;
                co_return;
            }
            response_.body.append(piece, 0, piece.size() - parser->get().body().size);
            if (rearms_on_read_) {
                arm(options_.timeout);
            }
            if (is_lines) {
                hand_out_lines(on_line);
            }
        }
        if (is_lines && !response_.body.empty()) {
            on_line(response_.body);
            response_.body.clear();
        }
        is_whole_ = true;
    }

    void take_head(const Parser& parser) {
        const auto& head = parser.get();
        response_.status = static_cast<int>(head.result_int());
        response_.content_type = std::string(head[http::field::content_type]);
        for (const auto& field : head) {
            const auto name = field.name_string();
            const auto value = field.value();
            response_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
        }
    }

    void hand_out_lines(const HttpClient::OnLine& on_line) {
        std::string_view rest = response_.body;
        for (std::size_t end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
            on_line(rest.substr(0, end));
            rest.remove_prefix(end + 1);
        }
        response_.body.erase(0, response_.body.size() - rest.size());
    }

    const std::string peer_;
    const HttpClientOptions options_;
    tcp::socket socket_;
    asio::steady_timer alarm_;
    SteadyTime deadline_ = never;
    bool is_over_ = false;
    bool is_timed_out_ = false;
    bool rearms_on_read_ = false;
    HttpResponse response_;
    error_code failed_;
    bool is_whole_ = false;
    std::atomic<bool> is_answered_{false};
};

/// Lets the thread of an exchange end, whatever happens to the caller's.
class Ending {
public:
    explicit Ending(Exchange& exchange) : exchange_(exchange), work_(exchange.io.get_executor()) {}
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;
    ~Ending() {
        asio::post(exchange_.io, [&exchange = exchange_] { exchange.abort(); });
    }

private:
    Exchange& exchange_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
};

/// One whole request: what does not go out is still answered, perhaps.
asio::awaitable<void> converse(Exchange& exchange, std::string host, std::string port,
                               std::string text, error_code& failed) {
    failed = co_await exchange.begin(std::move(host), std::move(port), std::move(text));
    exchange.await_answer(false);
    co_await exchange.receive({});
}

/// Sends the body as `next` gives it. A failure to send is not told: the answer says more.
Result<void> send_pieces(Exchange& exchange, const HttpClient::NextPiece& next) {
    std::string piece(piece_bytes, '\0');
    for (;;) {
        BOOST_OUTCOME_TRY(const std::size_t size, next(piece));
        std::array<char, 16> hex;
        const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), size, 16).ptr;
        std::string chunk(hex.data(), end);
        chunk.append("\r\n").append(piece, 0, size).append("\r\n");
        const error_code failed =
            asio::co_spawn(exchange.io, exchange.write(std::move(chunk)), asio::use_future).get();
        if (failed || size == 0 || exchange.is_answered()) {
            return success();
        }
    }
}

}  // namespace

Result<HttpClient> HttpClient::open(std::string_view url, const HttpClientOptions& options) {
    constexpr std::string_view scheme = "http://";
    std::string_view rest = url;
    if (!rest.starts_with(scheme)) {
        return Error(ErrorCode::invalid, std::string(url) + ": not an http:// URL");
    }
    rest.remove_prefix(scheme.size());
    if (rest.ends_with('/')) {
        rest.remove_suffix(1);
    }
    const std::size_t bracket = rest.find(']');
    const std::size_t colon = rest.find(':', bracket == rest.npos ? 0 : bracket);
    std::string_view host = rest.substr(0, colon);
    const std::string_view port = colon == rest.npos ? "80" : rest.substr(colon + 1);
    std::uint16_t number = 0;
    const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool is_port = read.ec == std::errc{} && read.ptr == port.data() + port.size();
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.empty() || !is_port || host.find_first_of("/?#@ \r\n") != host.npos) {
        return Error(ErrorCode::invalid, std::string(url) + ": not of the form http://host:port");
    }
    return HttpClient(std::string(host), std::string(port),
                      std::string(rest.substr(0, colon)) + ":" + std::string(port), options);
}

Result<HttpResponse> HttpClient::get(std::string target, HttpHeaders headers) const {
    return send({.method = "GET", .target = std::move(target), .headers = std::move(headers)});
}

Result<HttpResponse> HttpClient::post(std::string target, std::string content_type,
                                      std::string body, HttpHeaders headers) const {
    headers.set("Content-Type", std::move(content_type));
    return send({.method = "POST",
                 .target = std::move(target),
                 .headers = std::move(headers),
                 .body = std::move(body)});
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) const {
    const std::optional<std::string> head =
        head_text(request, peer_, "Content-Length: " + std::to_string(request.body.size()));
    if (!head) {
        return Error(ErrorCode::invalid, "a line break in a header or target");
    }
    Exchange exchange(peer_, options_);
    error_code failed;
    std::future<void> done =
        asio::co_spawn(exchange.io, converse(exchange, host_, port_, *head + request.body, failed),
                       asio::use_future);
    exchange.io.run();
    done.get();
    if (failed && !exchange.has_response()) {
        return exchange.error_of(failed);
    }
    return exchange.outcome();
}

Result<HttpResponse> HttpClient::stream(const HttpRequest& request, const NextPiece& next,
                                        const OnLine& on_line) const {
    const std::optional<std::string> head = head_text(request, peer_, "Transfer-Encoding: chunked");
    if (!head) {
        return Error(ErrorCode::invalid, "a line break in a header or target");
    }
    Exchange exchange(peer_, options_);
    std::jthread thread;
    const Ending ending(exchange);
    thread = std::jthread([&exchange] { exchange.io.run(); });
    const error_code failed =
        asio::co_spawn(exchange.io, exchange.begin(host_, port_, *head), asio::use_future).get();
    std::future<void> answered =
        asio::co_spawn(exchange.io, exchange.receive(on_line), asio::use_future);
    Result<void> sent = success();
    if (!failed) {
        sent = send_pieces(exchange, next);
    }
    asio::post(exchange.io, [&exchange, is_broken = !sent] {
        exchange.await_answer(true);
        if (is_broken) {
            exchange.abort();
        }
    });
    answered.get();
    if (!sent) {
        return sent.error();
    }
    if (failed && !exchange.has_response()) {
        return exchange.error_of(failed);
    }
    return exchange.outcome();
}

}  // namespace base
