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

/// Hears what managers did, as their cells and sets get it.
class CellListener {
public:
    CellListener() = default;
    virtual ~CellListener() = default;
    CellListener(const CellListener&) = delete;
    CellListener& operator=(const CellListener&) = delete;
    /// Of one manager. `at`: of the entity that gave it.
    virtual void cell_changed(const store::CellKey& key, const store::CellRow& change,
                              base::UtcMillis at) = 0;
    virtual void set_changed(const store::SetKey& key, std::uint64_t member, std::int64_t times,
                             base::UtcMillis at) = 0;
};

/// The cells and sets that a fold works on: read once, added to in memory, encoded once a commit.
///
/// Most of what a fold adds to is later than anything before: such rows need not be looked for.
///
/// Threads: one.
class Cells {
public:
    explicit Cells(store::WriteBack& rows) : rows_(rows) {}

    /// Lifetime: `listener` outlives this.
    void set_listener(CellListener* listener) { listener_ = listener; }

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
        bool is_new = false;  ///< the store does not have it
    };
    template <class Key, class Row>
    using Table = std::unordered_map<Key, Held<Row>, Hash>;
    template <class Key, class Row>
    using Changed = std::vector<typename Table<Key, Row>::pointer>;

    /// What is known of a company's buckets.
    struct Front {
        store::Bucket newest = 0;  ///< no row has a later one
        /// All rows of later buckets are held here: what is not, does not exist.
        store::Bucket held_from = 0;
        bool is_changed = false;
    };

    /// Into the row of its quarter of an hour and that of its block.
    base::Result<void> add(const store::CellKey& key, const store::CellRow& row);
    base::Result<void> add(const store::SetKey& key, std::uint64_t member, std::int64_t times);
    base::Result<Front*> front(kpi::Company company);
    template <class Key, class Row>
    base::Result<Row*> row_to_change(Table<Key, Row>& table, Changed<Key, Row>& dirty,
                                     const Key& key);
    template <class Dirty>
    void flush(Dirty& dirty);
    void flush_fronts();

    store::WriteBack& rows_;
    CellListener* listener_ = nullptr;
    Table<store::CellKey, store::CellRow> cells_;
    Table<store::SetKey, store::SetRow> sets_;
    Changed<store::CellKey, store::CellRow> dirty_cells_;
    Changed<store::SetKey, store::SetRow> dirty_sets_;
    std::unordered_map<kpi::Company, Front> fronts_;
};

}  // namespace processors
