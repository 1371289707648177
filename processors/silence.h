#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "base/time.h"
#include "kpi/ids.h"
#include "kpi/intervals.h"

namespace processors {

/// When a source of a company that sends heartbeats was silent: what managers did then is not
/// known. A source without heartbeats is never silent, however little comes.
///
/// Source: engine.md 5, watermark; domain.md 7. A plain value.
class Silence {
public:
    /// So long after the newest `up_to` of its heartbeats a source is silent.
    static constexpr std::chrono::minutes after{5};

    /// A source has seen everything up to `up_to`, as of log time `now`. True when a silence ended.
    bool heard(kpi::Source source, base::UtcMillis up_to, base::UtcMillis now);

    /// Since when one of them is silent, if nothing more comes; nullopt: there is none.
    std::optional<base::UtcMillis> since() const;
    /// All of it, the last one without end.
    kpi::Intervals all() const;

    /// Silences that are over, the newest.
    const kpi::Intervals& over() const { return over_; }
    void restore(std::map<kpi::Source, base::UtcMillis> up_to, kpi::Intervals over);

private:
    std::map<kpi::Source, base::UtcMillis> up_to_;
    kpi::Intervals over_;
};

}  // namespace processors
