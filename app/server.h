#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "app/copies.h"
#include "app/declarer.h"
#include "app/deviation_stream.h"
#include "app/followers.h"
#include "app/intake_routes.h"
#include "app/kpi_scrape.h"
#include "app/node.h"
#include "app/peers.h"
#include "app/restorer.h"
#include "app/served_views.h"
#include "app/ticker.h"
#include "app/webhooks.h"
#include "base/http_router.h"
#include "base/http_server.h"
#include "base/http_workers.h"

namespace app {

/// A node with its listeners, in its role.
///
/// Lifetime: `config` and `node` outlive it. Threads: `start`, `failure` and `stop` belong to the
/// owner.
class Server {
public:
    Server(const Config& config, Node& node, Role role);
    ~Server();

    base::Result<void> start();

    std::string address(std::size_t listener) const;

    /// Why the process cannot go on; nullopt while it can. Over Kafka a partition that stopped is
    /// no reason: the others go on, and it answers with what it has.
    std::optional<base::Error> failure();

    void stop();

private:
    base::HttpRouter main_router();

    /// What is asked about one company, and answered where its views are.
    base::HttpRouter company_router();

    base::HttpRouter metrics_router();

    base::HttpResponse exposition();

    void add_health(base::HttpRouter& router);

    base::HttpResponse ready();

    base::HttpResponse doctor();

    base::HttpResponse replayed();

    static bool is_true(const base::HttpRequest& request, std::string_view name);

    base::Result<std::string> company(const base::HttpRequest& request) const;

    base::HttpResponse directory_export(const base::HttpRequest& request) const;

    base::HttpResponse directory(const base::HttpRequest& request);

    base::Result<std::string> changed_directory(const base::HttpRequest& request);

    base::HttpResponse quarantine(const base::HttpRequest& request);

    base::Result<std::string> changed_quarantine(const base::HttpRequest& request);

    const Config& config_;
    Node& node_;
    IntakeRoutes intake_;
    Followers followers_;
    ServedViews views_;
    KpiScrape kpi_scrape_;
    Declarer declarer_;
    Ticker ticker_;
    DeviationStream deviations_;
    Webhooks webhooks_;
    Role role_;
    std::unique_ptr<Copies> copies_;      ///< over Kafka, of a node that folds
    std::unique_ptr<Restorer> restorer_;  ///< the same
    std::unique_ptr<Peers> peers_;        ///< over Kafka
    base::HttpWorkers waits_;
    std::atomic<bool> is_draining_ = false;
    std::mutex doctor_mutex_;
    std::mutex directory_mutex_;
    std::mutex quarantine_mutex_;
    std::unique_ptr<base::HttpServer> http_;
    std::jthread retention_;
};

}  // namespace app
