#include "metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "store/keys.h"
#include "store/rows.h"

namespace metrics {
namespace {

using base::Sample;

/// Families by name: a name stands once in the text, whoever shows samples of it.
class Families {
public:
    void add(Sample sample) {
        prometheus::MetricFamily& family = families_["normwatch_" + sample.name];
        family.name = "normwatch_" + sample.name;
        family.help = std::move(sample.help);
        prometheus::ClientMetric& metric = family.metric.emplace_back();
        metric.label.reserve(sample.labels.size());
        for (auto& [name, value] : sample.labels) {
            metric.label.push_back({std::move(name), std::move(value)});
        }
        switch (sample.kind) {
            case Sample::Kind::counter:
                family.type = prometheus::MetricType::Counter;
                metric.counter.value = sample.value;
                break;
            case Sample::Kind::gauge:
                family.type = prometheus::MetricType::Gauge;
                metric.gauge.value = sample.value;
                break;
            case Sample::Kind::histogram:
                family.type = prometheus::MetricType::Histogram;
                metric.histogram.sample_sum = sample.value;
                metric.histogram.sample_count = sample.count;
                for (const auto& [bound, count] : sample.buckets) {
                    metric.histogram.bucket.push_back(
                        {.cumulative_count = count, .upper_bound = bound});
                }
                metric.histogram.bucket.push_back(
                    {.cumulative_count = sample.count,
                     .upper_bound = std::numeric_limits<double>::infinity()});
                break;
        }
    }

    void gauge(std::string name, std::string help,
               std::vector<std::pair<std::string, std::string>> labels, double value) {
        add({.name = std::move(name),
             .help = std::move(help),
             .kind = Sample::Kind::gauge,
             .labels = std::move(labels),
             .value = value,
             .buckets = {}});
    }

    /// Once; the samples go with it.
    std::string take_text() {
        std::vector<prometheus::MetricFamily> all;
        for (auto& [name, family] : families_) {
            all.push_back(std::move(family));
        }
        return prometheus::TextSerializer().Serialize(all);
    }

private:
    std::map<std::string, prometheus::MetricFamily> families_;
};

std::string state_prefix(store::StateKind kind) {
    return store::KeyWriter().u8(static_cast<std::uint8_t>(kind)).take();
}

/// Open items by reason, over all partitions.
base::Result<void> add_quarantine(std::map<std::string, std::uint64_t>& open,
                                  const store::ReadView& view) {
    const std::string prefix = state_prefix(store::StateKind::quarantine);
    base::Result<void> outcome = base::success();
    BOOST_OUTCOME_TRY(view.rows->scan(store::Family::state, prefix, store::prefix_end(prefix),
                                      [&](std::string_view, std::string_view value) {
                                          auto row = store::decode<store::QuarantineRow>(value);
                                          if (!row) {
                                              outcome = row.error();
                                              return false;
                                          }
                                          open[row.value().reason] +=
                                              row.value().state == "open" ? 1 : 0;
                                          return true;
                                      }));
    return outcome;
}

double seconds_of(base::UtcMillis at) {
    return static_cast<double>(base::to_ms(at)) / 1000.0;
}

base::Result<void> add_sources(Families& families, const store::ReadView& view) {
    const std::string prefix = state_prefix(store::StateKind::source);
    std::vector<std::pair<std::string, store::SourceRow>>
        sources;  // text key of the source, its row
    base::Result<void> outcome = base::success();
    BOOST_OUTCOME_TRY(view.rows->scan(
        store::Family::state, prefix, store::prefix_end(prefix),
        [&](std::string_view key, std::string_view value) {
            store::KeyReader reader(key);
            reader.u8();
            const kpi::Company company(reader.u32());
            auto row = store::decode<store::SourceRow>(value);
            if (!row) {
                outcome = row.error();
                return false;
            }
            sources.emplace_back(store::text_key(company, store::Table::source, reader.u32()),
                                 row.value());
            return true;
        }));
    BOOST_OUTCOME_TRY(outcome);
    for (const auto& [text_key, row] : sources) {
        BOOST_OUTCOME_TRY(const auto id, view.rows->get(store::Family::state, text_key));
        if (!id) {
            continue;
        }
        if (row.last_received_at) {
            families.gauge("source_last_event_timestamp_seconds",
                           "When the source's last event was taken in.", {{"source", *id}},
                           seconds_of(*row.last_received_at));
        }
        if (row.up_to) {
            families.gauge("source_up_to_timestamp_seconds",
                           "Everything before it is delivered, by its heartbeats.",
                           {{"source", *id}}, seconds_of(*row.up_to));
        }
    }
    return base::success();
}

}  // namespace

base::Result<std::string> exposition(
    const Build& build, std::span<const base::Probe* const> probes,
    std::span<const std::shared_ptr<const store::ReadView>> views) {
    Families families;
    families.gauge("build_info", "The program that runs.",
                   {{"version", build.version}, {"commit", build.commit}}, 1);
    for (const base::Probe* probe : probes) {
        probe->visit([&](const Sample& sample) { families.add(sample); });
    }
    std::map<std::string, std::uint64_t> open;
    for (const auto& view : views) {
        BOOST_OUTCOME_TRY(add_quarantine(open, *view));
        BOOST_OUTCOME_TRY(add_sources(families, *view));
    }
    for (const auto& [reason, count] : open) {
        families.gauge("quarantine_events", "Items kept that could not be used, still open.",
                       {{"reason", reason}}, static_cast<double>(count));
    }
    return families.take_text();
}

std::string exposition(std::vector<base::Sample> samples) {
    Families families;
    for (Sample& sample : samples) {
        families.add(std::move(sample));
    }
    return families.take_text();
}

}  // namespace metrics
