#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/node.h"
#include "base/http_client.h"
#include "base/http_router.h"
#include "base/http_workers.h"
#include "eventlog/kafka_owners.h"

namespace app {

/// The peer whose views of the partition are the newest and newer than this node's; nullopt: there
/// is none.
std::optional<std::string> newest_copy_of(Node& node, std::uint32_t partition);

/// The other nodes of the group: any node answers, by the one that has the views. A question takes
/// one hop, to the partition's owner as the broker names it. While a partition moves, the newest
/// copy answers, this node's or another's, with its own `as_of`.
///
/// Lifetime: `node` outlives it. Threads: any.
class Peers {
public:
    explicit Peers(Node& node);
    ~Peers() { stop(); }
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    /// `handler` for questions about a company whose views are here; others go where they are. It
    /// is told the company by the parameter `company`, in the URL or in a body of JSON.
    base::HttpHandler answering(base::HttpHandler handler);

    /// Questions on their way are answered or refused. Idempotent.
    void stop();

private:
    using Steady = std::chrono::steady_clock;

    /// Where a question is taken: as the owner, or as the holder of a copy.
    enum class As { owner, copy };

    std::optional<std::uint32_t> partition_of(const base::HttpRequest& request) const;
    void hop(const base::HttpRequest& request, std::uint32_t partition,
             const base::HttpHandler& here, const base::HttpReply& reply);
    std::optional<base::HttpResponse> answer_of_copy(const base::HttpRequest& request,
                                                     std::uint32_t partition,
                                                     const base::HttpHandler& here,
                                                     const base::HttpReply& reply) const;
    bool pause();
    std::string owner_of(std::uint32_t partition);
    std::optional<base::HttpResponse> ask(const std::string& instance,
                                          const base::HttpRequest& request, As as) const;

    Node& node_;
    std::mutex mutex_;
    std::condition_variable stopping_;
    bool is_stopping_ = false;
    std::mutex asking_mutex_;  // guards the next two
    std::unique_ptr<eventlog::KafkaOwners> group_;
    Steady::time_point asked_at_{};
    std::mutex owners_mutex_;  // guards the broker's last word
    std::vector<std::string> owners_;
    base::HttpWorkers hops_;
};

}  // namespace app
