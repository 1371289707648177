#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "eventlog/kafka_client.h"
#include "eventlog/kafka_group.h"
#include "eventlog/kafka_topic.h"
#include "tests/eventlog/log_support.h"

namespace eventlog {

/// The broker of the tests: `deploy/kafka/broker.sh`, started by `tests/run.sh`. Without it the
/// tests that need it are skipped, by name.
inline std::string brokers() {
    const char* const text = std::getenv("NORMWATCH_KAFKA");
    return text == nullptr ? "" : text;
}

/// A topic and a group of their own for each test.
inline KafkaOptions options_of(const std::string& test, std::uint32_t partitions = 2) {
    static std::atomic<int> number{0};
    const std::string name =
        "test-" + std::to_string(::getpid()) + "-" + std::to_string(++number) + "-" + test;
    KafkaOptions options;
    options.brokers = brokers();
    options.topic = name + ".events";
    options.group = name;
    options.instance_id = "one";
    options.partitions = partitions;
    options.session_timeout = std::chrono::milliseconds(6'000);
    return options;
}

/// Asks until the answer is yes; false when it is not within half a minute.
inline bool becomes_true(const std::function<bool()>& question) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!question()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        never.wait_for(lock, std::chrono::milliseconds(5));
    }
    return true;
}

/// Takes the topic away with everything in it, as a broker does whose disk is wiped.
inline void delete_topic(const KafkaOptions& options) {
    const KafkaHandle client = open_kafka(RD_KAFKA_PRODUCER, options, {}).value();
    const KafkaQueue queue(rd_kafka_queue_new(client.get()));
    rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(options.topic.c_str());
    rd_kafka_DeleteTopics(client.get(), &topic, 1, nullptr, queue.get());
    const KafkaEvent event(rd_kafka_queue_poll(queue.get(), 30'000));
    ASSERT_TRUE(event);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_DeleteTopic_destroy(topic);
}

/// Deletes the records of partition 0 below `offset`, as retention does.
inline void trim(const KafkaOptions& options, std::int64_t offset) {
    const KafkaHandle client = open_kafka(RD_KAFKA_PRODUCER, options, {}).value();
    const KafkaQueue queue(rd_kafka_queue_new(client.get()));
    const KafkaPlaces places(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(places.get(), options.topic.c_str(), 0)->offset = offset;
    rd_kafka_DeleteRecords_t* wanted = rd_kafka_DeleteRecords_new(places.get());
    rd_kafka_DeleteRecords(client.get(), &wanted, 1, nullptr, queue.get());
    const KafkaEvent event(rd_kafka_queue_poll(queue.get(), 30'000));
    ASSERT_TRUE(event);
    ASSERT_EQ(rd_kafka_event_error(event.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_DeleteRecords_destroy(wanted);
}

/// Processors that keep what they are told.
class Folding : public KafkaMember {
public:
    std::uint64_t next_offset(Partition partition) const override {
        const std::lock_guard lock(mutex_);
        const auto found = next_.find(partition.value());
        return found == next_.end() ? 0 : found->second;
    }
    void assigned(const std::vector<Partition>& partitions) override {
        const std::lock_guard lock(mutex_);
        for (const Partition one : partitions) {
            owned_.insert(one.value());
        }
    }
    void revoked(const std::vector<Partition>& partitions) override {
        const std::lock_guard lock(mutex_);
        for (const Partition one : partitions) {
            owned_.erase(one.value());
        }
    }
    void stand_at(Partition partition, std::uint64_t next) {
        const std::lock_guard lock(mutex_);
        next_[partition.value()] = next;
    }
    std::size_t owned() const {
        const std::lock_guard lock(mutex_);
        return owned_.size();
    }

private:
    mutable std::mutex mutex_;
    std::map<std::uint32_t, std::uint64_t> next_;
    std::set<std::uint32_t> owned_;
};

inline std::unique_ptr<KafkaGroup> joined(const KafkaOptions& options, KafkaMember& member) {
    auto group = KafkaGroup::open(options, member).value();
    EXPECT_TRUE(group->start().has_value());
    return group;
}

/// Reads `count` records from `from` on; fewer when they do not come within half a minute.
inline std::vector<ReadRecord> read_on(LogReader& log, Partition partition, std::uint64_t from,
                                       std::size_t count) {
    std::vector<ReadRecord> all;
    becomes_true([&] {
        auto some = log.read(partition, from + all.size(), count - all.size(), 1 << 20);
        if (!some) {
            ADD_FAILURE() << some.error().context();
            return true;
        }
        all.insert(all.end(), some.value().begin(), some.value().end());
        return all.size() >= count;
    });
    return all;
}

}  // namespace eventlog
