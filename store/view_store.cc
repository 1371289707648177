#include "store/view_store.h"

#include <utility>

namespace store {

std::string_view to_string(Family family) {
    switch (family) {
        case Family::state: return "state";
        case Family::entity: return "entity";
        case Family::index: return "ix_live";
    }
    return "unknown";
}

base::Result<std::vector<std::optional<std::string>>> ViewReader::get_many(
    Family family, std::span<const std::string_view> keys) const {
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (const std::string_view key : keys) {
        BOOST_OUTCOME_TRY(auto value, get(family, key));
        values.push_back(std::move(value));
    }
    return values;
}

base::Result<void> ViewReader::leap(
    Family family, std::string_view from, std::string_view until,
    const std::function<Next(std::string_view key, std::string_view value)>& visit) const {
    std::optional<std::string> at(from);
    while (at && (until.empty() || *at < until)) {
        const std::string begin = *std::exchange(at, std::nullopt);
        BOOST_OUTCOME_TRY(
            scan(family, begin, until, [&](std::string_view key, std::string_view value) {
                Next next = visit(key, value);
                if (next.kind == Next::Kind::key) {
                    at = std::move(next.key);
                }
                return next.kind == Next::Kind::row;
            }));
    }
    return base::success();
}

base::Result<void> ViewStore::ingest_index(std::span<const std::string_view> keys) {
    std::vector<Change> changes;
    changes.reserve(keys.size());
    for (const std::string_view key : keys) {
        changes.push_back({Family::index, key, std::string_view()});
    }
    return write(changes);
}

std::string prefix_end(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff') {
        end.pop_back();
    }
    if (!end.empty()) {
        end.back() = static_cast<char>(static_cast<std::uint8_t>(end.back()) + 1);
    }
    return end;
}

}  // namespace store
