#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "kpi/ids.h"
#include "query/cell_scan.h"
#include "query/entity_scan.h"
#include "query/question.h"
#include "query/tally.h"

namespace query {

/// What managers, or teams, did in a range: their sums, by subject and segment.
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

    /// The same of teams: what several of a team did together counts once.
    static base::Result<Actuals> gather_teams(Question& question, const Range& range,
                                              std::span<const AskedKpi> asked);

    /// Of one segment, or of all of them. `subject`: a manager's or team's ordinal.
    Tally of(std::uint32_t subject, const std::optional<kpi::Segment>& segment) const;

private:
    base::Result<void> add_cells(Question& question, const BucketRange& buckets,
                                 std::span<const AskedKpi> asked, const LevelPlan& plan);
    void add_entity(const StandingEntity& entity, const Selection& selection,
                    const std::function<std::uint32_t(const kpi::Contribution&)>& subject);
    Tally& slot(std::uint32_t subject, kpi::Segment segment) {
        return tallies_[{subject, segment}];
    }

    std::map<std::pair<std::uint32_t, kpi::Segment>, Tally> tallies_;
};

}  // namespace query
