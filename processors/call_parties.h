#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "kpi/contribution.h"
#include "kpi/directory.h"
#include "processors/call_assembly.h"

namespace processors {

/// Whose a side of a leg is. Source: domain.md 3, parties of a CDR row.
enum class SideKind : std::uint8_t {
    external,
    manager,
    human,    ///< of the company, without manager
    machine,  ///< ivr, voicemail, fax
    link,     ///< a `Local/` channel: no party; as caller it stands for the external side
};

/// One side of a leg, resolved at the leg's start. Lifetime: texts point into the leg or the
/// directory.
struct Side {
    SideKind kind = SideKind::external;
    std::string_view peer;
    std::string_view address;  ///< as named, or of the entry that its number matched
    std::string_view number;   ///< in normal form; empty: anonymous or none
    kpi::Subject number_subject;
    kpi::Manager manager;
    std::string_view manager_id;  ///< as stated or of the entry; orders participations
    kpi::Team team;               ///< of the entry
    bool registered = false;      ///< an entry of the registry speaks for it
    bool trunk = false;           ///< its channel is a registered trunk

    bool is_company() const { return kind == SideKind::manager || kind == SideKind::human; }
    /// The external party, or what stands for it.
    bool is_outside() const { return kind == SideKind::external || kind == SideKind::link; }
};

/// The same person or device of the company.
bool same_party(const Side& one, const Side& two);
/// The same external side: the same channel and number; a link stands for whoever is behind it.
bool same_external(const Side& one, const Side& two);

/// The one or two sides of a leg: caller, then called.
struct Sides {
    std::array<const Side*, 2> both{};
    std::size_t count = 0;
    auto begin() const { return both.begin(); }
    auto end() const { return both.begin() + count; }
};

/// A leg with its sides resolved.
struct CallLeg {
    const Leg* said = nullptr;
    Side caller;
    std::optional<Side> called;
    std::optional<kpi::EndpointKind> dialled;  ///< what is registered under the number dialled
    kpi::QualitySet quality = 0;

    base::UtcMillis start() const { return said->started_at; }
    base::UtcMillis end() const { return said->ended_at; }
    bool is_connected() const {
        return said->result == LegResult::answered && said->answered_at.has_value();
    }
    /// Answer to end, as the source says it; empty when it was not connected.
    kpi::Intervals bridged() const;
    /// An application of the dial plan: never talk, never an answer of a human.
    bool is_application() const { return !called || called->kind == SideKind::machine; }
    bool is_queue() const;
    bool is_voicemail() const;
    bool is_park() const;
    bool is_announcement() const;
    bool is_conference() const;
    /// The device or the client's telephone rang: not so when it was busy or could not be reached.
    bool was_heard() const;
    Sides sides() const { return {{&caller, called ? &*called : nullptr}, called ? 2U : 1U}; }
    /// The side opposite to `side` of this leg; nullptr for an application.
    const Side* opposite(const Side& side) const;
    /// The only side of the company; nullptr when there is none or both are.
    const Side* only_company_side() const;
};

/// The legs of one call that count, in their order, and what its source states of the whole.
struct CallLegs {
    std::vector<Leg> said;
    std::vector<CallLeg> legs;  ///< pointing into `said`
    std::optional<StatedCall> stated;
    bool is_summary = false;  ///< there is nothing but what is stated

    CallLegs() = default;
    CallLegs(const CallLegs&) = delete;  // `legs` would point into the other one
    CallLegs& operator=(const CallLegs&) = delete;
    CallLegs(CallLegs&&) = default;
    CallLegs& operator=(CallLegs&&) = default;
    ~CallLegs() = default;

    base::UtcMillis started_at() const { return legs.front().start(); }
};

/// Orders the legs, sets summaries aside that have legs beside them, resolves every side.
CallLegs resolve(std::vector<Leg> legs, const kpi::Directory& directory);

/// The company's view. Source: domain.md 3, direction.
kpi::Direction direction_of(const CallLegs& call);

}  // namespace processors
