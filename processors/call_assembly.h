#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kpi/contribution.h"
#include "kpi/directory.h"

namespace processors {

/// What a leg's source says became of it.
enum class LegResult : std::uint8_t {
    answered = 1,
    no_answer = 2,
    busy = 3,
    failed = 4,
    congestion = 5,
    cancel = 6,
    rejected = 7,
};

/// One side of a leg, as its source names it.
struct LegParty {
    std::string peer;     ///< the full peer, `PJSIP/101`; empty: the source names no channel
    std::string address;  ///< `101` of it, or the endpoint that an event names
    std::string number;   ///< in normal form; empty: anonymous or none
    kpi::Subject number_subject;
    bool has_number = true;  ///< false: `number` is but the normal form of `address`
    kpi::Manager manager;    ///< stated by the source
    std::string manager_id;  ///< of `manager`: orders participations of one instant and endpoint
    bool company = false;    ///< the source says that this side is the company's
    bool local_channel = false;  ///< `Local/...`: plumbing, no party
};

/// What a normwatch.call.v1 says of its whole call.
struct StatedCall {
    kpi::Direction direction{};
    std::optional<kpi::Disposition> disposition;
    kpi::Manager manager;
    bool hung_up_by_caller = false;
};

/// One path of communication reported by a PBX. Source: domain.md 3.
struct Leg {
    bool is_cdr = false;
    std::string native_id;            ///< linkedid, call_id
    std::vector<std::string> tokens;  ///< correlation ids, the first is native_id
    LegParty caller;
    std::optional<LegParty> called;  ///< absent: an application of the dial plan
    std::string application;
    std::string dialled;  ///< as it came; empty when the source says none
    std::string dialled_normalised;
    base::UtcMillis started_at{};
    std::optional<base::UtcMillis> answered_at;
    base::UtcMillis ended_at{};  ///< of an open leg: the last instant known
    bool open = false;
    LegResult result{};
    std::uint64_t sequence = 0;  ///< with start, channel id and peer the order of legs
    std::string order_key;
    std::optional<std::int64_t> billed_seconds;
    kpi::QualitySet quality = 0;
    std::optional<StatedCall> stated;
};

/// The settings that assembly reads, in force at the call's start.
struct CallSettings {
    base::Millis qualified{60'000};
    base::Millis touch{10'000};
    base::Millis short_abandon{5'000};
    base::Millis min_connect{1'000};
};

/// What assembly asks of the rest of the world, at an instant.
struct CallWorld {
    const kpi::Directory& directory;
    std::function<CallSettings(base::UtcMillis)> settings_at;
    std::function<kpi::Segment(kpi::Client, base::UtcMillis)> segment_of;
    /// The ordinal of a text; every text that assembly can show was interned when its record came.
    std::function<kpi::Subject(std::string_view)> subject_of;
};

/// Groups of legs that share a correlation id, transitively; indices into `legs`. Deterministic:
/// each group sorted, groups by their first leg.
std::vector<std::vector<std::size_t>> correlate(const std::vector<Leg>& legs);

/// Legs of one group -> the call, attributed. Pure: a function of the legs (in any order) and of
/// the world. `stated` legs (normwatch.call.v1) beside others give only what they state.
///
/// `is_given_up`: an open call is finalised, its durations unknown. Source: domain.md 3, 4, 5, 8;
/// the KPI credit of section 10 follows in kpi::contributions.
kpi::AssembledCall assemble(std::vector<Leg> legs, const CallWorld& world,
                            bool is_given_up = false);

/// One step of a call's history, for the answer `calls/{id}`.
struct TimelineStep {
    base::UtcMillis at{};
    std::string what;  ///< ring, answer, hold, resume, consult, end
    std::string endpoint;
    kpi::Manager manager;
};
std::vector<TimelineStep> timeline(std::vector<Leg> legs, const CallWorld& world);

}  // namespace processors
