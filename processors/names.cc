#include "processors/names.h"

namespace processors {
namespace {

/// The caches are dropped when they hold this many texts.
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

void Names::note(Cache& of_table, std::string_view text, std::uint32_t ordinal) {
    const std::string_view kept = of_table.kept.emplace_back(text);
    of_table.ordinals.emplace(kept, ordinal);
    of_table.texts.emplace(ordinal, kept);
    ++cached_count_;
}

base::Result<std::uint32_t> Names::find(kpi::Company company, store::Table table,
                                        std::string_view text) {
    if (text.empty()) {
        return 0U;
    }
    Cache& of_table = cache(company, table);
    if (const auto cached = of_table.ordinals.find(text); cached != of_table.ordinals.end()) {
        return cached->second;
    }
    BOOST_OUTCOME_TRY(const auto row,
                      rows_.get(store::Family::state, store::name_key(company, table, text)));
    if (!row) {
        return 0U;
    }
    const std::uint32_t ordinal = number_of(*row);
    note(of_table, text, ordinal);
    return ordinal;
}

base::Result<std::uint32_t> Names::intern(kpi::Company company, store::Table table,
                                          std::string_view text) {
    BOOST_OUTCOME_TRY(const std::uint32_t known, find(company, table, text));
    if (known != 0 || text.empty()) {
        return known;
    }
    BOOST_OUTCOME_TRY(const std::uint32_t ordinal, next(company, table));
    rows_.put(store::Family::state, store::name_key(company, table, text), number_value(ordinal));
    rows_.put(store::Family::state, store::text_key(company, table, ordinal), std::string(text));
    note(cache(company, table), text, ordinal);
    return ordinal;
}

base::Result<std::string_view> Names::text(kpi::Company company, store::Table table,
                                           std::uint32_t ordinal) {
    if (ordinal == 0) {
        return std::string_view();
    }
    Cache& of_table = cache(company, table);
    if (const auto cached = of_table.texts.find(ordinal); cached != of_table.texts.end()) {
        return cached->second;
    }
    BOOST_OUTCOME_TRY(const auto row,
                      rows_.get(store::Family::state, store::text_key(company, table, ordinal)));
    if (!row) {
        return base::Error(base::ErrorCode::corrupt,
                           "ordinal " + std::to_string(ordinal) + " has no text");
    }
    note(of_table, *row, ordinal);
    return of_table.texts.at(ordinal);
}

bool Names::is_cached(kpi::Company company, store::Table table, std::string_view text) const {
    const auto of_table = caches_.find(number(company, table));
    return of_table != caches_.end() && of_table->second.ordinals.contains(text);
}

void Names::forget() {
    if (cached_count_ > cached_max) {
        caches_.clear();
        cached_count_ = 0;
    }
}

base::Result<std::uint32_t> Names::next(kpi::Company company, store::Table table) {
    const std::string key = counter_key(company, table);
    BOOST_OUTCOME_TRY(const auto row, rows_.get(store::Family::state, key));
    const std::uint32_t ordinal = (row ? number_of(*row) : 0) + 1;
    rows_.put(store::Family::state, key, number_value(ordinal));
    return ordinal;
}

}  // namespace processors
