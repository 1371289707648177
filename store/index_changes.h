#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "store/row_table.h"

namespace store {

/// A change of one index key.
struct IndexChange {
    std::string_view key;
    std::uint32_t before = 0;  ///< number of the change of the same term before it, plus 1; 0: none
    bool is_put = false;       ///< else erased
    bool was_absent = false;   ///< the store does not have the key
};

/// The changes of index keys since the last commit. Those of one term, which the keys begin with,
/// are found by it: a job of the fold looks through one term at a time, amid very many changes of
/// others.
///
/// Threads: one.
class IndexChanges {
public:
    void put(std::string_view key) { add(key, true, false); }
    /// Of an entity that has no keys yet, so that the store does not have this one.
    void put_new(std::string_view key) { add(key, true, true); }
    void erase(std::string_view key) { add(key, false, false); }
    /// From now on a key put by `put_new` and erased again stays as an erasure: the store may hold
    /// it after all.
    void keep_erasures() { keeps_erasures_ = true; }

    /// The changes of [from, until) in the order of their keys, of each key the last; empty
    /// `until`: to the end. They stand until the next change.
    std::vector<const IndexChange*> between(std::string_view from, std::string_view until);
    std::vector<const IndexChange*> all() { return between({}, {}); }

    /// At least as many as there are keys changed.
    std::size_t count() const { return changes_.size(); }
    void clear();

private:
    /// Where a change stands, with the first bytes of its key at hand for comparing.
    struct Place;

    void add(std::string_view key, bool is_put, bool was_absent);
    std::vector<Place> places_of(std::string_view from, std::string_view until);
    Place place_of(std::size_t number) const;

    static constexpr std::size_t first_block_bytes = std::size_t{64} << 10;

    std::pmr::monotonic_buffer_resource arena_{first_block_bytes};
    std::vector<IndexChange> changes_;
    /// By term, the number of its newest change plus 1.
    boost::unordered_flat_map<std::string_view, std::uint32_t, BytesHash> newest_;
    bool keeps_erasures_ = false;
};

}  // namespace store
