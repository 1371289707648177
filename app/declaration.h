#pragma once

#include <optional>

#include "app/config.h"
#include "base/time.h"
#include "events/event.h"
#include "kpi/settings.h"

namespace app {

/// Settings are facts: what the fold reads of the configuration is declared by events, so that
/// editing a file changes no past number (docs/architecture.md).

/// All that the configuration says of a company, in force since ever.
kpi::SettingsEntry configured_settings(const Config& config, const CompanyConfig& company);

/// The normwatch.settings.v1 to append: what the configuration says otherwise than its own
/// declarations in `standing`, per key the latest. In force from `now` on; when there is no
/// declaration yet, since ever.
///
/// Returns: nullopt when they agree.
std::optional<events::Event> declaration(const Config& config, const CompanyConfig& company,
                                         const kpi::SettingsTimeline& standing,
                                         base::UtcMillis now);

}  // namespace app
