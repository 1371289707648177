#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "events/event.h"
#include "kpi/local_time.h"
#include "store/read_view.h"

namespace app {

/// An entry of the directory as the views hold it.
struct StandingEntry {
    events::Event event;  ///< the data and its people, nothing of the envelope
    events::Kind kind{};
    std::uint64_t revision = 0;
    bool voided = false;  ///< was removed; a new one must have a higher revision
};

/// Every entry of the kind, also removed ones; of settings those that no configuration declared.
/// Errors: of the store.
base::Result<std::vector<StandingEntry>> standing_entries(const store::ReadView& view,
                                                          const store::CompanyView& company,
                                                          events::Kind kind);

/// The entry of the same identity as `event`, also a removed one; nullopt when there never was one.
/// Errors: of the store.
base::Result<std::optional<StandingEntry>> standing_entry(const store::ReadView& view,
                                                          const store::CompanyView& company,
                                                          const events::Event& event);

/// True when both say the same: dates and instants compare as instants in `zone`.
bool is_same_entry(const events::Event& left, const events::Event& right, const kpi::Zone& zone);

}  // namespace app
