#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/http_router.h"
#include "query/ports.h"
#include "store/read_view.h"

namespace query {

/// The states that routes answer from. Implemented by app/.
///
/// Threads: any.
class Views {
public:
    virtual ~Views() = default;

    /// The newest state that holds a company. An empty id: the only one.
    /// Errors: invalid     - there are several companies and none is named, or there is no such
    /// one.
    ///         unavailable - its views are not open; try again.
    virtual base::Result<std::shared_ptr<const store::ReadView>> view(
        std::string_view company) const = 0;
    /// Blocks until `view(company)` has applied everything below `offset`, of the folded log or,
    /// when `collector` is not empty, of that collector's; false when `timeout` is first.
    virtual bool wait_applied(std::string_view company, std::string_view collector,
                              std::uint64_t offset, std::chrono::milliseconds timeout) const = 0;
    /// What answers about this company need beside its views.
    virtual Ports ports(std::string_view company) const = 0;
};

/// A disclosure of full numbers that is about to be made.
struct Reveal {
    std::string_view what;    ///< the route
    std::string_view reason;  ///< as the person gave it
    const Params& filters;    ///< without `number`
};

/// What the routes need of the rest of the program.
///
/// Lifetime: `views` must outlive the router. Threads: the functions are called from any.
struct RoutePorts {
    const Views* views = nullptr;
    /// Runs a question that waits for its `min_offset` on a thread where nobody stands behind it;
    /// false: too many wait. Empty: it waits where it is.
    std::function<bool(std::function<void()>)> defer;
    /// A telephone number as a person of that company writes it -> its normal form; nullopt: none.
    std::function<std::optional<std::string>(std::string_view company, std::string_view text)>
        normal_number;
    /// Makes a disclosure's record durable. Nothing is revealed unless it succeeds.
    std::function<base::Result<void>(const Reveal& reveal)> audit;
};

/// How long `min_offset` waits for the views.
inline constexpr std::chrono::seconds min_offset_wait{10};
/// Items of a page when `limit` is absent, and the most that it can ask for. CSV without it has
/// all.
inline constexpr std::uint64_t page_default = 100;
inline constexpr std::uint64_t page_max = 10'000;

/// Adds the routes that read: /v1/kpis, /v1/calls, /v1/calls/{call_id}, POST /v1/calls/search,
/// /v1/explain, /v1/managers, /v1/clients, /v1/clients/{client_id}/timeline, /v1/sources,
/// /v1/quarantine, /v1/quarantine/{id}, /v1/missed, /openapi.yaml.
///
/// Answers are JSON, lists also CSV (`Accept: text/csv`); failures RFC 9457 problems.
void add_routes(base::HttpRouter& router, RoutePorts ports);

/// The answer that a failure becomes: the one table from error codes to statuses.
base::HttpResponse failure_response(const base::Error& error);

}  // namespace query
