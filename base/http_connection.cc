#include "base/http_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <exception>
#include <utility>

namespace base {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t read_bytes = 2048;  // the first read of a request
constexpr std::size_t buffer_bytes_idle_max =
    4096;                                    // a larger buffer is given back between requests
constexpr std::uint64_t discard_factor = 8;  // a body this many times too large is still heard out
constexpr std::chrono::seconds linger_timeout{2};

HttpResponse refused(int status, std::string detail) {
    return problem_response({.status = status, .detail = std::move(detail)});
}

HttpResponse too_large(std::size_t bytes_max) {
    return refused(413, "the body is larger than " + std::to_string(bytes_max) + " bytes");
}

HttpResponse busy(std::string detail) {
    HttpResponse response = refused(503, std::move(detail));
    response.headers.set("Retry-After", "1");
    return response;
}

/// The status a broken request is answered with; 0: the client is gone or silent, say nothing.
int status_of_broken(const error_code& failed) {
    if (failed == http::error::header_limit || failed == http::error::buffer_overflow) {
        return 431;
    }
    const bool is_gone =
        failed == http::error::end_of_stream || failed == http::error::partial_message;
    const bool is_malformed = failed.category() == error_code(http::error::bad_method).category();
    return is_malformed && !is_gone ? 400 : 0;
}

/// A value that cannot end its field: control characters become spaces.
void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        out += (byte < 0x20 && c != '\t') || byte == 0x7F ? ' ' : c;
    }
    out += "\r\n";
}

bool is_stream(const HttpRoute& route) {
    return std::holds_alternative<HttpStreamHandler>(route.handler);
}

bool has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace

HttpConnection::HttpConnection(HttpCore& core, const HttpRouter& router,
                               asio::ip::tcp::socket socket)
    : core_(core),
      router_(router),
      stream_(std::move(socket)),
      replies_(stream_.get_executor(), 1) {
    error_code ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto remote = stream_.socket().remote_endpoint(ignored);
    peer_ = remote.address().to_string();
    core_.connections.insert(this);
    core_.probe.connection_opened();
    const std::scoped_lock lock(core_.drained_mutex);
    ++core_.connections_left;
}

HttpConnection::~HttpConnection() {
    give_body_bytes_back();
    core_.connections.erase(this);
    core_.probe.connection_closed();
    const std::scoped_lock lock(core_.drained_mutex);
    --core_.connections_left;
    core_.drained.notify_all();
}

asio::awaitable<void> HttpConnection::run() {
    for (;;) {
        const bool has_request = co_await read_head();
        if (!has_request) {
            break;
        }
        co_await answer_request();
        if (!keeps_alive_) {
            break;
        }
        if (core_.stopping) {
            linger_bytes_max_ = http_piece_bytes;
            break;
        }
        if (buffer_.size() == 0 && buffer_.capacity() > buffer_bytes_idle_max) {
            buffer_ = {};
        }
    }
    co_await close();
}

void HttpConnection::wind_down() {
    if (phase_ == Phase::idle || is_reading_stream_) {
        stream_.cancel();
    }
}

void HttpConnection::cut_off() {
    stream_.close();
    if (phase_ == Phase::in_handler) {
        replies_.cancel();
    }
}

asio::awaitable<bool> HttpConnection::wait_for_request() {
    if (buffer_.size() != 0) {
        co_return true;
    }
    if (core_.stopping) {
        co_return false;
    }
    stream_.expires_after(core_.options.idle_timeout);
    const auto space = buffer_.prepare(read_bytes);
    const auto [failed, size] =
        co_await stream_.async_read_some(space, asio::as_tuple(asio::use_awaitable));
    buffer_.commit(size);
    co_return !failed;
}

