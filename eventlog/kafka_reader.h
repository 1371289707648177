#pragma once

#include <memory>

#include "base/error.h"
#include "eventlog/kafka_options.h"
#include "eventlog/log.h"

namespace eventlog {

/// Reads the topic from wherever it is asked to, as a member of no group: for `doctor`, `replay`
/// and single records. Reading on is fast; another place costs a request to the broker.
///
/// `first_offset` and `durable_end` are what the broker said last, at first when it was opened.
/// Errors:  of `read`: of LogReader; unavailable - the broker does not answer, or gives nothing in
///          half a minute although there is more; corrupt - a hole, or a message that is not ours.
/// Threads: any; one reads at a time.
base::Result<std::unique_ptr<LogReader>> open_kafka_reader(const KafkaOptions& options);

}  // namespace eventlog
