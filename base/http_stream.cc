// The two ends of a streaming request, for a handler that blocks on a thread of its own: each read
// and write is one small coroutine on the socket thread, and the handler's thread waits for its
// result.
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/core/error.hpp>
#include <charconv>
#include <exception>
#include <string>

#include "base/ensure.h"
#include "base/http_connection.h"

namespace base {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

Error translated(const error_code& failed) {
    if (failed == boost::beast::error::timeout) {
        return Error(ErrorCode::timeout, "the client is silent");
    }
    if (failed == asio::error::operation_aborted) {
        return Error(ErrorCode::cancelled, "the server is stopping");
    }
    return Error(ErrorCode::cancelled, "the client is gone: " + failed.message());
}

class StreamSource final : public HttpBodySource {
public:
    explicit StreamSource(HttpConnection& connection) : connection_(connection) {}

    Result<std::size_t> read(std::span<char> buffer) override {
        ENSURE(!buffer.empty());
        const HttpPiece piece = asio::co_spawn(connection_.core().io,
                                               connection_.read_body_some(buffer), asio::use_future)
                                    .get();
        if (piece.size == 0 && piece.failed) {
            return translated(piece.failed);
        }
        return piece.size;
    }

private:
    HttpConnection& connection_;
};

class StreamSink final : public HttpBodySink {
public:
    explicit StreamSink(HttpConnection& connection) : connection_(connection) {}

    Result<void> begin(int status, const HttpHeaders& headers) override {
        ENSURE(state_ == State::fresh);
        state_ = State::open;
        status_ = status;
        HttpResponse head;
        head.status = status;
        head.headers = headers;
        if (headers.find("Content-Type")) {
            head.content_type.clear();
        }
        // An invitation cannot follow the answer's head.
        const std::string invitation(connection_.take_invitation());
        return send(invitation + connection_.head_text(head, std::nullopt));
    }

    Result<void> write(std::string_view text) override {
        ENSURE(state_ == State::open);
        if (text.empty()) {
            return success();
        }
        std::array<char, 16> size;
        const auto end = std::to_chars(size.data(), size.data() + size.size(), text.size(), 16).ptr;
        std::string chunk(size.data(), end);
        chunk.append("\r\n").append(text).append("\r\n");
        return send(chunk);
    }

    Result<void> end() override {
        ENSURE(state_ == State::open);
        state_ = State::ended;
        return send("0\r\n\r\n");
    }

    Result<void> answer(const HttpResponse& response) override {
        ENSURE(state_ == State::fresh);
        state_ = State::ended;
        status_ = response.status;
        if (!connection_.is_body_read()) {
            connection_.take_invitation();
            connection_.close_afterwards();
        }
        return send(connection_.head_text(response, response.body.size()) + response.body);
    }

    bool has_begun() const { return state_ != State::fresh; }
    bool is_whole() const { return state_ == State::ended && !is_broken_; }
    int status() const { return status_; }

private:
    enum class State { fresh, open, ended };

    Result<void> send(std::string_view bytes) {
        const error_code failed =
            asio::co_spawn(connection_.core().io, connection_.write_bytes(bytes), asio::use_future)
                .get();
        if (failed) {
            is_broken_ = true;
            return Error(ErrorCode::cancelled, "the client is gone: " + failed.message());
        }
        return success();
    }

    HttpConnection& connection_;
    State state_ = State::fresh;
    bool is_broken_ = false;
    int status_ = 500;
};

}  // namespace

void run_http_stream(HttpConnection& connection, const HttpStreamHandler& handler) {
    StreamSource source(connection);
    StreamSink sink(connection);
    try {
        handler(connection.request(), source, sink);
    } catch (const std::exception&) {
        // What was begun stays without its end, which is how the client sees the failure.
        connection.core().probe.handler_threw();
    }
    if (!sink.has_begun()) {
        const Result<void> told =
            sink.answer(problem_response({.status = 500, .detail = "the request failed inside"}));
        if (!told) {
            // The client is gone; nobody is left to tell.
        }
    }
    connection.stream_answered(sink.status(), sink.is_whole());
}

}  // namespace base