asio::awaitable<bool> HttpConnection::read_head() {
    phase_ = Phase::idle;
    keeps_alive_ = false;
    linger_bytes_max_ = 0;
    awaits_invitation_ = false;
    const bool has_bytes = co_await wait_for_request();
    if (!has_bytes) {
        co_return false;
    }
    phase_ = Phase::busy;
    request_ = HttpRequest();
    match_ = {};
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(core_.options.header_bytes_max));
    parser_->body_limit(boost::none);
    stream_.expires_after(core_.options.header_timeout);
    const auto [failed, size] = co_await http::async_read_header(
        stream_, buffer_, *parser_, asio::as_tuple(asio::use_awaitable));
    started_ = std::chrono::steady_clock::now();
    if (!failed) {
        take_head();
        co_return true;
    }
    if (const int status = status_of_broken(failed); status != 0) {
        linger_bytes_max_ = http_piece_bytes;
        co_await write_response(refused(status, "the request cannot be read: " + failed.message()));
    }
    co_return false;
}

/// Moves what the parser found into `request_` and chooses the route.
void HttpConnection::take_head() {
    const auto& head = parser_->get();
    const auto method = head.method_string();
    const auto target = head.target();
    request_.method.assign(method.data(), method.size());
    request_.target.assign(target.data(), target.size());
    request_.peer = peer_;
    for (const auto& field : head) {
        const auto name = field.name_string();
        const auto value = field.value();
        request_.headers.add({name.data(), name.size()}, {value.data(), value.size()});
    }
    method_ = request_.method;
    keeps_alive_ = head.keep_alive() && head.version() == 11;
    match_ = router_.match(request_.method, request_.target);
    request_.params = std::move(match_.params);
    awaits_invitation_ = http::token_list(head[http::field::expect]).exists("100-continue") &&
                         !parser_->is_done() && buffer_.size() == 0;
}

/// Why this request is not taken, as far as its head tells.
std::optional<HttpResponse> HttpConnection::refusal() const {
    const auto& head = parser_->get();
    if (head.version() == 11 && request_.headers.count("Host") != 1) {
        return refused(400, "exactly one Host field is needed");
    }
    const std::size_t codings = request_.headers.count("Transfer-Encoding");
    if (codings > 1 ||
        (codings == 1 && !boost::beast::iequals(head[http::field::transfer_encoding], "chunked"))) {
        return refused(501, "the only transfer coding is chunked");
    }
    if (request_.headers.find("Expect") &&
        !boost::beast::iequals(head[http::field::expect], "100-continue")) {
        return refused(417, "the only expectation is 100-continue");
    }
    if (match_.route != nullptr && is_stream(*match_.route) && head.version() != 11) {
        return refused(505, "a stream needs HTTP/1.1");
    }
    if (match_.route != nullptr) {
        const auto length = parser_->content_length();
        const std::size_t bytes_max = body_limit();
        if (!is_stream(*match_.route) && length && *length > bytes_max) {
            return too_large(bytes_max);
        }
        return std::nullopt;
    }
    if (match_.allow.empty()) {
        return refused(404, "no such route");
    }
    HttpResponse response = refused(405, "this route answers " + match_.allow);
    response.headers.set("Allow", match_.allow);
    return response;
}

/// The largest body this request may have, should it be read as a whole.
std::size_t HttpConnection::body_limit() const {
    const bool has_own = match_.route != nullptr && match_.route->body_bytes_max != 0;
    return has_own ? match_.route->body_bytes_max : core_.options.body_bytes_max;
}

asio::awaitable<void> HttpConnection::answer_request() {
    const Result<void> split = split_target(request_);
    std::optional<HttpResponse> refused_with;
    if (!split) {
        refused_with = refused(400, split.error().context());
    } else {
        refused_with = refusal();
    }
    if (refused_with) {
        co_await refuse(std::move(*refused_with));
    } else if (is_stream(*match_.route)) {
        co_await answer_by_stream(*match_.route);
    } else {
        co_await answer_by_handler(*match_.route);
    }
    give_body_bytes_back();
}

