#include "query/actuals.h"

#include <vector>

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

base::Result<void> Actuals::add_cells(Question& question, const BucketRange& buckets,
                                      std::span<const AskedKpi> asked, const LevelPlan& plan) {
    const Needed needed = needed_for(asked);
    const auto add_cell = [&](const store::CellKey& key,
                              const store::CellRow& cell) -> base::Result<void> {
        slot(key.level.subject, key.segment).add_cell(key, cell);
        return base::success();
    };
    const auto add_set = [&](const store::SetKey& key,
                             const store::SetRow& set) -> base::Result<void> {
        slot(key.level.subject, key.segment).add_set(key.set, set);
        return base::success();
    };
    BOOST_OUTCOME_TRY(scan_cells(question.rows(), question.company().ordinal, plan, buckets,
                                 needed.groups, {}, add_cell));
    return scan_sets(question.rows(), question.company().ordinal, plan, buckets, needed.sets, {},
                     add_set);
}

void Actuals::add_entity(const StandingEntity& entity, const Selection& selection,
                         const std::function<std::uint32_t(const kpi::Contribution&)>& subject) {
    std::map<std::pair<std::uint32_t, kpi::Segment>, std::vector<const kpi::Contribution*>> mine;
    for (const kpi::Contribution& one : entity.contributions) {
        if (selection.holds(one)) {
            mine[{subject(one), one.segment}].push_back(&one);
        }
    }
    for (const auto& [whose, contributions] : mine) {
        slot(whose.first, whose.second).add_entity(contributions);
    }
}

base::Result<Actuals> Actuals::gather(Question& question, const Range& range,
                                      std::span<const AskedKpi> asked,
                                      std::optional<kpi::Manager> only,
                                      const std::string& client_class) {
    Actuals actuals;
    Selection selection{.range = range, .manager = {}, .team = {}, .segment = {}};
    if (only) {
        selection.manager = only->value();
    }
    BucketRange buckets = buckets_of(range);
    if (client_class.empty()) {
        BOOST_OUTCOME_TRY(
            actuals.add_cells(question, buckets, asked, plan_of(selection, true, false)));
    } else {
        buckets.edges = {range};
    }
    const auto add_entity = [&](const StandingEntity& entity) -> base::Result<void> {
        if (client_class.empty() || is_of_class(question, entity, client_class)) {
            actuals.add_entity(entity, selection,
                               [](const kpi::Contribution& one) { return one.manager.value(); });
        }
        return base::success();
    };
    for (const Range& edge : buckets.edges) {
        BOOST_OUTCOME_TRY(
            scan_entities(question, contributing_kinds(), edge, selection.manager, add_entity));
    }
    return actuals;
}

base::Result<Actuals> Actuals::gather_teams(Question& question, const Range& range,
                                            std::span<const AskedKpi> asked) {
    Actuals actuals;
    const Selection selection{.range = range, .manager = {}, .team = {}, .segment = {}};
    const BucketRange buckets = buckets_of(range);
    BOOST_OUTCOME_TRY(actuals.add_cells(question, buckets, asked, plan_of(selection, false, true)));
    const auto add_entity = [&](const StandingEntity& entity) -> base::Result<void> {
        actuals.add_entity(entity, selection,
                           [](const kpi::Contribution& one) { return one.team.value(); });
        return base::success();
    };
    for (const Range& edge : buckets.edges) {
        BOOST_OUTCOME_TRY(scan_entities(question, contributing_kinds(), edge, {}, add_entity));
    }
    return actuals;
}

Tally Actuals::of(std::uint32_t subject, const std::optional<kpi::Segment>& segment) const {
    Tally sum;
    for (const kpi::Segment one :
         {kpi::Segment::none, kpi::Segment::fresh, kpi::Segment::existing}) {
        const auto found = tallies_.find({subject, one});
        if (found != tallies_.end() && (!segment || *segment == one)) {
            sum.add(found->second);
        }
    }
    return sum;
}

}  // namespace query
