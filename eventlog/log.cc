#include "eventlog/log.h"

#include <future>
#include <memory>
#include <utility>

namespace eventlog {

base::Result<Appended> append_and_wait(LogWriter& log, Partition partition,
                                       std::vector<Record> records) {
    // Shared, not on this stack: the writer's thread may still be inside set_value when get
    // returns.
    const auto promise = std::make_shared<std::promise<base::Result<Appended>>>();
    auto future = promise->get_future();
    log.append(partition, std::move(records),
               [promise](base::Result<Appended> result) { promise->set_value(std::move(result)); });
    return future.get();
}

}  // namespace eventlog
