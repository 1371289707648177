#include "query/entity_scan.h"

#include <array>

#include "query/reading.h"

namespace query {
namespace {

/// Calls, mails, meetings and proposals contribute at the instant that their search keys have; an
/// invoice at two, of which only the index by kind has both.
bool has_one_instant(events::Kind kind) {
    return kind != events::Kind::invoice && kind != events::Kind::payment;
}

std::vector<kpi::Contribution> at_instant(std::span<const kpi::Contribution> all,
                                          base::UtcMillis at) {
    std::vector<kpi::Contribution> found;
    for (const kpi::Contribution& one : all) {
        if (one.at == at) {
            found.push_back(one);
        }
    }
    return found;
}

base::Result<void> show_entity(Question& question, const store::IndexKey& key,
                               const EntityVisit& visit) {
    const store::Key row_key = store::entity_key(entity_of(key));
    StandingEntity entity{.key = key, .call = nullptr, .activity = nullptr, .contributions = {}};
    if (key.kind == store::kind_byte(events::Kind::call)) {
        BOOST_OUTCOME_TRY(const auto row, read_row<store::CallRow>(question.rows(),
                                                                   store::Family::entity, row_key));
        if (!row) {
            return base::success();
        }
        entity.call = &*row;
        entity.contributions = at_instant(kpi::contributions(row->call), key.at);
        return entity.contributions.empty() ? base::success() : visit(entity);
    }
    BOOST_OUTCOME_TRY(const auto row, read_row<store::ActivityRow>(question.rows(),
                                                                   store::Family::entity, row_key));
    if (!row) {
        return base::success();
    }
    entity.activity = &*row;
    entity.contributions = at_instant(row->contributions, key.at);
    return entity.contributions.empty() ? base::success() : visit(entity);
}

}  // namespace

std::span<const events::Kind> contributing_kinds() {
    using events::Kind;
    static constexpr std::array kinds{Kind::call,     Kind::email,   Kind::meeting,
                                      Kind::proposal, Kind::invoice, Kind::payment};
    return kinds;
}

store::EntityKey entity_of(const store::IndexKey& key) {
    return {
        .company = key.company, .kind = key.kind, .scope = key.scope, .native_id = key.native_id};
}

base::Result<void> scan_entities(Question& question, std::span<const events::Kind> kinds,
                                 const Range& range, std::optional<std::uint32_t> manager,
                                 const EntityVisit& visit) {
    if (range.from >= range.until) {
        return base::success();
    }
    const kpi::Company company = question.company().ordinal;
    for (const events::Kind kind : kinds) {
        const bool by_manager =
            has_one_instant(kind) && manager && *manager != 0 && *manager != unknown_ordinal;
        const store::Index index = by_manager ? store::Index::manager : store::Index::kind;
        const std::uint64_t term = by_manager ? *manager : store::kind_byte(kind);
        const auto show = [&](std::string_view bytes, std::string_view) -> base::Result<bool> {
            store::IndexKey key;
            if (!store::read_index_key(bytes, key)) {
                return base::Error(base::ErrorCode::corrupt, "a search key is damaged");
            }
            if (key.kind == store::kind_byte(kind)) {
                BOOST_OUTCOME_TRY(show_entity(question, key, visit));
            }
            return true;
        };
        BOOST_OUTCOME_TRY(scan_rows(question.rows(), store::Family::index,
                                    store::index_lower(index, company, term, range.until),
                                    store::index_upper(index, company, term, range.from), show));
    }
    return base::success();
}

base::Result<std::string> shown_id(Question& question, const store::IndexKey& key,
                                   const store::ActivityRow* activity) {
    if (activity != nullptr) {
        return activity->native_id;
    }
    BOOST_OUTCOME_TRY(const auto scope, question.names().text(store::Table::scope, key.scope));
    return store::call_id_of(scope.value_or(""), key.native_id);
}

}  // namespace query
