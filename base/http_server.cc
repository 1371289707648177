#include "base/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <exception>
#include <thread>
#include <utility>

#include "base/ensure.h"
#include "base/http_connection.h"
#include "base/http_core.h"
#include "base/thread_name.h"

namespace base {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::milliseconds destructor_deadline{5000};
constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

void rethrow(const std::exception_ptr& failed) {
    if (failed) {
        std::rethrow_exception(failed);
    }
}

/// A listening socket with its routes.
struct Listening {
    Listening(asio::io_context& io, HttpRouter routes)
        : acceptor(io), router(std::move(routes)), pause(io) {}
    tcp::acceptor acceptor;
    HttpRouter router;
    asio::steady_timer pause;
};

/// "host:port", the host perhaps in brackets.
Result<tcp::endpoint> resolve(asio::io_context& io, const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) {
        return Error(ErrorCode::invalid, address + ": not of the form host:port");
    }
    std::string host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    std::uint16_t port = 0;
    const char* end = address.data() + address.size();
    const auto read = std::from_chars(address.data() + colon + 1, end, port);
    if (read.ec != std::errc{} || read.ptr != end || host.empty()) {
        return Error(ErrorCode::invalid, address + ": not of the form host:port");
    }
    error_code failed;
    if (const auto numeric = asio::ip::make_address(host, failed); !failed) {
        return tcp::endpoint(numeric, port);
    }
    tcp::resolver resolver(io);
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, failed);
    if (failed || found.empty()) {
        return Error(ErrorCode::invalid, address + ": " + failed.message());
    }
    return found.begin()->endpoint();
}

Result<void> bind_to(asio::io_context& io, tcp::acceptor& acceptor, const std::string& address) {
    BOOST_OUTCOME_TRY(const tcp::endpoint endpoint, resolve(io, address));
    error_code failed;
    acceptor.open(endpoint.protocol(), failed);
    if (!failed) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    }
    if (!failed) {
        acceptor.bind(endpoint, failed);
    }
    if (!failed) {
        acceptor.listen(asio::socket_base::max_listen_connections, failed);
    }
    if (failed) {
        return Error(ErrorCode::unavailable, address + ": " + failed.message());
    }
    return success();
}

/// One client too many hears so, if it can be said without waiting.
void turn_away(HttpCore& core, tcp::socket& socket) {
    core.probe.connection_refused();
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(asio::buffer(busy_answer), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

/// Accepts until the acceptor is closed. Without descriptors it waits, since asking again at once
/// would burn the thread that serves everybody else.
asio::awaitable<void> accept_loop(HttpCore& core, Listening& listening) {
    const auto connections_max = static_cast<std::int64_t>(core.options.connections_max);
    for (;;) {
        auto [failed, socket] =
            co_await listening.acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
        if (core.stopping || failed == asio::error::operation_aborted) {
            co_return;
        }
        if (failed) {
            core.probe.accept_failed();
            listening.pause.expires_after(accept_pause);
            co_await listening.pause.async_wait(asio::as_tuple(asio::use_awaitable));
        } else if (core.probe.connections_open() >= connections_max) {
            turn_away(core, socket);
        } else {
            asio::co_spawn(core.io, serve_connection(core, listening.router, std::move(socket)),
                           rethrow);
        }
    }
}

}  // namespace

class HttpServer::Impl {
public:
    explicit Impl(const HttpServerOptions& options)
        : core_(options), work_(core_.io.get_executor()) {
        ENSURE(options.body_bytes_max > 0 && options.workers > 0 && options.intake_workers > 0 &&
               options.header_bytes_max > 0);
    }

    Result<void> listen(HttpListener listener) {
        auto listening = std::make_unique<Listening>(core_.io, std::move(listener.router));
        BOOST_OUTCOME_TRY(bind_to(core_.io, listening->acceptor, listener.address));
        listening_.push_back(std::move(listening));
        return success();
    }

    void run() {
        for (const auto& listening : listening_) {
            ports_.push_back(listening->acceptor.local_endpoint().port());
            asio::co_spawn(core_.io, accept_loop(core_, *listening), rethrow);
        }
        thread_ = std::jthread([this] {
            name_this_thread("http");
            core_.io.run();
        });
    }

    void stop(std::chrono::milliseconds deadline) {
        if (!thread_.joinable()) {
            return;
        }
        asio::post(core_.io, [this] { wind_down(); });
        wait_until_drained(deadline);
        asio::post(core_.io, [this] { cut_off(); });
        core_.streams.stop();
        core_.workers.stop();
        core_.intake.stop();
        wait_until_drained(destructor_deadline);
        core_.desk->close();
        work_.reset();
        core_.io.stop();
        thread_.join();
    }

    std::uint16_t port(std::size_t index) const { return ports_.at(index); }
    const HttpProbe& probe() const { return core_.probe; }

private:
    void wind_down() {
        core_.stopping = true;
        for (const auto& listening : listening_) {
            error_code ignored;
            listening->acceptor.close(ignored);
            listening->pause.cancel();
        }
        for (HttpConnection* connection : core_.connections) {
            connection->wind_down();
        }
        const std::scoped_lock lock(core_.drained_mutex);
        is_winding_down_ = true;
        core_.drained.notify_all();
    }

    void cut_off() {
        for (HttpConnection* connection : core_.connections) {
            connection->cut_off();
        }
    }

    void wait_until_drained(std::chrono::milliseconds deadline) {
        std::unique_lock lock(core_.drained_mutex);
        core_.drained.wait_for(lock, deadline,
                               [this] { return is_winding_down_ && core_.connections_left == 0; });
    }

    HttpCore core_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::vector<std::unique_ptr<Listening>> listening_;
    std::vector<std::uint16_t> ports_;
    bool is_winding_down_ = false;  // guarded by core_.drained_mutex
    std::jthread thread_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
}

HttpServer::~HttpServer() {
    stop(destructor_deadline);
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(std::vector<HttpListener> listeners,
                                                      const HttpServerOptions& options) {
    auto impl = std::make_unique<Impl>(options);
    for (HttpListener& listener : listeners) {
        BOOST_OUTCOME_TRY(impl->listen(std::move(listener)));
    }
    impl->run();
    return std::make_unique<HttpServer>(std::move(impl));
}

void HttpServer::stop(std::chrono::milliseconds deadline) {
    impl_->stop(deadline);
}

std::uint16_t HttpServer::port(std::size_t index) const {
    return impl_->port(index);
}

const Probe& HttpServer::probe() const {
    return impl_->probe();
}

}  // namespace base
