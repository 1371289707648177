#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/int128.h"
#include "store/index_changes.h"
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

/// Rows that a fold works on: read once, changed in memory, written together.
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
    void put(Family family, std::string_view key, std::string value);
    void erase(Family family, std::string_view key);
    /// Puts a row of which the caller knows that the store does not have it.
    void put_new(Family family, std::string_view key, std::string value);
    /// Puts an index key of an entity that has none yet. When a commit has very many of them they
    /// are ingested (ViewStore::ingest_index), and may show while their entity does not.
    void put_new_key(std::string_view key);

    /// Reads the rows of `state` or `entity` that are not in memory yet, all at once. For a batch
    /// whose keys are known beforehand.  Errors: those of ViewReader::get.
    base::Result<void> prefetch(Family family, std::vector<std::string> keys);

    /// Keys of [from, until) of the index family as this fold sees them, in order, until `visit`
    /// returns false. `visit` may change rows of other families only.
    base::Result<void> scan_index(std::string_view from, std::string_view until,
                                  const std::function<bool(std::string_view key)>& visit);

    /// Writes all changes atomically. On error nothing is written and the changes stay. A row whose
    /// value is the stored one again is not written.
    base::Result<void> commit();

    /// Rows changed since the last commit.
    std::size_t changes_count() const { return dirty_.size() + index_changes_.count(); }
    base::Uint128 digest() const { return total(digests_); }

private:
    struct Row {
        std::optional<std::string> stored;   ///< as in the store, once `is_loaded`
        std::optional<std::string> current;  ///< as this fold sees it, while `is_dirty`
        bool is_loaded = false;
        bool is_dirty = false;
    };
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Rows = std::unordered_map<std::string, Row, TextHash, std::equal_to<>>;
    /// A changed row; maps keep their nodes where they are.
    struct Dirty {
        Family family{};
        const std::string* key = nullptr;
        Row* row = nullptr;
    };

    base::Result<Row*> load(Family family, std::string_view key);
    void change(Family family, std::string_view key, std::optional<std::string> value);
    base::Result<void> load_dirty();
    void sort_dirty();
    void note_loaded(std::size_t key_bytes, Row& row, std::optional<std::string> value);
    base::Result<bool> ingest_new_keys(std::span<const IndexChange* const> index);
    void note_cut_off();
    std::vector<Change> take_changes(std::vector<Row*>& written, Digests& digests);
    void settle(std::vector<Row*>& written, std::vector<Change>& changes);

    ViewStore& store_;
    Rows rows_[families_count];
    std::vector<Dirty> dirty_;
    IndexChanges index_changes_;
    std::size_t cached_bytes_ = 0;
    Digests digests_;
    bool was_cut_off_ = false;  ///< an ingest whose commit never came: its keys may be in the store
};

/// Hash of one row as the digest counts it; 0 for rows outside it (meta, names, texts, source
/// counts, index keys). Source: engine.md 4.1.
base::Uint128 digest_of_row(Family family, std::string_view key, std::string_view value);

}  // namespace store
