#include "app/kafka_link.h"

#include "app/config_kafka.h"
#include "eventlog/kafka_reader.h"

namespace app {

base::Result<std::unique_ptr<KafkaLink>> KafkaLink::open(const Config& config, base::Files& files,
                                                         eventlog::SegmentLog& log,
                                                         const base::Clock& clock, Folding& folding,
                                                         Role role) {
    BOOST_OUTCOME_TRY(eventlog::KafkaOptions options, kafka_options(config));
    auto link = std::make_unique<KafkaLink>(Key(), options, role);
    eventlog::ForwarderOptions forwarding;
    forwarding.kafka = options;
    forwarding.marks_dir = config.data_dir + "/forward";
    forwarding.spool = std::chrono::hours(config.kafka->spool_hours);
    link->forwarder_ = std::make_unique<eventlog::Forwarder>(files, log, log.data_dir().log_id(),
                                                             clock, std::move(forwarding));
    BOOST_OUTCOME_TRY(link->group_, eventlog::KafkaGroup::open(options, folding));
    return link;
}

KafkaLink::~KafkaLink() {
    stop();
}

base::Result<void> KafkaLink::start() {
    BOOST_OUTCOME_TRY(forwarder_->start());
    return role_.folds ? group_->start() : base::Result<void>(base::success());
}

void KafkaLink::stop() {
    group_->stop();
    forwarder_->stop();
}

base::Result<eventlog::LogReader*> KafkaLink::history() {
    const std::lock_guard lock(history_mutex_);
    if (!history_) {
        BOOST_OUTCOME_TRY(history_, eventlog::open_kafka_reader(options_));
    }
    return history_.get();
}

std::optional<base::Error> KafkaLink::failure() const {
    if (auto refused = forwarder_->refusal()) {
        return refused;
    }
    return group_->fatal();
}

}  // namespace app
