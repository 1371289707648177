#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "kpi/ids.h"
#include "store/keys.h"
#include "store/view_store.h"

namespace query {

/// Ordinal of nobody at all: what a filter means that names an id never seen. No row has it.
inline constexpr std::uint32_t unknown_ordinal = 0xfffffffe;

/// Texts and ordinals of one company as of one view; a text is read once.
///
/// Lifetime: the reader must outlive it. Threads: one.
class Names {
public:
    Names(const store::ViewReader& rows, kpi::Company company) : rows_(&rows), company_(company) {}

    /// The text of an ordinal; nullopt for 0, and for what was erased.
    base::Result<std::optional<std::string>> text(store::Table table, std::uint32_t ordinal);
    /// Reads the texts of many ordinals at once; 0 is none.
    base::Result<void> read(const std::vector<std::pair<store::Table, std::uint32_t>>& wanted);
    /// The ordinal of a text; nullopt when it never appeared.
    base::Result<std::optional<std::uint32_t>> ordinal(store::Table table, std::string_view text);
    /// Every ordinal of a table with its text, rising.
    base::Result<std::vector<std::pair<std::uint32_t, std::string>>> all(store::Table table) const;

    template <class Id>
    base::Result<std::optional<std::string>> text(store::Table table, Id id) {
        return text(table, id.value());
    }

private:
    static std::uint64_t slot(store::Table table, std::uint32_t ordinal) {
        return std::uint64_t{static_cast<std::uint8_t>(table)} << 32 | ordinal;
    }

    const store::ViewReader* rows_;
    kpi::Company company_;
    std::unordered_map<std::uint64_t, std::optional<std::string>> texts_;  ///< by table and ordinal
};

}  // namespace query
