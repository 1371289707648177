#include "processors/fold_state.h"

#include <algorithm>

#include <algorithm>

namespace processors {

const kpi::Settings& CompanyState::settings_at(base::UtcMillis at) const {
    auto next = std::upper_bound(settings.begin(), settings.end(), at,
                                 [](base::UtcMillis t, const auto& one) { return t < one.first; });
    return std::prev(next)->second;
}

void CompanyState::settings_changed() {
    std::set<base::UtcMillis> borders{base::since_ever};
    for (const auto& [key, entry] : timeline.entries()) {
        borders.insert(entry.from);
    }
    settings.clear();
    for (const base::UtcMillis border : borders) {
        settings.emplace_back(border, timeline.at(border));
    }
    directory.set_zone(settings.back().second.zone);
    ++directory_version;
}

const CompanyState* FoldState::known_company(std::string_view id) const {
    const auto found = std::find_if(companies.begin(), companies.end(),
                                    [&](const auto& one) { return one.second.id == id; });
    return found == companies.end() ? nullptr : &found->second;
}

base::Result<CompanyState*> FoldState::company(std::string_view id) {
    if (last_company != nullptr && last_company->id == id) {
        return last_company;
    }
    BOOST_OUTCOME_TRY(const auto ordinal,
                      names.intern_as<kpi::Company>(kpi::Company(), store::Table::company, id));
    auto found = companies.find(ordinal);
    if (found == companies.end()) {
        CompanyState fresh;
        fresh.ordinal = ordinal;
        fresh.id = id;
        fresh.settings_changed();
        const std::string voids =
            store::entity_prefix(ordinal, store::kind_byte(events::Kind::voided));
        BOOST_OUTCOME_TRY(store.scan(store::Family::entity, voids, store::prefix_end(voids),
                                     [&](std::string_view, std::string_view) {
                                         fresh.has_voids = true;
                                         return false;
                                     }));
        found = companies.emplace(ordinal, std::move(fresh)).first;
    }
    last_company = &found->second;  // maps keep their nodes where they are
    return last_company;
}

base::Result<std::optional<store::VoidRow>> FoldState::voids_of(const store::EntityKey& target) {
    if (!companies.at(target.company).has_voids) {
        return std::optional<store::VoidRow>();
    }
    return read<store::VoidRow>(store::Family::entity, store::entity_key(target));
}

void FoldState::touch(const CompanyState& company, store::Dirt::What what, std::uint32_t ordinal,
                      base::UtcMillis from, base::UtcMillis until) {
    if (from < until) {
        const std::uint64_t term = std::uint64_t{company.ordinal.value()} << 32 | ordinal;
        dirt.insert({.what = what, .term = term, .from = from, .until = until});
    }
}

base::Result<std::vector<std::pair<kpi::Source, store::SourceRow>>> FoldState::sources_of(
    kpi::Company company) const {
    const std::string prefix = store::KeyWriter()
                                   .u8(static_cast<std::uint8_t>(store::StateKind::source))
                                   .u32(company.value())
                                   .take();
    std::vector<std::pair<kpi::Source, store::SourceRow>> found;
    std::optional<base::Error> failure;
    BOOST_OUTCOME_TRY(store.scan(store::Family::state, prefix, store::prefix_end(prefix),
                                 [&](std::string_view key, std::string_view value) {
                                     const auto row = store::decode<store::SourceRow>(value);
                                     if (!row) {
                                         failure = row.error();
                                         return false;
                                     }
                                     store::KeyReader rest(key.substr(prefix.size()));
                                     found.emplace_back(kpi::Source(rest.u32()), row.value());
                                     return true;
                                 }));
    if (failure) {
        return *failure;
    }
    return found;
}

}  // namespace processors
