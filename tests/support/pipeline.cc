#include "tests/support/pipeline.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "app/declaration.h"
#include "app/node.h"
#include "app/standing_directory.h"
#include "app/ticker.h"
#include "base/ensure.h"
#include "ingest/cloudevents/event_json.h"
#include "ingest/directory_yaml.h"
#include "ingest/file_append.h"
#include "ingest/file_import.h"
#include "kpi/local_time.h"
#include "processors/directory_entries.h"
#include "query/answers.h"
#include "store/rocks_view_store.h"

namespace support {
namespace {

namespace yaml = ingest::directory_yaml;

constexpr eventlog::Partition partition{0};
constexpr std::string_view company = "acme";
constexpr std::string_view directory_sender = "directory";

std::string config_text(const PipelineOptions& options) {
    return "data_dir: /data\ncompany: {id: acme, name: Acme, timezone: " + options.zone +
           ", region: " + options.region +
           ", currency: RUB, mail_domains: [acme.example]}\n"
           "pbx: {main: {}}\n"
           "sources:\n"
           "  - {id: pbx-1, kind: asterisk-cdr-csv, pbx: main, international_prefix: \"810\"}\n"
           "  - {id: pbx-2, kind: asterisk-cdr-csv, pbx: main, international_prefix: \"810\"}\n"
           "  - {id: crm, kind: cloudevents, international_prefix: \"810\"}\n"
           "  - {id: journal, kind: cloudevents}\n";
}

eventlog::SegmentLogOptions log_options(const PipelineOptions& options) {
    eventlog::SegmentLogOptions made;
    if (options.small_segments) {
        made.segment_bytes = 64 << 10;
        made.zero_step = 4 << 10;
        made.group_bytes_max = 32 << 10;
        made.batch_bytes_max = 8 << 10;
        made.record_bytes_max = 16 << 10;
        made.compress = false;
    }
    return made;
}

/// A directory that is made and removed.
class ScratchDir {
public:
    ScratchDir() {
        std::string pattern = std::filesystem::temp_directory_path() / "normwatch-XXXXXX";
        ENSURE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~ScratchDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDir(const ScratchDir&) = delete;
    ScratchDir& operator=(const ScratchDir&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The void of an entry that the file no longer has.
events::Event removal_of(const app::StandingEntry& entry, const kpi::Zone& zone) {
    events::Event event;
    events::pb::Void& target = *event.head.mutable_void_();
    target.set_kind(std::string(events::to_string(entry.kind)));
    target.set_entity_id(processors::identity_of(entry.event.head, zone).name);
    target.set_revision(entry.revision);
    return event;
}

}  // namespace

base::Result<std::unique_ptr<Pipeline>> Pipeline::open(const PipelineOptions& options) {
    auto made = std::make_unique<Pipeline>(Key());
    BOOST_OUTCOME_TRY(made->config_, app::parse_config(config_text(options), "normwatch.yaml", {}));
    made->clock_.set(*kpi::parse_instant("2026-11-20T12:00:00Z"));
    BOOST_OUTCOME_TRY(made->log_,
                      eventlog::SegmentLog::open(made->files_, "/data", log_options(options)));
    BOOST_OUTCOME_TRY(auto rows, store::open_rocks_in_memory());
    made->runner_ = std::make_unique<processors::Runner>(*made->log_, std::move(rows),
                                                         processors::RunnerOptions{});
    BOOST_OUTCOME_TRY(made->runner_->open());
    BOOST_OUTCOME_TRY(made->fold());
    BOOST_OUTCOME_TRY(made->declare_settings());
    return made;
}

base::Result<void> Pipeline::fold() {
    BOOST_OUTCOME_TRY(runner_->run_to_end());
    state_ = app::with_configured(runner_->view(), config_);
    return base::success();
}

base::Result<void> Pipeline::append(std::vector<eventlog::Record> records) {
    BOOST_OUTCOME_TRY(eventlog::append_and_wait(*log_, partition, std::move(records)));
    return fold();
}

base::Result<void> Pipeline::declare_settings() {
    const std::optional<events::Event> event =
        app::declaration(config_, config_.companies.front(), kpi::SettingsTimeline(), clock_.now());
    ENSURE(event.has_value());
    return append({{events::encode(*event), clock_.now()}});
}

base::Result<std::vector<events::Event>> Pipeline::directory_changes(std::string_view text) const {
    const store::CompanyView& standing = state_->companies.at(std::string(company));
    const kpi::Zone& zone = standing.directory->zone();
    const ingest::MapContext context = app::company_context(
        config_.companies.front(), std::string(directory_sender), clock_.now());
    BOOST_OUTCOME_TRY(const yaml::Directory wanted, yaml::read(text, "directory.yaml", context));
    std::vector<events::Event> changes;
    for (const std::string& section : wanted.sections) {
        std::vector<std::string> named;
        for (const yaml::Entry& entry : wanted.entries) {
            if (entry.section != section) {
                continue;
            }
            named.push_back(processors::identity_of(entry.event.head, zone).key);
            BOOST_OUTCOME_TRY(const auto before,
                              app::standing_entry(*state_, standing, entry.event));
            if (!before || before->voided ||
                !app::is_same_entry(before->event, entry.event, zone)) {
                changes.push_back(entry.event);
                changes.back().head.set_source_revision(before ? before->revision + 1 : 1);
            }
        }
        const events::Kind kind = events::kind_of_word(yaml::word_of(section));
        BOOST_OUTCOME_TRY(const auto all, app::standing_entries(*state_, standing, kind));
        for (const app::StandingEntry& entry : all) {
            const std::string key = processors::identity_of(entry.event.head, zone).key;
            if (!entry.voided && std::ranges::find(named, key) == named.end()) {
                changes.push_back(removal_of(entry, zone));
            }
        }
    }
    return changes;
}

events::Event Pipeline::enveloped(events::Event event, std::string_view word,
                                  const std::string& id) const {
    const std::uint64_t revision = event.head.source_revision();
    ingest::fill_envelope(event.head, word,
                          app::company_context(config_.companies.front(),
                                               std::string(directory_sender), clock_.now()));
    event.head.set_source_revision(std::max<std::uint64_t>(revision, 1));
    event.head.set_source("/" + std::string(directory_sender));
    event.head.set_id("directory-" + std::to_string(directory_runs_) + "-" + id);
    event.head.set_time(base::to_ms(clock_.now()));
    return event;
}

base::Result<void> Pipeline::apply_directory(std::string_view text) {
    BOOST_OUTCOME_TRY(std::vector<events::Event> changes, directory_changes(text));
    if (changes.empty()) {
        return base::success();
    }
    const std::string run = std::to_string(++directory_runs_);
    std::vector<eventlog::Record> records;
    const auto add = [&](events::Event event, std::string_view word, const std::string& id) {
        records.push_back({events::encode(enveloped(std::move(event), word, id)), clock_.now()});
    };
    events::Event begin;
    begin.head.mutable_directory_begin()->set_run(run);
    add(std::move(begin), "directory.begin", "begin");
    std::size_t number = 0;
    for (events::Event& change : changes) {
        const std::string word(change.head.has_void_() ? std::string_view("void")
                                                       : events::word_of_type(change.head.type()));
        add(std::move(change), word, std::to_string(++number));
    }
    events::Event applied;
    applied.head.mutable_directory_applied()->set_run(run);
    add(std::move(applied), "directory.applied", "applied");
    return append(std::move(records));
}

base::Result<store::Ledger> Pipeline::import_file(std::string_view source, std::string_view text) {
    const app::SourceConfig* const configured = config_.source(std::string(source));
    if (configured == nullptr) {
        return base::Error(base::ErrorCode::invalid, "no source " + std::string(source));
    }
    const store::Ledger before = ledger();
    ingest::FileMapper mapper(*ingest::line_format_of(configured->kind),
                              app::map_context(config_, *configured, clock_.now()), "facts");
    ingest::ImportTotals totals;
    ingest::GroupAppender appender(*log_, totals, [] {});
    mapper.feed(text);
    mapper.finish();
    for (const ingest::FileItem& item : mapper.take()) {
        BOOST_OUTCOME_TRY(appender.add(item));
    }
    BOOST_OUTCOME_TRY(appender.flush());
    BOOST_OUTCOME_TRY(fold());
    const store::Ledger& after = ledger();
    return store::Ledger{after.applied - before.applied, after.duplicate - before.duplicate,
                         after.stale - before.stale, after.quarantined - before.quarantined};
}

base::Result<store::Ledger> Pipeline::import_cdr(std::string_view source, std::string_view text) {
    return import_file(source, text);
}

base::Result<store::Ledger> Pipeline::import_events(std::string_view source,
                                                    std::string_view lines) {
    return import_file(source, lines);
}

base::Result<void> Pipeline::tick() {
    return append({{events::encode(app::tick_event(clock_.now())), clock_.now()}});
}

base::Result<void> Pipeline::drop_old_segments() {
    BOOST_OUTCOME_TRY(log_->truncate_before(partition, log_->durable_end(partition)));
    return base::success();
}

query::Ports Pipeline::ports() const {
    return app::query_ports(
        config_, std::string(company),
        [this] { return base::Result<eventlog::LogReader*>(log_.get()); }, clock_);
}

base::Result<std::string> Pipeline::calls(const query::Params& params) const {
    return query::calls(*state_, params, {.reveal = true}, ports());
}

base::Result<std::string> Pipeline::call(std::string_view call_id) const {
    return query::call(*state_, call_id, {}, {.reveal = true}, ports());
}

base::Result<std::string> Pipeline::kpis(const query::Params& params) const {
    return query::kpis(*state_, params, ports());
}

base::Result<std::string> Pipeline::pace(const query::Params& params) const {
    return query::pace(*state_, params, ports());
}

base::Result<std::string> Pipeline::board(const query::Params& params) const {
    return query::board(*state_, params, ports());
}

base::Result<std::string> Pipeline::deviations(const query::Params& params) const {
    return query::deviations(*state_, params, ports());
}

base::Result<std::string> Pipeline::missed(const query::Params& params) const {
    return query::missed(*state_, params, {.reveal = true}, ports());
}

base::Result<std::string> Pipeline::explain(const query::Params& params) const {
    return query::explain(*state_, params, ports());
}

base::Result<std::string> Pipeline::managers(const query::Params& params) const {
    return query::managers(*state_, params, ports());
}

base::Result<std::string> Pipeline::sources() const {
    return query::sources(*state_, {}, ports());
}

base::Result<std::string> Pipeline::quarantine(const query::Params& params) const {
    return query::quarantine(*state_, params, ports());
}

std::uint64_t Pipeline::records_count() const {
    return state_->position.next_offset - state_->position.first_offset;
}

base::Result<base::Uint128> Pipeline::refold(std::size_t batch_records, std::uint64_t until) const {
    BOOST_OUTCOME_TRY(auto rows, store::open_rocks_in_memory());
    processors::RunnerOptions options;
    options.batch_records_max = batch_records;
    options.catch_up_records_max = batch_records;
    processors::Runner again(*log_, std::move(rows), options);
    BOOST_OUTCOME_TRY(again.open());
    BOOST_OUTCOME_TRY(again.run_to(std::min(until, log_->durable_end(partition))));
    return again.view()->digest;
}

base::Result<processors::Diagnosis> Pipeline::doctor() const {
    const ScratchDir scratch;
    store::ReadView now = *state_;
    now.rows = runner_->store()->snapshot();
    return processors::diagnose(*log_, partition, now, scratch.path() / "doctor",
                                [] { return false; });
}

}  // namespace support
