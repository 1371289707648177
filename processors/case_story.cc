#include "processors/case_story.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

namespace processors {
namespace {

using store::Family;

/// How much of a story is looked up at first; then all the rest, if it is asked for.
constexpr std::chrono::days first_stretch{40};
constexpr std::uint64_t of_client = 1;

bool is_same_entity(const CaseEvent& one, const CaseEvent& other) {
    return one.kind == other.kind && one.native_id == other.native_id && one.scope == other.scope;
}

/// The order of a story but for the scope's name.
auto order_of(const CaseEvent& event) {
    return std::tuple(event.at, event.what, std::string_view(event.native_id), event.kind);
}

}  // namespace

std::vector<CaseEvent> KnownStory::events(base::UtcMillis at) const {
    const auto first = std::find_if(events_.begin(), events_.end(),
                                    [at](const CaseEvent& one) { return one.at >= at; });
    return {first, events_.end()};
}

void KnownStory::note(const std::optional<CaseEvent>& before,
                      const std::optional<CaseEvent>& after) {
    if (before) {
        std::erase_if(events_, [&](const CaseEvent& one) { return is_same_entity(one, *before); });
    }
    if (!after || after->at < from_) {
        return;
    }
    const auto place = std::lower_bound(
        events_.begin(), events_.end(), *after,
        [](const CaseEvent& a, const CaseEvent& b) { return order_of(a) < order_of(b); });
    // Which of two comes first may be the name of its scope: that is looked up with the rows.
    if (place != events_.end() && order_of(*place) == order_of(*after)) {
        forget();
        return;
    }
    events_.insert(place, *after);
    if (events_.size() > events_max) {  // what is older is seldom asked for again
        drop_before(events_[events_max / 2].at);
    }
    if (events_.size() > events_max) {
        forget();
    }
}

void KnownStory::keep(std::vector<CaseEvent> events, base::UtcMillis from) {
    if (events.size() <= events_max) {
        events_ = std::move(events);
        from_ = from;
    }
}

void KnownStory::drop_before(base::UtcMillis at) {
    if (from_ < at) {
        std::erase_if(events_, [at](const CaseEvent& one) { return one.at < at; });
        from_ = at;
    }
}

void KnownStory::forget() {
    events_ = {};
    from_ = base::for_ever;
}

CaseStory::CaseStory(FoldState& state, const CompanyState& company, std::uint64_t member,
                     const KnownStory& known, base::UtcMillis from, base::UtcMillis until)
    : state_(state),
      company_(company),
      member_(member),
      from_(from),
      begin_(from),
      end_(std::max(from, until) + first_stretch),
      is_known_(known.reaches_from(from)) {
    if (is_known_) {
        const auto events = known.events(from);
        events_.assign(events.begin(), events.end());
        begin_ = end_;
    } else if (end_ > state.position.log_time) {  // nothing happens later
        end_ = base::for_ever;
    }
}

base::Result<std::optional<CaseEvent>> CaseStory::next() {
    while (events_.empty() && (!keys_.empty() || begin_ < end_)) {
        BOOST_OUTCOME_TRY(keys_.empty() ? find() : read());
    }
    if (events_.empty()) {
        return std::optional<CaseEvent>();
    }
    auto event = std::move(events_.front());
    events_.pop_front();
    if (!is_known_ && shown_.size() <= KnownStory::events_max) {
        shown_.push_back(event);
    }
    return std::optional(std::move(event));
}

void CaseStory::keep_in(KnownStory& known) const {
    if (!is_known_ && events_.empty() && keys_.empty() && begin_ >= end_) {
        known.keep(shown_, from_);
    }
}

/// The search keys of the member in [begin_, end_); they run from new to old.
base::Result<void> CaseStory::find() {
    const auto index = member_ >> 32 == of_client ? store::Index::client : store::Index::subject;
    const std::uint64_t term = member_ & 0xffffffff;
    BOOST_OUTCOME_TRY(state_.rows.scan_index(
        store::index_lower(index, company_.ordinal, term, end_),
        store::index_upper(index, company_.ordinal, term, begin_), [&](std::string_view bytes) {
            store::IndexKey key;
            if (store::read_index_key(bytes, key)) {
                keys_.push_back(std::move(key));
            }
            return true;
        }));
    begin_ = end_;
    end_ = base::for_ever;
    return base::success();
}

/// All events of the oldest instant that is not read yet.
base::Result<void> CaseStory::read() {
    const base::UtcMillis at = keys_.back().at;
    for (; !keys_.empty() && keys_.back().at == at; keys_.pop_back()) {
        BOOST_OUTCOME_TRY(auto event, event_of(keys_.back()));
        if (event && event->member == member_ && event->at == at) {
            events_.push_back(std::move(*event));
        }
    }
    return events_.size() > 1 ? sort() : base::Result<void>(base::success());
}

base::Result<std::optional<CaseEvent>> CaseStory::event_of(const store::IndexKey& key) {
    const store::EntityKey entity{key.company, key.kind, key.scope, key.native_id};
    const store::Key bytes = store::entity_key(entity);
    if (key.kind == store::kind_byte(events::Kind::call)) {
        BOOST_OUTCOME_TRY(const auto row, state_.read<store::CallRow>(Family::entity, bytes));
        return row ? case_event_of(entity, row->call) : std::nullopt;
    }
    if (key.kind == store::kind_byte(events::Kind::email)) {
        BOOST_OUTCOME_TRY(const auto row, state_.read<store::ActivityRow>(Family::entity, bytes));
        return row ? case_event_of(entity, *row) : std::nullopt;
    }
    return std::optional<CaseEvent>();
}

base::Result<void> CaseStory::sort() {
    using Place = std::pair<std::string_view, const CaseEvent*>;  // by the scope's name
    std::vector<Place> places;
    for (const CaseEvent& event : events_) {
        BOOST_OUTCOME_TRY(
            const std::string_view scope,
            state_.names.text(company_.ordinal, store::Table::scope, event.scope.value()));
        places.emplace_back(scope, &event);
    }
    std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
        return std::tuple(order_of(*a.second), a.first) < std::tuple(order_of(*b.second), b.first);
    });
    std::deque<CaseEvent> sorted;
    for (const auto& [scope, event] : places) {
        sorted.push_back(*event);
    }
    events_.swap(sorted);
    return base::success();
}

}  // namespace processors
