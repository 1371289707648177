#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "query/question.h"
#include "store/rows.h"

namespace query {

/// The legs that make the call. Where other legs stand beside a normwatch.call.v1, its own leg says
/// only tags, recording and manager (interface.md 4).
std::vector<const store::LegRow*> legs_in_force(const store::CallRow& row);
/// What a normwatch.call.v1 states of the call; nullptr when none came.
const store::LegRow* stated_leg(const store::CallRow& row);

/// One delivery that an answer names as evidence.
struct Evidence {
    std::string source;
    std::string id;
    std::uint64_t offset = 0;
    base::UtcMillis received_at{};
    friend auto operator<=>(const Evidence&, const Evidence&) = default;
};
/// The distinct deliveries of a call's legs in force, by source, id, offset.
std::vector<Evidence> evidence_of(const store::CallRow& row);
/// The deliveries of these heads, likewise.
std::vector<Evidence> evidence_of(const std::vector<const store::Head*>& heads);

/// The filters of a list of calls.
struct CallFilter {
    Range range;
    std::optional<std::uint32_t> manager;
    std::optional<std::uint32_t> team;
    std::optional<std::uint32_t> client;
    std::optional<std::uint32_t> number;  ///< subject
    std::optional<std::uint32_t> tag_subject;
    std::optional<kpi::Direction> direction;
    std::optional<kpi::Disposition> disposition;
    std::optional<kpi::Segment> segment;
    std::optional<double> talk_ms_min;
    std::optional<double> talk_ms_max;
    std::optional<double> wait_ms_min;
    std::optional<bool> recording;
    std::optional<bool> reviewed;
    std::string tag;

    /// Errors: invalid - a word that is none of its list, a number that is none.
    static base::Result<CallFilter> read(Question& question);
    bool takes(const store::CallRow& row) const;
};

}  // namespace query
