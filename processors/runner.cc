#include "processors/runner.h"

#include <algorithm>
#include <string>

#include "base/thread_name.h"
#include "processors/origins.h"

namespace processors {
namespace {

constexpr std::chrono::milliseconds idle_wait{500};
/// So many records are read and decoded, and what they ask for is read, at once.
constexpr std::size_t look_ahead_records = 1'000;
constexpr std::size_t read_bytes_max = 8U << 20U;
/// A batch ends early when it has changed so many rows and index keys, about 100 B each: what is
/// not yet written stands in memory.
constexpr std::size_t batch_changes_max = 1'000'000;

}  // namespace

Runner::Runner(eventlog::LogReader& log, std::shared_ptr<store::ViewStore> store,
               RunnerOptions options)
    : log_(log), store_(std::move(store)), options_(options) {
}

Runner::~Runner() {
    stop();
}

base::Result<void> Runner::open() {
    fold_ = std::make_unique<Fold>(*store_);
    const std::uint64_t first = log_.first_offset(options_.partition);
    const std::uint64_t end = log_.durable_end(options_.partition);
    BOOST_OUTCOME_TRY(fold_->open(first));
    const std::uint64_t next = fold_->position().next_offset;
    if (options_.checks_log && (next > end || next < first)) {
        return base::Error(base::ErrorCode::corrupt,
                           "partition " + std::to_string(options_.partition.value()) +
                               ": the views stand at offset " + std::to_string(next) +
                               ", the log holds " + std::to_string(first) + " to " +
                               std::to_string(end) + ": both are kept, nothing is changed");
    }
    return commit();
}

base::Result<void> Runner::commit() {
    BOOST_OUTCOME_TRY(fold_->commit());
    auto view = std::make_shared<store::ReadView>();
    view->rows = store_->snapshot();
    view->partition = options_.partition.value();
    view->generation = options_.generation;
    view->position = fold_->position();
    view->applied_offset = fold_->applied_offset();
    view->reattributing = fold_->reattributing();
    view->next_timer = fold_->next_timer();
    view->is_settled = fold_->is_settled();
    view->companies = fold_->companies();
    view->digest = fold_->digest();
    {
        const std::lock_guard lock(mutex_);
        view_ = std::move(view);
    }
    applied_.notify_all();
    return base::success();
}

base::Result<void> Runner::finish_job() {
    while (fold_->has_job()) {
        BOOST_OUTCOME_TRY(fold_->work());
        BOOST_OUTCOME_TRY(commit());
    }
    return base::success();
}

base::Result<bool> Runner::step(std::uint64_t until) {
    BOOST_OUTCOME_TRY(finish_job());
    const std::uint64_t next = fold_->position().next_offset;
    if (next >= until) {
        return false;
    }
    const std::size_t batch = until - next > options_.catch_up_records_max
                                  ? options_.catch_up_records_max
                                  : options_.batch_records_max;
    const std::uint64_t end = next + std::min<std::uint64_t>(batch, until - next);
    bool is_full = false;
    while (!is_full && fold_->position().next_offset < end) {
        BOOST_OUTCOME_TRY(is_full, fold_some(end));
    }
    BOOST_OUTCOME_TRY(commit());
    return fold_->position().next_offset != next;
}

base::Result<bool> Runner::fold_some(std::uint64_t end) {
    const std::uint64_t next = fold_->position().next_offset;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(look_ahead_records, end - next));
    BOOST_OUTCOME_TRY(const auto records,
                      log_.read(options_.partition, next, wanted, read_bytes_max));
    BOOST_OUTCOME_TRY(fold_->look_ahead(records));
    for (const eventlog::ReadRecord& record : records) {
        BOOST_OUTCOME_TRY(fold_->apply(record));
        if (fold_->has_job()) {
            return true;
        }
    }
    return records.empty() || fold_->changes_count() > batch_changes_max;
}

base::Result<void> Runner::run_to(std::uint64_t offset, const std::function<bool()>& is_cancelled) {
    for (;;) {
        if (is_cancelled()) {
            return base::Error(base::ErrorCode::cancelled, "the process is stopping");
        }
        BOOST_OUTCOME_TRY(const bool more, step(offset));
        if (!more) {
            return base::success();
        }
    }
}

