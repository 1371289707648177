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

    /// Without a group everything is owned.
    void own_all();
    /// Nothing is owned any longer.
    void own_nothing();
    /// While it lives, the partition is not folded: its runner is the holder's.
    class Hold {
    public:
        Hold(Folding& folding, std::uint32_t partition) : folding_(folding), partition_(partition) {
            folding_.set_held(partition_, true);
        }
        ~Hold() { folding_.set_held(partition_, false); }
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
        bool is_held = false;
        bool is_running = false;
    };

    void set_owned(std::uint32_t partition, bool is_owned);
    void set_held(std::uint32_t partition, bool is_held);
    void settle(std::uint32_t partition);

    RunnerOf runner_;
    std::mutex mutex_;
    std::vector<State> states_;
};

}  // namespace app
