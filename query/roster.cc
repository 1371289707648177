#include "query/roster.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace query {
namespace {

bool is_in(const kpi::Validity& validity, const Range& range) {
    return range.from < range.until && validity.from < range.until && validity.until > range.from;
}

/// The earliest instant of an event that names this manager; the search keys run from new to old.
base::Result<std::optional<base::UtcMillis>> first_event(const Question& question,
                                                         kpi::Manager manager) {
    const std::string prefix =
        store::index_prefix(store::Index::named, question.company().ordinal, manager.value());
    BOOST_OUTCOME_TRY(const auto bytes, question.rows().last_key(store::Family::index, prefix,
                                                                 store::prefix_end(prefix)));
    store::IndexKey key;
    if (!bytes) {
        return std::optional<base::UtcMillis>();
    }
    if (!store::read_index_key(*bytes, key)) {
        return base::Error(base::ErrorCode::corrupt, "a search key is damaged");
    }
    return std::optional(key.at);
}

/// Since when an undeclared manager is there; nullopt when nothing names him any more.
base::Result<std::optional<base::UtcMillis>> first_named(const Question& question,
                                                         kpi::Manager manager) {
    const auto by_entry = question.company().directory->first_named(manager);
    BOOST_OUTCOME_TRY(const auto by_event, first_event(question, manager));
    if (by_entry && by_event) {
        return std::optional(std::min(*by_entry, *by_event));
    }
    return by_entry ? by_entry : by_event;
}

/// Managers with a name that the directory never had; `only` him, if he is one.
base::Result<std::vector<std::pair<kpi::Manager, std::string>>> undeclared(
    Question& question, std::optional<kpi::Manager> only) {
    const kpi::Directory& directory = *question.company().directory;
    std::vector<std::pair<kpi::Manager, std::string>> found;
    if (only) {
        BOOST_OUTCOME_TRY(auto id, question.names().text(store::Table::manager, *only));
        if (id && !directory.is_declared(*only)) {
            found.emplace_back(*only, std::move(*id));
        }
        return found;
    }
    BOOST_OUTCOME_TRY(auto known, question.names().all(store::Table::manager));
    for (auto& [ordinal, id] : known) {
        if (!directory.is_declared(kpi::Manager(ordinal))) {
            found.emplace_back(kpi::Manager(ordinal), std::move(id));
        }
    }
    return found;
}

}  // namespace

base::Result<std::vector<RosterEntry>> managers_between(Question& question, const Range& range,
                                                        std::optional<kpi::Manager> only) {
    const kpi::Directory& directory = *question.company().directory;
    std::map<std::string, RosterEntry> found;
    for (const kpi::ManagerEntry* entry : directory.managers()) {
        if (!is_in(entry->validity, range) || (only && entry->manager != *only)) {
            continue;
        }
        RosterEntry shown{entry->manager, entry->id,   entry->name,
                          entry->role,    entry->team, entry->validity};
        const auto [place, is_new] = found.try_emplace(entry->id, shown);
        if (!is_new && place->second.validity.from < entry->validity.from) {
            place->second = shown;
        }
    }
    BOOST_OUTCOME_TRY(const auto known, undeclared(question, only));
    for (const auto& [manager, id] : known) {
        BOOST_OUTCOME_TRY(const auto from, first_named(question, manager));
        const kpi::Validity validity{from.value_or(base::for_ever), base::for_ever};
        if (from && is_in(validity, range)) {
            found.try_emplace(id, RosterEntry{manager, id, "", "", kpi::Team(), validity});
        }
    }
    std::vector<RosterEntry> out;
    out.reserve(found.size());
    for (auto& [id, entry] : found) {
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace query
