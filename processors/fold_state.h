#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "kpi/directory.h"
#include "kpi/intervals.h"
#include "kpi/settings.h"
#include "processors/cells.h"
#include "processors/names.h"
#include "store/rows.h"
#include "store/watch_rows.h"
#include "store/write_back.h"

namespace processors {

/// What the fold keeps in memory of one company: a cache of its directory rows, never the truth.
struct CompanyState {
    kpi::Company ordinal;
    std::string id;
    kpi::Directory directory;
    kpi::SettingsTimeline timeline;
    /// The settings in force from an instant on, in order; the first begins at since_ever.
    std::vector<std::pair<base::UtcMillis, kpi::Settings>> settings;
    /// Rises with every change of directory or settings: who shows a copy knows when to renew it.
    std::uint64_t directory_version = 1;
    /// Row keys of directory entries by kind and name (void_target): how a void finds its entry.
    std::map<std::string, std::string> entry_keys;
    /// Some void has arrived; until then nobody needs to look for one.
    bool has_voids = false;

    const kpi::Settings& settings_at(base::UtcMillis at) const;
    /// To be called after every change of `timeline`.
    void settings_changed();
};

/// All that the parts of the fold share. One thread.
struct FoldState {
    explicit FoldState(store::ViewStore& views)
        : store(views), rows(views), cells(rows), names(rows) {}

    store::ViewStore& store;
    store::WriteBack rows;
    Cells cells;
    Names names;
    store::PositionRow position;
    store::JobRow job;
    std::map<kpi::Company, CompanyState> companies;

    /// When a client is existing, with a window: a cache of client rows, kept by Segments.
    std::map<std::tuple<kpi::Company, kpi::Client, base::Millis>, kpi::Intervals> existing;

    base::Result<CompanyState*> company(std::string_view id);
    /// nullptr when no event has named it yet.
    const CompanyState* known_company(std::string_view id) const;
    /// Notes that entities have to be attributed again; worked on by Reattribution.
    void touch(const CompanyState& company, store::Dirt::What what, std::uint32_t ordinal,
               base::UtcMillis from, base::UtcMillis until);

    std::set<store::Dirt> dirt;  ///< not yet worked on, or waiting for directory.applied
    CompanyState* last_company = nullptr;

    /// The counts of a company's sources, as they are committed.
    base::Result<std::vector<std::pair<kpi::Source, store::SourceRow>>> sources_of(
        kpi::Company company) const;

    /// All voids of a target; nullopt when there are none.
    base::Result<std::optional<store::VoidRow>> voids_of(const store::EntityKey& target);

    /// Typed access to rows.
    template <class Row>
    base::Result<std::optional<Row>> read(store::Family family, std::string_view key) {
        BOOST_OUTCOME_TRY(const auto bytes, rows.get(family, key));
        if (!bytes) {
            return std::optional<Row>();
        }
        BOOST_OUTCOME_TRY(auto row, store::decode<Row>(*bytes));
        return std::optional<Row>(std::move(row));
    }
    template <class Row>
    void write(store::Family family, std::string_view key, const Row& row) {
        rows.put(family, key, store::encode(row));
    }
};

}  // namespace processors
