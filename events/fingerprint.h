#pragma once

#include <cstdint>
#include <span>

#include "events/event.h"

namespace events {

/// XXH3-128 of the fingerprinted facts and, apart, of the parties: equal revisions with another
/// fingerprint are a conflict. Reveals nothing: parties enter as ordinals.
///
/// Source: domain.md 1, fingerprint; the fields are listed in docs/event_format.md.
struct Fingerprint {
    std::uint64_t facts_high = 0;
    std::uint64_t facts_low = 0;
    std::uint64_t parties_high = 0;
    std::uint64_t parties_low = 0;
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// The fingerprint of an event. `subjects[i]` is the ordinal of party i: the pair (normalised, raw)
/// is what the fold interned; anonymous is 0. Of an event without entity: zeros.
Fingerprint fingerprint(const EventView& event, std::span<const std::uint64_t> subjects);

/// The fingerprint of one leg inside `call.legs`, as if it had come as call.leg.v1.
Fingerprint fingerprint_of_leg(const pb::CallLeg& leg, std::span<const std::uint64_t> subjects);

}  // namespace events
