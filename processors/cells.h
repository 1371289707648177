#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "kpi/contribution.h"
#include "store/keys.h"
#include "store/rows.h"
#include "store/write_back.h"

namespace processors {

/// The cells and sets that a fold works on: read once, added to in memory, encoded once a commit.
///
/// Threads: one.
class Cells {
public:
    explicit Cells(store::WriteBack& rows) : rows_(rows) {}

    /// Takes one entity's old contributions out of the cells and sets and puts its new ones in.
    ///
    /// An entity counts once at every level: for the company, for each distinct team, for each
    /// manager credited; durations are sums of participations. Source: domain.md 3 (levels are not
    /// sums), 10. Errors: those of WriteBack::get; corrupt.
    base::Result<void> replace(kpi::Company company, std::span<const kpi::Contribution> before,
                               std::span<const kpi::Contribution> after);

    /// Hands what changed to the write-back. To be called before each of its commits.
    void flush();

    /// Rows changed since the last flush.
    std::size_t changes_count() const { return dirty_cells_.size() + dirty_sets_.size(); }

private:
    struct Hash {
        std::size_t operator()(const store::CellKey& key) const noexcept;
        std::size_t operator()(const store::SetKey& key) const noexcept;
    };
    template <class Row>
    struct Held {
        Row row;
        bool is_dirty = false;
    };
    template <class Key, class Row>
    using Table = std::unordered_map<Key, Held<Row>, Hash>;
    template <class Key, class Row>
    using Dirty = std::vector<typename Table<Key, Row>::pointer>;

    template <class Key, class Row>
    base::Result<Row*> row_to_change(Table<Key, Row>& table, Dirty<Key, Row>& dirty,
                                     const Key& key);
    template <class Key, class Row>
    void flush(Table<Key, Row>& table, Dirty<Key, Row>& dirty, std::size_t held_max);

    store::WriteBack& rows_;
    Table<store::CellKey, store::CellRow> cells_;
    Table<store::SetKey, store::SetRow> sets_;
    Dirty<store::CellKey, store::CellRow> dirty_cells_;
    Dirty<store::SetKey, store::SetRow> dirty_sets_;
};

}  // namespace processors
