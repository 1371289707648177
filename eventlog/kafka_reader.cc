#include "eventlog/kafka_reader.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "eventlog/kafka_client.h"
#include "eventlog/kafka_record.h"

namespace eventlog {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr Milliseconds answer_patience{3'000};
constexpr Milliseconds record_patience{30'000};
constexpr Milliseconds look_again{50};

class Reader final : public LogReader {
public:
    explicit Reader(const KafkaOptions& options) : options_(options), places_(options.partitions) {}

    base::Result<void> open() {
        const KafkaSettings own{{"check.crcs", "true"},
                                {"fetch.wait.max.ms", "20"},
                                {"queued.max.messages.kbytes", "16384"}};
        BOOST_OUTCOME_TRY(client_, open_kafka(RD_KAFKA_CONSUMER, options_, own));
        BOOST_OUTCOME_TRY(topic_,
                          open_topic(client_.get(), options_, {{"auto.offset.reset", "error"}}));
        for (std::uint32_t number = 0; number < options_.partitions; ++number) {
            BOOST_OUTCOME_TRY(look(number));
        }
        return base::success();
    }

    ~Reader() override {
        for (std::uint32_t number = 0; number < places_.size(); ++number) {
            stop(number);
        }
    }

    base::Result<std::vector<ReadRecord>> read(Partition partition, std::uint64_t from,
                                               std::size_t max_records,
                                               std::size_t max_bytes) override {
        const std::uint32_t number = partition.value();
        if (number >= places_.size()) {
            return base::Error(base::ErrorCode::invalid,
                               "kafka: there is no partition " + std::to_string(number));
        }
        const std::lock_guard lock(mutex_);
        Place& place = places_[number];
        if (from >= place.end || from < place.first) {
            BOOST_OUTCOME_TRY(look(number));
        }
        if (from < place.first) {
            return base::Error(base::ErrorCode::not_found,
                               "kafka: partition " + std::to_string(number) + " begins at offset " +
                                   std::to_string(place.first) + ", asked for " +
                                   std::to_string(from));
        }
        if (from >= place.end) {
            return std::vector<ReadRecord>();
        }
        BOOST_OUTCOME_TRY(go_to(number, from));
        return take(number, max_records, max_bytes);
    }

    std::uint64_t first_offset(Partition partition) const override {
        const std::lock_guard lock(mutex_);
        return places_[partition.value()].first;
    }
    std::uint64_t durable_end(Partition partition) const override {
        const std::lock_guard lock(mutex_);
        return places_[partition.value()].end;
    }

    bool wait_beyond(Partition partition, std::uint64_t offset, Milliseconds time,
                     std::stop_token stop) override {
        const Steady::time_point until = Steady::now() + time;
        std::unique_lock lock(mutex_);
        for (;;) {
            static_cast<void>(look(partition.value()));  // a broker that is away has nothing new
            if (places_[partition.value()].end > offset) {
                return true;
            }
            const auto pause = std::min(until, Steady::now() + look_again);
            if (stop.stop_requested() || Steady::now() >= until) {
                return false;
            }
            never_.wait_until(lock, stop, pause, [] { return false; });
        }
    }

private:
    struct Place {
        std::uint64_t first = 0;
        std::uint64_t end = 0;
        std::optional<std::uint64_t> next;  ///< what the client gives next; nullopt: it is stopped
    };

    base::Result<void> look(std::uint32_t number) {
        BOOST_OUTCOME_TRY(
            const auto range,
            range_of(client_.get(), options_, static_cast<std::int32_t>(number), answer_patience));
        places_[number].first = range.first;
        places_[number].end = range.second;
        return base::success();
    }

    void stop(std::uint32_t number) {
        if (places_[number].next) {
            rd_kafka_consume_stop(topic_.get(), static_cast<std::int32_t>(number));
            places_[number].next.reset();
        }
    }

    base::Result<void> go_to(std::uint32_t number, std::uint64_t from) {
        if (places_[number].next == from) {
            return base::success();
        }
        stop(number);
        if (rd_kafka_consume_start(topic_.get(), static_cast<std::int32_t>(number),
                                   static_cast<std::int64_t>(from)) != 0) {
            return kafka_error(rd_kafka_last_error(), "topic " + options_.topic);
        }
        places_[number].next = from;
        return base::success();
    }

    /// At least one record, from where the client stands.
    base::Result<std::vector<ReadRecord>> take(std::uint32_t number, std::size_t max_records,
                                               std::size_t max_bytes) {
        std::vector<ReadRecord> records;
        std::size_t bytes = 0;
        const Steady::time_point until = Steady::now() + record_patience;
        while (records.size() < max_records && bytes < max_bytes) {
            const bool is_first = records.empty();
            const KafkaMessage message(
                rd_kafka_consume(topic_.get(), static_cast<std::int32_t>(number),
                                 is_first ? static_cast<int>(look_again.count()) : 0));
            if (!message && !is_first) {
                break;
            }
            if (!message && Steady::now() < until) {
                continue;
            }
            if (message && message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET &&
                Steady::now() < until) {
                // The topic is not what it was: it was made anew, and may end before this offset.
                const std::uint64_t asked = *places_[number].next;
                stop(number);
                BOOST_OUTCOME_TRY(look(number));
                if (asked < places_[number].first || asked >= places_[number].end) {
                    return records;
                }
                BOOST_OUTCOME_TRY(go_to(number, asked));
                continue;
            }
            if (!message || message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                stop(number);
                return kafka_error(message ? message->err : RD_KAFKA_RESP_ERR__TIMED_OUT,
                                   "partition " + std::to_string(number));
            }
            std::uint64_t& next = *places_[number].next;
            if (static_cast<std::uint64_t>(message->offset) != next) {
                stop(number);
                return base::Error(base::ErrorCode::corrupt,
                                   "kafka: partition " + std::to_string(number) +
                                       ": expected offset " + std::to_string(next) + ", got " +
                                       std::to_string(message->offset) + ": a hole in the log");
            }
            base::Result<ReadRecord> record = from_kafka(*message);
            if (!record) {
                stop(number);
                return record.error();
            }
            bytes += record.value().bytes.size();
            records.push_back(std::move(record).value());
            ++next;
        }
        return records;
    }

    KafkaOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable_any never_;
    std::vector<Place> places_;
    KafkaHandle client_;
    KafkaTopicHandle topic_;  // behind the client: goes first
};

}  // namespace

base::Result<std::unique_ptr<LogReader>> open_kafka_reader(const KafkaOptions& options) {
    auto reader = std::make_unique<Reader>(options);
    BOOST_OUTCOME_TRY(reader->open());
    return std::unique_ptr<LogReader>(std::move(reader));
}

}  // namespace eventlog
