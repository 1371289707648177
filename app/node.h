#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/folding.h"
#include "app/kafka_link.h"
#include "app/role.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "eventlog/segment_log.h"
#include "ingest/mapped.h"
#include "processors/runner.h"
#include "query/ports.h"
#include "store/generations.h"
#include "store/read_view.h"

namespace app {

/// One process over a data directory: the log, and a runner with its views per partition. What is
/// folded is that log, or Kafka, to which it is published.
///
/// Lifetime: `config` and `clock` outlive it. The destructor stops the runners, then closes the
/// log. Threads:  `open`, `start` and the destructor belong to the owner; the rest any.
class Node {
    /// `open` alone constructs.
    class Key {
        friend class Node;
        Key() = default;
    };

public:
    Node(Key, const Config& config, const base::Clock& clock)
        : config_(config),
          clock_(clock),
          folding_(config.partitions, [this](std::uint32_t number) -> processors::Runner& {
              return *runners_[number];
          }) {}

    /// Takes LOCK, recovers the log, opens the current views. Folds nothing.
    ///
    /// Errors: of DataDir::open, SegmentLog::open, Runner::open.
    static base::Result<std::unique_ptr<Node>> open(const Config& config, const base::Clock& clock,
                                                    Role role = serve_role);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    const Config& config() const { return config_; }
    const base::Clock& clock() const { return clock_; }
    /// The log of this data directory: what is acknowledged is durable there.
    eventlog::SegmentLog& log() { return *log_; }
    /// The log that is folded, for reading from anywhere in it.
    /// Errors: unavailable - it is Kafka, and no broker answers.
    base::Result<eventlog::LogReader*> history();
    /// nullptr when the log is the embedded one.
    KafkaLink* kafka() { return kafka_.get(); }
    Folding& folding() { return folding_; }
    base::Files& files() { return files_; }
    std::uint32_t partitions() const { return config_.partitions; }
    processors::Runner& runner(std::uint32_t partition) { return *runners_[partition]; }
    std::string log_id() const { return eventlog::to_hex(log_->data_dir().log_id()); }
    /// Whose offsets the positions are that this node answers with: its log id over Kafka, else
    /// empty, since they are those of the views.
    std::string collector() const { return kafka_ ? log_id() : std::string(); }
    /// Waits until what lies below `offset` of this node's log is in the views; false when it is
    /// not in time.
    bool wait_applied(std::uint32_t partition, std::uint64_t offset,
                      std::chrono::milliseconds timeout);
    /// The same of everything durable now.
    bool wait_applied(std::uint32_t partition, std::chrono::milliseconds timeout);
    /// This node folds the partition; over Kafka another may.
    bool is_owned(std::uint32_t partition) const;
    /// Where the folded log ends, as far as it is known.
    std::uint64_t folded_end(std::uint32_t partition) const;
    /// Why a partition is not folded any longer; nullopt while it is.
    std::optional<base::Error> failure(std::uint32_t partition) const;
    /// `<data_dir>/views/<partition>`
    std::string views_dir(std::uint32_t partition) const;

    /// Folds everything durable, on this thread. Errors: of Runner::run_to_end.
    /// Over Kafka a server does it: unavailable.
    base::Result<void> fold_to_end();
    /// Folds to the end and appends what the configuration declares otherwise than before; durable
    /// when it returns, folded with the next fold.
    base::Result<void> declare_settings();
    /// From now on each partition is folded on a thread of its own; over Kafka those that the group
    /// gives to this node.
    base::Result<void> start();
    /// Over Kafka: the views are at the end of the log and have everything of this node's own.
    bool is_caught_up(std::uint32_t partition);
    /// Appends what the configuration declares otherwise than the views know. They must know all
    /// that was declared before.
    base::Result<void> declare(const CompanyConfig& company);

    /// Nothing is published or folded any longer. Idempotent.
    void stop();

    /// Nobody waits for the views any longer: the process is about to stop.
    void end_waits();

    /// The newest state of the company's partition, with the configured values of companies that no
    /// event has named yet.
    std::shared_ptr<const store::ReadView> view(const std::string& company) const;
    std::uint32_t partition(const std::string& company) const;

private:
    base::Result<void> open_views(std::uint32_t partition);
    base::Result<store::Generation> rebuild_views(std::uint32_t number, std::uint64_t old_first);

    const Config& config_;
    const base::Clock& clock_;
    base::PosixFiles files_;
    std::unique_ptr<eventlog::SegmentLog> log_;
    std::vector<std::unique_ptr<processors::Runner>> runners_;
    Folding folding_;
    std::unique_ptr<KafkaLink> kafka_;
};

/// `view` with a CompanyView of every configured company of its partition.
std::shared_ptr<const store::ReadView> with_configured(
    const std::shared_ptr<const store::ReadView>& view, const Config& config);

/// The company that a question is about: the one named, else the only one configured.
/// Errors: invalid - none is named and several are configured.
base::Result<std::string> company_of(const Config& config, const query::Params& params);

/// What mappers must know of a source.
ingest::MapContext map_context(const Config& config, const SourceConfig& source,
                               base::UtcMillis now);
/// Events that no configured source sends are of a source with this id.
inline constexpr const char* unconfigured_source = "events";
/// The same of events that no configured source sends, as the directory's.
ingest::MapContext company_context(const CompanyConfig& company, const std::string& source_id,
                                   base::UtcMillis now);

/// The log in which the bytes of a record stand. Errors: unavailable - not to be had just now.
using LogOf = std::function<base::Result<eventlog::LogReader*>()>;

/// What answers need beside the views. `log` is asked for when an answer shows raw bytes; an empty
/// one: there are none.
query::Ports query_ports(const Config& config, const std::string& company, const LogOf& log,
                         const base::Clock& clock);

}  // namespace app
