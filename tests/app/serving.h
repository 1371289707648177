#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "app/server.h"
#include "base/http_client.h"
#include "kpi/local_time.h"

namespace app::test {

/// A server in this process, over a folder of its own, whose clock is set: of the company `acme` in
/// UTC, at 2026-11-23T08:00Z.
class Serving : public testing::Test {
protected:
    Serving() {
        std::string name = std::filesystem::temp_directory_path() / "normwatch-serving-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    ~Serving() override {
        end();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// `more`: sections of the configuration.
    void configure(const std::string& more) {
        config_ =
            parse_config("data_dir: " + folder_ +
                             "/data\ncompany: {id: acme, timezone: UTC}\n"
                             "server: {listen: '127.0.0.1:0', metrics_listen: '127.0.0.1:0'}\n" +
                             more,
                         "normwatch.yaml", {})
                .value();
    }
    void begin() {
        node_ = Node::open(config_, clock_).value();
        ASSERT_TRUE(node_->declare_settings());
        server_ = std::make_unique<Server>(config_, *node_, serve_role);
        ASSERT_TRUE(server_->start());
        ASSERT_TRUE(node_->start());
    }
    void end() {
        if (server_) {
            server_->stop();
            node_->stop();
            server_.reset();
            node_.reset();
        }
    }
    base::HttpClient client() const {
        return std::move(base::HttpClient::open("http://" + server_->address(0))).value();
    }

    std::string folder_;
    base::ManualClock clock_{kpi::parse_instant("2026-11-23T08:00:00Z").value()};
    Config config_;
    std::unique_ptr<Node> node_;
    std::unique_ptr<Server> server_;
};

}  // namespace app::test
