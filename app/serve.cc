#include "app/serve.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "app/audit.h"
#include "app/care.h"
#include "app/declarer.h"
#include "app/directory.h"
#include "app/followers.h"
#include "app/intake_routes.h"
#include "app/log.h"
#include "app/node.h"
#include "app/peers.h"
#include "app/quarantine.h"
#include "app/retention.h"
#include "app/served_views.h"
#include "app/version.h"
#include "base/http_server.h"
#include "base/json.h"
#include "base/thread_name.h"
#include "metrics/exposition.h"
#include "query/routes.h"
#include "store/rocks_view_store.h"

namespace app {
namespace {

/// With what follows it (the batch in hand, the log's last group) within ten seconds.
constexpr std::chrono::seconds drain_max(5);
constexpr std::chrono::seconds job_patience(60);
constexpr std::size_t directory_bytes_max = std::size_t{64} << 20;

base::HttpResponse json_response(int status, std::string body) {
    base::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

/// A node with its listeners.
class Server {
public:
    Server(const Config& config, Node& node)
        : config_(config),
          node_(node),
          intake_(node),
          followers_(node, intake_.counters()),
          views_(node, followers_),
          declarer_(node) {}

    base::Result<void> start() {
        if (node_.kafka() != nullptr) {
            peers_ = std::make_unique<Peers>(node_);
        }
        std::vector<base::HttpListener> listeners;
        listeners.push_back({config_.listen.text, main_router()});
        listeners.push_back({config_.metrics_listen.text, metrics_router()});
        BOOST_OUTCOME_TRY(http_,
                          base::HttpServer::start(std::move(listeners), base::HttpServerOptions{}));
        retention_ = std::jthread([this](const std::stop_token& stop) {
            base::name_this_thread("retention");
            keep_retention(node_, stop);
        });
        followers_.start();
        if (node_.kafka() != nullptr) {
            declarer_.start();
        }
        return base::success();
    }

    std::string address(std::size_t listener) const {
        const ListenAddress& configured = listener == 0 ? config_.listen : config_.metrics_listen;
        return configured.text.substr(0, configured.text.rfind(':')) + ":" +
               std::to_string(http_->port(listener));
    }

    /// Why the process cannot go on; nullopt while it can. Over Kafka a partition that stopped is
    /// no reason: the others go on, and it answers with what it has.
    std::optional<base::Error> failure() {
        if (KafkaLink* const kafka = node_.kafka()) {
            return kafka->failure();
        }
        for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
            if (const std::optional<base::Error> failed = node_.failure(partition)) {
                return failed->within("partition " + std::to_string(partition) + ": ");
            }
        }
        return std::nullopt;
    }

    void stop() {
        is_draining_ = true;
        node_.end_waits();
        declarer_.stop();
        retention_.request_stop();
        followers_.stop();
        http_->stop(drain_max);
        if (peers_) {
            peers_->stop();
        }
    }

private:
    base::HttpRouter main_router() {
        base::HttpRouter router;
        intake_.add_to(router);
        add_health(router);
        router.post(
            "/v1/doctor", base::HandlerMode::worker,
            [this](const base::HttpRequest&, const base::HttpReply& reply) { reply(doctor()); });
        router.post(
            "/v1/replay", base::HandlerMode::worker,
            [this](const base::HttpRequest&, const base::HttpReply& reply) { reply(replayed()); });
        router.add_all(company_router(), [this](base::HttpHandler handler) {
            return peers_ ? peers_->answering(std::move(handler)) : std::move(handler);
        });
        return router;
    }

    /// What is asked about one company, and answered where its views are.
    base::HttpRouter company_router() {
        base::HttpRouter router;
        query::add_routes(router, route_ports(node_, views_));
        router.get("/v1/directory", base::HandlerMode::worker,
                   [this](const base::HttpRequest& request, const base::HttpReply& reply) {
                       reply(directory_export(request));
                   });
        router.post(
            "/v1/directory", base::HandlerMode::worker,
            [this](const base::HttpRequest& request, const base::HttpReply& reply) {
                reply(directory(request));
            },
            directory_bytes_max);
        router.post("/v1/quarantine", base::HandlerMode::worker,
                    [this](const base::HttpRequest& request, const base::HttpReply& reply) {
                        reply(quarantine(request));
                    });
        return router;
    }

    base::HttpRouter metrics_router() {
        base::HttpRouter router;
        add_health(router);
        router.get("/metrics", base::HandlerMode::worker,
                   [this](const base::HttpRequest&, const base::HttpReply& reply) {
                       reply(exposition());
                   });
        return router;
    }

    base::HttpResponse exposition() {
        std::vector<const base::Probe*> probes{&node_.log().probe(), &intake_.probe(), &followers_,
                                               &http_->probe()};
        if (KafkaLink* const kafka = node_.kafka()) {
            probes.push_back(&kafka->forwarder());
            probes.push_back(&kafka->group());
        }
        std::vector<std::shared_ptr<const store::ReadView>> views;
        std::vector<std::shared_ptr<store::ViewStore>> stores;  // held while they are looked at
        for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
            probes.push_back(&node_.runner(partition));
            stores.push_back(node_.runner(partition).store());
            if (const base::Probe* store = store::probe_of(*stores.back())) {
                probes.push_back(store);
            }
            views.push_back(node_.runner(partition).view());
        }
        const base::Result<std::string> text =
            metrics::exposition({std::string(version()), std::string(commit())}, probes, views);
        if (!text) {
            return query::failure_response(text.error());
        }
        base::HttpResponse response = json_response(200, text.value());
        response.content_type = metrics::content_type;
        return response;
    }