/// Answers `response` after the body is thrown away, and keeps the connection only if nothing of it
/// can be taken for the next request.
asio::awaitable<void> HttpConnection::refuse(HttpResponse response) {
    const std::uint64_t discard_max = discard_factor * body_limit();
    const auto length = parser_->content_length();
    bool is_read = parser_->is_done();
    if (!is_read && !awaits_invitation_ && (!length || *length <= discard_max)) {
        is_read = co_await discard_body(discard_max);
    }
    const bool is_ambiguous = response.status == 400 || response.status == 501;
    keeps_alive_ = keeps_alive_ && is_read && !is_ambiguous && response.status != 413;
    if (!keeps_alive_) {
        linger_bytes_max_ = std::max<std::uint64_t>(is_read ? 0 : discard_max, http_piece_bytes);
    }
    co_await write_response(std::move(response));
}

/// Answers a request whose body was not read to its end.
asio::awaitable<void> HttpConnection::refuse_body(Body body) {
    request_.body = {};
    give_body_bytes_back();
    if (body == Body::too_large) {
        co_await refuse(too_large(body_limit()));
        co_return;
    }
    if (body == Body::no_room) {
        co_await refuse(busy("too much is under way"));
        co_return;
    }
    keeps_alive_ = false;
    if (status_of_broken(body_failed_) == 400) {
        linger_bytes_max_ = http_piece_bytes;
        co_await write_response(refused(400, "the body cannot be read"));
    }
}

asio::awaitable<void> HttpConnection::answer_by_handler(const HttpRoute& route) {
    Body body = Body::no_room;
    const bool needs_place = is_for_intake(route);
    if (needs_place) {
        place_ = co_await core_.places.take(core_.options.intake_wait);
    }
    if (needs_place && !place_) {
        core_.probe.worker_refused();  // before its body, which nobody would work on
    } else if (has_room_for_body()) {
        body = co_await read_body(body_limit());
    }
    if (body != Body::whole) {
        give_place_back();
        co_await refuse_body(body);
        co_return;
    }
    std::optional<HttpResponse> response = co_await ask_handler(route);
    if (!response) {
        keeps_alive_ = false;
        co_return;
    }
    co_await write_response(std::move(*response));
}

/// Nothing if the server does not wait for the handler any longer.
asio::awaitable<std::optional<HttpResponse>> HttpConnection::ask_handler(const HttpRoute& route) {
    phase_ = Phase::in_handler;
    const auto ticket = core_.desk->open(
        [this](HttpResponse response) { replies_.try_send(error_code(), std::move(response)); });
    call_handler(route, core_.desk->reply_for(ticket));
    auto [failed, response] = co_await replies_.async_receive(asio::as_tuple(asio::use_awaitable));
    core_.desk->forget(ticket);
    phase_ = Phase::busy;
    if (failed) {
        co_return std::nullopt;
    }
    co_return std::move(response);
}

void HttpConnection::give_place_back() {
    if (place_) {
        core_.places.give_back(*place_);
        place_.reset();
    }
}

void HttpConnection::call_handler(const HttpRoute& route, HttpReply reply) {
    const HttpHandler& handler = std::get<HttpHandler>(route.handler);
    auto call = [&handler, &probe = core_.probe](HttpRequest request, HttpReply answer) {
        try {
            handler(std::move(request), std::move(answer));
        } catch (const std::exception&) {
            probe.handler_threw();  // the reply went with the stack, which is what answers 500
        }
    };
    const bool is_small = request_.body.size() <= small_body_bytes_max;
    if (route.mode == HandlerMode::io || (route.mode == HandlerMode::io_when_small && is_small)) {
        give_place_back();
        call(std::move(request_), std::move(reply));
        return;
    }
    HttpWorkers& pool = route.mode == HandlerMode::worker ? core_.workers : core_.intake;
    const bool is_taken = pool.try_run([call, request = std::move(request_), reply]() mutable {
        call(std::move(request), std::move(reply));
    });
    give_place_back();
    if (!is_taken) {
        core_.probe.worker_refused();
        reply(busy("all workers are busy"));
    }
}

