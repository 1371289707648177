#include "tests/bench/http_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/tool.h"

namespace bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

/// Appends bodies on a thread of its own; what waits while it writes goes with the next write.
class GroupWriter {
public:
    explicit GroupWriter(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644)) {
        if (file_ < 0) {
            fail(path + " cannot be opened");
        }
        thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    ~GroupWriter() {
        thread_ = {};
        ::close(file_);
    }
    GroupWriter(const GroupWriter&) = delete;
    GroupWriter& operator=(const GroupWriter&) = delete;

    void append(std::string body, std::function<void()> durable) {
        {
            const std::lock_guard lock(mutex_);
            waiting_.emplace_back(std::move(body), std::move(durable));
        }
        wake_.notify_one();
    }

private:
    using Waiting = std::vector<std::pair<std::string, std::function<void()>>>;

    void run(const std::stop_token& stop) {
        for (;;) {
            Waiting group;
            {
                std::unique_lock lock(mutex_);
                if (!wake_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
                    return;
                }
                group.swap(waiting_);
            }
            std::string bytes;
            for (const auto& [body, durable] : group) {
                bytes += body;
            }
            if (::write(file_, bytes.data(), bytes.size()) < 0 || ::fdatasync(file_) != 0) {
                fail("the sink cannot write");
            }
            for (const auto& [body, durable] : group) {
                durable();
            }
        }
    }

    int file_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    Waiting waiting_;
    std::jthread thread_;
};

void rethrow(const std::exception_ptr& failure) {
    if (failure) {
        std::rethrow_exception(failure);
    }
}

asio::awaitable<void> until_durable(GroupWriter& writer, std::string body) {
    const auto start = [&](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        const auto executor = asio::get_associated_executor(*shared);
        writer.append(std::move(body), [shared, executor] {
            asio::post(executor, [shared] { std::move (*shared)(); });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start,
                                                                         asio::use_awaitable);
}

asio::awaitable<void> serve(tcp::socket socket, GroupWriter& writer) {
    beast::flat_buffer buffer;
    for (;;) {
        http::request<http::string_body> request;
        const auto [failure, size] =
            co_await http::async_read(socket, buffer, request, asio::as_tuple(asio::use_awaitable));
        if (failure) {
            co_return;
        }
        co_await until_durable(writer, std::move(request.body()));
        http::response<http::string_body> answer{http::status::ok, 11};
        answer.body() = "{}";
        answer.prepare_payload();
        co_await http::async_write(socket, answer, asio::use_awaitable);
    }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, GroupWriter& writer) {
    for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), writer), rethrow);
    }
}

}  // namespace

void http_sink(std::uint16_t port, const std::string& file) {
    GroupWriter writer(file);
    asio::io_context io{1};
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
    asio::co_spawn(io, accept(acceptor, writer), rethrow);
    io.run();
}

}  // namespace bench
