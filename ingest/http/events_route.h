#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/http_router.h"
#include "eventlog/log.h"
#include "ingest/http/intake_probe.h"
#include "ingest/mapped.h"

namespace ingest::http {

/// Whose events a request brings, and where they go.
struct Target {
    MapContext context;
    eventlog::Partition partition;
};

/// What the intake routes need. Lifetime: all of it outlives the routes.
struct IntakePorts {
    eventlog::LogWriter& log;
    eventlog::LogReader& reader;
    /// The source of POST /v1/events. Errors: invalid - no company can be told.
    std::function<base::Result<Target>()> events_target;
    IntakeProbe& probe;
    std::string collector;  ///< of positions; empty: they are those of the views
};

/// POST /v1/events: CloudEvents in structured, batch and binary mode, one verdict per item.
///
/// The answer comes after everything is durable. A bad item is kept with its reason and never fails
/// its neighbours; repeats in (source, id) and bytes inside the request are not appended. More than
/// `in_flight_bytes_max` under way: 503 with Retry-After.
///
/// Source:  interface.md 4. Threads: any; the reply comes from the log's writer.
class EventsRoute {
public:
    explicit EventsRoute(IntakePorts ports) : ports_(std::move(ports)) {}
    void handle(const base::HttpRequest& request, base::HttpReply reply);

    static constexpr std::size_t in_flight_bytes_max = std::size_t{64} << 20;

private:
    IntakePorts ports_;
    std::atomic<std::size_t> in_flight_bytes_{0};
};

}  // namespace ingest::http