asio::awaitable<void> HttpConnection::answer_by_stream(const HttpRoute& route) {
    phase_ = Phase::in_stream;
    const auto ticket = core_.desk->open(
        [this](HttpResponse response) { replies_.try_send(error_code(), std::move(response)); });
    const HttpStreamHandler& handler = std::get<HttpStreamHandler>(route.handler);
    const HttpReply done = core_.desk->reply_for(ticket);
    const bool is_taken = core_.streams.try_run([this, &handler, done] {
        run_http_stream(*this, handler);
        done({});
    });
    if (!is_taken) {
        core_.desk->forget(ticket);
        phase_ = Phase::busy;
        co_await refuse(busy("too many streams at once"));
        co_return;
    }
    const auto [failed, ignored] =
        co_await replies_.async_receive(asio::as_tuple(asio::use_awaitable));
    phase_ = Phase::busy;
    if (!parser_->is_done()) {
        keeps_alive_ = false;
        linger_bytes_max_ = http_piece_bytes;
    }
}

void HttpConnection::stream_answered(int status, bool is_whole) {
    keeps_alive_ = keeps_alive_ && is_whole;
    record(status);
}

asio::awaitable<error_code> HttpConnection::write_bytes(std::string_view bytes) {
    stream_.expires_after(core_.options.request_timeout);
    const auto [failed, size] = co_await asio::async_write(stream_, asio::buffer(bytes),
                                                           asio::as_tuple(asio::use_awaitable));
    co_return failed;
}

std::string HttpConnection::head_text(const HttpResponse& response,
                                      std::optional<std::size_t> length) const {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
    head.append(reason_phrase(response.status)).append("\r\n");
    if (!response.content_type.empty() && (!response.body.empty() || !length)) {
        append_field(head, "Content-Type", response.content_type);
    }
    for (const auto& [name, value] : response.headers.fields()) {
        append_field(head, name, value);
    }
    if (!length) {
        head += "Transfer-Encoding: chunked\r\n";
    } else if (has_body(response.status)) {
        append_field(head, "Content-Length", std::to_string(*length));
    }
    if (!keeps_alive_ || core_.stopping) {
        head += "Connection: close\r\n";
    }
    return head + "\r\n";
}

asio::awaitable<void> HttpConnection::write_response(HttpResponse response) {
    const std::string head = head_text(response, response.body.size());
    std::string_view body = response.body;
    if (method_ == "HEAD" || !has_body(response.status)) {
        body = {};
    }
    record(response.status);
    stream_.expires_after(core_.options.request_timeout);
    const std::array buffers{asio::buffer(head), asio::buffer(body)};
    const auto [failed, size] =
        co_await asio::async_write(stream_, buffers, asio::as_tuple(asio::use_awaitable));
    if (failed) {
        keeps_alive_ = false;
        linger_bytes_max_ = 0;
    }
}

/// Says that nothing more comes; after a refusal reads on for a moment, because closing with unread
/// bytes resets the connection and takes the answer with it.
asio::awaitable<void> HttpConnection::close() {
    error_code ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    if (linger_bytes_max_ != 0) {
        std::string scratch(http_piece_bytes, '\0');
        stream_.expires_after(linger_timeout);
        for (std::uint64_t read = 0; read < linger_bytes_max_;) {
            const auto [failed, size] = co_await stream_.async_read_some(
                asio::buffer(scratch), asio::as_tuple(asio::use_awaitable));
            if (failed) {
                break;
            }
            read += size;
        }
    }
    stream_.close();
}

void HttpConnection::record(int status) {
    std::string_view route = "none";
    if (match_.route != nullptr) {
        route = match_.route->pattern;
    }
    core_.probe.request_answered(route, method_, status,
                                 std::chrono::steady_clock::now() - started_);
}

asio::awaitable<void> serve_connection(HttpCore& core, const HttpRouter& router,
                                       asio::ip::tcp::socket socket) {
    HttpConnection connection(core, router, std::move(socket));
    co_await connection.run();
}

}  // namespace base
