#include "app/peers.h"

#include <boost/json.hpp>

#include "app/config_kafka.h"
#include "base/json.h"
#include "query/routes.h"

namespace app {
namespace {

namespace json = boost::json;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t hop_threads = 16;
constexpr std::size_t hops_waiting_max = 200;
constexpr Milliseconds broker_patience{2'000};
constexpr Milliseconds owners_hold{1'000};
constexpr Milliseconds copy_patience{1'000};
constexpr Milliseconds look_again{100};
/// How long a question waits for somebody to own the partition when nobody has a copy of it.
constexpr Milliseconds owner_patience{15'000};
/// Longer than a question may wait for its `min_offset`.
constexpr Milliseconds waiting_answer_patience = query::min_offset_wait + Milliseconds(3'000);
constexpr Milliseconds answer_patience{5'000};
/// A directory of any size is compared, appended and waited for.
constexpr Milliseconds change_patience{70'000};
/// A question that came over from another node goes no further. Its value: as what it is asked.
constexpr const char* hop_header = "Normwatch-Hop";
constexpr std::string_view as_owner = "owner";
constexpr std::string_view as_copy = "copy";
constexpr int misdirected = 421;
constexpr int answered_here = 0;

/// What may be answered from a copy; all else needs the newest state, to change it.
bool is_reading(const base::HttpRequest& request) {
    return request.method != "POST" || request.path == "/v1/calls/search";
}

base::HttpResponse refusal(int status, std::string detail) {
    base::HttpResponse response =
        base::problem_response({.status = status, .detail = std::move(detail)});
    if (status == 503) {
        response.headers.add("Retry-After", "1");
    }
    return response;
}

Milliseconds patience_with(const base::HttpRequest& request) {
    if (!is_reading(request)) {
        return change_patience;
    }
    return request.query.last("min_offset") ? waiting_answer_patience : answer_patience;
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
    const Steady::time_point until = Steady::now() + owner_patience;
    do {
        if (node_.is_owned(partition)) {
            here(request, reply);
            return;
        }
        // The owner may be this node, which is about to know it.
        const std::string owner = owner_of(partition);
        auto answer = owner == node_.config().kafka->instance_id ? std::nullopt
                                                                 : ask(owner, request, As::owner);
        if (!answer && is_reading(request)) {
            answer = answer_of_copy(request, partition, here, reply);
        }
        if (answer) {
            if (answer->status != answered_here) {
                reply(std::move(*answer));
            }
            return;
        }
    } while (pause() && Steady::now() < until);
    reply(refusal(503, "no node has the company's partition just now"));
}

/// The answer of the newest copy; nullopt when nobody has one. One that this node has answers
/// itself: then the status is `answered_here`.
std::optional<base::HttpResponse> Peers::answer_of_copy(const base::HttpRequest& request,
                                                        std::uint32_t partition,
                                                        const base::HttpHandler& here,
                                                        const base::HttpReply& reply) const {
    if (const auto holder = newest_copy_of(node_, partition)) {
        if (auto answer = ask(*holder, request, As::copy)) {
            return answer;
        }
    }
    if (node_.runner(partition).view()->applied_offset == 0) {
        return std::nullopt;
    }
    here(request, reply);
    return base::HttpResponse{.status = answered_here};
}

/// False when the process is about to stop.
bool Peers::pause() {
    std::unique_lock lock(mutex_);
    stopping_.wait_for(lock, look_again, [this] { return is_stopping_; });
    return !is_stopping_;
}

void Peers::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    stopping_.notify_all();
    hops_.stop();
}

std::string Peers::owner_of(std::uint32_t partition) {
    // One asks the broker; the others take its last word meanwhile.
    const std::unique_lock asking(asking_mutex_, std::try_to_lock);
    const auto last_word = [&] {
        const std::lock_guard lock(owners_mutex_);
        return partition < owners_.size() ? owners_[partition] : std::string();
    };
    std::string known = last_word();
    // This node would know if it owned the partition: such a word is an old one.
    const bool is_good = !known.empty() && known != node_.config().kafka->instance_id;
    const Steady::time_point now = Steady::now();
    if (!asking || now < asked_at_ + (is_good ? owners_hold : look_again)) {
        return known;
    }
    if (!group_) {
        const auto options = kafka_options(node_.config());
        auto opened = options
                          ? eventlog::KafkaOwners::open(options.value())
                          : base::Result<std::unique_ptr<eventlog::KafkaOwners>>(options.error());
        if (!opened) {
            return {};
        }
        group_ = std::move(opened).value();
    }
    auto owners = group_->ask(broker_patience);
    asked_at_ = Steady::now();
    {
        const std::lock_guard lock(owners_mutex_);
        owners_ = owners ? std::move(owners).value() : std::vector<std::string>();
    }
    return last_word();
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
    options.timeout = patience_with(request);
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

std::optional<std::string> newest_copy_of(Node& node, std::uint32_t partition) {
    std::uint64_t newest = node.runner(partition).view()->applied_offset;
    std::optional<std::string> holder;
    for (const auto& [instance, url] : node.config().kafka->peers) {
        if (instance == node.config().kafka->instance_id) {
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
