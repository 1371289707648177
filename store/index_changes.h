#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace store {

/// A change of one index key.
struct IndexChange {
    std::string key;
    bool is_put = false;      ///< else erased
    bool was_absent = false;  ///< the store does not have the key
};

/// The changes of index keys since the last commit, kept by the term that the keys begin with: a
/// job of the fold looks through one term at a time, amid very many changes of others.
///
/// Threads: one.
class IndexChanges {
public:
    void put(std::string_view key) { add({std::string(key), true, false}); }
    /// Of an entity that has no keys yet, so that the store does not have this one.
    void put_new(std::string_view key) { add({std::string(key), true, true}); }
    void erase(std::string_view key) { add({std::string(key), false, false}); }
    /// From now on a key put by `put_new` and erased again stays as an erasure: the store may hold
    /// it after all.
    void keep_erasures() { keeps_erasures_ = true; }

    /// The changes of [from, until) in the order of their keys, of each key the last; empty
    /// `until`: to the end. They stand until the next change.
    std::vector<const IndexChange*> between(std::string_view from, std::string_view until);
    std::vector<const IndexChange*> all() { return between({}, {}); }

    /// At least as many as there are keys changed.
    std::size_t count() const { return count_; }
    void clear();

private:
    struct Run {
        std::vector<IndexChange> changes;  ///< of one key the last holds
        bool is_sorted = true;             ///< then each key stands there once
    };

    void add(IndexChange change);
    void sort(Run& run) const;
    void add_between(Run& run, std::string_view from, std::string_view until,
                     std::vector<const IndexChange*>& found) const;

    std::unordered_map<std::string, Run> runs_;  ///< by the first bytes of the keys
    std::size_t count_ = 0;
    bool keeps_erasures_ = false;
};

}  // namespace store
