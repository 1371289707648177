#pragma once

#include <functional>
#include <optional>

#include "base/http_router.h"
#include "ingest/file_append.h"
#include "ingest/http/events_route.h"

namespace ingest::http {

/// What is known of a configured source that files are imported for.
struct ImportSource {
    Target target;
    std::string format;  ///< of its kind
};

struct ImportPorts {
    eventlog::LogWriter& log;
    std::function<std::optional<ImportSource>(std::string_view source_id)> source;
    /// What the fold judged duplicate of the records [from, until), once they are applied.
    /// Errors: timeout - the views are behind.
    std::function<base::Result<std::uint64_t>(eventlog::Partition, std::uint64_t from,
                                              std::uint64_t until)>
        duplicates;
    std::function<base::UtcMillis()> now;
    IntakeProbe& probe;
    std::string collector;  ///< of positions; empty: they are those of the views
};

/// POST /v1/sources/{source_id}/import?file=NAME[&format=F][&skip=N][&wait=true]: a file of any
/// size, one JSON line (`import`, totals so far) for each group that is durable. A broken
/// connection leaves a prefix.
///
/// Source:  interface.md 1. Threads: the stream's own.
void import_stream(const ImportPorts& ports, const base::HttpRequest& head,
                   base::HttpBodySource& source, base::HttpBodySink& sink);

}  // namespace ingest::http
