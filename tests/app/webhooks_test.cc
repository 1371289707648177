// Proves who is told of deviations, and how: the signature is that of the standard's own example; a
// receiver that fails and restarts gets every step once it is back, in order, signed, and after a
// restart of the server nothing again; a stream gives what was missed. How: a server in this
// process, whose clock is set, and a receiver of its own.
#include "app/webhooks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/http_server.h"
#include "tests/app/serving.h"

namespace app {
namespace {

namespace json = boost::json;

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

TEST(WebhookSignature, IsThatOfTheStandardsExample) {
    const auto key = webhook_key(secret);
    ASSERT_TRUE(key);
    const WebhookSignature made =
        webhook_signature(key.value(), "msg_p5jXN8AQM9LWM0D4loKWxJek",
                          base::from_ms(1'614'265'330'000), R"({"test": 2432232314})");
    EXPECT_EQ(made.timestamp, "1614265330");
    EXPECT_EQ(made.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(WebhookSignature, NeedsASecret) {
    EXPECT_TRUE(webhook_key(std::string(secret) + "\n"));
    for (const char* wrong : {"", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_MfKQ9r8G",
                              "whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%"}) {
        EXPECT_FALSE(webhook_key(wrong)) << wrong;
    }
}

TEST(WebhookPause, DoublesUpToFiveMinutes) {
    EXPECT_EQ(webhook_pause(0), std::chrono::seconds(1));
    EXPECT_EQ(webhook_pause(3), std::chrono::seconds(8));
    EXPECT_EQ(webhook_pause(9), std::chrono::minutes(5));
    EXPECT_EQ(webhook_pause(1'000'000), std::chrono::minutes(5));
}

/// Takes messages, or refuses them.
class Receiver {
public:
    Receiver() {
        base::HttpRouter router;
        router.post("/hook", base::HandlerMode::worker,
                    [this](const base::HttpRequest& request, const base::HttpReply& reply) {
                        base::HttpResponse response;
                        response.status = take(request) ? 204 : 500;
                        reply(std::move(response));
                    });
        std::vector<base::HttpListener> listeners;
        listeners.push_back({"127.0.0.1:0", std::move(router)});
        server_ = base::HttpServer::start(std::move(listeners), {}).value();
    }

    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hook";
    }
    void refuse(int count) {
        const std::lock_guard lock(mutex_);
        refusals_ = count;
    }
    /// The messages once there are so many; fewer after a minute.
    std::vector<base::HttpRequest> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, std::chrono::minutes(1), [&] { return taken_.size() >= count; });
        return taken_;
    }

private:
    bool take(const base::HttpRequest& request) {
        const std::lock_guard lock(mutex_);
        if (refusals_ > 0) {
            --refusals_;
            return false;
        }
        taken_.push_back(request);
        came_.notify_all();
        return true;
    }

    std::mutex mutex_;
    std::condition_variable came_;
    int refusals_ = 0;
    std::vector<base::HttpRequest> taken_;
    std::unique_ptr<base::HttpServer> server_;
};

class Webhook : public test::Serving {
protected:
    Webhook() {
        std::ofstream(folder_ + "/secret") << secret << "\n";
        configure("webhooks: [{id: boss, url: '" + receiver_.url() + "', secret_file: " + folder_ +
                  "/secret}]\n");
    }
    ~Webhook() override { end(); }  // before the receiver goes

