#pragma once

#include <boost/container/small_vector.hpp>
#include <compare>
#include <cstdint>

#include "store/keys.h"
#include "store/write_back.h"

namespace processors {

/// Under what an entity is found, and when: the part of an index key that is not the entity itself.
struct IndexTerm {
    store::Index index{};
    std::uint64_t term = 0;
    base::UtcMillis at{};
    friend auto operator<=>(const IndexTerm&, const IndexTerm&) = default;
};

/// The terms of one entity, sorted, each once.
class IndexTerms {
public:
    /// A term of 0 names nobody and is left out.
    void add(store::Index index, std::uint64_t term, base::UtcMillis at);
    auto begin() const { return terms_.begin(); }
    auto end() const { return terms_.end(); }

private:
    boost::container::small_vector<IndexTerm, 16> terms_;
};

/// Puts the index keys of `entity` that only `after` has and takes out those that only `before`
/// has.
void replace_index_keys(store::WriteBack& rows, const store::EntityKey& entity,
                        const IndexTerms& before, const IndexTerms& after);

}  // namespace processors
