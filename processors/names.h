#pragma once

#include <cstdint>
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
    /// The text of an ordinal; empty for 0. The reference holds until the next call.
    base::Result<std::string> text(kpi::Company company, store::Table table, std::uint32_t ordinal);

    template <class Id>
    base::Result<Id> intern_as(kpi::Company company, store::Table table, std::string_view text) {
        BOOST_OUTCOME_TRY(const std::uint32_t ordinal, intern(company, table, text));
        return Id(ordinal);
    }

private:
    base::Result<std::uint32_t> next(kpi::Company company, store::Table table);

    store::WriteBack& rows_;
    std::unordered_map<std::string, std::uint32_t> ordinals_;  ///< by name key
    std::unordered_map<std::string, std::string> texts_;       ///< by text key
};

}  // namespace processors
