#pragma once

#include <vector>

#include "tests/tidy/source.h"

namespace tidy {

/// What a file includes against the table of docs/architecture.md, and what a folder's
/// CMakeLists.txt links against it.
std::vector<Finding> check_include_table(const Source& source);

/// Libraries that stand in one folder only: RocksDB, Prometheus, Beast, librdkafka and others.
std::vector<Finding> check_library_placement(const Source& source);

/// Names that the house does not use, each with what is used instead.
std::vector<Finding> check_banned_names(const Source& source);

/// 100 columns, 500 lines a file, 60 lines a function.
std::vector<Finding> check_sizes(const Source& source);

}  // namespace tidy
