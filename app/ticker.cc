#include "app/ticker.h"

#include <condition_variable>
#include <mutex>

#include "app/log.h"
#include "base/thread_name.h"
#include "eventlog/log.h"

namespace app {

bool wants_tick(base::UtcMillis now, base::UtcMillis log_time,
                std::optional<base::UtcMillis> next_timer) {
    const auto silence = now - log_time;
    const bool is_due_soon = next_timer && *next_timer <= now + idle_tick_pause;
    return silence >= (is_due_soon ? tick_pause : idle_tick_pause);
}

events::Event tick_event(base::UtcMillis now) {
    events::Event event;
    event.head.set_id(std::to_string(base::to_ms(now)));
    event.head.set_source("/tick");
    event.head.set_type("normwatch.tick.v1");
    event.head.set_received_at(base::to_ms(now));
    event.head.set_source_revision(1);
    event.head.set_schema(1);
    event.head.mutable_tick()->set_at(base::to_ms(now));
    return event;
}

void Ticker::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Ticker::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

bool Ticker::is_wanted(std::uint32_t partition, base::UtcMillis now) const {
    if (!role_.folds) {
        return true;  // it sees no timers
    }
    if (!node_.is_owned(partition)) {
        return false;
    }
    const auto view = node_.runner(partition).view();
    return view && wants_tick(now, view->position.log_time, view->next_timer);
}

void Ticker::run(const std::stop_token& stop) {
    base::name_this_thread("tick");
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        const base::UtcMillis now = node_.clock().now();
        for (std::uint32_t partition = 0; partition < node_.partitions(); ++partition) {
            if (!is_wanted(partition, now)) {
                continue;
            }
            const auto appended =
                eventlog::append_and_wait(node_.log(), eventlog::Partition(partition),
                                          {{events::encode(tick_event(now)), now}});
            if (!appended) {
                log_warning("tick", appended.error().context());
            }
        }
        stopped.wait_for(lock, stop, tick_pause, [] { return false; });
    }
}

}  // namespace app