    void add_health(base::HttpRouter& router) {
        router.get("/livez", base::HandlerMode::io,
                   [](const base::HttpRequest&, const base::HttpReply& reply) {
                       base::HttpResponse response;
                       response.content_type = "text/plain";
                       response.body = "ok\n";
                       reply(std::move(response));
                   });
        router.get(
            "/readyz", base::HandlerMode::io,
            [this](const base::HttpRequest&, const base::HttpReply& reply) { reply(ready()); });
    }

    base::HttpResponse ready() {
        base::JsonWriter reasons;
        reasons.begin_array();
        bool is_ready = true;
        const auto say_no = [&](std::string_view reason) {
            reasons.value(reason);
            is_ready = false;
        };
        for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
            if (const std::optional<base::Error> failed = node_.failure(partition)) {
                say_no("partition " + std::to_string(partition) + ": " + failed->context());
            }
        }
        if (node_.kafka() != nullptr && node_.kafka()->failure()) {
            say_no(node_.kafka()->failure()->context());
        }
        if (is_draining_) {
            say_no("stopping");
        }
        base::JsonWriter out;
        out.begin_object()
            .member("ready", is_ready)
            .member("log_id", std::string_view(node_.log_id()));
        out.key("partitions").begin_array();
        for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
            out.begin_object().member("partition", partition);
            out.member("applied_offset", node_.runner(partition).view()->applied_offset);
            out.member("durable_end", node_.folded_end(partition)).end_object();
        }
        out.end_array().key("reasons").raw(reasons.end_array().text()).end_object();
        return json_response(is_ready ? 200 : 503, out.take());
    }

    base::HttpResponse doctor() {
        const std::unique_lock lock(doctor_mutex_, std::try_to_lock);
        if (!lock) {
            return query::failure_response(
                base::Error(base::ErrorCode::exhausted, "a doctor or a replay is at work"));
        }
        const base::Result<eventlog::LogReader*> log = node_.history();
        if (!log) {
            return query::failure_response(log.error());
        }
        const Examined examined{
            *log.value(),
            node_.partitions(),
            [this](std::uint32_t partition) { return node_.runner(partition).view(); },
            [this](std::uint32_t partition) { return node_.is_owned(partition); },
            config_.data_dir + "/doctor",
            [this] { return is_draining_.load(); }};
        const base::Result<std::string> answer = doctor_answer(examined, job_patience);
        return answer ? json_response(200, answer.value())
                      : query::failure_response(answer.error());
    }

    base::HttpResponse replayed() {
        const std::unique_lock lock(doctor_mutex_, std::try_to_lock);
        if (!lock) {
            return query::failure_response(
                base::Error(base::ErrorCode::exhausted, "a doctor or a replay is at work"));
        }
        const base::Result<std::string> answer = replay(
            node_,
            {.until = {}, .into = {}, .is_cancelled = [this] { return is_draining_.load(); }});
        return answer ? json_response(200, answer.value())
                      : query::failure_response(answer.error());
    }

    static bool is_true(const base::HttpRequest& request, std::string_view name) {
        return request.query.last(name) == std::string_view("true");
    }

    base::Result<std::string> company(const base::HttpRequest& request) const {
        return company_of(config_,
                          {{"company", std::string(request.query.last("company").value_or(""))}});
    }

    base::HttpResponse directory_export(const base::HttpRequest& request) const {
        const base::Result<std::string> id = company(request);
        if (!id) {
            return query::failure_response(id.error());
        }
        const base::Result<std::string> text = directory_text(*node_.view(id.value()), id.value());
        if (!text) {
            return query::failure_response(text.error());
        }
        base::HttpResponse response = json_response(200, text.value());
        response.content_type = "application/yaml";
        return response;
    }

    base::HttpResponse directory(const base::HttpRequest& request) {
        const base::Result<std::string> answer = changed_directory(request);
        return answer ? json_response(200, answer.value())
                      : query::failure_response(answer.error());
    }

    base::Result<std::string> changed_directory(const base::HttpRequest& request) {
        DirectoryRequest wanted;
        BOOST_OUTCOME_TRY(wanted.company, company(request));
        const std::string_view mode = request.query.last("mode").value_or("");
        if (mode != "apply" && mode != "diff") {
            return base::Error(base::ErrorCode::invalid, "mode: expected apply or diff");
        }
        wanted.mode = mode == "apply" ? DirectoryMode::apply : DirectoryMode::diff;
        wanted.text = request.body;
        wanted.file_name = "directory";
        wanted.prune = is_true(request, "prune");
        wanted.wait = is_true(request, "wait");
        const std::lock_guard lock(directory_mutex_);
        // What was applied before this request is compared with, also when it is not folded yet.
        const std::uint32_t partition = node_.partition(wanted.company);
        const bool is_declared =
            node_.kafka() == nullptr || declarer_.wait_declared(wanted.company, job_patience);
        if (!is_declared || !node_.wait_applied(partition, job_patience)) {
            return base::Error(base::ErrorCode::timeout, "the views are behind; try again");
        }
        BOOST_OUTCOME_TRY(std::string answer, change_directory(node_, wanted));
        if (wanted.mode == DirectoryMode::apply && wanted.wait &&
            !node_.wait_applied(partition, job_patience)) {
            return base::Error(base::ErrorCode::timeout, "durable, but not applied yet");
        }
        return answer;
    }

    base::HttpResponse quarantine(const base::HttpRequest& request) {
        if (request.content_type() != "application/json") {
            return base::problem_response({.status = 415, .detail = "send application/json"});
        }
        const base::Result<std::string> answer = changed_quarantine(request);
        return answer ? json_response(200, answer.value())
                      : query::failure_response(answer.error());
    }

    base::Result<std::string> changed_quarantine(const base::HttpRequest& request) {
        BOOST_OUTCOME_TRY(QuarantineRequest wanted, read_quarantine_request(request.body));
        BOOST_OUTCOME_TRY(wanted.company, company_of(config_, {{"company", wanted.company}}));
        if (config_.company(wanted.company) == nullptr) {
            return base::Error(base::ErrorCode::invalid, "there is no company " + wanted.company);
        }
        wanted.by = std::string(loopback_user);
        const std::lock_guard lock(quarantine_mutex_);
        // What another request closed before this one is closed in the views, too.
        const std::uint32_t partition = node_.partition(wanted.company);
        if (!node_.wait_applied(partition, job_patience)) {
            return base::Error(base::ErrorCode::timeout, "the views are behind; try again");
        }
        BOOST_OUTCOME_TRY(std::string answer,
                          change_quarantine(node_, wanted, [this] { return is_draining_.load(); }));
        // Who asks next sees it; what is durable is true without it.
        node_.wait_applied(partition, job_patience);
        return answer;
    }

    const Config& config_;
    Node& node_;
    IntakeRoutes intake_;
    Followers followers_;
    ServedViews views_;
    Declarer declarer_;
    std::unique_ptr<Peers> peers_;  ///< over Kafka
    std::atomic<bool> is_draining_ = false;
    std::mutex doctor_mutex_;
    std::mutex directory_mutex_;
    std::mutex quarantine_mutex_;
    std::unique_ptr<base::HttpServer> http_;
    std::jthread retention_;
};

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

