#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "app/node.h"
#include "base/error.h"
#include "ingest/file_append.h"

namespace app {

/// A file to import.
struct FileToImport {
    std::string path;
    std::string format;      ///< of the source's kind, or the one asked for
    std::uint64_t skip = 0;  ///< physical lines
};

/// Maps the file and appends its events in groups, each durable before more is read.
/// `progress` hears of each group; `totals` is added to.
///
/// Errors: unavailable - of the file, named; of LogWriter::append. What `totals` counts is durable
/// then.
base::Result<void> import_file(Node& node, const SourceConfig& source, const FileToImport& file,
                               ingest::ImportTotals& totals, const std::function<void()>& progress);

/// How many deliveries of a source the fold judged duplicate so far. Errors: of the store.
base::Result<std::uint64_t> duplicates_of(const store::ReadView& view, const SourceConfig& source);

/// The file name without its folders, as origins show it.
std::string file_name_of(const std::string& path);

}  // namespace app
