#include "eventlog/log_probe.h"

#include <utility>

namespace eventlog {

void DurationHistogram::observe(std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    std::size_t bucket = 0;
    while (bucket < borders_seconds.size() && seconds > borders_seconds[bucket]) {
        ++bucket;
    }
    ++counts_[bucket];
    sum_ns_ += time.count();
}

base::Sample DurationHistogram::sample(std::string name, std::string help) const {
    base::Sample sample;
    sample.name = std::move(name);
    sample.help = std::move(help);
    sample.kind = base::Sample::Kind::histogram;
    sample.value = static_cast<double>(sum_ns_.load()) / 1e9;
    for (std::size_t bucket = 0; bucket < borders_seconds.size(); ++bucket) {
        sample.count += counts_[bucket].load();
        sample.buckets.emplace_back(borders_seconds[bucket], sample.count);
    }
    sample.count += counts_.back().load();
    return sample;
}

void LogProbe::append_acked(std::uint32_t partition, std::uint64_t records,
                            std::chrono::nanoseconds took) {
    acked_[partition] += records;
    append_.observe(took);
}

void LogProbe::visit(const std::function<void(const base::Sample&)>& show) const {
    show(append_.sample("log_append_seconds", "Time from an append to its acknowledgement."));
    show(fsync_.sample("log_fsync_seconds", "Time of one sync of a segment."));
    for (std::size_t partition = 0; partition < acked_.size(); ++partition) {
        base::Sample acked;
        acked.name = "log_events_acked_total";
        acked.help = "Events that are durable and acknowledged.";
        acked.labels = {{"partition", std::to_string(partition)}};
        acked.value = static_cast<double>(acked_[partition].load());
        show(acked);
    }
    base::Sample refused;
    refused.name = "log_events_refused_total";
    refused.help = "Events that were answered with an error and are not in the log.";
    refused.value = static_cast<double>(refused_.load());
    show(refused);
    base::Sample waiting;
    waiting.name = "log_events_in_flight";
    waiting.help = "Events that wait for their sync.";
    waiting.kind = base::Sample::Kind::gauge;
    waiting.value = static_cast<double>(in_flight_.load());
    show(waiting);
}

}  // namespace eventlog
