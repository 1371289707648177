#pragma once

#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"
#include "eventlog/log.h"
#include "processors/activity_fold.h"
#include "processors/call_fold.h"
#include "processors/directory_fold.h"
#include "processors/fold_state.h"
#include "processors/reattribution.h"
#include "processors/timers.h"
#include "processors/verdict.h"
#include "processors/watch_fold.h"
#include "store/read_view.h"

namespace processors {

/// Raised with every change of what the fold makes of a log: rows of another version are built
/// anew.
inline constexpr std::uint64_t fold_version = 7;

/// The fold of one partition's log into rows: record after record, a pure function of their bytes.
///
/// Every record gets exactly one verdict, and the ledger balances at every record border. What a
/// record moves in entities already folded, and the timers that its log time lets fire, is done
/// with the record, unless it is more than `inline_entities_max`: then the rest is a job, which
/// must be done before the next record
/// (`work`). Between directory.begin and .applied such work waits.
///
/// Invariants: rows after n records are the same whatever the cut of batches (I1 of
/// docs/architecture.md). Threads:    one.
class Fold {
public:
    explicit Fold(store::ViewStore& store);

    /// Reads where the rows stand; empty rows begin at `log_start`. Errors: corrupt.
    base::Result<void> open(std::uint64_t log_start);

    /// Decodes the records that come next and reads what they will ask for, all at once. Changes no
    /// state: leaving it out costs time and nothing else.
    base::Result<void> look_ahead(std::span<const eventlog::ReadRecord> records);

    /// Folds the record at position().next_offset. Not to be called while has_job().
    base::Result<void> apply(const eventlog::ReadRecord& record);

    /// Work of an earlier record is left.
    bool has_job() const {
        return (!state_.job.bracket_open && (!state_.dirt.empty() || watches_.has_work())) ||
               timers_.is_due(state_.position.log_time);
    }
    /// Before then nothing becomes true by log time alone; nullopt: nothing ever does.
    std::optional<base::UtcMillis> next_timer() const { return timers_.earliest(); }
    /// Does a part of it.
    base::Result<void> work();

    /// Writes every changed row and the position, atomically.
    base::Result<void> commit();

    const store::PositionRow& position() const { return state_.position; }
    std::size_t changes_count() const {
        return state_.rows.changes_count() + state_.cells.changes_count();
    }
    base::Uint128 digest() const { return state_.rows.digest(); }

    /// What a ReadView shows of the companies; copies only what changed since the last call.
    std::map<std::string, store::CompanyView> companies();
    /// Done and total of the job in hand; nullopt when there is none.
    std::optional<std::pair<std::uint64_t, std::uint64_t>> reattributing() const;
    /// No change of a directory waits to be worked into the rows.
    bool is_settled() const { return state_.dirt.empty(); }
    /// Below next_offset while a job is in hand.
    std::uint64_t applied_offset() const;

    static constexpr std::size_t inline_entities_max = 10'000;
    /// So many fire at once: each may move all norms of a manager.
    static constexpr std::size_t timers_max = 1'000;
    /// So many are looked up between two commits.
    static constexpr std::size_t watched_managers_max = 1'000;

private:
    events::EventView decoded(const eventlog::ReadRecord& record);
    base::Result<void> apply_tick(const eventlog::ReadRecord& record, const events::pb::Tick& tick);
    base::Result<void> apply_event(const eventlog::ReadRecord& record,
                                   const events::EventView& event);
    base::Result<Verdict> judge_event(const eventlog::ReadRecord& record,
                                      const events::EventView& event, CompanyState& company,
                                      kpi::Source source);
    base::Result<Verdict> dispatch(CompanyState& company, const Incoming& incoming);
    base::Result<Verdict> apply_void(CompanyState& company, const Incoming& incoming);
    base::Result<void> act_on_void(CompanyState& company, kpi::Scope scope,
                                   const events::pb::Void& voided, const std::string& entity_id);
    base::Result<Verdict> keep(CompanyState& company, const Incoming& incoming);
    base::Result<void> quarantine(const eventlog::ReadRecord& record,
                                  const events::EventView& event, const CompanyState& company,
                                  kpi::Source source, Verdict verdict);
    base::Result<void> quarantine_action(const events::pb::QuarantineAction& action);
    base::Result<void> count(const CompanyState& company, kpi::Source source,
                             const events::EventView& event, Verdict verdict);
    base::Result<void> fire_timers();
    void write_position();
    void write_sources();

    FoldState state_;
    Timers timers_;
    WatchFold watches_;
    CaseFold cases_;
    CallFold calls_;
    ActivityFold activities_;
    DirectoryFold directory_;
    Reattribution reattribution_;
    /// Counts of the sources heard since the last commit.
    std::map<std::pair<kpi::Company, kpi::Source>, store::SourceRow> sources_;
    std::map<std::string, std::pair<std::uint64_t, store::CompanyView>> shown_;
    google::protobuf::Arena arena_;
    std::deque<std::pair<std::uint64_t, events::EventView>> ahead_;  ///< decoded there, by offset
};

}  // namespace processors
