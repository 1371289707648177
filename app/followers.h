#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "app/node.h"
#include "base/probe.h"
#include "ingest/follow/follower.h"
#include "ingest/http/intake_probe.h"

namespace app {

/// The files that the configured sources follow, read on one thread.
///
/// Lifetime: `node` and `intake` outlive it. Threads: `start` and `stop` the owner, the rest any.
class Followers final : public base::Probe {
public:
    Followers(Node& node, ingest::http::IntakeProbe& intake);

    void start();
    /// Ends the thread behind the piece at hand.
    void stop();

    /// `failed` or `behind` of a followed source; nullopt when there is nothing to say.
    std::optional<std::string_view> state_of(const std::string& source_id) const;

    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    void run(const std::stop_token& stop);

    std::deque<ingest::follow::Follower> followers_;
    std::jthread thread_;
};

}  // namespace app
