#pragma once

#include <atomic>

#include "app/node.h"
#include "base/http_router.h"
#include "ingest/http/events_route.h"
#include "ingest/http/intake_probe.h"

namespace app {

/// The routes that take events in: POST /v1/events and POST /v1/sources/{source_id}/import.
///
/// Lifetime: `node` outlives it, and it outlives the router.
class IntakeRoutes {
public:
    explicit IntakeRoutes(Node& node);

    /// Imports at once: each holds some megabytes. One more: 503.
    static constexpr int imports_max = 4;

    void add_to(base::HttpRouter& router);
    const base::Probe& probe() const { return probe_; }
    /// For what is taken in by other ways than these routes.
    ingest::http::IntakeProbe& counters() { return probe_; }

private:
    base::Result<ingest::http::Target> events_target() const;
    void import(const base::HttpRequest& head, base::HttpBodySource& source,
                base::HttpBodySink& sink);
    /// What the fold judges duplicate of `source` beyond `before`, once [.., until) is applied.
    base::Result<std::uint64_t> duplicates(const SourceConfig& source, std::uint64_t before,
                                           std::uint64_t until) const;

    Node& node_;
    ingest::http::IntakeProbe probe_;
    ingest::http::EventsRoute events_;
    std::atomic<int> imports_ = 0;  ///< at work, or being refused
};

}  // namespace app
