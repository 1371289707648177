#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/http_router.h"
#include "base/probe.h"

namespace base {

/// Limits of one server.
struct HttpServerOptions {
    std::size_t body_bytes_max = std::size_t{8} << 20;    ///< larger: 413
    std::size_t header_bytes_max = std::size_t{8} << 10;  ///< request line and fields; larger: 431
    std::chrono::milliseconds header_timeout{10'000};     ///< from the first byte to the empty line
    std::chrono::milliseconds request_timeout{30'000};  ///< a body to arrive; an answer to be taken
    std::chrono::milliseconds idle_timeout{
        75'000};  ///< between requests; between pieces of a stream
    /// Bodies of all requests under way, as far as they have come; one that does not fit: 503.
    std::size_t bodies_bytes_max = std::size_t{64} << 20;
    std::size_t workers = 2;
    std::size_t worker_queue_max = 256;
    std::size_t intake_workers = 2;     ///< of larger bodies of `io_when_small` routes alone
    std::size_t intake_queue_max = 64;  ///< one more: 503
    std::size_t intake_places = 10;  ///< read or worked on; one more waits before its body is read
    std::chrono::milliseconds intake_wait{
        200};  ///< at most; then 503. Nor does a body that comes slower than this keep its place
    std::size_t streams_max = 4;           ///< streaming requests at once; one more: 503
    std::size_t connections_max = 12'000;  ///< one more: 503 and closed
};

/// One listening socket and what it serves.
struct HttpListener {
    std::string address;  ///< "127.0.0.1:8080", "[::1]:8080", "localhost:0"; port 0: any free one
    HttpRouter router;
};

/// An HTTP/1.1 server: one thread for all sockets, a worker pool, another one for large bodies that
/// are taken in, a few threads for streams.
///
/// What it answers itself, as problem JSON: 400 (unreadable request), 404, 405 with `Allow`, 413
/// (up to eight times the limit is read and thrown away first, so that the client hears it), 417,
/// 431, 500 (a handler threw or dropped its reply), 501 (a transfer coding but chunked), 503 with
/// `Retry-After`.
///
/// Threads: `start` and `stop` belong to the owner; the rest any.
class HttpServer {
public:
    /// Binds every listener, then serves.
    ///
    /// Errors: invalid     - an address that cannot be read; `"host:80: ..."`
    ///         unavailable - an address that cannot be bound; `"127.0.0.1:8080: Address already in
    ///         use"`
    static Result<std::unique_ptr<HttpServer>> start(std::vector<HttpListener> listeners,
                                                     const HttpServerOptions& options);

    /// Stops within five seconds.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Stops accepting, closes idle connections, answers what is under way with `Connection:
    /// close`, and tells streams that they are cancelled. What is not done after `deadline` is cut
    /// off; a handler on the pool is always waited for. Idempotent. Not from a handler.
    void stop(std::chrono::milliseconds deadline);

    /// The port that listener `index` is bound to.
    std::uint16_t port(std::size_t index = 0) const;

    /// `http_request_duration_seconds{route,method,code}` and the server's other numbers.
    const Probe& probe() const;

private:
    class Impl;

public:
    /// `start` is the way to one.
    explicit HttpServer(std::unique_ptr<Impl> impl);

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace base
