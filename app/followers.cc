#include "app/followers.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "app/log.h"
#include "base/thread_name.h"

namespace app {
namespace {

using ingest::follow::Follower;

constexpr std::chrono::milliseconds poll_interval(200);

ingest::follow::FollowedSource followed(Node& node, const SourceConfig& source) {
    ingest::follow::FollowedSource followed;
    followed.format = *ingest::line_format_of(source.kind);
    followed.context = map_context(node.config(), source, node.clock().now());
    followed.partition = eventlog::Partition(node.partition(source.company));
    followed.path = source.path;
    followed.cursor_path = node.config().data_dir + "/cursors/" + source.id;
    return followed;
}

}  // namespace

Followers::Followers(Node& node, ingest::http::IntakeProbe& intake) {
    for (const SourceConfig& source : node.config().sources) {
        if (!source.follow) {
            continue;
        }
        const std::string& id = source.id;
        followers_.emplace_back(
            ingest::follow::FollowPorts{
                node.log(), node.log(), node.log_id(), node.files(),
                [&node] { return node.clock().now(); },
                [&intake, id, kind = source.kind](std::uint64_t count) {
                    intake.received(id, kind, count);
                },
                [&intake, id](const std::string& reason) { intake.rejected(id, reason); },
                [id](std::string_view code, const std::string& text) {
                    log_warning(code, "source " + id + ": " + text);
                }},
            followed(node, source));
    }
}

void Followers::start() {
    if (!followers_.empty()) {
        thread_ = std::jthread([this](const std::stop_token& stop) {
            base::name_this_thread("follow");
            run(stop);
        });
    }
}

void Followers::stop() {
    thread_.request_stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

/// Every file has its turn each interval; who has more to read goes on at once in between.
void Followers::run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        const auto next_turn = std::chrono::steady_clock::now() + poll_interval;
        std::vector<Follower*> busy;
        for (Follower& follower : followers_) {
            busy.push_back(&follower);
        }
        while (!busy.empty() && !stop.stop_requested() &&
               std::chrono::steady_clock::now() < next_turn) {
            std::erase_if(busy, [](Follower* follower) {
                return follower->step() != ingest::follow::Step::progressed;
            });
        }
        if (busy.empty()) {
            woken.wait_until(lock, stop, next_turn, [] { return false; });
        }
    }
}

std::optional<std::string_view> Followers::state_of(const std::string& source_id) const {
    for (const Follower& follower : followers_) {
        if (follower.source_id() == source_id) {
            switch (follower.health()) {
                case ingest::follow::Health::failed: return "failed";
                case ingest::follow::Health::behind: return "behind";
                case ingest::follow::Health::ok: return std::nullopt;
            }
        }
    }
    return std::nullopt;
}

void Followers::visit(const std::function<void(const base::Sample&)>& show) const {
    for (const Follower& follower : followers_) {
        const std::vector<std::pair<std::string, std::string>> labels{
            {"source", follower.source_id()}};
        show({.name = "collector_file_lag_bytes",
              .help = "Bytes of the followed file that are not in the log yet.",
              .kind = base::Sample::Kind::gauge,
              .labels = labels,
              .value = static_cast<double>(follower.lag_bytes()),
              .buckets = {}});
        show({.name = "collector_file_missing",
              .help = "1 while the followed file is not there.",
              .kind = base::Sample::Kind::gauge,
              .labels = labels,
              .value = follower.is_missing() ? 1.0 : 0.0,
              .buckets = {}});
    }
}

}  // namespace app
