#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "kpi/ids.h"
#include "store/keys.h"
#include "store/write_back.h"

namespace processors {

/// Ordinals of texts, given at first appearance in log order: a text is interned while its record
/// is folded, never later, so that the cut of batches decides nothing.
///
/// Threads: one.
class Names {
public:
    explicit Names(store::WriteBack& rows) : rows_(rows) {}

    /// The ordinal of `text`, given now if it has none; 0 for the empty text.
    base::Result<std::uint32_t> intern(kpi::Company company, store::Table table,
                                       std::string_view text);
    /// The ordinal of `text`; 0 when it never appeared.
    base::Result<std::uint32_t> find(kpi::Company company, store::Table table,
                                     std::string_view text);
    /// The text of an ordinal; empty for 0. The view lives until `forget`.
    base::Result<std::string_view> text(kpi::Company company, store::Table table,
                                        std::uint32_t ordinal);

    bool is_cached(kpi::Company company, store::Table table, std::string_view text) const;
    /// Between batches: bounds what is cached.
    void forget();

    template <class Id>
    base::Result<Id> intern_as(kpi::Company company, store::Table table, std::string_view text) {
        BOOST_OUTCOME_TRY(const std::uint32_t ordinal, intern(company, table, text));
        return Id(ordinal);
    }

private:
    /// What is cached of one table of one company; it refills from the rows.
    struct Cache {
        std::deque<std::string> kept;  ///< a text stays where it is
        boost::unordered_flat_map<std::string_view, std::uint32_t, store::BytesHash> ordinals;
        boost::unordered_flat_map<std::uint32_t, std::string_view> texts;
    };

    static std::uint64_t number(kpi::Company company, store::Table table) {
        return std::uint64_t{company.value()} << 8 | static_cast<std::uint8_t>(table);
    }
    Cache& cache(kpi::Company company, store::Table table) {
        return caches_[number(company, table)];
    }
    void note(Cache& of_table, std::string_view text, std::uint32_t ordinal);
    base::Result<std::uint32_t> next(kpi::Company company, store::Table table);

    store::WriteBack& rows_;
    std::unordered_map<std::uint64_t, Cache> caches_;  ///< by company and table
    std::size_t cached_count_ = 0;
};

}  // namespace processors
