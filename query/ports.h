#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kpi/ids.h"
#include "store/read_view.h"
#include "store/rows.h"

namespace query {

/// The parameters of a question, named as in HTTP: `from`, `by`, `talk_min` ... Absent and empty
/// are one.
using Params = std::map<std::string, std::string>;

/// What the asking person may see.
struct Who {
    bool reveal = false;  ///< full numbers; the reveal has been audited before it is set
};

/// A configured source.
struct SourceInfo {
    std::string id;
    std::string kind;
    std::string source_class;  ///< empty: none
    std::int64_t lateness_seconds = 0;
    std::string state{};  ///< what its collector says: behind, failed; empty: nothing
};

/// The raw bytes that travelled with a record.
struct RawRecord {
    std::string bytes;
};

/// One step of a call's history.
struct Step {
    base::UtcMillis at{};
    std::string what;  ///< ring, answer, hold, resume, consult, end
    std::string endpoint;
    kpi::Manager manager;
};

/// What an answer needs beside the views. Wired by app/; an empty function means "not to be had
/// here".
///
/// Threads: each function is called from any thread, also at once.
struct Ports {
    /// The raw bytes of the log record at this offset; nullopt when it has none (or they are gone).
    std::function<base::Result<std::optional<RawRecord>>(std::uint64_t offset)> raw_record;
    /// The history of a call, in time order.
    std::function<std::vector<Step>(const store::CallRow& row, const store::ReadView& view,
                                    const store::CompanyView& company)>
        timeline;
    /// All configured sources of the company asked.
    std::vector<SourceInfo> sources;
    std::function<base::UtcMillis()> now;
};

}  // namespace query
