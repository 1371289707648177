#include "processors/timers.h"

#include <algorithm>
#include <vector>

namespace processors {
namespace {

constexpr base::Millis one_ms{1};

base::Error damaged_key() {
    return {base::ErrorCode::corrupt, "a key of a timer is damaged"};
}

}  // namespace

base::Result<void> Timers::open() {
    earliest_ = base::since_ever;
    BOOST_OUTCOME_TRY(const auto next, first(base::for_ever, 1));
    earliest_ = next.empty() ? std::nullopt : std::optional(next.front().due);
    return base::success();
}

void Timers::put(const store::TimerKey& timer) {
    const std::string key = store::timer_key(timer);
    rows_.put(store::Family::state, key, std::string_view());
    changes_[key] = true;
    earliest_ = std::min(earliest_.value_or(timer.due), timer.due);
}

void Timers::erase(const store::TimerKey& timer) {
    const std::string key = store::timer_key(timer);
    rows_.erase(store::Family::state, key);
    changes_[key] = false;
}

base::Result<std::vector<store::TimerKey>> Timers::first(base::UtcMillis until, std::size_t count) {
    const std::string lower = store::timers_upper(*earliest_);
    const std::string upper = store::timers_upper(until);
    std::vector<std::string> keys;
    BOOST_OUTCOME_TRY(store_.scan(store::Family::state, lower, upper,
                                  [&](std::string_view key, std::string_view) {
                                      const auto change = changes_.find(std::string(key));
                                      if (change == changes_.end() || change->second) {
                                          keys.emplace_back(key);
                                      }
                                      return keys.size() < count;
                                  }));
    for (auto change = changes_.lower_bound(lower);
         change != changes_.end() && change->first < upper; ++change) {
        if (change->second) {
            keys.push_back(change->first);
        }
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    keys.resize(std::min(keys.size(), count));
    std::vector<store::TimerKey> timers;
    for (const std::string& key : keys) {
        store::TimerKey timer;
        if (!store::read_timer_key(key, timer)) {
            return damaged_key();
        }
        timers.push_back(std::move(timer));
    }
    return timers;
}

base::Result<void> Timers::fire(base::UtcMillis log_time, std::size_t timers_max,
                                const Fire& fire) {
    if (!is_due(log_time)) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(const auto due, first(log_time + one_ms, timers_max));
    earliest_ = due.empty() ? log_time : due.back().due;  // before `fire` puts others
    for (const store::TimerKey& timer : due) {
        erase(timer);
        BOOST_OUTCOME_TRY(fire(timer));
    }
    BOOST_OUTCOME_TRY(const auto next, first(base::for_ever, 1));
    earliest_ = next.empty() ? std::nullopt : std::optional(next.front().due);
    return base::success();
}

}  // namespace processors
