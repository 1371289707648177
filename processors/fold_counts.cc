#include <algorithm>

#include "processors/fold.h"

// What became of each record: the ledger of the log, and the counts of its source.

namespace processors {
namespace {

using store::Family;

/// When the fact happened, for the newest event of a source; nullopt of what has no such time.
std::optional<base::UtcMillis> event_time(const events::pb::Event& head) {
    using events::pb::Event;
    switch (head.data_case()) {
        case Event::kCdrRow: return base::from_ms(head.cdr_row().ended_at());
        case Event::kCall: return base::from_ms(head.call().started_at());
        case Event::kCallLeg: return base::from_ms(head.call_leg().ring_started_at());
        case Event::kEmail: return base::from_ms(head.email().sent_at());
        default: return head.has_time() ? std::optional(base::from_ms(head.time())) : std::nullopt;
    }
}

}  // namespace

base::Result<void> Fold::count(const CompanyState& company, kpi::Source source,
                               const events::EventView& event, Verdict verdict) {
    auto place = sources_.find({company.ordinal, source});
    if (place == sources_.end()) {
        const std::string key = store::source_key(company.ordinal, source);
        BOOST_OUTCOME_TRY(const auto stored, state_.read<store::SourceRow>(Family::state, key));
        place =
            sources_
                .emplace(std::pair(company.ordinal, source), stored.value_or(store::SourceRow{}))
                .first;
    }
    store::SourceRow& row = place->second;
    store::Ledger& ledger = state_.position.ledger;
    switch (verdict) {
        case Verdict::fresh:
        case Verdict::revision:
            ++row.applied;
            ++ledger.applied;
            break;
        case Verdict::duplicate:
            ++row.duplicate;
            ++ledger.duplicate;
            break;
        case Verdict::stale:
            ++row.stale;
            ++ledger.stale;
            break;
        case Verdict::conflict:
        case Verdict::rejected:
            ++row.quarantined;
            ++ledger.quarantined;
            break;
    }
    const auto received_at = base::from_ms(event.head.received_at());
    row.last_received_at = std::max(row.last_received_at.value_or(received_at), received_at);
    if (verdict != Verdict::rejected) {
        if (const auto at = event_time(event.head)) {
            row.newest_event_at = std::max(row.newest_event_at.value_or(*at), *at);
        }
        if (event.head.has_heartbeat()) {
            const auto up_to = base::from_ms(event.head.heartbeat().up_to());
            row.up_to = std::max(row.up_to.value_or(up_to), up_to);
            watches_.heard_from(company.ordinal, source, up_to);
        }
    }
    return base::success();
}

void Fold::write_sources() {
    for (const auto& [key, row] : sources_) {
        state_.write(Family::state, store::source_key(key.first, key.second), row);
    }
    sources_.clear();
}

}  // namespace processors
