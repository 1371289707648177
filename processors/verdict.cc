#include "processors/verdict.h"

#include <algorithm>
#include <tuple>

namespace processors {

Verdict judge(const store::Head* current, const events::Revision& revision,
              const events::Fingerprint& fingerprint) {
    if (current == nullptr) {
        return Verdict::fresh;
    }
    if (revision != current->revision) {
        return revision < current->revision ? Verdict::stale : Verdict::revision;
    }
    return fingerprint == current->fingerprint ? Verdict::duplicate : Verdict::conflict;
}

bool observe(store::Head& head, const store::Observation& delivery) {
    bool changed = false;
    const auto source = std::lower_bound(head.sources.begin(), head.sources.end(), delivery.source);
    if (source == head.sources.end() || *source != delivery.source) {
        head.sources.insert(source, delivery.source);
        changed = true;
    }
    const auto key = [](const store::Observation& one) {
        return std::tie(one.event_source, one.id);
    };
    auto& seen = head.observations;
    const auto place = std::lower_bound(
        seen.begin(), seen.end(), delivery,
        [&](const store::Observation& a, const store::Observation& b) { return key(a) < key(b); });
    if (place != seen.end() && key(*place) == key(delivery)) {
        return changed;
    }
    if (place == seen.end() && seen.size() >= store::observations_max) {
        return changed;
    }
    seen.insert(place, delivery);
    if (seen.size() > store::observations_max) {
        seen.pop_back();
    }
    return true;
}

store::Head head_of(const events::Revision& revision, const events::Fingerprint& fingerprint,
                    const store::Observation& delivery) {
    store::Head head;
    head.revision = revision;
    head.fingerprint = fingerprint;
    observe(head, delivery);
    return head;
}

}  // namespace processors
