#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "kpi/contribution.h"
#include "kpi/missed_case.h"
#include "store/keys.h"
#include "store/rows.h"

namespace processors {

/// What a call or a mail is to the missed cases of its client or number.
struct CaseEvent {
    /// In the order in which events of one instant are looked at.
    enum class What : std::uint8_t {
        missed,    ///< by the company
        wrote,     ///< the client, a human mail
        called,    ///< by the company, not answered by him
        reached,   ///< by the company, answered by him
        answered,  ///< he called and was answered
        replied,   ///< a human mail to him
    };
    What what{};
    std::uint64_t member = 0;  ///< kpi::member_of
    base::UtcMillis at{};      ///< start; of a mail when it was sent
    base::UtcMillis
        done_at{};          ///< of a missed call its end, of an answered one the answer; else `at`
    std::uint8_t kind = 0;  ///< events::Kind
    std::string native_id;
    kpi::Scope scope;
    kpi::Client client;
    kpi::Subject number;
    kpi::Segment segment = kpi::Segment::none;
    kpi::Manager who;      ///< the owner of a missed call; else who called, answered, replied
    kpi::Team team;        ///< of `who` then; without him that of the endpoint or queue
    kpi::Team shown_team;  ///< missed: as the call shows it
    friend bool operator==(const CaseEvent&, const CaseEvent&) = default;
};

/// nullopt: it is nothing to any case. An open call is none yet, and so is an anonymous one.
std::optional<CaseEvent> case_event_of(const store::EntityKey& key, const kpi::AssembledCall& call);
/// Of a mail as it was credited.
std::optional<CaseEvent> case_event_of(const store::EntityKey& key, const store::ActivityRow& mail);

/// One missed case, from its first call on. Pure.
///
/// Rules (domain.md 6, missed case): a callback is a call that starts at or after the end of the
/// first missed call; the case is returned when the client answers one, recovered when he calls
/// again and is answered or gets a human mail after his own. Whatever is first decides. What comes
/// after `due` resolves nothing but a callback: returned late. A missed call at or after the
/// resolution, or after `due`, begins the next case, and what follows it is that one's.
class CaseLife {
public:
    /// `due` absent: it never expires.
    CaseLife(const CaseEvent& first, std::optional<base::UtcMillis> due);

    /// Takes what comes next in time; false: a missed call that begins another case.
    bool takes(const CaseEvent& event);
    /// No event from `at` on can change it.
    bool is_settled(base::UtcMillis at) const { return resolved_at_ && at >= *resolved_at_; }

    /// As it stands at this log time. `is_followed`: another case has begun. Durations and the
    /// resolver's team are not decided here.
    store::CaseRow row(base::UtcMillis log_time, bool is_followed) const;

private:
    bool is_late(base::UtcMillis at) const { return due_ && at > *due_; }
    void resolve(const CaseEvent& event);

    CaseEvent first_;
    std::optional<base::UtcMillis> due_;
    std::optional<base::UtcMillis> attempted_at_;
    std::optional<base::UtcMillis> wrote_at_;
    std::optional<base::UtcMillis> resolved_at_;
    std::optional<CaseEvent> resolver_;
};

/// Whether a case as it stands could be another one with `event`, or without it: false for what
/// joins it in silence, and for what comes when it is decided. `event` is not its first call.
bool may_change(const kpi::MissedCase& standing, const CaseEvent& event);

}  // namespace processors
