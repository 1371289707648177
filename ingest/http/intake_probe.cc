#include "ingest/http/intake_probe.h"

namespace ingest::http {

void IntakeProbe::received(const std::string& source, const std::string& kind,
                           std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    received_[{source, kind}] += count;
}

void IntakeProbe::rejected(const std::string& source, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    ++rejected_[{source, reason}];
}

void IntakeProbe::acknowledged(std::chrono::duration<double> after) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        buckets_[i] += after.count() <= bounds[i] ? 1 : 0;
    }
    ++acknowledged_;
    seconds_ += after.count();
}

void IntakeProbe::visit(const std::function<void(const base::Sample&)>& show) const {
    const std::lock_guard lock(mutex_);
    const auto counter = [&](const char* name, const char* help, const char* label,
                             const Labels& labels, std::uint64_t value) {
        show({.name = name,
              .help = help,
              .kind = base::Sample::Kind::counter,
              .labels = {{"source", labels.first}, {label, labels.second}},
              .value = static_cast<double>(value),
              .buckets = {}});
    };
    for (const auto& [labels, count] : received_) {
        counter("collector_events_received_total", "Items taken in, mapped or not.", "kind", labels,
                count);
    }
    for (const auto& [labels, count] : rejected_) {
        counter("collector_events_rejected_total",
                "Items that could not be mapped, kept in quarantine.", "reason", labels, count);
    }
    base::Sample sample{.name = "collector_ack_seconds",
                        .help = "From the whole request to its durable answer.",
                        .kind = base::Sample::Kind::histogram,
                        .labels = {},
                        .value = seconds_,
                        .buckets = {},
                        .count = acknowledged_};
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        sample.buckets.emplace_back(bounds[i], buckets_[i]);
    }
    show(sample);
}

}  // namespace ingest::http
