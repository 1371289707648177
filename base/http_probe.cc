#include "base/http_probe.h"

#include <algorithm>

namespace base {
namespace {

/// Methods are the client's words; a label is a bounded set.
std::string_view known_method(std::string_view method) {
    static constexpr std::array<std::string_view, 7> known{"GET",   "HEAD",   "POST",   "PUT",
                                                           "PATCH", "DELETE", "OPTIONS"};
    return std::find(known.begin(), known.end(), method) != known.end() ? method : "other";
}

Sample number(std::string name, std::string help, Sample::Kind kind, double value) {
    Sample sample;
    sample.name = std::move(name);
    sample.help = std::move(help);
    sample.kind = kind;
    sample.value = value;
    return sample;
}

}  // namespace

void HttpProbe::request_answered(std::string_view route, std::string_view method, int status,
                                 std::chrono::nanoseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    const auto bucket = std::lower_bound(bounds_seconds.begin(), bounds_seconds.end(), seconds);
    const std::scoped_lock lock(mutex_);
    Histogram& histogram = durations_[Key(route, known_method(method), status)];
    if (bucket != bounds_seconds.end()) {
        ++histogram.counts[static_cast<std::size_t>(bucket - bounds_seconds.begin())];
    }
    ++histogram.count;
    histogram.sum_seconds += seconds;
}

Sample HttpProbe::sample(const Key& key, const Histogram& histogram) {
    const auto& [route, method, code] = key;
    Sample sample;
    sample.name = "http_request_duration_seconds";
    sample.help = "From the end of the request's header to the handing over of its answer.";
    sample.kind = Sample::Kind::histogram;
    sample.labels = {{"route", route}, {"method", method}, {"code", std::to_string(code)}};
    sample.value = histogram.sum_seconds;
    sample.count = histogram.count;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds_seconds.size(); ++i) {
        below += histogram.counts[i];
        sample.buckets.emplace_back(bounds_seconds[i], below);
    }
    return sample;
}

void HttpProbe::visit(const std::function<void(const Sample&)>& show) const {
    std::map<Key, Histogram> durations;
    {
        const std::scoped_lock lock(mutex_);
        durations = durations_;
    }
    for (const auto& [key, histogram] : durations) {
        show(sample(key, histogram));
    }
    using Kind = Sample::Kind;
    show(number("http_connections_open", "Connections that are open.", Kind::gauge,
                static_cast<double>(connections_open_.load())));
    show(number("http_connections_refused_total", "Connections above the limit, answered 503.",
                Kind::counter, static_cast<double>(connections_refused_.load())));
    show(number("http_accept_failures_total", "Accepts that failed, say for want of descriptors.",
                Kind::counter, static_cast<double>(accepts_failed_.load())));
    show(number("http_worker_refusals_total", "Requests answered 503 because the pool was full.",
                Kind::counter, static_cast<double>(workers_refused_.load())));
    show(number("http_handler_exceptions_total", "Handlers that threw.", Kind::counter,
                static_cast<double>(handlers_threw_.load())));
}

}  // namespace base
