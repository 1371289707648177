#include "processors/reattribution.h"

#include <algorithm>
#include <array>

#include "base/ensure.h"

namespace processors {
namespace {

using store::Dirt;
using store::Index;

/// Kinds that `everything` visits, in key order.
constexpr std::array<std::uint8_t, 8> visited_kinds{store::kind_byte(events::Kind::call),
                                                    store::kind_byte(events::Kind::email),
                                                    store::kind_byte(events::Kind::meeting),
                                                    store::kind_byte(events::Kind::proposal),
                                                    store::kind_byte(events::Kind::invoice),
                                                    store::kind_byte(events::Kind::payment),
                                                    store::voided_legs_kind,
                                                    store::case_kind};

struct Terms {
    Index index;
    std::vector<std::uint64_t> terms;
};

std::vector<Terms> terms_of(const Dirt& dirt) {
    const std::uint64_t term = dirt.term & 0xffffffff;
    switch (dirt.what) {
        case Dirt::What::everything:
            return {{Index::kind, {visited_kinds.begin(), visited_kinds.end()}}};
        case Dirt::What::manager: return {{Index::manager, {term}}, {Index::named, {term}}};
        case Dirt::What::subject: return {{Index::subject, {term}}, {Index::party, {term}}};
        case Dirt::What::client: return {{Index::client, {term}}};
        case Dirt::What::marked: return {{Index::marked, {1}}};
    }
    return {};
}

}  // namespace

base::Result<bool> Reattribution::work(std::size_t entities_max) {
    std::size_t budget = entities_max;
    while (!state_.dirt.empty()) {
        const Dirt dirt = *state_.dirt.begin();
        BOOST_OUTCOME_TRY(const bool done, work_on(dirt, budget));
        if (!done) {
            return false;
        }
        state_.job.cursor.clear();
        state_.dirt.erase(dirt);
    }
    return true;
}

base::Result<bool> Reattribution::work_on(const Dirt& dirt, std::size_t& budget) {
    const kpi::Company company(static_cast<std::uint32_t>(dirt.term >> 32));
    for (const Terms& one : terms_of(dirt)) {
        for (const std::uint64_t term : one.terms) {
            BOOST_OUTCOME_TRY(const bool done, visit(one.index, company, term, dirt, budget));
            if (!done) {
                return false;
            }
        }
    }
    return true;
}

base::Result<bool> Reattribution::visit(Index index, kpi::Company company, std::uint64_t term,
                                        const Dirt& dirt, std::size_t& budget) {
    const std::string upper = store::index_upper(index, company, term, dirt.from);
    std::string lower = store::index_lower(index, company, term, dirt.until);
    if (state_.job.cursor >= upper) {
        return true;  // done before the work was cut off
    }
    lower = std::max(lower, state_.job.cursor.empty() ? std::string() : state_.job.cursor + '\0');
    std::vector<std::string> keys;
    bool more = false;
    BOOST_OUTCOME_TRY(state_.rows.scan_index(lower, upper, [&](std::string_view key) {
        more = keys.size() == budget;
        if (!more) {
            keys.emplace_back(key);
        }
        return !more;
    }));
    for (const std::string& bytes : keys) {
        store::IndexKey key;
        ENSURE(store::read_index_key(bytes, key));
        BOOST_OUTCOME_TRY(reattribute(key));
        --budget;
        ++state_.job.done;
    }
    if (more) {
        state_.job.cursor = keys.empty() ? state_.job.cursor : keys.back();
    }
    return !more;
}

base::Result<void> Reattribution::reattribute(const store::IndexKey& key) {
    CompanyState& company = state_.companies.at(key.company);
    const store::EntityKey entity{key.company, key.kind, key.scope, key.native_id};
    if (static_cast<events::Kind>(key.kind) == events::Kind::call) {
        return calls_.reattribute(company, entity);
    }
    if (key.kind == store::case_kind) {
        return cases_.reattribute(company, entity);
    }
    return activities_.reattribute(company, entity);
}

}  // namespace processors
