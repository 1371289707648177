#include "app/config_metrics.h"

#include <set>
#include <string>
#include <utility>

#include "kpi/kpi.h"

namespace app {
namespace {

constexpr std::int64_t series_most = 10'000'000;

}  // namespace

void read_metrics_config(const ConfigNode& node, ConfigReader& reader, MetricsConfig& metrics) {
    reader.is_section(node, "metrics.", {{"kpi", "kpis", "series_max"}, {}});
    if (node.kind != ConfigNode::Kind::map) {
        return;
    }
    const std::string whose = reader.text(node, "kpi", "metrics.").value_or("per_manager");
    if (whose != "per_manager" && whose != "per_team" && whose != "off") {
        reader.wrong(*node.find("kpi"), "metrics.kpi: expected per_manager, per_team or off");
    }
    metrics.kpi = whose;
    if (auto kpis = reader.texts(node, "kpis", "metrics.")) {
        std::set<std::string> known;
        for (const std::string& id : *kpis) {
            if (!kpi::kpi_of_id(id)) {
                reader.wrong(*node.find("kpis"), "metrics.kpis: no such KPI: " + id);
            } else if (!known.insert(id).second) {
                reader.wrong(*node.find("kpis"), "metrics.kpis: " + id + " stands there twice");
            }
        }
        metrics.kpis = std::move(*kpis);
    }
    if (const auto most = reader.whole(node, "series_max", "metrics.", series_most)) {
        metrics.series_max = static_cast<std::size_t>(*most);
    }
}

}  // namespace app
