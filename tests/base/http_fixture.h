#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/http_client.h"
#include "base/http_server.h"

namespace base::test {

/// 200 with a text.
inline HttpResponse text(std::string body) {
    return {.content_type = "text/plain", .body = std::move(body)};
}

/// Answers method, path and body.
inline HttpHandler echo() {
    return [](const HttpRequest& request, const HttpReply& reply) {
        reply(text(request.method + " " + request.path + " " + request.body));
    };
}

/// A server of `router` on a free port of loopback.
inline std::unique_ptr<HttpServer> start(HttpRouter router, HttpServerOptions options = {}) {
    std::vector<HttpListener> listeners;
    listeners.push_back({"127.0.0.1:0", std::move(router)});
    auto server = HttpServer::start(std::move(listeners), options);
    EXPECT_TRUE(server) << server.error().context();
    return std::move(server).value();
}

inline HttpClient client_of(const HttpServer& server) {
    return HttpClient::open("http://127.0.0.1:" + std::to_string(server.port())).value();
}

/// A client that writes what it is told.
class Raw {
public:
    Raw() : socket_(io_) { socket_.open(boost::asio::ip::tcp::v4()); }
    explicit Raw(const HttpServer& server) : Raw() { connect(server); }
    void connect(const HttpServer& server) {
        socket_.connect({boost::asio::ip::address_v4::loopback(), server.port()});
    }
    void write(const std::string& bytes) {
        boost::asio::write(socket_, boost::asio::buffer(bytes));
    }
    /// One answer with Content-Length: head and body.
    std::string read_answer() {
        boost::system::error_code failed;
        const std::size_t head = boost::asio::read_until(
            socket_, boost::asio::dynamic_buffer(bytes_), "\r\n\r\n", failed);
        if (failed) {
            return "broken: " + failed.message();
        }
        const std::size_t field = bytes_.find("Content-Length: ");
        const std::size_t size = field < head ? std::stoul(bytes_.substr(field + 16)) : 0;
        if (bytes_.size() < head + size) {
            boost::asio::read(socket_, boost::asio::dynamic_buffer(bytes_),
                              boost::asio::transfer_exactly(head + size - bytes_.size()), failed);
        }
        std::string answer = bytes_.substr(0, head + size);
        bytes_.erase(0, head + size);
        return answer;
    }
    /// Everything until the server closes; "" if it does so without a word.
    std::string read_all() {
        boost::system::error_code failed;
        boost::asio::read(socket_, boost::asio::dynamic_buffer(bytes_), failed);
        return failed == boost::asio::error::eof ? std::exchange(bytes_, {}) : failed.message();
    }
    void close_sending() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }

private:
    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_;
    std::string bytes_;
};

inline std::string get_text(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

}  // namespace base::test
