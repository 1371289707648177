#include "app/peers.h"

#include <boost/json.hpp>

#include "app/config_kafka.h"
#include "base/json.h"
#include "query/routes.h"

namespace app {
namespace {

namespace json = boost::json;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t hop_threads = 4;
constexpr std::size_t hops_waiting_max = 200;
constexpr Milliseconds broker_patience{2'000};
constexpr Milliseconds owners_hold{1'000};
constexpr Milliseconds copy_patience{1'000};
/// Longer than a question may wait for its `min_offset`.
constexpr Milliseconds answer_patience = query::min_offset_wait + Milliseconds(5'000);
/// A question that came over from another node goes no further. Its value: as what it is asked.
constexpr const char* hop_header = "Normwatch-Hop";
constexpr std::string_view as_owner = "owner";
constexpr std::string_view as_copy = "copy";
constexpr int misdirected = 421;

base::HttpResponse refusal(int status, std::string detail) {
    base::HttpResponse response =
        base::problem_response({.status = status, .detail = std::move(detail)});
    if (status == 503) {
        response.headers.add("Retry-After", "1");
    }
    return response;
}

/// The parameter `company` of a question.
std::string company_in(const base::HttpRequest& request) {
    if (const auto named = request.query.last("company")) {
        return std::string(*named);
    }
    if (request.content_type() != "application/json") {
        return {};
    }
    const base::Result<json::value> value = base::parse_json(request.body);
    const json::object* const body = value ? value.value().if_object() : nullptr;
    const json::value* const named = body == nullptr ? nullptr : body->if_contains("company");
    return named != nullptr && named->is_string() ? std::string(named->as_string()) : std::string();
}

/// What a `/readyz` says of its copy of a partition.
std::uint64_t applied_offset_in(const base::HttpResponse& ready, std::uint32_t partition) {
    const base::Result<json::value> value = base::parse_json(ready.body);
    const json::object* const body = value ? value.value().if_object() : nullptr;
    const json::value* const list = body == nullptr ? nullptr : body->if_contains("partitions");
    if (list == nullptr || !list->is_array()) {
        return 0;
    }
    for (const json::value& one : list->as_array()) {
        const json::object* const object = one.if_object();
        const json::value* const number =
            object == nullptr ? nullptr : object->if_contains("partition");
        const json::value* const offset =
            object == nullptr ? nullptr : object->if_contains("applied_offset");
        if (number != nullptr && offset != nullptr && number->is_number() && offset->is_number() &&
            number->to_number<std::uint64_t>() == partition) {
            return offset->to_number<std::uint64_t>();
        }
    }
    return 0;
}

}  // namespace

Peers::Peers(Node& node) : node_(node), hops_("hop", hop_threads, hops_waiting_max) {
}

std::optional<std::uint32_t> Peers::partition_of(const base::HttpRequest& request) const {
    const base::Result<std::string> company =
        company_of(node_.config(), {{"company", company_in(request)}});
    return company ? std::optional(node_.partition(company.value())) : std::nullopt;
}

base::HttpHandler Peers::answering(base::HttpHandler handler) {
    return [this, here = std::move(handler)](base::HttpRequest request, base::HttpReply reply) {
        const std::optional<std::uint32_t> partition = partition_of(request);
        const bool is_owned =
            partition && node_.kafka()->group().is_owned(eventlog::Partition(*partition));
        const auto as = request.headers.find(hop_header);
        if (!partition || is_owned || as == as_copy) {
            here(std::move(request), std::move(reply));
        } else if (as) {
            reply(refusal(misdirected, "this node does not own the company's partition"));
        } else if (!hops_.try_run([this, request, here, number = *partition, reply] {
                       hop(request, number, here, reply);
                   })) {
            reply(refusal(503, "too many questions are on their way to other nodes"));
        }
    };
}

void Peers::hop(const base::HttpRequest& request, std::uint32_t partition,
                const base::HttpHandler& here, const base::HttpReply& reply) {
    for (const bool is_asked_again : {false, true}) {
        const std::string owner = owner_of(partition, is_asked_again);
        if (owner == node_.config().kafka->instance_id) {
            here(request, reply);  // the group has given it to this node, which is about to know
            return;
        }
        if (auto answer = ask(owner, request, As::owner)) {
            reply(std::move(*answer));
            return;
        }
    }
    const std::string holder = newest_copy(partition);
    if (!holder.empty()) {
        if (auto answer = ask(holder, request, As::copy)) {
            reply(std::move(*answer));
            return;
        }
    }
    if (node_.runner(partition).view()->applied_offset == 0) {
        reply(refusal(503, "no node has a copy of the company's partition just now"));
        return;
    }
    here(request, reply);
}

std::string Peers::owner_of(std::uint32_t partition, bool is_asked_again) {
    const std::lock_guard lock(mutex_);
    const Steady::time_point now = Steady::now();
    if (is_asked_again || now >= owners_until_) {
        if (!group_) {
            const auto options = kafka_options(node_.config());
            auto opened =
                options ? eventlog::KafkaOwners::open(options.value())
                        : base::Result<std::unique_ptr<eventlog::KafkaOwners>>(options.error());
            if (!opened) {
                return {};
            }
            group_ = std::move(opened).value();
        }
        auto owners = group_->ask(broker_patience);
        owners_ = owners ? std::move(owners).value() : std::vector<std::string>();
        owners_until_ = now + owners_hold;
    }
    return partition < owners_.size() ? owners_[partition] : std::string();
}

std::optional<base::HttpResponse> Peers::ask(const std::string& instance,
                                             const base::HttpRequest& request, As as) const {
    const auto& peers = node_.config().kafka->peers;
    const auto peer = peers.find(instance);
    if (peer == peers.end()) {
        return std::nullopt;
    }
    base::HttpClientOptions options;
    options.connect_timeout = copy_patience;
    options.timeout = answer_patience;
    const base::Result<base::HttpClient> client = base::HttpClient::open(peer->second, options);
    if (!client) {
        return std::nullopt;
    }
    base::HttpRequest passed;
    passed.method = request.method;
    passed.target = request.target;
    passed.body = request.body;
    for (const char* const name : {"Accept", "Content-Type"}) {
        if (const auto value = request.headers.find(name)) {
            passed.headers.add(name, std::string(*value));
        }
    }
    passed.headers.add(hop_header, std::string(as == As::owner ? as_owner : as_copy));
    base::Result<base::HttpResponse> answer = client.value().send(passed);
    if (!answer || answer.value().status == misdirected || answer.value().status == 503) {
        return std::nullopt;
    }
    return std::move(answer).value();
}

std::string Peers::newest_copy(std::uint32_t partition) const {
    std::uint64_t newest = node_.runner(partition).view()->applied_offset;
    std::string holder;
    for (const auto& [instance, url] : node_.config().kafka->peers) {
        if (instance == node_.config().kafka->instance_id) {
            continue;
        }
        base::HttpClientOptions options;
        options.connect_timeout = copy_patience;
        options.timeout = copy_patience;
        const base::Result<base::HttpClient> client = base::HttpClient::open(url, options);
        const auto ready = client ? client.value().get("/readyz")
                                  : base::Result<base::HttpResponse>(client.error());
        const std::uint64_t offset = ready ? applied_offset_in(ready.value(), partition) : 0;
        if (offset > newest) {
            newest = offset;
            holder = instance;
        }
    }
    return holder;
}

}  // namespace app
