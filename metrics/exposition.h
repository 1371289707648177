#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/probe.h"
#include "store/read_view.h"

namespace metrics {

/// What runs, for `build_info`.
struct Build {
    std::string version;
    std::string commit;
};

/// All samples of `probes` and what the views tell of quarantine and sources, as Prometheus reads
/// them: text format 0.0.4, every name with the prefix `normwatch_`.
///
/// Source:  interface.md 7. Labels are bounded sets; no number, address or name of an outside
/// person. Errors:  of the store behind a view. Threads: any.
base::Result<std::string> exposition(const Build& build, std::span<const base::Probe* const> probes,
                                     std::span<const std::shared_ptr<const store::ReadView>> views);

/// The same of samples alone. Threads: any; pure.
std::string exposition(std::vector<base::Sample> samples);

inline constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace metrics
