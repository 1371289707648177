#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "events/event.h"
#include "events/normal_form.h"
#include "kpi/local_time.h"

namespace ingest {

namespace cdr_csv {
struct Mapping;
}

/// Why something could not be mapped.
struct Rejection {
    std::string reason;   ///< one of the closed set of interface.md 4, "Quarantine reasons"
    std::string pointer;  ///< JSON pointer, or `/column`, of what is wrong; empty: the whole
    std::string detail;   ///< for a person; never holds a value of the input
};

/// An event, or the reason why it is none.
using Mapped = std::variant<events::Event, Rejection>;

inline bool is_event(const Mapped& mapped) {
    return mapped.index() == 0;
}

/// What a mapper knows beside the bytes: the source that they came from, and when.
struct MapContext {
    std::string company;                        ///< its id
    kpi::Zone company_zone = kpi::Zone::utc();  ///< of local dates
    events::NumberPlan company_plan;            ///< of the directory's numbers
    std::string source_id;
    std::optional<std::string> source_pbx;     ///< scope of calls; absent: domain.md 2
    kpi::Zone source_zone = kpi::Zone::utc();  ///< of wall clocks
    bool zone_assumed = false;                 ///< the source states no zone of its own
    events::NumberPlan source_plan;            ///< of the numbers in its calls
    base::UtcMillis received_at{};
    /// Activities that the source may send: words of the types, `*` at the end stands for any rest.
    std::vector<std::string> types{"*"};
    /// The caller may send directory, settings, plan, void and review events.
    bool privileged = true;
    /// Of the kind cdr-csv: what the columns hold.
    std::shared_ptr<const cdr_csv::Mapping> columns;
};

/// Larger items are `too_large`, unread.
inline constexpr std::size_t item_bytes_max = 1024 * 1024;
/// Nor may an event take more than a record of the log has room for: 2 MiB with its origin.
inline constexpr std::size_t event_bytes_max = 2 * 1024 * 1024 - 8 * 1024;
/// Of what is rejected at most this much is kept.
inline constexpr std::size_t rejected_bytes_max = 256 * 1024;
/// Raw text of a line longer than this does not travel with its event.
inline constexpr std::size_t raw_bytes_max = 4 * 1024;

/// How far ahead of its receipt may lie what was done; what is planned. Source: domain.md 8.
inline constexpr base::Millis happened_ahead_max = std::chrono::minutes(5);
inline constexpr base::Millis planned_ahead_max = std::chrono::hours(24) * 3653;
/// The year 1970 is impossible, and before.
inline constexpr base::UtcMillis earliest = base::from_ms(std::int64_t{365} * 86'400'000);
/// The zone data end here, so that no later local date can be planned.
inline constexpr base::UtcMillis zone_data_end = base::from_ms(std::int64_t{2'145'916'800} * 1000);

/// The event of what could not be mapped: normwatch.rejected.v1, with at most `rejected_bytes_max`
/// of `raw` and the SHA-256 of what is kept. `bytes` is the length as sent, `format` the source
/// kind whose mapper refused it.
events::Event rejected_event(const Rejection& rejection, std::string_view raw, std::size_t bytes,
                             const events::pb::Origin& origin, std::string_view format,
                             const MapContext& context);

/// The envelope fields that every event of `context` has.
void fill_envelope(events::pb::Event& head, std::string_view word, const MapContext& context);

/// Adds a telephone number as its source sent it, with its normal form; returns the party's index.
std::uint32_t add_number(events::Event& event, std::string_view raw,
                         const events::NumberPlan& plan);

}  // namespace ingest
