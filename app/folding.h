#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "eventlog/kafka_group.h"
#include "processors/runner.h"

namespace app {

/// Which partitions of a node are folded: those that it owns, unless somebody holds one back.
///
/// Lifetime: the runners outlive it. Threads: any; what it calls waits for the batch in hand.
class Folding : public eventlog::KafkaMember {
public:
    using RunnerOf = std::function<processors::Runner&(std::uint32_t partition)>;

    Folding(std::uint32_t partitions, RunnerOf runner)
        : runner_(std::move(runner)), states_(partitions) {}

    /// Asked of a partition that the group has given to this node, before it is folded; true: it is
    /// held until somebody calls `release`. Set before anything is owned.
    void hold_if(std::function<bool(std::uint32_t partition)> is_held) {
        is_held_first_ = std::move(is_held);
    }
    void release(std::uint32_t partition) { change_holds(partition, -1); }

    /// Without a group everything is owned.
    void own_all();
    /// While it lives, the partition is not folded: its runner is the holder's.
    class Hold {
    public:
        Hold(Folding& folding, std::uint32_t partition) : folding_(folding), partition_(partition) {
            folding_.change_holds(partition_, 1);
        }
        ~Hold() { folding_.change_holds(partition_, -1); }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        Folding& folding_;
        std::uint32_t partition_;
    };

    std::uint64_t next_offset(eventlog::Partition partition) const override;
    void assigned(const std::vector<eventlog::Partition>& partitions) override;
    void revoked(const std::vector<eventlog::Partition>& partitions) override;

private:
    struct State {
        bool is_owned = false;
        int holds = 0;
        bool is_running = false;
    };

    void set_owned(std::uint32_t partition, bool is_owned);
    void change_holds(std::uint32_t partition, int by);
    void settle(std::uint32_t partition);

    RunnerOf runner_;
    std::function<bool(std::uint32_t partition)> is_held_first_;
    std::mutex mutex_;
    std::vector<State> states_;
};

}  // namespace app
