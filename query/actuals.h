#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "kpi/ids.h"
#include "query/question.h"
#include "query/tally.h"

namespace query {

/// What managers did in a range: their sums, by manager and segment.
///
/// Threads: one.
class Actuals {
public:
    /// `only`: of no other manager. `client_class`: only contributions of clients that are of this
    /// class then; empty: all. Errors: those of the store.
    /// Cost: of a class, all entities of the range; else as of a question by manager.
    static base::Result<Actuals> gather(Question& question, const Range& range,
                                        std::span<const AskedKpi> asked,
                                        std::optional<kpi::Manager> only,
                                        const std::string& client_class);

    /// Of one segment, or of all of them.
    Tally of(kpi::Manager manager, const std::optional<kpi::Segment>& segment) const;

private:
    Tally& slot(kpi::Manager manager, kpi::Segment segment) { return tallies_[{manager, segment}]; }

    std::map<std::pair<kpi::Manager, kpi::Segment>, Tally> tallies_;
};

}  // namespace query
