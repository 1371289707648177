#include "app/server.h"

#include "app/audit.h"
#include "app/care.h"
#include "app/directory.h"
#include "app/log.h"
#include "app/quarantine.h"
#include "app/retention.h"
#include "app/version.h"
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
/// Questions that wait for the views do it here: nobody who needs a thread to answer stands behind.
constexpr std::size_t waiting_threads = 16;
constexpr std::size_t waiting_questions_max = 240;
/// Imports (IntakeRoutes::imports_max), and everybody who watches deviations.
constexpr std::size_t streams_max = 64;
constexpr std::size_t directory_bytes_max = std::size_t{64} << 20;

/// Of what an operator asked for: why it was not done, in words.
base::HttpResponse operator_failure(const base::Error& error) {
    base::HttpResponse response = query::failure_response(error);
    if (response.status == 503) {
        response = base::problem_response({.status = 503, .detail = error.context()});
        response.headers.add("Retry-After", "1");
    }
    return response;
}

/// A collector publishes in its order: what is missing before its last record was lost on the way,
/// until it comes again.
std::optional<std::string> missing_records(const store::ReadView& view) {
    for (const store::OriginRow& origin : view.position.origins) {
        if (origin.seen.size() > 1) {
            return "records " + std::to_string(origin.seen.front().until) + " to " +
                   std::to_string(origin.seen[1].from) +
                   " of a collector are missing in the topic: its forwarder publishes them again";
        }
    }
    return std::nullopt;
}

base::HttpResponse json_response(int status, std::string body) {
    base::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

}  // namespace

Server::Server(const Config& config, Node& node, Role role)
    : config_(config),
      node_(node),
      intake_(node),
      followers_(node, intake_.counters()),
      views_(node, followers_),
      kpi_scrape_(config.metrics, views_),
      declarer_(node),
      ticker_(node, role),
      deviations_(node),
      webhooks_(node),
      role_(role),
      waits_("waits", waiting_threads, waiting_questions_max) {
}

Server::~Server() = default;

base::Result<void> Server::start() {
    if (node_.kafka() != nullptr && role_.answers) {
        peers_ = std::make_unique<Peers>(node_);
    }
    if (node_.kafka() != nullptr && role_.folds) {
        copies_ = std::make_unique<Copies>(node_);
        restorer_ = std::make_unique<Restorer>(node_);
        restorer_->start();
    }
    std::vector<base::HttpListener> listeners;
    listeners.push_back({config_.listen.text, main_router()});
    listeners.push_back({config_.metrics_listen.text, metrics_router()});
    BOOST_OUTCOME_TRY(http_,
                      base::HttpServer::start(std::move(listeners), {.streams_max = streams_max}));
    retention_ = std::jthread([this](const std::stop_token& stop) {
        base::name_this_thread("retention");
        keep_retention(node_, stop);
    });
    if (role_.takes_in) {
        followers_.start();
        ticker_.start();
    }
    if (node_.kafka() != nullptr && role_.folds) {
        declarer_.start();
    }
    return webhooks_.start();
}

std::string Server::address(std::size_t listener) const {
    const ListenAddress& configured = listener == 0 ? config_.listen : config_.metrics_listen;
    return configured.text.substr(0, configured.text.rfind(':')) + ":" +
           std::to_string(http_->port(listener));
}

