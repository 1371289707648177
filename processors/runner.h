#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/probe.h"
#include "eventlog/log.h"
#include "processors/fold.h"
#include "store/read_view.h"
#include "store/view_store.h"

namespace processors {

struct RunnerOptions {
    eventlog::Partition partition;
    std::uint64_t generation = 1;
    /// A batch takes what is there, at most so many records; no view depends on it.
    std::size_t batch_records_max = 2'000;
    std::size_t catch_up_records_max = 25'000;  ///< when more than that is waiting
    /// `open` holds the views against the log. Not of a log that is somewhere else and may be out
    /// of reach: it refuses what does not fit when it is read.
    bool checks_log = true;
};

/// Owns a partition: takes what is there, folds it, commits every changed row and the next offset
/// in one write, publishes the ReadView. The only impure file of this folder.
///
/// Threads: `start` runs the loop on a thread of its own; `run_to_end` on the caller's, never both
/// at once.
///          `view`, `wait_applied` and the probe from any.
class Runner : public base::Probe {
public:
    Runner(eventlog::LogReader& log, std::shared_ptr<store::ViewStore> store,
           RunnerOptions options);
    ~Runner() override;

    /// Opens the fold at the position of its store and publishes the first view.
    /// Errors: corrupt - view and log contradict each other (both offsets are named).
    base::Result<void> open();

    /// Again after `stop`, too.
    void start();
    /// Ends the loop after the batch in hand; idempotent.
    void stop();
    /// Folds everything durable now. For commands without a server, and for a rebuild.
    base::Result<void> run_to_end();
    /// Folds up to `offset` (exclusive) and no further. `is_cancelled` is asked between batches.
    /// Errors: cancelled - it was.
    base::Result<void> run_to(
        std::uint64_t offset, const std::function<bool()>& is_cancelled = [] { return false; });

    std::shared_ptr<const store::ReadView> view() const;
    /// Waits until `applied_offset >= offset`; false when `timeout` passed first, or the runner
    /// stopped, or nobody waits any longer.
    bool wait_applied(std::uint64_t offset, std::chrono::milliseconds timeout) const;
    /// The same for the records below `offset` of a collector's own log.
    bool wait_origin_applied(const eventlog::LogId& log_id, std::uint64_t offset,
                             std::chrono::milliseconds timeout) const;
    /// From now on `wait_applied` waits for nothing: the process is about to stop.
    void end_waits();
    /// Why the loop ended by itself; nullopt while it is well.
    std::optional<base::Error> failure() const;

    /// Goes on with other views of the same log that stand at the same offset. Not while the loop
    /// runs. Errors: of `open`; the runner is of no use then.
    base::Result<void> replace_store(std::shared_ptr<store::ViewStore> store,
                                     std::uint64_t generation);

    std::shared_ptr<store::ViewStore> store() const;
    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    bool wait(std::chrono::milliseconds timeout,
              const std::function<bool(const store::ReadView&)>& is_reached) const;
    void loop(const std::stop_token& stop);
    /// Folds one batch of records below `until`; false when there was none.
    base::Result<bool> step(std::uint64_t until);
    /// Folds the records that come next; true when the batch should end.
    base::Result<bool> fold_some(std::uint64_t end);
    base::Result<void> finish_job();
    base::Result<void> commit();

    eventlog::LogReader& log_;
    std::shared_ptr<store::ViewStore> store_;
    RunnerOptions options_;
    std::unique_ptr<Fold> fold_;
    mutable std::mutex mutex_;
    mutable std::condition_variable_any applied_;
    std::shared_ptr<const store::ReadView> view_;
    std::optional<base::Error> failure_;
    bool waits_ended_ = false;
    std::jthread thread_;
};

}  // namespace processors