/// From now on a stop signal ends the process at once.
void end_at_next_signal() {
    struct sigaction action{};
    action.sa_handler = [](int) { ::_exit(3); };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    const sigset_t signals = stop_signals();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

/// Waits for a stop signal, or for a partition that cannot go on.
std::optional<base::Error> wait_for_end(Server& server) {
    const sigset_t signals = stop_signals();
    for (;;) {
        const timespec second{1, 0};
        if (::sigtimedwait(&signals, nullptr, &second) > 0) {
            return std::nullopt;
        }
        if (const std::optional<base::Error> failed = server.failure()) {
            return failed;
        }
    }
}

CommandResult failed(const base::Error& error) {
    return {exit_code_of(error), "", error.context()};
}

}  // namespace

CommandResult serve(const Config& config) {
    const sigset_t signals = stop_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread begins
    ::signal(SIGPIPE, SIG_IGN);
    const base::SystemClock clock;
    base::Result<std::unique_ptr<Node>> opened = Node::open(config, clock);
    if (!opened) {
        return failed(opened.error());
    }
    Node& node = *opened.value();
    for (const std::string& note : node.log().recovery_notes()) {
        log_warning("log_recovered", note);
    }
    if (node.kafka() == nullptr) {  // over Kafka when the views know what was declared before
        if (const base::Result<void> declared = node.declare_settings(); !declared) {
            return failed(declared.error());
        }
    }
    if (const base::Result<void> started = node.start(); !started) {
        return failed(started.error());
    }
    Server server(config, node);
    if (const base::Result<void> started = server.start(); !started) {
        return {3, "", started.error().context()};
    }
    fmt::print("normwatch: serving on http://{}, metrics on http://{}/metrics, data in {}\n",
               server.address(0), server.address(1), config.data_dir);
    std::fflush(stdout);
    log_info("started", "serving on " + server.address(0) + ", metrics on " + server.address(1));
    log_info("no_tokens", "no tokens are configured: every caller on this machine has every role");
    const std::optional<base::Error> failure = wait_for_end(server);
    end_at_next_signal();
    server.stop();
    if (failure) {
        log_error("stopped", failure->context());
        return {3, "", failure->context()};
    }
    log_info("stopped", "stopped by a signal");
    return {0, "", ""};
}

}  // namespace app