std::optional<base::Error> Server::failure() {
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

void Server::stop() {
    is_draining_ = true;
    node_.end_waits();
    declarer_.stop();
    ticker_.stop();
    webhooks_.stop();
    deviations_.stop();
    if (restorer_) {
        restorer_->stop();
    }
    retention_.request_stop();
    followers_.stop();
    http_->stop(drain_max);
    waits_.stop();
    if (peers_) {
        peers_->stop();
    }
}

base::HttpRouter Server::main_router() {
    base::HttpRouter router;
    add_health(router);
    if (role_.takes_in) {
        intake_.add_to(router);
    }
    if (!role_.answers) {
        return router;
    }
    if (copies_) {
        copies_->add_to(router);
    }
    if (role_.folds) {
        router.post(
            "/v1/doctor", base::HandlerMode::worker,
            [this](const base::HttpRequest&, const base::HttpReply& reply) { reply(doctor()); });
        router.post(
            "/v1/replay", base::HandlerMode::worker,
            [this](const base::HttpRequest&, const base::HttpReply& reply) { reply(replayed()); });
    }
    router.add_all(company_router(), [this](base::HttpHandler handler) {
        return peers_ ? peers_->answering(std::move(handler)) : std::move(handler);
    });
    return router;
}

base::HttpRouter Server::company_router() {
    base::HttpRouter router;
    query::RoutePorts ports = route_ports(node_, views_);
    ports.defer = [this](std::function<void()> question) {
        return waits_.try_run(std::move(question));
    };
    query::add_routes(router, std::move(ports));
    deviations_.add_to(router);
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

base::HttpRouter Server::metrics_router() {
    base::HttpRouter router;
    add_health(router);
    router.get(
        "/metrics", base::HandlerMode::worker,
        [this](const base::HttpRequest&, const base::HttpReply& reply) { reply(exposition()); });
    if (role_.folds) {
        kpi_scrape_.add_to(router);
    }
    return router;
}

base::HttpResponse Server::exposition() {
    std::vector<const base::Probe*> probes{&node_.log().probe(), &intake_.probe(), &followers_,
                                           &webhooks_, &http_->probe()};
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

void Server::add_health(base::HttpRouter& router) {
    router.get("/livez", base::HandlerMode::io,
               [](const base::HttpRequest&, const base::HttpReply& reply) {
                   base::HttpResponse response;
                   response.content_type = "text/plain";
                   response.body = "ok\n";
                   reply(std::move(response));
               });
    router.get("/readyz", base::HandlerMode::io,
               [this](const base::HttpRequest&, const base::HttpReply& reply) { reply(ready()); });
}

base::HttpResponse Server::ready() {
    base::JsonWriter reasons;
    reasons.begin_array();
    bool is_ready = true;
    const auto say_no = [&](std::string_view reason) {
        reasons.value(reason);
        is_ready = false;
    };
    for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
        if (const auto restoring = restorer_ ? restorer_->progress(partition) : std::nullopt) {
            say_no("partition " + std::to_string(partition) + ": " + *restoring);
        } else if (const std::optional<base::Error> failed = node_.failure(partition)) {
            say_no("partition " + std::to_string(partition) + ": " + failed->context());
        }
        if (const auto missing = missing_records(*node_.runner(partition).view())) {
            say_no("partition " + std::to_string(partition) + ": " + *missing);
        }
    }
    if (node_.kafka() != nullptr && node_.kafka()->failure()) {
        say_no(node_.kafka()->failure()->context());
    }
    if (is_draining_) {
        say_no("stopping");
    }
    base::JsonWriter out;
    out.begin_object().member("ready", is_ready).member("log_id", std::string_view(node_.log_id()));
    out.key("partitions").begin_array();
    for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
        out.begin_object().member("partition", partition);
        out.member("applied_offset", node_.runner(partition).view()->applied_offset);
        out.member("durable_end", node_.folded_end(partition)).end_object();
    }
    out.end_array();
    if (KafkaLink* const kafka = node_.kafka()) {  // no reason to take nothing in
        const std::optional<base::Error> problem = kafka->forwarder().problem();
        out.key("forward");
        if (problem) {
            out.value(std::string_view(problem->context()));
        } else {
            out.null();
        }
    }
    out.key("reasons").raw(reasons.end_array().text()).end_object();
    return json_response(is_ready ? 200 : 503, out.take());
}

base::HttpResponse Server::doctor() {
    const std::unique_lock lock(doctor_mutex_, std::try_to_lock);
    if (!lock) {
        return operator_failure(
            base::Error(base::ErrorCode::exhausted, "a doctor or a replay is at work"));
    }
    const base::Result<eventlog::LogReader*> log = node_.history();
    if (!log) {
        return operator_failure(log.error());
    }
    const Examined examined{
        *log.value(),
        node_.partitions(),
        [this](std::uint32_t partition) { return node_.runner(partition).view(); },
        [this](std::uint32_t partition) { return node_.is_owned(partition); },
        config_.data_dir + "/doctor",
        [this] { return is_draining_.load(); }};
    const base::Result<std::string> answer = doctor_answer(examined, job_patience);
    return answer ? json_response(200, answer.value()) : operator_failure(answer.error());
}

base::HttpResponse Server::replayed() {
    const std::unique_lock lock(doctor_mutex_, std::try_to_lock);
    if (!lock) {
        return operator_failure(
            base::Error(base::ErrorCode::exhausted, "a doctor or a replay is at work"));
    }
    const base::Result<std::string> answer = replay(
        node_, {.until = {}, .into = {}, .is_cancelled = [this] { return is_draining_.load(); }});
    return answer ? json_response(200, answer.value()) : operator_failure(answer.error());
}

bool Server::is_true(const base::HttpRequest& request, std::string_view name) {
    return request.query.last(name) == std::string_view("true");
}

base::Result<std::string> Server::company(const base::HttpRequest& request) const {
    return company_of(config_,
                      {{"company", std::string(request.query.last("company").value_or(""))}});
}

base::HttpResponse Server::directory_export(const base::HttpRequest& request) const {
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

base::HttpResponse Server::directory(const base::HttpRequest& request) {
    const base::Result<std::string> answer = changed_directory(request);
    return answer ? json_response(200, answer.value()) : operator_failure(answer.error());
}

base::Result<std::string> Server::changed_directory(const base::HttpRequest& request) {
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

base::HttpResponse Server::quarantine(const base::HttpRequest& request) {
    if (request.content_type() != "application/json") {
        return base::problem_response({.status = 415, .detail = "send application/json"});
    }
    const base::Result<std::string> answer = changed_quarantine(request);
    return answer ? json_response(200, answer.value()) : operator_failure(answer.error());
}

base::Result<std::string> Server::changed_quarantine(const base::HttpRequest& request) {
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

}  // namespace app
