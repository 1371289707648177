#include "processors/names.h"

namespace processors {
namespace {

/// Both caches are dropped when they hold this many texts; they refill from the rows.
constexpr std::size_t cached_max = 200'000;

std::string counter_key(kpi::Company company, store::Table table) {
    store::KeyWriter key;
    key.raw("ordinals/").u32(company.value()).u8(static_cast<std::uint8_t>(table));
    return store::meta_key(key.bytes());
}

std::string number_value(std::uint32_t number) {
    store::ValueWriter value;
    value.u(number);
    return value.take();
}

std::uint32_t number_of(std::string_view value) {
    return static_cast<std::uint32_t>(store::ValueReader(value).u());
}

}  // namespace

base::Result<std::uint32_t> Names::find(kpi::Company company, store::Table table,
                                        std::string_view text) {
    if (text.empty()) {
        return 0U;
    }
    std::string key = store::name_key(company, table, text);
    if (const auto cached = ordinals_.find(key); cached != ordinals_.end()) {
        return cached->second;
    }
    BOOST_OUTCOME_TRY(const auto row, rows_.get(store::Family::state, key));
    if (!row) {
        return 0U;
    }
    const std::uint32_t ordinal = number_of(*row);
    if (ordinals_.size() >= cached_max) {
        ordinals_.clear();
    }
    ordinals_.emplace(std::move(key), ordinal);
    return ordinal;
}

base::Result<std::uint32_t> Names::intern(kpi::Company company, store::Table table,
                                          std::string_view text) {
    BOOST_OUTCOME_TRY(const std::uint32_t known, find(company, table, text));
    if (known != 0 || text.empty()) {
        return known;
    }
    BOOST_OUTCOME_TRY(const std::uint32_t ordinal, next(company, table));
    std::string key = store::name_key(company, table, text);
    rows_.put(store::Family::state, key, number_value(ordinal));
    rows_.put(store::Family::state, store::text_key(company, table, ordinal), std::string(text));
    ordinals_.emplace(std::move(key), ordinal);
    return ordinal;
}

base::Result<std::string> Names::text(kpi::Company company, store::Table table,
                                      std::uint32_t ordinal) {
    if (ordinal == 0) {
        return std::string();
    }
    std::string key = store::text_key(company, table, ordinal);
    if (const auto cached = texts_.find(key); cached != texts_.end()) {
        return cached->second;
    }
    BOOST_OUTCOME_TRY(const auto row, rows_.get(store::Family::state, key));
    if (!row) {
        return base::Error(base::ErrorCode::corrupt,
                           "ordinal " + std::to_string(ordinal) + " has no text");
    }
    if (texts_.size() >= cached_max) {
        texts_.clear();
    }
    return texts_.emplace(std::move(key), std::string(*row)).first->second;
}

base::Result<std::uint32_t> Names::next(kpi::Company company, store::Table table) {
    const std::string key = counter_key(company, table);
    BOOST_OUTCOME_TRY(const auto row, rows_.get(store::Family::state, key));
    const std::uint32_t ordinal = (row ? number_of(*row) : 0) + 1;
    rows_.put(store::Family::state, key, number_value(ordinal));
    return ordinal;
}

}  // namespace processors
