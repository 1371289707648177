#include "eventlog/kafka_group.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "base/thread_name.h"
#include "eventlog/kafka_client.h"
#include "eventlog/kafka_record.h"
#include "eventlog/kafka_stream.h"
#include "eventlog/kafka_topic.h"

namespace eventlog {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr Milliseconds poll_patience{20};
constexpr Milliseconds request_patience{3'000};
constexpr Milliseconds before_another_try{500};
constexpr std::chrono::seconds between_commits{5};
/// Of all queues together, and of one at least.
constexpr std::size_t queues_bytes_max = std::size_t{32} << 20;
constexpr std::size_t queue_bytes_min = std::size_t{3} << 20;

class Group final : public KafkaGroup {
public:
    Group(const KafkaOptions& options, KafkaMember& member)
        : options_(options),
          member_(member),
          paused_(options.partitions),
          queue_bytes_max_(std::max(queue_bytes_min, queues_bytes_max / options.partitions)) {
        for (std::uint32_t number = 0; number < options.partitions; ++number) {
            streams_.emplace_back(number);
        }
    }

    ~Group() override { stop(); }

    base::Result<void> open() {
        const KafkaSettings own{
            {"group.id", options_.group},
            {"group.instance.id", options_.instance_id},
            {"session.timeout.ms", std::to_string(options_.session_timeout.count())},
            {"heartbeat.interval.ms",
             std::to_string(std::min<std::int64_t>(3'000, options_.session_timeout.count() / 6))},
            {"partition.assignment.strategy", "range"},
            {"enable.auto.commit", "false"},
            {"enable.auto.offset.store", "false"},
            {"auto.offset.reset", "error"},
            {"enable.partition.eof", "true"},
            {"check.crcs", "true"},
            {"fetch.wait.max.ms", "20"},
            {"fetch.min.bytes", "1"},
            {"fetch.message.max.bytes", "4194304"},
            {"queued.min.messages", "100000"},
            {"queued.max.messages.kbytes", "32768"},
        };
        BOOST_OUTCOME_TRY(
            client_, open_kafka(RD_KAFKA_CONSUMER, options_, own, [this](rd_kafka_conf_t* conf) {
                rd_kafka_conf_set_opaque(conf, this);
                rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
            }));
        rd_kafka_poll_set_consumer(client_.get());
        return base::success();
    }

    base::Result<void> start() override {
        thread_ = std::jthread([this](const std::stop_token& stop) { loop(stop); });
        return base::success();
    }

    base::Result<void> subscribe() {
        const KafkaPlaces topics(rd_kafka_topic_partition_list_new(1));
        rd_kafka_topic_partition_list_add(topics.get(), options_.topic.c_str(),
                                          RD_KAFKA_PARTITION_UA);
        const rd_kafka_resp_err_t failed = rd_kafka_subscribe(client_.get(), topics.get());
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return kafka_error(failed, "subscribe to " + options_.topic);
        }
        return base::success();
    }

    /// The topic first: a client that subscribes to one that is not there asks for it again late.
    bool join(const std::stop_token& stop) {
        std::mutex alone;
        std::unique_lock lock(alone);
        while (!stop.stop_requested()) {
            base::Result<void> joined = ensure_topic(options_, request_patience);
            joined = joined ? subscribe() : joined;
            if (joined) {
                return true;
            }
            if (!joined.error().is_retryable()) {
                const std::lock_guard guard(mutex_);
                fatal_ = joined.error();
                return false;
            }
            came_.wait_for(lock, stop, before_another_try, [] { return false; });
        }
        return false;
    }

    void stop() override {
        if (thread_.joinable()) {
            thread_.request_stop();
            thread_.join();
        }
    }

    base::Result<std::vector<ReadRecord>> read(Partition partition, std::uint64_t from,
                                               std::size_t max_records,
                                               std::size_t max_bytes) override {
        if (partition.value() >= streams_.size()) {
            return base::Error(base::ErrorCode::invalid,
                               "kafka: there is no partition " + std::to_string(partition.value()));
        }
        const std::lock_guard lock(mutex_);
        return streams_[partition.value()].read(from, max_records, max_bytes);
    }

    std::uint64_t first_offset(Partition) const override { return 0; }
    std::uint64_t durable_end(Partition partition) const override {
        const std::lock_guard lock(mutex_);
        return streams_[partition.value()].end();
    }

    bool wait_beyond(Partition partition, std::uint64_t offset, Milliseconds time,
                     std::stop_token stop) override {
        std::unique_lock lock(mutex_);
        const KafkaStream& stream = streams_[partition.value()];
        return came_.wait_for(lock, stop, time, [&] { return stream.has_beyond(offset); });
    }

    bool is_owned(Partition partition) const override {
        const std::lock_guard lock(mutex_);
        return streams_[partition.value()].is_owned();
    }
    void move(Partition partition, std::uint64_t offset) override {
        const std::lock_guard lock(mutex_);
        KafkaStream& stream = streams_[partition.value()];
        if (stream.is_owned()) {
            stream.move(offset);
            moved_.push_back(partition);
        }
    }

    bool is_at_end(Partition partition, std::uint64_t offset) const override {
        const std::lock_guard lock(mutex_);
        return streams_[partition.value()].is_at_end(offset);
    }
    bool has_waiting(Partition partition) const override {
        const std::lock_guard lock(mutex_);
        return streams_[partition.value()].has_waiting();
    }
    std::optional<base::Error> failure(Partition partition) const override {
        const std::lock_guard lock(mutex_);
        return streams_[partition.value()].failure();
    }
    std::optional<base::Error> fatal() const override {
        const std::lock_guard lock(mutex_);
        return fatal_;
    }

    void visit(const std::function<void(const base::Sample&)>& show) const override {
        show({.name = "kafka_records_repeated_total",
              .help = "Records that the broker gave again, and that were skipped.",
              .kind = base::Sample::Kind::counter,
              .labels = {},
              .value = static_cast<double>(repeated_.load()),
              .buckets = {}});
        const std::lock_guard lock(mutex_);
        const auto owned = std::count_if(streams_.begin(), streams_.end(),
                                         [](const KafkaStream& one) { return one.is_owned(); });
        show({.name = "kafka_partitions_owned",
              .help = "Partitions of the topic that this process folds.",
              .kind = base::Sample::Kind::gauge,
              .labels = {},
              .value = static_cast<double>(owned),
              .buckets = {}});
    }

private:
    void loop(const std::stop_token& stop) {
        base::name_this_thread("kafka");
        if (!join(stop)) {
            return;
        }
        Steady::time_point next_commit = Steady::now() + between_commits;
        while (!stop.stop_requested()) {
            const KafkaMessage message(
                rd_kafka_consumer_poll(client_.get(), static_cast<int>(poll_patience.count())));
            if (message) {
                take(*message);
            }
            seek_moved();
            keep_in_bounds();
            if (Steady::now() >= next_commit) {
                tell_positions();
                next_commit = Steady::now() + between_commits;
            }
        }
        tell_positions();
        give_back();
    }

    /// Nobody folds any longer. The client is not closed: a static member says no farewell, and a
    /// close would wait for a broker that may be away.
    void give_back() {
        std::vector<Partition> owned;
        {
            const std::lock_guard lock(mutex_);
            for (std::uint32_t number = 0; number < streams_.size(); ++number) {
                if (streams_[number].is_owned()) {
                    owned.push_back(Partition(number));
                }
            }
        }
        member_.revoked(owned);
        const std::lock_guard lock(mutex_);
        for (const Partition partition : owned) {
            streams_[partition.value()].disown();
        }
    }

    void take(const rd_kafka_message_t& message) {
        const auto number = static_cast<std::size_t>(message.partition);
        switch (message.err) {
            case RD_KAFKA_RESP_ERR_NO_ERROR: accept(message); break;
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: {
                const std::lock_guard lock(mutex_);
                streams_[number].meet_end(static_cast<std::uint64_t>(message.offset));
                break;
            }
            case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: tell_gone(message); break;
            default: note_error(message); break;
        }
    }

    void accept(const rd_kafka_message_t& message) {
        const auto number = static_cast<std::uint32_t>(message.partition);
        std::int64_t low = 0;
        std::int64_t high = 0;
        rd_kafka_get_watermark_offsets(client_.get(), options_.topic.c_str(), message.partition,
                                       &low, &high);
        KafkaStream::Accepted accepted{};
        {
            const std::lock_guard lock(mutex_);
            accepted = streams_[number].accept(from_kafka(message),
                                               static_cast<std::uint64_t>(message.offset),
                                               static_cast<std::uint64_t>(high));
        }
        if (accepted == KafkaStream::Accepted::repeated) {
            ++repeated_;
        } else if (accepted == KafkaStream::Accepted::sought) {
            seek(number);
        } else {
            came_.notify_all();
        }
    }

    /// A partition that has stopped cannot be sought in: everything owned is assigned anew, from
    /// where it is.
    void seek_moved() {
        std::vector<Partition> owned;
        {
            const std::lock_guard lock(mutex_);
            if (std::exchange(moved_, {}).empty()) {
                return;
            }
            for (std::uint32_t number = 0; number < streams_.size(); ++number) {
                if (streams_[number].is_owned()) {
                    owned.push_back(Partition(number));
                }
            }
        }
        if (owned.empty()) {
            return;
        }
        const KafkaPlaces places = places_of(owned);
        for (std::size_t i = 0; i < owned.size(); ++i) {
            const std::lock_guard lock(mutex_);
            places->elems[i].offset = static_cast<std::int64_t>(streams_[owned[i].value()].next());
        }
        rd_kafka_resume_partitions(client_.get(), places.get());
        std::fill(paused_.begin(), paused_.end(), false);
        rd_kafka_assign(client_.get(), places.get());
    }

    /// Asks for the next record of a partition again.
    void seek(std::uint32_t number) {
        const KafkaPlaces places = places_of({Partition(number)});
        {
            const std::lock_guard lock(mutex_);
            places->elems[0].offset = static_cast<std::int64_t>(streams_[number].next());
        }
        // Before 2.1 the client takes a thousandth of the time that it is given (issue 4230).
        const KafkaFault failed(rd_kafka_seek_partitions(
            client_.get(), places.get(), static_cast<int>(request_patience.count() * 1000)));
        const rd_kafka_resp_err_t code =
            failed ? rd_kafka_error_code(failed.get()) : places->elems[0].err;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fail(number, kafka_error(code, "seek in partition " + std::to_string(number)));
        }
    }

    /// The broker does not have the next record: it was deleted, or the broker lost its end.
    void tell_gone(const rd_kafka_message_t& message) {
        const auto number = static_cast<std::uint32_t>(message.partition);
        const auto range = range_of(client_.get(), options_, message.partition, request_patience);
        const std::string held = range ? "the topic holds " + std::to_string(range.value().first) +
                                             " to " + std::to_string(range.value().second)
                                       : std::string("the topic does not hold it");
        std::uint64_t next = 0;
        {
            const std::lock_guard lock(mutex_);
            next = streams_[number].next();
        }
        fail(number, base::Error(base::ErrorCode::unavailable,
                                 "kafka: partition " + std::to_string(number) +
                                     ": the views stand at offset " + std::to_string(next) + ", " +
                                     held + ": records are missing; the views stay as they are"));
    }

    void note_error(const rd_kafka_message_t& message) {
        const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client_.get(), nullptr, 0);
        if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
            const std::lock_guard lock(mutex_);
            fatal_ = kafka_error(fatal,
                                 "group " + options_.group + ", instance " + options_.instance_id);
        }
        static_cast<void>(message);  // anything else passes: the client goes on trying
    }

    void fail(std::uint32_t number, base::Error error) {
        {
            const std::lock_guard lock(mutex_);
            streams_[number].fail(std::move(error));
        }
        came_.notify_all();
    }

    /// Pauses what is full and resumes what is half empty; each call stands against the other.
    void keep_in_bounds() {
        std::vector<Partition> full;
        std::vector<Partition> hungry;
        {
            const std::lock_guard lock(mutex_);
            for (std::uint32_t number = 0; number < streams_.size(); ++number) {
                const KafkaStream& stream = streams_[number];
                if (!stream.is_owned()) {
                    paused_[number] = false;
                } else if (!paused_[number] && stream.queue_bytes() > queue_bytes_max_) {
                    paused_[number] = true;
                    full.push_back(Partition(number));
                } else if (paused_[number] && stream.queue_bytes() < queue_bytes_max_ / 2) {
                    paused_[number] = false;
                    hungry.push_back(Partition(number));
                }
            }
        }
        if (!full.empty()) {
            rd_kafka_pause_partitions(client_.get(), places_of(full).get());
        }
        if (!hungry.empty()) {
            rd_kafka_resume_partitions(client_.get(), places_of(hungry).get());
        }
    }

    /// For tools that show a lag. Nothing here reads it.
    void tell_positions() {
        std::vector<Partition> owned;
        {
            const std::lock_guard lock(mutex_);
            for (std::uint32_t number = 0; number < streams_.size(); ++number) {
                if (streams_[number].is_owned() && !streams_[number].failure()) {
                    owned.push_back(Partition(number));
                }
            }
        }
        if (owned.empty()) {
            return;
        }
        const KafkaPlaces places = places_of(owned);
        for (std::size_t i = 0; i < owned.size(); ++i) {
            places->elems[i].offset = static_cast<std::int64_t>(member_.next_offset(owned[i]));
        }
        static_cast<void>(rd_kafka_commit(client_.get(), places.get(), 1));
    }

    KafkaPlaces places_of(const std::vector<Partition>& partitions) const {
        KafkaPlaces places(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
        for (const Partition partition : partitions) {
            rd_kafka_topic_partition_list_add(places.get(), options_.topic.c_str(),
                                              static_cast<std::int32_t>(partition.value()));
        }
        return places;
    }

    static std::vector<Partition> partitions_of(const rd_kafka_topic_partition_list_t& places) {
        std::vector<Partition> partitions;
        for (int i = 0; i < places.cnt; ++i) {
            partitions.push_back(Partition(static_cast<std::uint32_t>(places.elems[i].partition)));
        }
        return partitions;
    }

    static void rebalanced(rd_kafka_t*, rd_kafka_resp_err_t what,
                           rd_kafka_topic_partition_list_t* places, void* opaque) {
        auto& self = *static_cast<Group*>(opaque);
        if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
            self.assign(*places);
        } else {
            self.revoke(*places);
        }
    }

    void assign(rd_kafka_topic_partition_list_t& places) {
        const std::vector<Partition> partitions = partitions_of(places);
        for (int i = 0; i < places.cnt; ++i) {
            const Partition partition = partitions[static_cast<std::size_t>(i)];
            const std::uint64_t next = member_.next_offset(partition);
            places.elems[i].offset = static_cast<std::int64_t>(next);
            const std::lock_guard lock(mutex_);
            streams_[partition.value()].own(next);
            paused_[partition.value()] = false;
        }
        rd_kafka_assign(client_.get(), &places);
        member_.assigned(partitions);
    }

    void revoke(const rd_kafka_topic_partition_list_t& places) {
        const std::vector<Partition> partitions = partitions_of(places);
        member_.revoked(partitions);
        std::vector<Partition> paused;  // the client would remember it when they come back
        {
            const std::lock_guard lock(mutex_);
            for (const Partition partition : partitions) {
                streams_[partition.value()].disown();
                if (paused_[partition.value()]) {
                    paused_[partition.value()] = false;
                    paused.push_back(partition);
                }
            }
        }
        if (!paused.empty()) {
            rd_kafka_resume_partitions(client_.get(), places_of(paused).get());
        }
        rd_kafka_assign(client_.get(), nullptr);
    }

    KafkaOptions options_;
    KafkaMember& member_;
    mutable std::mutex mutex_;
    std::condition_variable_any came_;
    std::vector<KafkaStream> streams_;
    std::vector<bool> paused_;      ///< by partition; of the thread
    std::vector<Partition> moved_;  ///< to be sought
    std::size_t queue_bytes_max_;
    std::optional<base::Error> fatal_;
    std::atomic<std::uint64_t> repeated_{0};
    KafkaHandle client_;
    std::jthread thread_;
};

}  // namespace

base::Result<std::unique_ptr<KafkaGroup>> KafkaGroup::open(const KafkaOptions& options,
                                                           KafkaMember& member) {
    auto group = std::make_unique<Group>(options, member);
    BOOST_OUTCOME_TRY(group->open());
    return std::unique_ptr<KafkaGroup>(std::move(group));
}

}  // namespace eventlog
