#include "ingest/http/events_route.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <set>

#include "base/json.h"
#include "events/event.h"
#include "ingest/cloudevents/mapper.h"
#include "ingest/position.h"

namespace ingest::http {
namespace {

namespace json = boost::json;

constexpr std::string_view source_kind = "cloudevents";
constexpr std::string_view structured = "application/cloudevents+json";
constexpr std::string_view batch = "application/cloudevents-batch+json";
constexpr std::string_view binary = "application/json";

base::HttpResponse problem(int status, std::string detail) {
    return base::problem_response({.status = status, .detail = std::move(detail)});
}

base::HttpResponse busy(std::string detail) {
    base::HttpResponse response = problem(503, std::move(detail));
    response.headers.set("Retry-After", "1");
    return response;
}

/// The attributes of binary mode: `ce-` headers, percent-decoded.
base::Result<json::object> attributes_of(const base::HttpRequest& request) {
    json::object attributes;
    for (const auto& [name, value] : request.headers.fields()) {
        if (name.size() < 4 || (name[0] | 32) != 'c' || (name[1] | 32) != 'e' || name[2] != '-') {
            continue;
        }
        std::string attribute = name.substr(3);
        std::transform(attribute.begin(), attribute.end(), attribute.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        BOOST_OUTCOME_TRY(const std::string decoded, base::url_decode(value));
        attributes[attribute] = decoded;
    }
    return attributes;
}

/// The items of a request, or the answer that refuses it as a whole.
struct Items {
    std::vector<json::value> values;
    std::optional<base::HttpResponse> refusal;
};

Items read_items(const base::HttpRequest& request) {
    Items items;
    const std::string type = request.content_type();
    if (type != structured && type != batch && type != binary) {
        items.refusal = problem(415, "send " + std::string(structured) + ", " + std::string(batch) +
                                         ", or " + std::string(binary) + " with ce- headers");
        return items;
    }
    auto attributes = attributes_of(request);
    auto body = base::parse_json(request.body);
    if (!attributes || !body) {
        items.refusal =
            problem(400, attributes ? body.error().context() : attributes.error().context());
        return items;
    }
    json::value value = std::move(body).value();
    const bool has_attributes = !attributes.value().empty();
    if (type == batch) {
        if (!value.is_array()) {
            items.refusal = problem(400, "a batch is an array");
            return items;
        }
        for (json::value& one : value.get_array()) {
            items.values.push_back(std::move(one));
        }
        return items;
    }
    if (type == binary && has_attributes) {
        json::object event = std::move(attributes).value();
        event["data"] = std::move(value);
        items.values.emplace_back(std::move(event));
        return items;
    }
    if (type == binary && !(value.is_object() && value.get_object().contains("specversion"))) {
        items.refusal =
            problem(415, "application/json without ce- headers needs specversion in the body");
        return items;
    }
    items.values.push_back(std::move(value));
    return items;
}

/// One line of `items` in the answer: what was not accepted.
struct Outcome {
    std::size_t index = 0;
    std::string status;
    std::string reason;
    std::string pointer;
};

/// A request on its way to the log.
struct Delivery {
    std::vector<eventlog::Record> records;
    std::vector<Outcome> outcomes;
    std::size_t accepted = 0;
    std::size_t duplicates = 0;
    std::size_t rejected = 0;
};

std::string text_of(const json::value& event, const char* name) {
    const json::value* found = event.is_object() ? event.get_object().if_contains(name) : nullptr;
    return found != nullptr && found->is_string() ? std::string(found->get_string())
                                                  : std::string();
}

Delivery map_items(const std::vector<json::value>& values, const MapContext& context,
                   IntakeProbe& probe) {
    Delivery delivery;
    std::set<std::string> seen;  // the bytes hold source and id
    for (std::size_t index = 0; index < values.size(); ++index) {
        std::string raw = json::serialize(values[index]);
        if (!seen.insert(raw).second) {
            delivery.outcomes.push_back(
                {.index = index, .status = "duplicate", .reason = {}, .pointer = {}});
            ++delivery.duplicates;
            continue;
        }
        Mapped mapped = cloudevents::map_event(values[index], raw.size(), context);
        events::pb::Origin origin;
        origin.set_index(index);
        if (Rejection* rejection = std::get_if<Rejection>(&mapped)) {
            events::Event event =
                rejected_event(*rejection, raw, raw.size(), origin, source_kind, context);
            event.head.set_id(text_of(values[index], "id"));
            event.head.set_source(text_of(values[index], "source"));
            delivery.records.push_back({events::encode(event), context.received_at});
            probe.rejected(context.source_id, rejection->reason);
            delivery.outcomes.push_back({.index = index,
                                         .status = "rejected",
                                         .reason = std::move(rejection->reason),
                                         .pointer = std::move(rejection->pointer)});
            ++delivery.rejected;
            continue;
        }
        events::Event& event = std::get<events::Event>(mapped);
        *event.head.mutable_origin() = origin;
        delivery.records.push_back({events::encode(event), context.received_at});
        ++delivery.accepted;
    }
    return delivery;
}

std::string accepted_json(const Delivery& delivery, eventlog::Partition partition,
                          std::uint64_t offset, std::string_view collector) {
    base::JsonWriter out;
    out.begin_object()
        .member("accepted", delivery.accepted)
        .member("duplicates", delivery.duplicates);
    out.member("rejected", delivery.rejected).key("items").begin_array();
    for (const Outcome& one : delivery.outcomes) {
        out.begin_object()
            .member("index", one.index)
            .member("status", std::string_view(one.status));
        for (const auto& [name, text] :
             {std::pair<std::string_view, const std::string*>{"reason", &one.reason},
              {"pointer", &one.pointer}}) {
            out.key(name);
            if (one.status == "duplicate") {
                out.null();
            } else {
                out.value(std::string_view(*text));
            }
        }
        out.end_object();
    }
    out.end_array();
    write_position(out, partition.value(), offset, collector);
    return out.end_object().take();
}

base::HttpResponse accepted(const Delivery& delivery, eventlog::Partition partition,
                            std::uint64_t offset, std::string_view collector) {
    base::HttpResponse response;
    response.status = 202;
    response.body = accepted_json(delivery, partition, offset, collector);
    return response;
}

base::HttpResponse refused(const base::Error& error) {
    return error.code() == base::ErrorCode::invalid ? problem(400, error.context())
                                                    : busy(error.context());
}

}  // namespace

void EventsRoute::handle(const base::HttpRequest& request, base::HttpReply reply) {
    const std::size_t size = request.body.size() + 1;
    if (in_flight_bytes_.fetch_add(size) + size > in_flight_bytes_max) {
        in_flight_bytes_ -= size;
        reply(busy("too much is under way"));
        return;
    }
    const auto begun = std::chrono::steady_clock::now();
    const auto finish = [this, size, begun, reply = std::move(reply)](base::HttpResponse response) {
        in_flight_bytes_ -= size;
        if (response.status == 202) {
            ports_.probe.acknowledged(std::chrono::steady_clock::now() - begun);
        }
        reply(std::move(response));
    };
    Items items = read_items(request);
    auto target = ports_.events_target();
    if (items.refusal || !target) {
        finish(items.refusal ? std::move(*items.refusal) : problem(400, target.error().context()));
        return;
    }
    const MapContext& context = target.value().context;
    const eventlog::Partition partition = target.value().partition;
    ports_.probe.received(context.source_id, std::string(source_kind), items.values.size());
    auto delivery = std::make_shared<Delivery>(map_items(items.values, context, ports_.probe));
    if (delivery->records.empty()) {
        finish(
            accepted(*delivery, partition, ports_.reader.durable_end(partition), ports_.collector));
        return;
    }
    ports_.log.append(
        partition, std::move(delivery->records),
        [this, delivery, partition, finish](base::Result<eventlog::Appended> appended) {
            finish(appended ? accepted(*delivery, partition, appended.value().next_offset,
                                       ports_.collector)
                            : refused(appended.error()));
        });
}

}  // namespace ingest::http
