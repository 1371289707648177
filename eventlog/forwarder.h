#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/files.h"
#include "base/probe.h"
#include "eventlog/forward_marks.h"
#include "eventlog/kafka_options.h"
#include "eventlog/kafka_producer.h"
#include "eventlog/log.h"

namespace eventlog {

struct ForwarderOptions {
    KafkaOptions kafka;
    std::string marks_dir;         ///< `<data_dir>/forward`; made when missing
    std::chrono::hours spool{72};  ///< how long records stay here after Kafka acknowledged them
};

/// Publishes the local log to Kafka, each partition in its order, from the first record that Kafka
/// has not acknowledged. A failed report or a dead client: another client, from that record on.
/// What is published twice is known again by its origin and by its verdict.
///
/// When Kafka turns out to have lost what it had acknowledged, the record behind the last mark that
/// it still holds is the next: the spool gives it back.
///
/// Lifetime: `files`, `log` and `clock` outlive it.
/// Threads:  one of its own; the questions from any.
class Forwarder : public base::Probe {
public:
    Forwarder(base::Files& files, LogReader& log, const LogId& log_id, const base::Clock& clock,
              ForwarderOptions options);
    ~Forwarder() override;
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    /// Reads the marks and begins. Needs no broker.
    /// Errors: corrupt - marks that cannot be read. Of Files.
    base::Result<void> start();
    /// What is on its way is not waited for: the next start publishes it again. Idempotent.
    void stop();

    /// Records below it may leave the spool.
    std::uint64_t spool_begin(Partition partition) const;
    /// The offset behind the last record that Kafka acknowledged.
    std::uint64_t acknowledged_end(Partition partition) const;
    /// Why nothing is published just now; nullopt while all is well.
    std::optional<base::Error> problem() const;
    /// Why nothing ever will be: the topic cannot hold this log.
    std::optional<base::Error> refusal() const;

    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    struct Place {
        ForwardMarks marks;
        std::uint64_t next = 0;          ///< to be sent
        std::uint64_t acknowledged = 0;  ///< everything below it is
        bool is_changed = false;         ///< since the marks were saved
    };

    void run(const std::stop_token& stop);
    void pause(const std::stop_token& stop, std::chrono::milliseconds time);
    base::Result<void> begin();
    base::Result<void> find_place(Partition partition, std::unique_ptr<LogReader>& reader);
    base::Result<bool> is_there(Partition partition, const ForwardMark& mark,
                                std::unique_ptr<LogReader>& reader) const;
    base::Result<bool> send_some();
    base::Result<void> check_ends();
    void delivered(Partition partition, std::uint64_t offset, std::uint64_t kafka_offset);
    void save();
    std::string path_of(std::uint32_t partition) const;
    void note(std::optional<base::Error> problem);

    base::Files& files_;
    LogReader& log_;
    LogId log_id_;
    const base::Clock& clock_;
    ForwarderOptions options_;
    mutable std::mutex mutex_;  // places are asked for by others
    std::condition_variable_any paused_;
    std::vector<Place> places_;
    std::optional<base::Error> problem_;
    std::optional<base::Error> refusal_;
    std::unique_ptr<KafkaProducer> producer_;
    bool was_topic_good_ = false;  ///< once: what differs later is a broker in trouble
    std::atomic<std::uint64_t> published_{0};
    std::atomic<std::uint64_t> restarts_{0};
    std::atomic<std::uint64_t> again_{0};
    std::jthread thread_;
};

}  // namespace eventlog
