#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/int128.h"
#include "store/index_changes.h"
#include "store/row_table.h"
#include "store/view_store.h"

namespace store {

/// Kinds of rows that a digest tells apart: the kind byte of a `state` row, `digest_of_entities`
/// for the family `entity`; 0 for rows outside it. Source: engine.md 4.1.
using DigestKind = std::uint8_t;
inline constexpr DigestKind digest_of_entities = 128;
DigestKind digest_kind(Family family, std::string_view key);

/// Sums of the hashes of all rows, mod 2^128. Equal digests mean equal views.
using Digests = std::map<DigestKind, base::Uint128>;
base::Uint128 total(const Digests& digests);
/// Value of the meta row `digest`. Decoding fails with `corrupt`.
std::string encode_digests(const Digests& digests);
base::Result<Digests> decode_digests(std::string_view bytes);

/// Rows that a fold works on: read once a batch, changed in memory, written together.
///
/// The running digest (engine.md 4.1) is kept here: at `commit` every changed row of a digested
/// kind takes its old hash out and puts its new one in. The digest is itself a meta row of the same
/// write.
///
/// Threads: one.
class WriteBack {
public:
    explicit WriteBack(ViewStore& store);

    /// Reads the digest row. Call once before anything else.
    base::Result<void> open();

    /// The row as this fold sees it. The view lives until that row is changed, or until `commit`.
    /// Errors: those of ViewReader::get.
    base::Result<std::optional<std::string_view>> get(Family family, std::string_view key);
    void put(Family family, std::string_view key, std::string_view value);
    void erase(Family family, std::string_view key);
    /// Puts a row of which the caller knows that the store does not have it.
    void put_new(Family family, std::string_view key, std::string_view value);
    /// Puts an index key of an entity that has none yet. When a commit has very many of them they
    /// are ingested (ViewStore::ingest_index), and may show while their entity does not.
    void put_new_key(std::string_view key) { index_changes_.put_new(key); }

    /// Notes that a row of `state` or `entity` will be asked for ...
    void want(Family family, std::string_view key);
    /// ... and reads all such rows at once. For a batch whose keys are known beforehand.
    /// Errors: those of ViewReader::get.
    base::Result<void> read_wanted();

    /// Keys of [from, until) of the index family as this fold sees them, in order, until `visit`
    /// returns false. `visit` may change rows of other families only.
    base::Result<void> scan_index(std::string_view from, std::string_view until,
                                  const std::function<bool(std::string_view key)>& visit);

    /// Writes all changes atomically and forgets every row. On error nothing is written and the
    /// changes stay. A row whose value is the stored one again is not written.
    base::Result<void> commit();

    /// Rows changed since the last commit.
    std::size_t changes_count() const { return dirty_.size() + index_changes_.count(); }
    base::Uint128 digest() const { return total(digests_); }

private:
    using Row = RowTable::Row;
    struct Dirty {
        Family family{};
        Row* row = nullptr;
    };

    RowTable& table(Family family);
    base::Result<Row*> load(Family family, std::string_view key);
    void change(Family family, std::string_view key, std::optional<std::string_view> value);
    void change(Family family, Row& row, std::optional<std::string_view> value);
    base::Result<void> read(Family family, std::vector<Row*>& rows);
    base::Result<void> load_dirty();
    void sort_dirty();
    base::Result<bool> ingest_new_keys(std::span<const IndexChange* const> index);
    void note_cut_off();
    std::vector<Change> changes_of_rows(Digests& digests);
    void forget();

    ViewStore& store_;
    RowTable state_;
    RowTable entities_;
    std::vector<Row*> wanted_state_;
    std::vector<Row*> wanted_entities_;
    std::vector<Dirty> dirty_;
    IndexChanges index_changes_;
    Digests digests_;
    bool was_cut_off_ = false;  ///< an ingest whose commit never came: its keys may be in the store
};

/// Hash of one row as the digest counts it; 0 for rows outside it (meta, names, texts, source
/// counts, index keys). Source: engine.md 4.1.
base::Uint128 digest_of_row(Family family, std::string_view key, std::string_view value);

}  // namespace store
