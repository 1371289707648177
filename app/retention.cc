#include "app/retention.h"

#include <condition_variable>
#include <mutex>

#include "app/log.h"

namespace app {

base::Result<void> drop_old_segments(Node& node) {
    if (KafkaLink* const kafka = node.kafka()) {  // the log is there; here lies what goes to it
        for (std::uint32_t number = 0; number < node.partitions(); ++number) {
            const eventlog::Partition partition(number);
            BOOST_OUTCOME_TRY(
                node.log().truncate_before(partition, kafka->forwarder().spool_begin(partition)));
        }
        return base::success();
    }
    const std::chrono::days days(node.config().log_retention_days);
    const base::UtcMillis older_than = node.clock().now() - days;
    for (std::uint32_t partition = 0; partition < node.partitions(); ++partition) {
        processors::Runner& runner = node.runner(partition);
        // Read before the sync: what is written after it may fall back in a power cut.
        const std::uint64_t folded = runner.view()->position.next_offset;
        BOOST_OUTCOME_TRY(runner.store()->flush_wal());
        BOOST_OUTCOME_TRY(
            node.log().truncate_before(eventlog::Partition(partition), folded, older_than));
    }
    return base::success();
}

void keep_retention(Node& node, const std::stop_token& stop) {
    if (!node.config().kafka && node.config().log_retention_days == 0) {
        return;
    }
    constexpr std::chrono::minutes pause(1);
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        if (const base::Result<void> done = drop_old_segments(node); !done) {
            log_warning("retention", done.error().context());
        }
        woken.wait_for(lock, stop, pause, [] { return false; });
    }
}

}  // namespace app
