#include "eventlog/kafka_owners.h"

#include <array>

#include "eventlog/kafka_client.h"

namespace eventlog {
namespace {

using AdminOptions =
    std::unique_ptr<rd_kafka_AdminOptions_t, KafkaFree<rd_kafka_AdminOptions_destroy>>;

class Owners final : public KafkaOwners {
public:
    explicit Owners(const KafkaOptions& options) : options_(options) {}

    base::Result<void> open() {
        BOOST_OUTCOME_TRY(client_, open_kafka(RD_KAFKA_PRODUCER, options_, {}));
        return base::success();
    }

    base::Result<std::vector<std::string>> ask(std::chrono::milliseconds patience) override {
        const auto limit = static_cast<int>(patience.count());
        const AdminOptions how(
            rd_kafka_AdminOptions_new(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
        std::array<char, 256> why{};
        rd_kafka_AdminOptions_set_request_timeout(how.get(), limit, why.data(), why.size());
        const KafkaQueue queue(rd_kafka_queue_new(client_.get()));
        const char* group = options_.group.c_str();
        rd_kafka_DescribeConsumerGroups(client_.get(), &group, 1, how.get(), queue.get());
        const KafkaEvent event(rd_kafka_queue_poll(queue.get(), limit));
        const rd_kafka_resp_err_t failed =
            event ? rd_kafka_event_error(event.get()) : RD_KAFKA_RESP_ERR__TIMED_OUT;
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return kafka_error(failed, "group " + options_.group);
        }
        std::size_t count = 0;
        const rd_kafka_ConsumerGroupDescription_t** const groups =
            rd_kafka_DescribeConsumerGroups_result_groups(
                rd_kafka_event_DescribeConsumerGroups_result(event.get()), &count);
        if (count != 1 || rd_kafka_ConsumerGroupDescription_error(groups[0]) != nullptr) {
            return kafka_error(RD_KAFKA_RESP_ERR__FAIL, "group " + options_.group);
        }
        return owners_in(*groups[0]);
    }

private:
    std::vector<std::string> owners_in(const rd_kafka_ConsumerGroupDescription_t& group) const {
        std::vector<std::string> owners(options_.partitions);
        // While members join, the broker still tells what they had: nobody has it.
        if (rd_kafka_ConsumerGroupDescription_state(&group) !=
            RD_KAFKA_CONSUMER_GROUP_STATE_STABLE) {
            return owners;
        }
        const std::size_t members = rd_kafka_ConsumerGroupDescription_member_count(&group);
        for (std::size_t i = 0; i < members; ++i) {
            const rd_kafka_MemberDescription_t* const member =
                rd_kafka_ConsumerGroupDescription_member(&group, i);
            const char* const instance = rd_kafka_MemberDescription_group_instance_id(member);
            const rd_kafka_MemberAssignment_t* const assignment =
                rd_kafka_MemberDescription_assignment(member);
            const rd_kafka_topic_partition_list_t* const places =
                assignment == nullptr ? nullptr : rd_kafka_MemberAssignment_partitions(assignment);
            for (int n = 0; instance != nullptr && places != nullptr && n < places->cnt; ++n) {
                const auto number = static_cast<std::size_t>(places->elems[n].partition);
                if (options_.topic == places->elems[n].topic && number < owners.size()) {
                    owners[number] = instance;
                }
            }
        }
        return owners;
    }

    KafkaOptions options_;
    KafkaHandle client_;
};

}  // namespace

base::Result<std::unique_ptr<KafkaOwners>> KafkaOwners::open(const KafkaOptions& options) {
    auto owners = std::make_unique<Owners>(options);
    BOOST_OUTCOME_TRY(owners->open());
    return std::unique_ptr<KafkaOwners>(std::move(owners));
}

}  // namespace eventlog