base::Result<void> Runner::run_to_end() {
    return run_to(log_.durable_end(options_.partition));
}

void Runner::start() {
    {
        const std::lock_guard lock(mutex_);
        failure_.reset();
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
}

void Runner::loop(const std::stop_token& stop) {
    base::name_this_thread("fold " + std::to_string(options_.partition.value()));
    while (!stop.stop_requested()) {
        auto worked = step(log_.durable_end(options_.partition));
        if (!worked) {
            {
                const std::lock_guard lock(mutex_);
                failure_ = worked.error();
            }
            applied_.notify_all();
            return;
        }
        if (!worked.value()) {
            log_.wait_beyond(options_.partition, fold_->position().next_offset, idle_wait, stop);
        }
    }
}

void Runner::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        applied_.notify_all();
        thread_.join();
    }
}

std::shared_ptr<const store::ReadView> Runner::view() const {
    const std::lock_guard lock(mutex_);
    return view_;
}

void Runner::end_waits() {
    {
        const std::lock_guard lock(mutex_);
        waits_ended_ = true;
    }
    applied_.notify_all();
}

bool Runner::wait(std::chrono::milliseconds timeout,
                  const std::function<bool(const store::ReadView&)>& is_reached) const {
    std::unique_lock lock(mutex_);
    const auto reached = [&] { return view_ && is_reached(*view_); };
    applied_.wait_for(lock, timeout,
                      [&] { return reached() || failure_.has_value() || waits_ended_; });
    return reached();
}

bool Runner::wait_applied(std::uint64_t offset, std::chrono::milliseconds timeout) const {
    return wait(timeout, [&](const auto& view) { return view.applied_offset >= offset; });
}

bool Runner::wait_origin_applied(const eventlog::LogId& log_id, std::uint64_t offset,
                                 std::chrono::milliseconds timeout) const {
    return wait(timeout, [&](const store::ReadView& view) {
        return !view.reattributing && has_all_below(view.position, log_id, offset);
    });
}

std::shared_ptr<store::ViewStore> Runner::store() const {
    const std::lock_guard lock(mutex_);
    return store_;
}

base::Result<void> Runner::replace_store(std::shared_ptr<store::ViewStore> store,
                                         std::uint64_t generation) {
    fold_.reset();
    options_.generation = generation;
    {
        const std::lock_guard lock(mutex_);
        store_ = std::move(store);
        failure_.reset();
    }
    return open();
}

std::optional<base::Error> Runner::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

void Runner::visit(const std::function<void(const base::Sample&)>& show) const {
    const auto view = this->view();
    if (!view) {
        return;
    }
    const std::string partition = std::to_string(options_.partition.value());
    const store::Ledger& ledger = view->position.ledger;
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    const auto counter = [&](std::string name, std::string help, std::uint64_t value) {
        show({.name = std::move(name),
              .help = std::move(help),
              .kind = base::Sample::Kind::counter,
              .labels = {{"partition", partition}},
              .value = number(value),
              .buckets = {}});
    };
    const auto gauge = [&](std::string name, std::string help, double value) {
        show({.name = std::move(name),
              .help = std::move(help),
              .kind = base::Sample::Kind::gauge,
              .labels = {{"partition", partition}},
              .value = value,
              .buckets = {}});
    };
    counter("processor_events_applied_total",
            "Records that changed the views, and events without entity.", ledger.applied);
    counter("processor_events_duplicate_total",
            "Records already known: same key, revision and content.", ledger.duplicate);
    counter("processor_events_stale_total", "Records of a lower revision than the one in force.",
            ledger.stale);
    counter("processor_events_quarantined_total", "Records kept in quarantine.",
            ledger.quarantined);
    const std::uint64_t end = log_.durable_end(options_.partition);
    gauge("processor_lag_records", "Durable records not yet applied.",
          number(end - std::min(end, view->applied_offset)));
    gauge("processor_watermark_timestamp_seconds", "Log time: the newest received_at applied.",
          static_cast<double>(base::to_ms(view->position.log_time)) / 1000.0);
}

}  // namespace processors
