#include "store/index_changes.h"

#include <algorithm>
#include <cstring>

#include "store/bytes.h"
#include "store/view_store.h"

namespace store {
namespace {

/// Index, company and term of a key (keys.h).
constexpr std::size_t term_bytes = 1 + 4 + 8;

}  // namespace

struct IndexChanges::Place {
    KeyHead head;
    std::uint32_t number = 0;
};

void IndexChanges::add(std::string_view key, bool is_put, bool was_absent) {
    auto* const bytes = static_cast<char*>(arena_.allocate(key.size(), 1));
    std::memcpy(bytes, key.data(), key.size());
    const std::string_view kept(bytes, key.size());
    std::uint32_t& newest = newest_[kept.substr(0, term_bytes)];
    changes_.push_back({.key = kept, .before = newest, .is_put = is_put, .was_absent = was_absent});
    newest = static_cast<std::uint32_t>(changes_.size());
}

IndexChanges::Place IndexChanges::place_of(std::size_t number) const {
    return {KeyHead(changes_[number].key), static_cast<std::uint32_t>(number)};
}

std::vector<IndexChanges::Place> IndexChanges::places_of(std::string_view from,
                                                         std::string_view until) {
    std::vector<Place> places;
    const auto add_if_between = [&](std::size_t number) {
        const std::string_view key = changes_[number].key;
        if (key >= from && (until.empty() || key < until)) {
            places.push_back(place_of(number));
        }
    };
    const std::string_view term = from.substr(0, term_bytes);
    const bool is_of_one_term =
        term.size() == term_bytes && !until.empty() && until <= prefix_end(term);
    if (!is_of_one_term) {
        places.reserve(changes_.size());
        for (std::size_t number = 0; number < changes_.size(); ++number) {
            add_if_between(number);
        }
        return places;
    }
    const auto newest = newest_.find(term);
    for (std::uint32_t at = newest == newest_.end() ? 0 : newest->second; at != 0;
         at = changes_[at - 1].before) {
        add_if_between(at - 1);
    }
    return places;
}

/// A key that was absent and is erased again was never there, unless it must be kept.
std::vector<const IndexChange*> IndexChanges::between(std::string_view from,
                                                      std::string_view until) {
    std::vector<Place> places = places_of(from, until);
    std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
        if (a.head != b.head) {
            return a.head < b.head;
        }
        const int order = changes_[a.number].key.compare(changes_[b.number].key);
        return order != 0 ? order < 0 : a.number < b.number;
    });
    std::vector<const IndexChange*> found;
    found.reserve(places.size());
    for (auto first = places.begin(); first != places.end();) {
        auto last = first;
        auto next = std::next(first);
        while (next != places.end() && changes_[next->number].key == changes_[first->number].key) {
            last = next++;
        }
        IndexChange& change = changes_[last->number];
        change.was_absent = changes_[first->number].was_absent;
        if (keeps_erasures_ || change.is_put || !change.was_absent) {
            found.push_back(&change);
        }
        first = next;
    }
    return found;
}

void IndexChanges::clear() {
    newest_.clear();
    changes_.clear();
    arena_.release();
}

}  // namespace store
