#include "store/index_changes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <tuple>
#include <utility>

#include "store/bytes.h"
#include "store/view_store.h"

namespace store {
namespace {

/// Index, company and term of a key (keys.h).
constexpr std::size_t term_bytes = 1 + 4 + 8;

/// Where a key stands, with the bytes behind its term at hand for comparing.
struct Place {
    std::array<std::uint64_t, 2> head{};
    std::size_t number = 0;
};

}  // namespace

void IndexChanges::add(IndexChange change) {
    Run& run = runs_[change.key.substr(0, term_bytes)];
    run.changes.push_back(std::move(change));
    run.is_sorted = run.changes.size() == 1;
    ++count_;
}

/// Brings a run into the order of its keys, of each the last. A key that was absent and is erased
/// again was never there, unless it must be kept.
void IndexChanges::sort(Run& run) const {
    if (run.is_sorted) {
        return;
    }
    std::vector<IndexChange>& changes = run.changes;
    std::vector<Place> order;
    order.reserve(changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const std::string_view key = changes[i].key;
        order.push_back({{number_at(key, term_bytes), number_at(key, term_bytes + 8)}, i});
    }
    std::sort(order.begin(), order.end(), [&](const Place& a, const Place& b) {
        if (a.head != b.head) {
            return a.head < b.head;
        }
        return std::tie(changes[a.number].key, a.number) <
               std::tie(changes[b.number].key, b.number);
    });
    std::vector<IndexChange> sorted;
    sorted.reserve(order.size());
    for (const Place& place : order) {
        IndexChange& change = changes[place.number];
        if (sorted.empty() || sorted.back().key != change.key) {
            sorted.push_back(std::move(change));
        } else {
            sorted.back().is_put = change.is_put;
        }
    }
    if (!keeps_erasures_) {
        std::erase_if(sorted, [](const IndexChange& one) { return one.was_absent && !one.is_put; });
    }
    changes = std::move(sorted);
    run.is_sorted = true;
}

void IndexChanges::add_between(Run& run, std::string_view from, std::string_view until,
                               std::vector<const IndexChange*>& found) const {
    sort(run);
    const auto before = [](const IndexChange& change, std::string_view key) {
        return change.key < key;
    };
    const auto first = std::lower_bound(run.changes.begin(), run.changes.end(), from, before);
    const auto end = until.empty() ? run.changes.end()
                                   : std::lower_bound(first, run.changes.end(), until, before);
    for (auto at = first; at < end; ++at) {
        found.push_back(&*at);
    }
}

std::vector<const IndexChange*> IndexChanges::between(std::string_view from,
                                                      std::string_view until) {
    std::vector<const IndexChange*> found;
    const std::string term(from.substr(0, term_bytes));
    const bool is_of_one_term =
        term.size() == term_bytes && !until.empty() && until <= prefix_end(term);
    if (is_of_one_term) {
        const auto run = runs_.find(term);
        if (run != runs_.end()) {
            add_between(run->second, from, until, found);
        }
        return found;
    }
    std::vector<std::pair<const std::string, Run>*> in_order;
    in_order.reserve(runs_.size());
    for (auto& run : runs_) {
        in_order.push_back(&run);
    }
    std::sort(in_order.begin(), in_order.end(),
              [](const auto* a, const auto* b) { return a->first < b->first; });
    found.reserve(count_);
    for (auto* const run : in_order) {
        add_between(run->second, from, until, found);
    }
    return found;
}

void IndexChanges::clear() {
    runs_.clear();
    count_ = 0;
}

}  // namespace store
