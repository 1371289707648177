#include "app/node.h"

#include <algorithm>

#include "app/call_timeline.h"
#include "app/declaration.h"
#include "app/log.h"
#include "app/partition.h"
#include "events/event.h"
#include "kpi/local_time.h"
#include "processors/rebuild.h"
#include "store/rocks_view_store.h"

namespace app {
namespace {

/// Stands for a company that no event has named: no row has this ordinal.
constexpr kpi::Company unnamed_company{0xffffffff};

kpi::Zone zone_or_utc(const std::string& name) {
    const base::Result<kpi::Zone> zone = kpi::Zone::find(name);
    return zone ? zone.value() : kpi::Zone::utc();
}

store::CompanyView configured_view(const Config& config, const CompanyConfig& company) {
    store::CompanyView view;
    view.ordinal = unnamed_company;
    view.id = company.id;
    auto directory = std::make_shared<kpi::Directory>();
    directory->set_zone(zone_or_utc(company.timezone));
    view.directory = std::move(directory);
    auto settings = std::make_shared<kpi::SettingsTimeline>();
    settings->put("configuration", configured_settings(config, company));
    view.settings = std::move(settings);
    return view;
}

base::Result<std::optional<query::RawRecord>> raw_of(eventlog::LogReader& log,
                                                     eventlog::Partition partition,
                                                     std::uint64_t offset) {
    if (offset < log.first_offset(partition) || offset >= log.durable_end(partition)) {
        return std::optional<query::RawRecord>();
    }
    BOOST_OUTCOME_TRY(const std::vector<eventlog::ReadRecord> records,
                      log.read(partition, offset, 1, 1));
    if (records.empty() || records.front().offset != offset) {
        return std::optional<query::RawRecord>();
    }
    BOOST_OUTCOME_TRY(const events::Event event, events::decode(records.front().bytes));
    if (event.personal.raw().empty()) {
        return std::optional<query::RawRecord>();
    }
    return std::optional<query::RawRecord>({event.personal.raw()});
}

/// How far "no loss" can go with this sender. Source: docs/operations.md, "Sources".
std::string class_of(const SourceConfig& source) {
    return source.kind == "cloudevents" && !source.follow ? "A" : "D";
}

}  // namespace

base::Result<std::unique_ptr<Node>> Node::open(const Config& config, const base::Clock& clock,
                                               Role role) {
    auto node = std::make_unique<Node>(Key(), config, clock);
    eventlog::SegmentLogOptions options;
    options.partitions = config.partitions;
    BOOST_OUTCOME_TRY(node->log_,
                      eventlog::SegmentLog::open(node->files_, config.data_dir, options));
    if (config.kafka) {
        BOOST_OUTCOME_TRY(node->kafka_, KafkaLink::open(config, node->files_, *node->log_, clock,
                                                        node->folding_, role));
    }
    for (std::uint32_t partition = 0; partition < config.partitions; ++partition) {
        BOOST_OUTCOME_TRY(node->open_views(partition));
    }
    return node;
}

Node::~Node() {
    stop();
    runners_.clear();
    if (log_) {
        log_->close();
    }
    kafka_.reset();  // last: its client may not end while its broker is away
}

void Node::stop() {
    if (kafka_) {
        kafka_->stop();
    }
    for (const auto& runner : runners_) {
        runner->stop();
    }
}

base::Result<eventlog::LogReader*> Node::history() {
    if (kafka_) {
        return kafka_->history();
    }
    return log_.get();
}

std::string Node::views_dir(std::uint32_t partition) const {
    return config_.data_dir + "/views/" + std::to_string(partition);
}

base::Result<void> Node::open_views(std::uint32_t partition) {
    BOOST_OUTCOME_TRY(base::make_dirs(files_, views_dir(partition)));
    BOOST_OUTCOME_TRY(store::Generation current, store::open_current(views_dir(partition)));
    BOOST_OUTCOME_TRY(std::unique_ptr<store::ViewStore> views,
                      store::open_rocks(current.directory));
    BOOST_OUTCOME_TRY(const auto old_first, processors::first_offset_of_other_version(*views));
    if (old_first) {
        views.reset();
        BOOST_OUTCOME_TRY(current, rebuild_views(partition, *old_first));
        BOOST_OUTCOME_TRY(views, store::open_rocks(current.directory));
    }
    processors::RunnerOptions options;
    options.partition = eventlog::Partition(partition);
    options.generation = current.number;
    options.checks_log = !kafka_;
    eventlog::LogReader& folded =
        kafka_ ? static_cast<eventlog::LogReader&>(kafka_->group()) : *log_;
    auto runner = std::make_unique<processors::Runner>(folded, std::move(views), options);
    BOOST_OUTCOME_TRY(runner->open());
    runners_.push_back(std::move(runner));
    return base::success();
}

/// Views of another version of the program make place for those of this one, if the log still holds
/// all that they stand for.
base::Result<store::Generation> Node::rebuild_views(std::uint32_t number, std::uint64_t old_first) {
    const eventlog::Partition partition(number);
    BOOST_OUTCOME_TRY(eventlog::LogReader* const log, history());
    if (log->first_offset(partition) > old_first) {
        return base::Error(base::ErrorCode::unavailable,
                           "partition " + std::to_string(number) +
                               ": the views were folded by another version of the program, and the "
                               "log no longer holds all that they hold: use that version");
    }
    log_info("rebuilding", "partition " + std::to_string(number) +
                               ": the views are of another version, the log is folded anew");
    const std::string path = views_dir(number);
    BOOST_OUTCOME_TRY(store::Generation next, store::begin_next(path));
    BOOST_OUTCOME_TRY(
        processors::rebuild(*log, partition, next.directory, log->durable_end(partition)));
    BOOST_OUTCOME_TRY(store::make_current(path, next.number));
    BOOST_OUTCOME_TRY(store::remove_others(path));
    return next;
}

base::Result<void> Node::fold_to_end() {
    if (kafka_) {
        return base::Error(base::ErrorCode::unavailable,
                           "the log is Kafka: `normwatch serve` folds it, and commands go to it");
    }
    for (const auto& runner : runners_) {
        BOOST_OUTCOME_TRY(runner->run_to_end());
    }
    return base::success();
}

base::Result<void> Node::declare_settings() {
    BOOST_OUTCOME_TRY(fold_to_end());
    for (const CompanyConfig& company : config_.companies) {
        BOOST_OUTCOME_TRY(declare(company));
    }
    return base::success();
}

base::Result<void> Node::declare(const CompanyConfig& company) {
    static const kpi::SettingsTimeline nothing;
    const std::uint32_t number = partition(company.id);
    const std::shared_ptr<const store::ReadView> view = runners_[number]->view();
    const auto found = view->companies.find(company.id);
    const bool is_known = found != view->companies.end() && found->second.settings != nullptr;
    const base::UtcMillis now = clock_.now();
    const std::optional<events::Event> event =
        declaration(config_, company, is_known ? *found->second.settings : nothing, now);
    if (event) {
        BOOST_OUTCOME_TRY(eventlog::append_and_wait(*log_, eventlog::Partition(number),
                                                    {{events::encode(*event), now}}));
    }
    return base::success();
}

base::Result<void> Node::start() {
    if (kafka_) {
        return kafka_->start();
    }
    folding_.own_all();
    return base::success();
}

bool Node::is_caught_up(std::uint32_t partition) {
    const std::uint64_t next = runners_[partition]->view()->applied_offset;
    return kafka_ && kafka_->group().is_at_end(eventlog::Partition(partition), next) &&
           wait_applied(partition, std::chrono::milliseconds(0));
}

bool Node::wait_applied(std::uint32_t partition, std::uint64_t offset,
                        std::chrono::milliseconds timeout) {
    const processors::Runner& runner = *runners_[partition];
    return kafka_ ? runner.wait_origin_applied(log_->data_dir().log_id(), offset, timeout)
                  : runner.wait_applied(offset, timeout);
}

bool Node::wait_applied(std::uint32_t partition, std::chrono::milliseconds timeout) {
    return wait_applied(partition, log_->durable_end(eventlog::Partition(partition)), timeout);
}

bool Node::is_owned(std::uint32_t partition) const {
    return !kafka_ || kafka_->group().is_owned(eventlog::Partition(partition));
}

std::uint64_t Node::folded_end(std::uint32_t partition) const {
    const eventlog::Partition number(partition);
    return kafka_ ? kafka_->group().durable_end(number) : log_->durable_end(number);
}

std::optional<base::Error> Node::failure(std::uint32_t partition) const {
    if (auto failed = runners_[partition]->failure()) {
        return failed;
    }
    return kafka_ ? kafka_->group().failure(eventlog::Partition(partition)) : std::nullopt;
}

void Node::end_waits() {
    for (const auto& runner : runners_) {
        runner->end_waits();
    }
}

std::uint32_t Node::partition(const std::string& company) const {
    return partition_of(company, config_.partitions);
}

std::shared_ptr<const store::ReadView> Node::view(const std::string& company) const {
    return with_configured(runners_[partition(company)]->view(), config_);
}

std::shared_ptr<const store::ReadView> with_configured(
    const std::shared_ptr<const store::ReadView>& view, const Config& config) {
    std::shared_ptr<store::ReadView> changed;
    for (const CompanyConfig& company : config.companies) {
        const bool is_here = partition_of(company.id, config.partitions) == view->partition;
        if (is_here && !view->companies.contains(company.id)) {
            changed = changed ? changed : std::make_shared<store::ReadView>(*view);
            changed->companies.emplace(company.id, configured_view(config, company));
        }
    }
    return changed ? changed : view;
}

base::Result<std::string> company_of(const Config& config, const query::Params& params) {
    const auto named = params.find("company");
    if (named != params.end() && !named->second.empty()) {
        return named->second;
    }
    if (config.companies.size() == 1) {
        return config.companies.front().id;
    }
    std::string ids;
    for (const CompanyConfig& company : config.companies) {
        ids += (ids.empty() ? "" : ", ") + company.id;
    }
    return base::Error(base::ErrorCode::invalid, "company is needed, one of: " + ids);
}

ingest::MapContext company_context(const CompanyConfig& company, const std::string& source_id,
                                   base::UtcMillis now) {
    ingest::MapContext context;
    context.company = company.id;
    context.company_zone = zone_or_utc(company.timezone);
    context.company_plan = {company.region, ""};
    context.source_id = source_id;
    context.source_zone = context.company_zone;
    context.zone_assumed = true;
    context.source_plan = context.company_plan;
    context.received_at = now;
    return context;
}

ingest::MapContext map_context(const Config& config, const SourceConfig& source,
                               base::UtcMillis now) {
    const CompanyConfig* company = config.company(source.company);
    ingest::MapContext context =
        company_context(company == nullptr ? CompanyConfig{} : *company, source.id, now);
    context.source_pbx = source.pbx;
    context.source_zone = zone_or_utc(source.timezone);
    context.zone_assumed = source.timezone_assumed;
    context.source_plan = {source.region, source.international_prefix};
    context.columns = source.columns;
    if (source.types) {
        context.types = *source.types;
    } else if (source.kind != "cloudevents") {
        context.types = {"call*", "heartbeat"};
    }
    return context;
}

query::Ports query_ports(const Config& config, const std::string& company, const LogOf& log,
                         const base::Clock& clock) {
    query::Ports ports;
    if (log) {
        const eventlog::Partition partition(partition_of(company, config.partitions));
        ports.raw_record =
            [log,
             partition](std::uint64_t offset) -> base::Result<std::optional<query::RawRecord>> {
            BOOST_OUTCOME_TRY(eventlog::LogReader* const reader, log());
            return raw_of(*reader, partition, offset);
        };
    }
    for (const SourceConfig& source : config.sources) {
        if (source.company == company) {
            ports.sources.push_back(
                {source.id, source.kind, class_of(source), source.lateness_seconds});
        }
    }
    std::ranges::sort(ports.sources, {}, &query::SourceInfo::id);
    ports.timeline = call_timeline;
    ports.now = [&clock] { return clock.now(); };
    return ports;
}

}  // namespace app
