#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/copies.h"
#include "app/node.h"
#include "base/http_client.h"

namespace app {

/// Gives a partition that this node owns and has no views of a copy of another node's, so that only
/// what came after it is folded. Without such a copy the topic is folded from its begin.
///
/// A fetch that breaks off goes on where it was while that copy is there: what is fetched stands in
/// `<data_dir>/restore/<partition>/<id>`.
///
/// Lifetime: `node` outlives it. Threads: one of its own; `progress` any.
class Restorer {
public:
    explicit Restorer(Node& node) : node_(node) {}
    ~Restorer() { stop(); }
    Restorer(const Restorer&) = delete;
    Restorer& operator=(const Restorer&) = delete;

    /// Before the node starts.
    void start();
    void stop();

    /// "restoring: 40 of 100 MiB", while it does; nullopt of any other partition.
    std::optional<std::string> progress(std::uint32_t partition) const;

private:
    struct Progress {
        std::uint64_t bytes = 0;
        std::uint64_t of = 0;
    };

    bool wants(std::uint32_t partition);
    void run(const std::stop_token& stop);
    base::Result<void> restore(std::uint32_t partition, const std::stop_token& stop);
    base::Result<std::filesystem::path> fetch(const std::string& url, std::uint32_t partition,
                                              const std::stop_token& stop);
    base::Result<void> fetch_file(const base::HttpClient& client, const std::string& source,
                                  const std::filesystem::path& target, const CopiedFile& file,
                                  std::uint32_t partition, const std::stop_token& stop);
    base::Result<void> install(std::uint32_t partition, const std::filesystem::path& copy);

    Node& node_;
    mutable std::mutex mutex_;
    std::condition_variable_any wanted_some_;
    std::deque<std::uint32_t> wanted_;
    std::map<std::uint32_t, Progress> progress_;
    std::jthread thread_;
};

}  // namespace app
