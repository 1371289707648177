#include "processors/index_terms.h"

#include <algorithm>
#include <string>

namespace processors {
namespace {

store::Key key_of(const store::EntityKey& entity, const IndexTerm& term) {
    return store::index_key({term.index, entity.company, term.term, term.at, entity.kind,
                             entity.native_id, entity.scope});
}

}  // namespace

void IndexTerms::add(store::Index index, std::uint64_t term, base::UtcMillis at) {
    const IndexTerm one{index, term, at};
    const auto place = std::lower_bound(terms_.begin(), terms_.end(), one);
    if (term != 0 && (place == terms_.end() || *place != one)) {
        terms_.insert(place, one);
    }
}

void replace_index_keys(store::WriteBack& rows, const store::EntityKey& entity,
                        const IndexTerms& before, const IndexTerms& after) {
    for (const IndexTerm& term : before) {
        if (!std::binary_search(after.begin(), after.end(), term)) {
            rows.erase(store::Family::index, key_of(entity, term));
        }
    }
    if (before.begin() == before.end()) {
        for (const IndexTerm& term : after) {
            rows.put_new_key(key_of(entity, term));
        }
        return;
    }
    for (const IndexTerm& term : after) {
        if (!std::binary_search(before.begin(), before.end(), term)) {
            rows.put(store::Family::index, key_of(entity, term), std::string());
        }
    }
}

}  // namespace processors
