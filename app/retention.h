#pragma once

#include <stop_token>

#include "app/node.h"

namespace app {

/// Drops sealed segments of the log whose records are older than `log.retention.days` and folded.
/// The views are made to survive a power cut first: they could not be folded again.
///
/// Errors: of the store and the log; nothing is lost then, the next call tries again.
base::Result<void> drop_old_segments(Node& node);

/// Calls it now and every minute until `stop`. Errors are logged. With retention 0 it returns at
/// once.
void keep_retention(Node& node, const std::stop_token& stop);

}  // namespace app
