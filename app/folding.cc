#include "app/folding.h"

namespace app {

void Folding::own_all() {
    for (std::uint32_t partition = 0; partition < states_.size(); ++partition) {
        set_owned(partition, true);
    }
}

std::uint64_t Folding::next_offset(eventlog::Partition partition) const {
    return runner_(partition.value()).view()->position.next_offset;
}

void Folding::assigned(const std::vector<eventlog::Partition>& partitions) {
    for (const eventlog::Partition partition : partitions) {
        if (is_held_first_ && is_held_first_(partition.value())) {
            change_holds(partition.value(), 1);
        }
        set_owned(partition.value(), true);
    }
}

void Folding::revoked(const std::vector<eventlog::Partition>& partitions) {
    for (const eventlog::Partition partition : partitions) {
        set_owned(partition.value(), false);
    }
}

void Folding::set_owned(std::uint32_t partition, bool is_owned) {
    const std::lock_guard lock(mutex_);
    states_[partition].is_owned = is_owned;
    settle(partition);
}

void Folding::change_holds(std::uint32_t partition, int by) {
    const std::lock_guard lock(mutex_);
    states_[partition].holds += by;
    settle(partition);
}

void Folding::settle(std::uint32_t partition) {
    State& state = states_[partition];
    const bool should_run = state.is_owned && state.holds == 0;
    if (should_run == state.is_running) {
        return;
    }
    state.is_running = should_run;
    if (should_run) {
        runner_(partition).start();
    } else {
        runner_(partition).stop();
    }
}

}  // namespace app
