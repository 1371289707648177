#include "processors/fold_state.h"

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

base::Result<CompanyState*> FoldState::company(std::string_view id) {
    BOOST_OUTCOME_TRY(const auto ordinal,
                      names.intern_as<kpi::Company>(kpi::Company(), store::Table::company, id));
    auto found = companies.find(ordinal);
    if (found == companies.end()) {
        CompanyState fresh;
        fresh.ordinal = ordinal;
        fresh.id = id;
        fresh.settings_changed();
        found = companies.emplace(ordinal, std::move(fresh)).first;
    }
    return &found->second;
}

void FoldState::touch(const CompanyState& company, store::Dirt::What what, std::uint32_t ordinal,
                      base::UtcMillis from, base::UtcMillis until) {
    if (from < until) {
        const std::uint64_t term = std::uint64_t{company.ordinal.value()} << 32 | ordinal;
        dirt.insert({.what = what, .term = term, .from = from, .until = until});
    }
}

void replace_index_keys(store::WriteBack& rows, const std::set<std::string>& before,
                        const std::set<std::string>& after) {
    for (const std::string& key : before) {
        if (!after.contains(key)) {
            rows.erase(store::Family::index, key);
        }
    }
    for (const std::string& key : after) {
        if (!before.contains(key)) {
            rows.put(store::Family::index, key, std::string());
        }
    }
}

}  // namespace processors
