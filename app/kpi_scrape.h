#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "app/config.h"
#include "app/served_views.h"
#include "base/http_router.h"

namespace app {

/// `/metrics/kpi?company=`: what everybody did today, as Prometheus reads it.
///
/// Source: interface.md 7. One scrape at a time: a second one waits for the first.
/// Lifetime: configuration and views outlive it. Threads: any.
class KpiScrape {
public:
    KpiScrape(const MetricsConfig& config, const ServedViews& views)
        : config_(config), views_(views) {}

    void add_to(base::HttpRouter& router);

private:
    base::Result<std::string> text(const std::string& company);

    const MetricsConfig& config_;
    const ServedViews& views_;
    std::mutex mutex_;
    std::map<std::string, std::uint64_t> dropped_;  ///< series left out so far, by company
};

}  // namespace app