    void apply_directory() {
        const auto applied =
            client().post("/v1/directory?mode=apply&wait=true", "application/yaml",
                          "teams: [{id: north, name: North}]\n"
                          "managers: [{id: m-bob, name: Bob, team: north, from: 2020-01-01}]\n"
                          "calendars: [{id: std, weekdays: {mon-sun: ['09:00-17:00']}}]\n"
                          "norms: [{kpi: calls_out, per: day, value: 80}]\n");
        ASSERT_TRUE(applied && applied.value().status == 200) << applied.value().body;
    }
    /// Log time goes on to `at`: a call of nobody is recorded then.
    void pass(std::string_view at) {
        clock_.set(kpi::parse_instant(at).value());
        const auto taken = client().post(
            "/v1/events", "application/cloudevents+json",
            R"({"specversion":"1.0","id":"at )" + std::string(at) +
                R"(","source":"/crm","type":"normwatch.call.v1","data":{"call_id":")" +
                std::string(at) + R"(","direction":"outbound","from":"999","to":"+74951234567",)" +
                R"("started_at":")" + std::string(at) + R"(","ended_at":")" + std::string(at) +
                "\"}}");
        ASSERT_TRUE(taken && taken.value().status == 202) << taken.value().body;
        ASSERT_TRUE(node_->wait_applied(0, std::chrono::minutes(1)));
    }
    static json::object body_of(const base::HttpRequest& message) {
        return json::parse(message.body).as_object();
    }
    static std::string state_of(const base::HttpRequest& message) {
        return std::string(body_of(message).at("data").at("state").as_string());
    }

    Receiver receiver_;
    std::jthread stopper_;
};

TEST_F(Webhook, IsToldOfEveryStepOnceItTakesThem) {
    begin();
    apply_directory();
    receiver_.refuse(1);
    pass("2026-11-23T09:30:00Z");
    pass("2026-11-24T00:00:00Z");
    auto messages = receiver_.wait_for(2);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(state_of(messages[0]), "open");
    EXPECT_EQ(state_of(messages[1]), "closed");
    const std::string key = webhook_key(secret).value();
    for (const base::HttpRequest& message : messages) {
        const std::string id(message.headers.find("webhook-id").value());
        const std::string at(message.headers.find("webhook-timestamp").value());
        const WebhookSignature expected =
            webhook_signature(key, id, base::from_ms(1000 * std::stoll(at)), message.body);
        EXPECT_EQ(message.headers.find("webhook-signature"), expected.signature);
        EXPECT_EQ(body_of(message).at("id").as_string(), id);
        EXPECT_EQ(body_of(message).at("subject").as_string(), "m-bob");
    }
    // Started again, it is told what is new, and no more; also when other views number it
    // otherwise.
    const std::string cursor = folder_ + "/data/webhooks/boss-0";
    std::string number;
    std::string offset;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (number != "2" && std::chrono::steady_clock::now() < deadline) {
        std::ifstream(cursor) >> number >> offset;  // written when the receiver's answer is read
    }
    ASSERT_EQ(number, "2");
    end();
    std::ofstream(cursor) << "77 " << offset << "\n";
    begin();
    pass("2026-11-24T09:30:00Z");
    messages = receiver_.wait_for(3);
    ASSERT_EQ(messages.size(), 3U);
    EXPECT_EQ(body_of(messages[2]).at("time").as_string(), "2026-11-24T09:16:00.000Z");
}

TEST_F(Webhook, AStreamBringsWhatWasMissed) {
    begin();
    apply_directory();
    pass("2026-11-23T09:30:00Z");
    pass("2026-11-24T00:00:00Z");
    std::vector<std::string> lines;
    base::HttpRequest request;
    request.method = "GET";
    request.target = "/v1/deviations/stream";
    request.headers.set("Last-Event-ID", "0");
    // The stream goes on until the server stops, which it does when both steps have come.
    const auto answered = client().stream(
        request, [](std::span<char>) -> base::Result<std::size_t> { return 0U; },
        [&](std::string_view line) {
            lines.emplace_back(line);
            if (line.starts_with("data: ") &&
                line.find(R"("state":"closed")") != std::string_view::npos) {
                stopper_ = std::jthread([this] { server_->stop(); });
            }
        });
    stopper_ = {};
    EXPECT_TRUE(answered) << answered.error().context();
    EXPECT_TRUE(answered) << answered.error().context();
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "event: deviation"), 2);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "id: 2"), 1);
}

TEST_F(Webhook, OfAWrongSecretEndsTheStart) {
    std::ofstream(folder_ + "/secret") << "hunter2\n";
    node_ = Node::open(config_, clock_).value();
    server_ = std::make_unique<Server>(config_, *node_, serve_role);
    const auto started = server_->start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().context().find("/secret: expected whsec_"), std::string::npos);
    EXPECT_EQ(started.error().context().find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace app
