#pragma once

#include "app/commands.h"
#include "app/config.h"
#include "app/role.h"

namespace app {

/// Takes events in, folds them and answers over HTTP, as far as `role` goes, until SIGTERM or
/// SIGINT, then drains within ten seconds. A second signal ends the process at once.
///
/// Returns: exit code 0 after a signal; 3 with one line when an address is taken, the data
/// directory is held, or log and views cannot be opened.
CommandResult serve(const Config& config, Role role);

}  // namespace app
