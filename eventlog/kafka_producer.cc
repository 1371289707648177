#include "eventlog/kafka_producer.h"

#include <utility>

#include "eventlog/kafka_client.h"
#include "eventlog/kafka_record.h"

namespace eventlog {
namespace {

class Producer final : public KafkaProducer {
public:
    Producer(LogId log_id, OnDelivered on_delivered)
        : log_id_(log_id), on_delivered_(std::move(on_delivered)) {}

    base::Result<void> open(const KafkaOptions& options) {
        options_ = options;
        // message.timeout.ms 0: with a limit the client would drop a message and go on behind it.
        const KafkaSettings own{{"enable.idempotence", "true"},
                                {"message.timeout.ms", "0"},
                                {"linger.ms", "5"},
                                {"batch.size", "1000000"},
                                {"compression.type", "lz4"},
                                {"queue.buffering.max.messages", "100000"},
                                {"queue.buffering.max.kbytes", "32768"}};
        BOOST_OUTCOME_TRY(
            client_, open_kafka(RD_KAFKA_PRODUCER, options, own, [this](rd_kafka_conf_t* conf) {
                rd_kafka_conf_set_opaque(conf, this);
                rd_kafka_conf_set_dr_msg_cb(conf, reported);
            }));
        return base::success();
    }

    bool send(Partition partition, const ReadRecord& record, std::uint64_t begin) override {
        KafkaRecord made = to_kafka(record, log_id_, begin);
        const auto number = static_cast<std::int32_t>(partition.value());
        // The offset travels with the message, so that a report costs no memory of its own; nothing
        // is ever read through it.  NOLINTNEXTLINE(performance-no-int-to-ptr)
        auto* const offset = reinterpret_cast<void*>(static_cast<std::uintptr_t>(record.offset));
        // The tags as they are: the header's macros around them are no standard C++.
        const rd_kafka_resp_err_t failed = rd_kafka_producev(
            client_.get(), RD_KAFKA_VTYPE_TOPIC, options_.topic.c_str(), RD_KAFKA_VTYPE_PARTITION,
            number, RD_KAFKA_VTYPE_MSGFLAGS, RD_KAFKA_MSG_F_COPY, RD_KAFKA_VTYPE_VALUE,
            record.bytes.data(), record.bytes.size(), RD_KAFKA_VTYPE_KEY, made.key.data(),
            made.key.size(), RD_KAFKA_VTYPE_HEADERS, made.headers.get(), RD_KAFKA_VTYPE_OPAQUE,
            offset, RD_KAFKA_VTYPE_END);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
            static_cast<void>(made.headers.release());  // the client has them
            return true;
        }
        if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            fail(failed);
        }
        return false;
    }

    void poll(std::chrono::milliseconds patience) override {
        rd_kafka_poll(client_.get(), static_cast<int>(patience.count()));
        const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client_.get(), nullptr, 0);
        if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
            fail(fatal);
        }
    }

    std::optional<base::Error> failure() const override { return failure_; }

    base::Result<std::pair<std::uint64_t, std::uint64_t>> range(
        Partition partition, std::chrono::milliseconds patience) override {
        return range_of(client_.get(), options_, static_cast<std::int32_t>(partition.value()),
                        patience);
    }

    ~Producer() override {
        if (client_) {  // what is on its way is published again by the next one
            rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
            on_delivered_ = nullptr;
            rd_kafka_poll(client_.get(), 0);
        }
    }

private:
    static void reported(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
        auto& self = *static_cast<Producer*>(opaque);
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            self.fail(message->err);
            return;
        }
        if (self.failure_ || !self.on_delivered_) {
            return;  // a report behind a failed one says nothing of what lies between
        }
        self.on_delivered_(Partition(static_cast<std::uint32_t>(message->partition)),
                           reinterpret_cast<std::uintptr_t>(message->_private),
                           static_cast<std::uint64_t>(message->offset));
    }

    void fail(rd_kafka_resp_err_t code) {
        if (!failure_) {
            failure_ = kafka_error(code, "topic " + options_.topic);
        }
    }

    LogId log_id_;
    OnDelivered on_delivered_;
    KafkaOptions options_;
    std::optional<base::Error> failure_;
    KafkaHandle client_;  // the last: its reports use what stands above
};

}  // namespace

base::Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(const KafkaOptions& options,
                                                                 const LogId& log_id,
                                                                 OnDelivered on_delivered) {
    auto producer = std::make_unique<Producer>(log_id, std::move(on_delivered));
    BOOST_OUTCOME_TRY(producer->open(options));
    return std::unique_ptr<KafkaProducer>(std::move(producer));
}

}  // namespace eventlog
