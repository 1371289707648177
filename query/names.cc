#include "query/names.h"

#include <map>

#include "store/bytes.h"

namespace query {

base::Result<std::optional<std::string>> Names::text(store::Table table, std::uint32_t ordinal) {
    if (ordinal == 0) {
        return std::optional<std::string>();
    }
    if (const auto known = texts_.find(slot(table, ordinal)); known != texts_.end()) {
        return known->second;
    }
    BOOST_OUTCOME_TRY(auto row,
                      rows_->get(store::Family::state, store::text_key(company_, table, ordinal)));
    return texts_.emplace(slot(table, ordinal), std::move(row)).first->second;
}

base::Result<void> Names::read(const std::vector<std::pair<store::Table, std::uint32_t>>& wanted) {
    std::map<std::string, std::uint64_t> slots;  // by key: they are read in its order
    for (const auto& [table, ordinal] : wanted) {
        if (ordinal != 0 && !texts_.contains(slot(table, ordinal))) {
            slots.emplace(store::text_key(company_, table, ordinal).bytes(), slot(table, ordinal));
        }
    }
    std::vector<std::string_view> keys;
    keys.reserve(slots.size());
    for (const auto& [key, number] : slots) {
        keys.emplace_back(key);
    }
    BOOST_OUTCOME_TRY(auto values, rows_->get_many(store::Family::state, keys));
    auto value = values.begin();
    for (const auto& [key, number] : slots) {
        texts_.emplace(number, std::move(*value++));
    }
    return base::success();
}

base::Result<std::optional<std::uint32_t>> Names::ordinal(store::Table table,
                                                          std::string_view text) {
    if (text.empty()) {
        return std::optional<std::uint32_t>();
    }
    const store::Key key = store::name_key(company_, table, text);
    BOOST_OUTCOME_TRY(const auto row, rows_->get(store::Family::state, key));
    if (!row) {
        return std::optional<std::uint32_t>();
    }
    store::ValueReader value(*row);
    const auto ordinal = static_cast<std::uint32_t>(value.u());
    if (!value.ok()) {
        return base::Error(base::ErrorCode::corrupt, "a name row is damaged");
    }
    return std::optional(ordinal);
}

base::Result<std::vector<std::pair<std::uint32_t, std::string>>> Names::all(
    store::Table table) const {
    const store::Key first = store::text_key(company_, table, 0);
    const std::string prefix(first.bytes().substr(0, first.bytes().size() - sizeof(std::uint32_t)));
    std::vector<std::pair<std::uint32_t, std::string>> found;
    BOOST_OUTCOME_TRY(rows_->scan(store::Family::state, first, store::prefix_end(prefix),
                                  [&](std::string_view key, std::string_view value) {
                                      store::KeyReader ordinal(key.substr(prefix.size()));
                                      found.emplace_back(ordinal.u32(), value);
                                      return true;
                                  }));
    return found;
}

}  // namespace query
