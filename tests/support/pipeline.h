#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/int128.h"
#include "base/memory_files.h"
#include "eventlog/segment_log.h"
#include "events/event.h"
#include "ingest/mapped.h"
#include "processors/rebuild.h"
#include "processors/runner.h"
#include "query/ports.h"
#include "store/read_view.h"
#include "store/rows.h"

namespace support {

/// What a pipeline is set up with.
struct PipelineOptions {
    std::string zone = "Europe/Moscow";
    std::string region = "RU";
    bool small_segments = false;  ///< a log of a few hundred records has several segments then
};

/// The product in one process: the mappers, the log over files in memory, the fold over a store in
/// memory, the answers. What is swapped is the file system and the clock; nothing is imitated.
///
/// One company `acme` with the sources `pbx-1` and `pbx-2` (asterisk-cdr-csv, one PBX `main`),
/// `crm` and `journal` (cloudevents). The clock stands at 2026-11-20T12:00Z until it is set.
///
/// Everything that goes in is durable and folded when the call returns.
/// Errors:  of log, fold and store; invalid - a directory that cannot be read, an unknown source.
/// Threads: one.
class Pipeline {
    /// `open` alone constructs.
    class Key {
        friend class Pipeline;
        Key() = default;
    };

public:
    explicit Pipeline(Key) {}
    Pipeline(const Pipeline&) = delete;
    Pipeline& operator=(const Pipeline&) = delete;

    /// With the declaration of its settings as the first record.
    static base::Result<std::unique_ptr<Pipeline>> open(const PipelineOptions& options);

    /// Makes the directory.yaml stand, as `directory apply --prune` does.
    base::Result<void> apply_directory(std::string_view yaml);
    /// A file of cdr_csv, of CloudEvents a line. Returns: what became of its records.
    base::Result<store::Ledger> import_cdr(std::string_view source, std::string_view text);
    base::Result<store::Ledger> import_events(std::string_view source, std::string_view lines);
    /// Drops every sealed segment of the log, as retention does.
    base::Result<void> drop_old_segments();

    /// What comes from now on is received then; never earlier than before.
    void set_clock(base::UtcMillis now) { clock_.set(now); }

    /// Log time goes on to the clock's.
    base::Result<void> tick();

    /// The answers of query/answers.h, as JSON text. Full numbers are shown.
    base::Result<std::string> calls(const query::Params& params) const;
    base::Result<std::string> call(std::string_view call_id) const;
    base::Result<std::string> kpis(const query::Params& params) const;
    base::Result<std::string> missed(const query::Params& params) const;
    base::Result<std::string> explain(const query::Params& params) const;
    base::Result<std::string> pace(const query::Params& params) const;
    base::Result<std::string> board(const query::Params& params) const;
    base::Result<std::string> deviations(const query::Params& params) const;
    base::Result<std::string> managers(const query::Params& params) const;
    base::Result<std::string> sources() const;
    base::Result<std::string> quarantine(const query::Params& params) const;

    const store::Ledger& ledger() const { return state_->position.ledger; }
    /// Records that the fold has taken.
    std::uint64_t records_count() const;
    base::Uint128 digest() const { return state_->digest; }
    /// The digest of a fold of the same log into empty rows, in batches of so many records, up to
    /// `until` (exclusive).
    base::Result<base::Uint128> refold(std::size_t batch_records,
                                       std::uint64_t until = UINT64_MAX) const;
    /// What `doctor` says of the rows as they stand now, also when they were written behind the
    /// fold's back.
    base::Result<processors::Diagnosis> doctor() const;

    const app::Config& config() const { return config_; }
    const store::ReadView& view() const { return *state_; }
    store::ViewStore& rows() { return *runner_->store(); }

private:
    base::Result<store::Ledger> import_file(std::string_view source, std::string_view text);
    base::Result<void> append(std::vector<eventlog::Record> records);
    base::Result<void> fold();
    base::Result<void> declare_settings();
    base::Result<std::vector<events::Event>> directory_changes(std::string_view yaml) const;
    events::Event enveloped(events::Event event, std::string_view word,
                            const std::string& id) const;
    query::Ports ports() const;

    app::Config config_;
    base::ManualClock clock_{base::since_ever};
    base::MemoryFiles files_;
    std::unique_ptr<eventlog::SegmentLog> log_;
    std::unique_ptr<processors::Runner> runner_;
    std::shared_ptr<const store::ReadView> state_;
    std::uint64_t directory_runs_ = 0;
};

}  // namespace support
