#include "app/frozen_views.h"

#include <filesystem>
#include <limits>

#include "app/node.h"
#include "app/partition.h"
#include "processors/runner.h"
#include "store/rocks_view_store.h"

namespace app {
namespace {

/// A log that nobody reads: it says that every offset is there.
class UnreadLog final : public eventlog::LogReader {
public:
    base::Result<std::vector<eventlog::ReadRecord>> read(eventlog::Partition, std::uint64_t,
                                                         std::size_t, std::size_t) override {
        return std::vector<eventlog::ReadRecord>();
    }
    std::uint64_t first_offset(eventlog::Partition) const override { return 0; }
    std::uint64_t durable_end(eventlog::Partition) const override {
        return std::numeric_limits<std::uint64_t>::max();
    }
    bool wait_beyond(eventlog::Partition, std::uint64_t, std::chrono::milliseconds,
                     std::stop_token) override {
        return false;
    }
};

}  // namespace

struct FrozenViews::Parts {
    UnreadLog log;
    std::unique_ptr<processors::Runner> runner;
};

FrozenViews::FrozenViews(Key) : parts_(std::make_unique<Parts>()) {
}
FrozenViews::~FrozenViews() = default;

base::Result<std::unique_ptr<FrozenViews>> FrozenViews::open(const Config& config,
                                                             const std::string& company,
                                                             const std::string& directory) {
    const std::uint32_t partition = partition_of(company, config.partitions);
    const std::string path = directory + "/" + std::to_string(partition);
    std::error_code failed;
    if (!std::filesystem::is_directory(path, failed)) {
        return base::Error(base::ErrorCode::unavailable, path + ": there are no views");
    }
    auto views = std::make_unique<FrozenViews>(Key());
    BOOST_OUTCOME_TRY(std::unique_ptr<store::ViewStore> rows, store::open_rocks(path));
    processors::RunnerOptions options;
    options.partition = eventlog::Partition(partition);
    views->parts_->runner =
        std::make_unique<processors::Runner>(views->parts_->log, std::move(rows), options);
    BOOST_OUTCOME_TRY(views->parts_->runner->open());
    views->view_ = with_configured(views->parts_->runner->view(), config);
    return views;
}

}  // namespace app
