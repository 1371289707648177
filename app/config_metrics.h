#pragma once

#include "app/config.h"
#include "app/config_reader.h"

namespace app {

/// Reads the section `metrics`. Mistakes go to the reader. Source: interface.md 2.
void read_metrics_config(const ConfigNode& node, ConfigReader& reader, MetricsConfig& metrics);

}  // namespace app
