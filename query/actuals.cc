#include "query/actuals.h"

#include <vector>

#include "query/cell_scan.h"
#include "query/entity_scan.h"

namespace query {
namespace {

kpi::Client client_of(const StandingEntity& entity) {
    return entity.call != nullptr ? entity.call->call.client : entity.activity->resolved_client;
}

bool is_of_class(const Question& question, const StandingEntity& entity, const std::string& word) {
    const kpi::ClientEntry* const client =
        question.company().directory->client(client_of(entity), entity.key.at);
    return client != nullptr && client->client_class == word;
}

}  // namespace

base::Result<Actuals> Actuals::gather(Question& question, const Range& range,
                                      std::span<const AskedKpi> asked,
                                      std::optional<kpi::Manager> only,
                                      const std::string& client_class) {
    Actuals actuals;
    Selection selection{.range = range, .manager = {}, .team = {}, .segment = {}};
    std::optional<std::uint32_t> manager;
    if (only) {
        manager = only->value();
        selection.manager = manager;
    }
    BucketRange buckets = buckets_of(range);
    if (client_class.empty()) {
        const LevelPlan plan = plan_of(selection, true, false);
        const Needed needed = needed_for(asked);
        const auto add_cell = [&](const store::CellKey& key,
                                  const store::CellRow& cell) -> base::Result<void> {
            actuals.slot(kpi::Manager(key.level.subject), key.segment).add_cell(key, cell);
            return base::success();
        };
        const auto add_set = [&](const store::SetKey& key,
                                 const store::SetRow& set) -> base::Result<void> {
            actuals.slot(kpi::Manager(key.level.subject), key.segment).add_set(key.set, set);
            return base::success();
        };
        BOOST_OUTCOME_TRY(scan_cells(question.rows(), question.company().ordinal, plan, buckets,
                                     needed.groups, {}, add_cell));
        BOOST_OUTCOME_TRY(scan_sets(question.rows(), question.company().ordinal, plan, buckets,
                                    needed.sets, {}, add_set));
    } else {
        buckets.edges = {range};
    }
    const auto add_entity = [&](const StandingEntity& entity) -> base::Result<void> {
        if (!client_class.empty() && !is_of_class(question, entity, client_class)) {
            return base::success();
        }
        std::map<std::pair<kpi::Manager, kpi::Segment>, std::vector<const kpi::Contribution*>> mine;
        for (const kpi::Contribution& one : entity.contributions) {
            if (selection.holds(one)) {
                mine[{one.manager, one.segment}].push_back(&one);
            }
        }
        for (const auto& [whose, contributions] : mine) {
            actuals.slot(whose.first, whose.second).add_entity(contributions);
        }
        return base::success();
    };
    for (const Range& edge : buckets.edges) {
        BOOST_OUTCOME_TRY(scan_entities(question, contributing_kinds(), edge, manager, add_entity));
    }
    return actuals;
}

Tally Actuals::of(kpi::Manager manager, const std::optional<kpi::Segment>& segment) const {
    Tally sum;
    for (const kpi::Segment one :
         {kpi::Segment::none, kpi::Segment::fresh, kpi::Segment::existing}) {
        const auto found = tallies_.find({manager, one});
        if (found != tallies_.end() && (!segment || *segment == one)) {
            sum.add(found->second);
        }
    }
    return sum;
}

}  // namespace query
