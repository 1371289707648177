#pragma once

#include <atomic>

#include "app/node.h"
#include "base/http_router.h"

namespace app {

/// GET /v1/deviations/stream: server-sent events, one for each step of a deviation, as soon as it
/// is committed. `id` is its number: who comes back with `Last-Event-ID` gets what he missed; who
/// comes without begins with the next one. A comment every fifteen seconds keeps the connection.
///
/// Source: https://html.spec.whatwg.org, "Server-sent events". Lifetime: `node` outlives it.
/// Threads: those of the streams.
class DeviationStream {
public:
    explicit DeviationStream(Node& node) : node_(node) {}

    void add_to(base::HttpRouter& router);
    /// Every stream ends.
    void stop() { is_stopping_ = true; }

private:
    void serve(const base::HttpRequest& head, base::HttpBodySink& sink);

    Node& node_;
    std::atomic<bool> is_stopping_ = false;
};

}  // namespace app
