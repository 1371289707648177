// Proves that only so many imports are taken at once, and that there is room again when one ends.
// How: each holds its body back after the server began to answer, so that it is counted.
#include "app/intake_routes.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/app/serving.h"

namespace app {
namespace {

/// An import whose body has not come yet.
class HeldImport {
public:
    explicit HeldImport(const std::string& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
        send(
            "POST /v1/sources/crm/import HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            "Transfer-Encoding: chunked\r\n\r\n");
    }
    ~HeldImport() { ::close(socket_); }
    HeldImport(const HeldImport&) = delete;
    HeldImport& operator=(const HeldImport&) = delete;

    /// What the server says first, once it has begun to answer.
    std::string first_words() {
        std::string words(15, ' ');
        const ssize_t read = ::recv(socket_, words.data(), words.size(), MSG_WAITALL);
        return words.substr(0, static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
    }
    /// The body is over; waits until the answer is.
    void end() {
        send("0\r\n\r\n");
        char byte = 0;
        while (::recv(socket_, &byte, 1, 0) > 0) {
        }
    }

private:
    void send(const std::string& text) {
        EXPECT_EQ(::send(socket_, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
    }
    int socket_;
};

class Imports : public test::Serving {};

TEST_F(Imports, AreTakenUpToALimit) {
    configure("sources: [{id: crm, kind: cloudevents}]\n");
    begin();
    std::vector<std::unique_ptr<HeldImport>> held;
    for (int i = 0; i < IntakeRoutes::imports_max; ++i) {
        held.push_back(std::make_unique<HeldImport>(server_->address(0)));
        EXPECT_EQ(held.back()->first_words(), "HTTP/1.1 200 OK");
    }
    const auto another = [&] {
        return client().post("/v1/sources/crm/import", "application/x-ndjson", "").value();
    };
    const base::HttpResponse refused = another();
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.headers.find("Retry-After"), "1");
    held.front()->end();
    // The place is free a moment after the answer has ended, which is so of every import.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    int status = 503;
    while (status == 503 && std::chrono::steady_clock::now() < deadline) {
        status = another().status;
    }
    EXPECT_EQ(status, 200);
    for (const auto& one : held) {
        if (one != held.front()) {
            one->end();
        }
    }
}

}  // namespace
}  // namespace app
