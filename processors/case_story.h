#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "processors/case_life.h"
#include "processors/fold_state.h"

namespace processors {

/// Every event of one member from an instant on, in their order, in memory: a cache of what its
/// search keys lead to. Who keeps one notes every change of these events.
class KnownStory {
public:
    /// Whether all events from `at` on are here.
    bool reaches_from(base::UtcMillis at) const { return from_ <= at; }
    /// The events from `at` on.
    std::vector<CaseEvent> events(base::UtcMillis at) const;

    void note(const std::optional<CaseEvent>& before, const std::optional<CaseEvent>& after);
    void keep(std::vector<CaseEvent> events, base::UtcMillis from);
    /// What is before `at` is needed no more.
    void drop_before(base::UtcMillis at);
    void forget();
    std::size_t size() const { return events_.size(); }

    /// Of a longer one the older half is dropped.
    static constexpr std::size_t events_max = 32;

private:
    std::vector<CaseEvent> events_;
    base::UtcMillis from_ = base::for_ever;
};

/// The events of one member from an instant on, in order, read as they are asked for: by instant,
/// what they are, native id, kind and the name of the scope, which is an order of the facts.
///
/// Cost: of a known story none; else a scan of search keys, and a row for each event.
class CaseStory {
public:
    /// `until`: what is asked for ends soon behind it, as a rule.
    CaseStory(FoldState& state, const CompanyState& company, std::uint64_t member,
              const KnownStory& known, base::UtcMillis from, base::UtcMillis until);

    /// The next event; nullopt: there is none. Errors: those of the store.
    base::Result<std::optional<CaseEvent>> next();

    /// Makes it known, if it was read from the rows to its end.
    void keep_in(KnownStory& known) const;

private:
    base::Result<void> find();
    base::Result<void> read();
    base::Result<std::optional<CaseEvent>> event_of(const store::IndexKey& key);
    base::Result<void> sort();

    FoldState& state_;
    const CompanyState& company_;
    std::uint64_t member_;
    base::UtcMillis from_;
    base::UtcMillis begin_;  ///< keys of [begin_, end_) are looked up next
    base::UtcMillis end_;
    std::vector<store::IndexKey> keys_;  ///< found and not read
    std::deque<CaseEvent> events_;       ///< read and not shown
    std::vector<CaseEvent> shown_;       ///< from the rows; not more than can be kept, and one
    bool is_known_;
};

}  // namespace processors
