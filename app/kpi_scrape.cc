#include "app/kpi_scrape.h"

#include <utility>
#include <vector>

#include "app/log.h"
#include "metrics/exposition.h"
#include "query/kpi_series.h"

namespace app {

void KpiScrape::add_to(base::HttpRouter& router) {
    if (config_.kpi == "off") {
        return;
    }
    router.get("/metrics/kpi", base::HandlerMode::worker,
               [this](const base::HttpRequest& request, const base::HttpReply& reply) {
                   const auto scraped =
                       text(std::string(request.query.last("company").value_or("")));
                   if (!scraped) {
                       reply(query::failure_response(scraped.error()));
                       return;
                   }
                   base::HttpResponse response;
                   response.content_type = metrics::content_type;
                   response.body = scraped.value();
                   reply(std::move(response));
               });
}

base::Result<std::string> KpiScrape::text(const std::string& company) {
    const std::scoped_lock lock(mutex_);
    BOOST_OUTCOME_TRY(const auto view, views_.view(company));
    const query::KpiSeriesLimits limits{.has_managers = config_.kpi == "per_manager",
                                        .kpis = config_.kpis,
                                        .series_max = config_.series_max};
    BOOST_OUTCOME_TRY(query::KpiSeries series, query::kpi_series(*view, {{"company", company}},
                                                                 views_.ports(company), limits));
    std::uint64_t& dropped = dropped_[series.company];
    if (series.dropped > 0 && dropped == 0) {
        log_warning("kpi_series_dropped",
                    "more series than metrics.series_max: somebody is left out of /metrics/kpi");
    }
    dropped += series.dropped;
    const std::vector<std::pair<std::string, std::string>> labels{{"company", series.company}};
    const auto shown = static_cast<double>(series.samples.size());
    series.samples.push_back({.name = "kpi_series",
                              .help = "Series of this scrape that tell what somebody did.",
                              .kind = base::Sample::Kind::gauge,
                              .labels = labels,
                              .value = shown,
                              .buckets = {}});
    series.samples.push_back({.name = "kpi_series_dropped_total",
                              .help = "Series of those for whom metrics.series_max left no room.",
                              .kind = base::Sample::Kind::counter,
                              .labels = labels,
                              .value = static_cast<double>(dropped),
                              .buckets = {}});
    return metrics::exposition(std::move(series.samples));
}

}  // namespace app
