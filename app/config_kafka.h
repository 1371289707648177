#pragma once

#include "app/config.h"
#include "app/config_reader.h"

namespace app {

/// Reads `log.kafka`. Mistakes go to `reader`.
void read_kafka_config(const ConfigNode& node, ConfigReader& reader, KafkaConfig& kafka);

/// What the client of Kafka needs to know: `kafka` with the password of its file.
///
/// Errors: not_found, unavailable - the file cannot be read; its path is named.
base::Result<eventlog::KafkaOptions> kafka_options(const Config& config);

}  // namespace app
