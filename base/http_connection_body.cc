#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>

#include "base/http_connection.h"

namespace base {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

/// Throws away what the socket holds, at most `bytes_max`, without copying it (tcp(7), MSG_TRUNC);
/// how many bytes that was. An error is met by the next read.
std::uint64_t drop_received(int socket, std::uint64_t bytes_max) {
    std::uint64_t dropped = 0;
    while (dropped < bytes_max) {
        const ssize_t size = ::recv(socket, nullptr, bytes_max - dropped, MSG_TRUNC | MSG_DONTWAIT);
        if (size <= 0) {
            break;
        }
        dropped += static_cast<std::uint64_t>(size);
    }
    return dropped;
}

}  // namespace

std::string_view HttpConnection::take_invitation() {
    return std::exchange(awaits_invitation_, false) ? "HTTP/1.1 100 Continue\r\n\r\n" : "";
}

asio::awaitable<bool> HttpConnection::invite_body() {
    const std::string_view invitation = take_invitation();
    if (invitation.empty()) {
        co_return true;
    }
    const error_code failed = co_await write_bytes(invitation);
    co_return !failed;
}

/// Whether a body of the length that the client states fits beside those under way; one that states
/// none finds out while it comes.
bool HttpConnection::has_room_for_body() const {
    const std::uint64_t length = parser_->content_length().value_or(0);
    return length == 0 || core_.body_bytes + length <= core_.options.bodies_bytes_max;
}

/// Whether the intake pool will work on this request, as far as the length that the client states
/// tells.
bool HttpConnection::is_for_intake(const HttpRoute& route) const {
    return route.mode == HandlerMode::io_when_small &&
           parser_->content_length().value_or(0) > small_body_bytes_max;
}

/// Makes this request's share of the memory for bodies `total`; false when there is none left.
bool HttpConnection::take_body_bytes(std::size_t total) {
    const std::size_t of_others = core_.body_bytes - body_bytes_;
    if (of_others + total > core_.options.bodies_bytes_max) {
        return false;
    }
    core_.body_bytes = of_others + total;
    body_bytes_ = total;
    return true;
}

void HttpConnection::give_body_bytes_back() {
    core_.body_bytes -= std::exchange(body_bytes_, 0);
}

asio::awaitable<HttpConnection::Body> HttpConnection::read_body(std::size_t bytes_max) {
    const bool is_invited = co_await invite_body();
    if (!is_invited) {
        co_return Body::broken;
    }
    stream_.expires_after(core_.options.request_timeout);
    std::string& body = request_.body;
    while (!parser_->is_done()) {
        const std::size_t before = body.size();
        if (before > bytes_max) {
            co_return Body::too_large;
        }
        // Memory follows what has come, not what the client promises.
        std::size_t space = std::min(std::max(before, http_piece_bytes), bytes_max + 1 - before);
        if (const auto left = parser_->content_length_remaining()) {
            space = std::min<std::size_t>(space, *left);
        }
        if (!take_body_bytes(before + space)) {
            co_return Body::no_room;
        }
        body.resize(before + space);
        const std::span<char> target(body.data() + before, space);
        const HttpPiece piece = co_await read_body_full(target);
        body.resize(before + piece.size);
        if (piece.failed) {
            body_failed_ = piece.failed;
            co_return Body::broken;
        }
    }
    co_return body.size() > bytes_max ? Body::too_large : Body::whole;
}

/// Fills `space`, unless the body ends before.
asio::awaitable<HttpPiece> HttpConnection::read_body_full(std::span<char> space) {
    auto& body = parser_->get().body();
    body.data = space.data();
    body.size = space.size();
    if (space.size() >= http_piece_bytes) {
        buffer_.reserve(http_piece_bytes);
    }
    auto [failed, size] =
        co_await http::async_read(stream_, buffer_, *parser_, asio::as_tuple(asio::use_awaitable));
    if (failed == http::error::need_buffer) {
        failed = {};
    }
    co_return HttpPiece{failed, space.size() - body.size};
}

/// The rest of a body whose length is known, past the parser: a crowd that is refused shall cost
/// little. True if it came.
asio::awaitable<bool> HttpConnection::discard_bytes(std::uint64_t left) {
    const std::uint64_t there = std::min<std::uint64_t>(left, buffer_.size());
    buffer_.consume(there);
    left -= there;
    while (left > 0) {
        left -= drop_received(stream_.socket().native_handle(), left);
        if (left > 0) {  // the stream's timeout holds for its own reads
            std::array<char, 1> next{};
            const auto [failed, read] = co_await stream_.async_read_some(
                asio::buffer(next), asio::as_tuple(asio::use_awaitable));
            if (failed) {
                co_return false;
            }
            left -= read;
        }
    }
    co_return true;
}

/// True if the body's end came within `bytes_max`.
asio::awaitable<bool> HttpConnection::discard_body(std::uint64_t bytes_max) {
    stream_.expires_after(core_.options.request_timeout);
    if (const auto left = parser_->content_length_remaining(); left && *left <= bytes_max) {
        const bool is_read = co_await discard_bytes(*left);
        co_return is_read;
    }
    std::string scratch(http_piece_bytes, '\0');
    const std::span<char> space(scratch);
    std::uint64_t discarded = 0;
    while (!parser_->is_done() && discarded <= bytes_max) {
        const HttpPiece piece = co_await read_body_full(space);
        if (piece.failed) {
            co_return false;
        }
        discarded += piece.size;
    }
    co_return parser_->is_done();
}

asio::awaitable<HttpPiece> HttpConnection::read_body_some(std::span<char> space) {
    const bool is_invited = co_await invite_body();
    if (!is_invited) {
        co_return HttpPiece{asio::error::connection_reset, 0};
    }
    auto& body = parser_->get().body();
    body.data = space.data();
    body.size = space.size();
    error_code failed;
    while (!failed && body.size == space.size() && !parser_->is_done()) {
        if (core_.stopping) {
            co_return HttpPiece{asio::error::operation_aborted, 0};
        }
        buffer_.reserve(http_piece_bytes);
        stream_.expires_after(core_.options.idle_timeout);
        is_reading_stream_ = true;
        const auto [broken, size] = co_await http::async_read_some(
            stream_, buffer_, *parser_, asio::as_tuple(asio::use_awaitable));
        is_reading_stream_ = false;
        failed = broken;
    }
    if (failed == http::error::need_buffer) {
        failed = {};
    }
    co_return HttpPiece{failed, space.size() - body.size};
}

}  // namespace base
