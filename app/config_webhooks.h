#pragma once

#include "app/config.h"
#include "app/config_reader.h"

namespace app {

/// Reads `webhooks`. Mistakes go to `reader`.
void read_webhook_configs(const ConfigNode& node, ConfigReader& reader, Config& config);

}  // namespace app
