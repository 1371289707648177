#include "app/intake_routes.h"

#include <algorithm>

#include "app/file_intake.h"
#include "ingest/http/import_route.h"

namespace app {
namespace {

constexpr std::chrono::minutes apply_patience(10);

/// One of those at work for as long as it lives; `number` tells how many they were then.
class Place {
public:
    explicit Place(std::atomic<int>& count) : number(++count), count_(count) {}
    ~Place() { --count_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    const int number;

private:
    std::atomic<int>& count_;
};

}  // namespace

IntakeRoutes::IntakeRoutes(Node& node)
    : node_(node),
      events_(
          {node.log(), node.log(), [this] { return events_target(); }, probe_, node.collector()}) {
}

void IntakeRoutes::add_to(base::HttpRouter& router) {
    router.post("/v1/events", base::HandlerMode::io_when_small,
                [this](const base::HttpRequest& request, base::HttpReply reply) {
                    events_.handle(request, std::move(reply));
                });
    router.post_stream("/v1/sources/{source_id}/import", [this](const base::HttpRequest& head,
                                                                base::HttpBodySource& source,
                                                                base::HttpBodySink& sink) {
        const Place place(imports_);
        if (place.number <= imports_max) {
            import(head, source, sink);
        } else {
            base::HttpResponse busy =
                base::problem_response({.status = 503, .detail = "too many imports at once"});
            busy.headers.set("Retry-After", "1");
            // Who is gone hears nothing, and there is nothing more to do.
            static_cast<void>(sink.answer(busy));
        }
    });
}

base::Result<ingest::http::Target> IntakeRoutes::events_target() const {
    const Config& config = node_.config();
    const base::UtcMillis now = node_.clock().now();
    for (const SourceConfig& source : config.sources) {
        if (source.kind == "cloudevents") {
            return ingest::http::Target{map_context(config, source, now),
                                        eventlog::Partition(node_.partition(source.company))};
        }
    }
    BOOST_OUTCOME_TRY(const std::string company, company_of(config, {}));
    return ingest::http::Target{company_context(*config.company(company), unconfigured_source, now),
                                eventlog::Partition(node_.partition(company))};
}

base::Result<std::uint64_t> IntakeRoutes::duplicates(const SourceConfig& source,
                                                     std::uint64_t before,
                                                     std::uint64_t until) const {
    if (!node_.wait_applied(node_.partition(source.company), until, apply_patience)) {
        return base::Error(base::ErrorCode::timeout, "the views are behind");
    }
    BOOST_OUTCOME_TRY(const std::uint64_t now, duplicates_of(*node_.view(source.company), source));
    return now > before ? now - before : 0;
}

void IntakeRoutes::import(const base::HttpRequest& head, base::HttpBodySource& body,
                          base::HttpBodySink& sink) {
    const SourceConfig* source = node_.config().source(std::string(head.param("source_id")));
    std::uint64_t before = 0;
    // Whoever does not ask for the verdicts does not wait for the views either.
    if (source != nullptr && head.query.last("wait") == std::string_view("true")) {
        node_.wait_applied(node_.partition(source->company), apply_patience);
        const base::Result<std::uint64_t> known =
            duplicates_of(*node_.view(source->company), *source);
        before = known ? known.value() : 0;
    }
    const ingest::http::ImportPorts ports{
        node_.log(),
        [&](std::string_view) -> std::optional<ingest::http::ImportSource> {
            if (source == nullptr) {
                return std::nullopt;
            }
            return ingest::http::ImportSource{
                {map_context(node_.config(), *source, node_.clock().now()),
                 eventlog::Partition(node_.partition(source->company))},
                source->kind};
        },
        [&](eventlog::Partition, std::uint64_t from,
            std::uint64_t until) -> base::Result<std::uint64_t> {
            BOOST_OUTCOME_TRY(const std::uint64_t found, duplicates(*source, before, until));
            return std::min(found, until - from);
        },
        [this] { return node_.clock().now(); },
        probe_,
        node_.collector()};
    ingest::http::import_stream(ports, head, body, sink);
}

}  // namespace app
