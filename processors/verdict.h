#pragma once

#include <optional>

#include "store/rows.h"

namespace processors {

/// What a record is, compared with what is there. Exactly one per record (domain.md 2).
enum class Verdict {
    fresh,      ///< unknown key
    revision,   ///< higher revision pair: replaces
    duplicate,  ///< equal pair, equal fingerprint
    stale,      ///< lower pair: counted, ignored
    conflict,   ///< equal pair, other fingerprint: quarantine, the first is kept
    rejected,   ///< what no collector could map: quarantine
};

/// `current`: the head in force, nullptr when the key is unknown.
Verdict judge(const store::Head* current, const events::Revision& revision,
              const events::Fingerprint& fingerprint);

/// Notes a delivery of the entity in force. False when it was noted already: nothing changes then.
bool observe(store::Head& head, const store::Observation& delivery);

/// Head of a fresh or replacing entity, with its first delivery.
store::Head head_of(const events::Revision& revision, const events::Fingerprint& fingerprint,
                    const store::Observation& delivery);

}  // namespace processors
