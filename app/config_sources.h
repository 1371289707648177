#pragma once

#include "app/config.h"
#include "app/config_reader.h"

namespace app {

/// Reads the section `sources` into `config`, whose companies are read; mistakes go to `reader`.
void read_source_configs(const ConfigNode& node, ConfigReader& reader, Config& config);

/// Reads the keys of kind cdr-csv: separator, header, time, columns, values. `where` names the
/// source.
ingest::cdr_csv::Mapping read_columns(const ConfigNode& source, const std::string& where,
                                      ConfigReader& reader);

}  // namespace app
