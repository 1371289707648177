#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/probe.h"
#include "eventlog/kafka_options.h"
#include "eventlog/log.h"

namespace eventlog {

/// What a KafkaGroup asks of the processors, and tells them. Called on its thread.
class KafkaMember {
public:
    virtual ~KafkaMember() = default;
    /// Where the views of the partition stand: it is read from there, whatever the group remembers.
    virtual std::uint64_t next_offset(Partition partition) const = 0;
    /// This process owns these partitions now: they may be folded.
    virtual void assigned(const std::vector<Partition>& partitions) = 0;
    /// It no longer does, or is about to lose them. Returns when nobody folds them.
    virtual void revoked(const std::vector<Partition>& partitions) = 0;
};

/// The topic as a member of the group of processors: each partition has one owner, and is read from
/// where the owner's views stand.
///
/// Range assignment, static membership: a process that comes back within the session timeout keeps
/// its partitions, and nobody else notices. One thread speaks to the broker and fills a bounded
/// queue a partition; a full queue pauses its partition.
///
/// Accept rule: a record is taken if its offset is the next one. A lower one is skipped and
/// counted. A higher one is asked for again, once; then the partition stops, as it does when the
/// broker no longer has the next record: a hole is a loss, and nobody jumps over it.
///
/// Errors of `read`: unavailable - the partition stopped, and why.
/// Threads: any; of one partition one reads.
class KafkaGroup : public LogReader, public base::Probe {
public:
    /// Errors: invalid - the client does not take its settings.
    static base::Result<std::unique_ptr<KafkaGroup>> open(const KafkaOptions& options,
                                                          KafkaMember& member);

    /// Joins the group. Needs no broker: it goes on trying.
    virtual base::Result<void> start() = 0;
    /// Ends the thread. `revoked` is called for what is owned; the group waits for this member
    /// until the session timeout. Idempotent.
    virtual void stop() = 0;

    /// The views of an owned partition stand at `offset` now: it is read on from there, and what
    /// made it stop is forgotten. Nobody reads the partition meanwhile.
    virtual void move(Partition partition, std::uint64_t offset) = 0;

    virtual bool is_owned(Partition partition) const = 0;
    /// The partition is owned, and ended at `offset` or before it when its end was last met.
    virtual bool is_at_end(Partition partition, std::uint64_t offset) const = 0;
    /// Records of the partition wait in its queue.
    virtual bool has_waiting(Partition partition) const = 0;
    /// Why a partition stopped; nullopt while it is well.
    virtual std::optional<base::Error> failure(Partition partition) const = 0;
    /// Why the membership ended for good: another process with the same instance id.
    virtual std::optional<base::Error> fatal() const = 0;
};

}  // namespace eventlog
