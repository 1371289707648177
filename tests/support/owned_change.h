#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/view_store.h"

namespace tests {

/// A change that keeps its bytes.
struct OwnedChange {
    store::Family family{};
    std::string key;
    std::optional<std::string> value;

    store::Change view() const { return {family, key, value}; }
};

inline OwnedChange owned(const store::Change& change) {
    return {change.family, std::string(change.key),
            change.value ? std::optional(std::string(*change.value)) : std::nullopt};
}

inline base::Result<void> write_all(store::ViewStore& rows,
                                    const std::vector<OwnedChange>& changes) {
    std::vector<store::Change> views;
    views.reserve(changes.size());
    for (const OwnedChange& change : changes) {
        views.push_back(change.view());
    }
    return rows.write(views);
}

}  // namespace tests
