#include "processors/silence.h"

#include <algorithm>
#include <utility>

namespace processors {
namespace {

constexpr base::Millis one_ms{1};
/// More than a month of a source that is silent every hour.
constexpr std::size_t over_max = 1'000;

}  // namespace

std::optional<base::UtcMillis> Silence::since() const {
    std::optional<base::UtcMillis> first;
    for (const auto& [source, up_to] : up_to_) {
        first = std::min(first.value_or(up_to + after), up_to + after);
    }
    return first;
}

bool Silence::heard(kpi::Source source, base::UtcMillis up_to, base::UtcMillis now) {
    const auto before = since();
    base::UtcMillis& known = up_to_.try_emplace(source, up_to).first->second;
    known = std::max(known, up_to);
    if (!before || *before > now) {
        return false;
    }
    const base::UtcMillis end = std::min(*since(), now + one_ms);
    if (end <= *before) {
        return false;
    }
    over_.push_back({*before, end});
    over_ = kpi::united(std::move(over_));
    if (over_.size() > over_max) {
        over_.erase(over_.begin());
    }
    return true;
}

kpi::Intervals Silence::all() const {
    kpi::Intervals all = over_;
    if (const auto open = since()) {
        all.push_back({*open, base::for_ever});
    }
    return kpi::united(std::move(all));
}

void Silence::restore(std::map<kpi::Source, base::UtcMillis> up_to, kpi::Intervals over) {
    up_to_ = std::move(up_to);
    over_ = std::move(over);
}

}  // namespace processors
