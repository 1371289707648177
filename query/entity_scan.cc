#include "query/entity_scan.h"

#include <array>

#include "query/reading.h"

namespace query {
namespace {

/// Calls, mails, meetings, proposals and cases contribute at the instant that their search keys
/// have; an invoice at two, of which only the index by kind has both.
bool has_one_instant(std::uint8_t kind) {
    return kind != store::kind_byte(events::Kind::invoice) &&
           kind != store::kind_byte(events::Kind::payment);
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
    StandingEntity entity{.key = key,
                          .call = nullptr,
                          .missed_case = nullptr,
                          .activity = nullptr,
                          .contributions = {}};
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
    if (key.kind == store::case_kind) {
        BOOST_OUTCOME_TRY(const auto row, read_row<store::CaseRow>(question.rows(),
                                                                   store::Family::entity, row_key));
        if (!row) {
            return base::success();
        }
        entity.missed_case = &*row;
        entity.contributions = at_instant(kpi::contributions(row->missed), key.at);
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

std::span<const std::uint8_t> contributing_kinds() {
    using events::Kind;
    using store::kind_byte;
    static constexpr std::array kinds{kind_byte(Kind::call),    kind_byte(Kind::email),
                                      kind_byte(Kind::meeting), kind_byte(Kind::proposal),
                                      kind_byte(Kind::invoice), kind_byte(Kind::payment),
                                      store::case_kind};
    return kinds;
}

std::string_view word_of(std::uint8_t kind) {
    return kind == store::case_kind ? "case" : events::to_string(static_cast<events::Kind>(kind));
}

store::EntityKey entity_of(const store::IndexKey& key) {
    return {
        .company = key.company, .kind = key.kind, .scope = key.scope, .native_id = key.native_id};
}

base::Result<void> scan_entities(Question& question, std::span<const std::uint8_t> kinds,
                                 const Range& range, std::optional<std::uint32_t> manager,
                                 const EntityVisit& visit) {
    if (range.from >= range.until) {
        return base::success();
    }
    const kpi::Company company = question.company().ordinal;
    for (const std::uint8_t kind : kinds) {
        const bool by_manager =
            has_one_instant(kind) && manager && *manager != 0 && *manager != unknown_ordinal;
        const store::Index index = by_manager ? store::Index::manager : store::Index::kind;
        const std::uint64_t term = by_manager ? *manager : kind;
        const auto show = [&](std::string_view bytes, std::string_view) -> base::Result<bool> {
            store::IndexKey key;
            if (!store::read_index_key(bytes, key)) {
                return base::Error(base::ErrorCode::corrupt, "a search key is damaged");
            }
            if (key.kind == kind) {
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
