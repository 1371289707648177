#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/http_core.h"

namespace base {

/// How much of a body is read at once.
inline constexpr std::size_t http_piece_bytes = std::size_t{64} * 1024;

/// What one read brought: nothing and no error is the end of the body.
struct HttpPiece {
    boost::system::error_code failed;
    std::size_t size = 0;
};

/// One client's connection: requests one after the other, from the first byte to the close.
///
/// A request goes through: wait for a byte (idle), read its head, choose a route, read its body,
/// let the handler answer, write. What is refused before its body is read is answered after the
/// body was thrown away, so that a client that writes first and reads later hears why.
///
/// Threads: the socket thread. While a stream handler runs, this object rests and the handler's
/// thread drives `read_body_some` and `write_bytes` on the socket thread (http_stream.cc).
class HttpConnection {
public:
    HttpConnection(HttpCore& core, const HttpRouter& router, boost::asio::ip::tcp::socket socket);
    ~HttpConnection();
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    /// Serves until either side closes.
    boost::asio::awaitable<void> run();

    /// The server stops: closes if idle, breaks off the reading of a stream.
    void wind_down();
    /// The time to stop is over: closes the socket and waits for no handler but a stream's.
    void cut_off();

    /// The next bytes of the body, into `space`, as soon as there are any; for a stream.
    boost::asio::awaitable<HttpPiece> read_body_some(std::span<char> space);
    /// Writes all of `bytes`.
    boost::asio::awaitable<boost::system::error_code> write_bytes(std::string_view bytes);
    /// The status line and the fields of an answer, to the empty line. `length` absent: chunked.
    std::string head_text(const HttpResponse& response, std::optional<std::size_t> length) const;

    HttpCore& core() { return core_; }
    const HttpRequest& request() const { return request_; }
    bool is_body_read() const { return parser_->is_done(); }
    /// "100 Continue" for a client that waits for it with its body, once; else nothing.
    std::string_view take_invitation();
    /// The stream's answer leaves the body unread: no further request can follow.
    void close_afterwards() { keeps_alive_ = false; }
    /// The answer of a stream is on its way, with this status.
    void stream_answered(int status, bool is_whole);

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
    using ReplyChannel =
        boost::asio::experimental::channel<void(boost::system::error_code, HttpResponse)>;
    enum class Phase { idle, busy, in_handler, in_stream };
    enum class Body { whole, too_large, no_room, broken };

    boost::asio::awaitable<bool> read_head();
    boost::asio::awaitable<bool> wait_for_request();
    boost::asio::awaitable<void> answer_request();
    boost::asio::awaitable<void> answer_by_handler(const HttpRoute& route);
    boost::asio::awaitable<void> answer_by_stream(const HttpRoute& route);
    boost::asio::awaitable<void> refuse(HttpResponse response);
    boost::asio::awaitable<void> refuse_body(Body body);
    boost::asio::awaitable<Body> read_body(std::size_t bytes_max);
    boost::asio::awaitable<bool> discard_body(std::uint64_t bytes_max);
    boost::asio::awaitable<bool> discard_bytes(std::uint64_t left);
    boost::asio::awaitable<HttpPiece> read_body_full(std::span<char> space);
    boost::asio::awaitable<bool> invite_body();
    boost::asio::awaitable<void> write_response(HttpResponse response);
    boost::asio::awaitable<void> close();
    boost::asio::awaitable<std::optional<HttpResponse>> ask_handler(const HttpRoute& route);

    void take_head();
    std::optional<HttpResponse> refusal() const;
    std::size_t body_limit() const;
    bool has_room_for_body() const;
    bool is_for_intake(const HttpRoute& route) const;
    bool take_body_bytes(std::size_t total);
    void give_body_bytes_back();
    void give_place_back();
    void call_handler(const HttpRoute& route, HttpReply reply);
    bool start_stream(const HttpRoute& route);
    void record(int status);

    HttpCore& core_;
    const HttpRouter& router_;
    boost::beast::tcp_stream stream_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    ReplyChannel replies_;
    std::string peer_;

    Phase phase_ = Phase::idle;
    HttpRequest request_;                     // gone to the handler once that is called
    std::size_t body_bytes_ = 0;              // what this request holds of `core_.body_bytes`
    std::optional<HttpPlaces::Taken> place_;  // of a large body, until its job is in the pool
    std::string method_;
    HttpRouter::Match match_;
    std::chrono::steady_clock::time_point started_;
    bool keeps_alive_ = false;
    bool awaits_invitation_ = false;  // `Expect: 100-continue` that is not answered yet
    bool is_reading_stream_ = false;
    boost::system::error_code body_failed_;  // why a body is `broken`
    std::uint64_t linger_bytes_max_ =
        0;  // what a close still reads, so that the answer is not reset
};

/// Serves `socket`. Lifetime: `core` and `router` outlive the coroutine.
boost::asio::awaitable<void> serve_connection(HttpCore& core, const HttpRouter& router,
                                              boost::asio::ip::tcp::socket socket);

/// Runs `handler` for `connection`, blocking; everything on the socket goes through the socket
/// thread.
void run_http_stream(HttpConnection& connection, const HttpStreamHandler& handler);

}  // namespace base
