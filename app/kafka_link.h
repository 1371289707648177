#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "app/config.h"
#include "app/folding.h"
#include "app/role.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "eventlog/forwarder.h"
#include "eventlog/kafka_group.h"
#include "eventlog/kafka_options.h"
#include "eventlog/segment_log.h"

namespace app {

/// What ties a node to Kafka: its forwarder, its membership in the group of processors, and a
/// reader for the past.
///
/// Lifetime: what it is opened with outlives it. Threads: `start` and `stop` belong to the owner,
/// the rest any.
class KafkaLink {
    /// `open` alone constructs.
    class Key {
        friend class KafkaLink;
        Key() = default;
    };

public:
    KafkaLink(Key, eventlog::KafkaOptions options, Role role)
        : options_(std::move(options)), role_(role) {}

    /// A node that folds nothing joins no group.
    ///
    /// Errors: of kafka_options; invalid - the client does not take its settings.
    static base::Result<std::unique_ptr<KafkaLink>> open(const Config& config, base::Files& files,
                                                         eventlog::SegmentLog& log,
                                                         const base::Clock& clock, Folding& folding,
                                                         Role role);
    ~KafkaLink();

    /// Begins to publish and to fold. Needs no broker: both go on trying.
    base::Result<void> start();
    /// Idempotent.
    void stop();

    eventlog::KafkaGroup& group() { return *group_; }
    eventlog::Forwarder& forwarder() { return *forwarder_; }
    /// Errors: unavailable - no broker answers.
    base::Result<eventlog::LogReader*> history();

    /// Why this node cannot go on at all; nullopt while it can.
    std::optional<base::Error> failure() const;

private:
    eventlog::KafkaOptions options_;
    Role role_;
    std::unique_ptr<eventlog::Forwarder> forwarder_;
    std::unique_ptr<eventlog::KafkaGroup> group_;
    std::mutex history_mutex_;
    std::unique_ptr<eventlog::LogReader> history_;
};

}  // namespace app
