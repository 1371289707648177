#include "store/rocks_view_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/statistics.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>
#include <vector>

// The only file that knows RocksDB 7.8.3. Options and traps: engine.md 4.5. Among them: no prefix
// extractor (a scan wider than the prefix would silently give too little), no manual WAL flush, no
// merge operator.
namespace store {

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t cache_bytes = 192 * mib;
/// Above this the directories flush early: half of the cache that memtables are charged to.
constexpr std::size_t memtables_bytes_max = 96 * mib;
constexpr std::int64_t background_bytes_per_second = 256 * std::int64_t{mib};
constexpr std::size_t wal_bytes_max = 16 * mib;

rocksdb::Slice to_slice(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}
std::string_view to_view(const rocksdb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

/// What all directories of the process share.
struct Shared {
    std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(cache_bytes);
    std::shared_ptr<rocksdb::WriteBufferManager> memtables =
        std::make_shared<rocksdb::WriteBufferManager>(memtables_bytes_max, cache, false);
    std::shared_ptr<rocksdb::RateLimiter> rate_limiter{
        rocksdb::NewGenericRateLimiter(background_bytes_per_second)};
    std::shared_ptr<rocksdb::SstFileManager> files{
        rocksdb::NewSstFileManager(rocksdb::Env::Default())};
};

const Shared& shared() {
    static const Shared all;
    return all;
}

/// Foreign status -> ours, once.
base::Error translated(const rocksdb::Status& status, std::string_view where) {
    const std::string text = std::string(where) + ": " + status.ToString();
    const bool is_locked =
        status.IsIOError() && (text.find("While lock file") != std::string::npos ||
                               text.find("lock hold by current process") != std::string::npos);
    if (is_locked) {
        return base::Error(base::ErrorCode::already_exists, text);
    }
    if (status.IsIOError() || status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() ||
        status.IsShutdownInProgress() || status.IsAborted() || status.IsIncomplete()) {
        return base::Error(base::ErrorCode::unavailable, text);  // also a full disk
    }
    return base::Error(base::ErrorCode::corrupt, text);
}

rocksdb::ColumnFamilyOptions options_of(Family family) {
    const bool is_entity = family == Family::entity;
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = shared().cache;
    table.block_size = is_entity ? 32 * kib : 16 * kib;
    table.format_version = 5;
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    if (family != Family::index) {
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
        table.whole_key_filtering = true;
    }
    rocksdb::ColumnFamilyOptions options;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.compaction_style = rocksdb::kCompactionStyleLevel;
    options.level_compaction_dynamic_level_bytes = true;
    options.write_buffer_size = (is_entity ? 32 : 8) * mib;
    options.max_write_buffer_number = 2;
    options.arena_block_size = 64 * kib;
    options.memtable_prefix_bloom_size_ratio = 0;
    options.compression = rocksdb::kLZ4Compression;
    options.bottommost_compression = rocksdb::kZSTD;
    return options;
}

rocksdb::DBOptions database_options(rocksdb::Env* memory) {
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options.max_total_wal_size = wal_bytes_max;
    options.max_background_jobs = 2;
    options.bytes_per_sync = mib;
    options.write_buffer_manager = shared().memtables;
    options.statistics = rocksdb::CreateDBStatistics();
    options.statistics->set_stats_level(rocksdb::StatsLevel::kExceptHistogramOrTimers);
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.max_log_file_size = mib;
    options.keep_log_file_num = 4;
    if (memory != nullptr) {
        options.env = memory;  // whose files know neither of the two below
    } else {
        options.rate_limiter = shared().rate_limiter;
        options.sst_file_manager = shared().files;
    }
    return options;
}

/// An open directory. Lives as long as the store or any snapshot of it.
class Database {
public:
    Database() = default;
    static base::Result<std::shared_ptr<Database>> open(const std::string& path,
                                                        std::unique_ptr<rocksdb::Env> memory);
    ~Database() {
        for (rocksdb::ColumnFamilyHandle* const handle : handles_) {
            static_cast<void>(database_->DestroyColumnFamilyHandle(handle));
        }
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    rocksdb::DB* operator->() const { return database_.get(); }
    /// Handles are in the order of families, behind RocksDB's own `default`, which stays empty.
    rocksdb::ColumnFamilyHandle* handle(Family family) const {
        return handles_[static_cast<std::size_t>(family) + 1];
    }
    bool is_in_memory() const { return memory_ != nullptr; }
    const rocksdb::Statistics& counts() const { return *counts_; }
    base::Error failed(const rocksdb::Status& status) const { return translated(status, path_); }

private:
    std::string path_;
    std::shared_ptr<rocksdb::Statistics> counts_;
    std::unique_ptr<rocksdb::Env> memory_;
    std::unique_ptr<rocksdb::DB> database_;
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

base::Result<std::shared_ptr<Database>> Database::open(const std::string& path,
                                                       std::unique_ptr<rocksdb::Env> memory) {
    auto opened = std::make_shared<Database>();
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    families.emplace_back(rocksdb::kDefaultColumnFamilyName, options_of(Family::index));
    for (std::size_t i = 0; i < families_count; ++i) {
        const auto family = static_cast<Family>(i);
        families.emplace_back(std::string(to_string(family)), options_of(family));
    }
    rocksdb::DB* database = nullptr;
    const rocksdb::DBOptions options = database_options(memory.get());
    const rocksdb::Status status =
        rocksdb::DB::Open(options, path, families, &opened->handles_, &database);
    opened->path_ = path;
    opened->counts_ = options.statistics;
    opened->memory_ = std::move(memory);
    opened->database_.reset(database);
    if (!status.ok()) {
        return translated(status, path);
    }
    return opened;
}

/// Reads at `snapshot`, or the newest state when it is null.
class RocksReader {
public:
    RocksReader(const Database& database, const rocksdb::Snapshot* snapshot)
        : database_(database), snapshot_(snapshot) {}

    base::Result<std::optional<std::string>> get(Family family, std::string_view key) const {
        std::string value;
        const rocksdb::Status status =
            database_->Get(options(), database_.handle(family), to_slice(key), &value);
        if (status.IsNotFound()) {
            return std::optional<std::string>();
        }
        if (!status.ok()) {
            return database_.failed(status);
        }
        return std::optional<std::string>(std::move(value));
    }

    base::Result<std::vector<std::optional<std::string>>> get_many(
        Family family, std::span<const std::string_view> keys) const {
        std::vector<std::optional<std::string>> values(keys.size());
        constexpr std::size_t at_once_max = 256;
        for (std::size_t first = 0; first < keys.size(); first += at_once_max) {
            const std::size_t count = std::min(at_once_max, keys.size() - first);
            std::array<rocksdb::Slice, at_once_max> slices;
            std::array<rocksdb::PinnableSlice, at_once_max> found;
            std::array<rocksdb::Status, at_once_max> statuses;
            for (std::size_t i = 0; i < count; ++i) {
                slices[i] = to_slice(keys[first + i]);
            }
            database_->MultiGet(options(), database_.handle(family), count, slices.data(),
                                found.data(), statuses.data(), true);
            for (std::size_t i = 0; i < count; ++i) {
                if (statuses[i].ok()) {
                    values[first + i] = found[i].ToString();
                } else if (!statuses[i].IsNotFound()) {
                    return database_.failed(statuses[i]);
                }
            }
        }
        return values;
    }

    base::Result<void> scan(
        Family family, std::string_view from, std::string_view until,
        const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
        const rocksdb::Slice end = to_slice(until);
        const std::unique_ptr<rocksdb::Iterator> at =
            iterator(family, nullptr, until.empty() ? nullptr : &end);
        for (at->Seek(to_slice(from)); at->Valid(); at->Next()) {
            if (!visit(to_view(at->key()), to_view(at->value()))) {
                return base::success();
            }
        }
        return checked(*at);
    }

    base::Result<std::optional<std::string>> last_key(Family family, std::string_view from,
                                                      std::string_view until) const {
        const rocksdb::Slice begin = to_slice(from);
        const rocksdb::Slice end = to_slice(until);
        const std::unique_ptr<rocksdb::Iterator> at =
            iterator(family, &begin, until.empty() ? nullptr : &end);
        at->SeekToLast();
        if (at->Valid()) {
            return std::optional(at->key().ToString());
        }
        BOOST_OUTCOME_TRY(checked(*at));
        return std::optional<std::string>();
    }

private:
    rocksdb::ReadOptions options() const {
        rocksdb::ReadOptions options;
        options.snapshot = snapshot_;
        return options;
    }
    /// The slices must outlive the iterator.
    std::unique_ptr<rocksdb::Iterator> iterator(Family family, const rocksdb::Slice* from,
                                                const rocksdb::Slice* until) const {
        rocksdb::ReadOptions bounded = options();
        bounded.iterate_lower_bound = from;
        bounded.iterate_upper_bound = until;
        return std::unique_ptr<rocksdb::Iterator>(
            database_->NewIterator(bounded, database_.handle(family)));
    }
    base::Result<void> checked(const rocksdb::Iterator& at) const {
        const rocksdb::Status status = at.status();
        if (!status.ok()) {
            return database_.failed(status);
        }
        return base::success();
    }

    const Database& database_;
    const rocksdb::Snapshot* snapshot_;
};

class RocksSnapshot final : public ViewReader {
public:
    explicit RocksSnapshot(std::shared_ptr<const Database> database)
        : database_(std::move(database)),
          snapshot_((*database_)->GetSnapshot()),
          reader_(*database_, snapshot_) {}
    ~RocksSnapshot() override { (*database_)->ReleaseSnapshot(snapshot_); }
    RocksSnapshot(const RocksSnapshot&) = delete;
    RocksSnapshot& operator=(const RocksSnapshot&) = delete;

    base::Result<std::optional<std::string>> get(Family family,
                                                 std::string_view key) const override {
        return reader_.get(family, key);
    }
    base::Result<std::vector<std::optional<std::string>>> get_many(
        Family family, std::span<const std::string_view> keys) const override {
        return reader_.get_many(family, keys);
    }
    base::Result<void> scan(Family family, std::string_view from, std::string_view until,
                            const std::function<bool(std::string_view key, std::string_view value)>&
                                visit) const override {
        return reader_.scan(family, from, until, visit);
    }
    base::Result<std::optional<std::string>> last_key(Family family, std::string_view from,
                                                      std::string_view until) const override {
        return reader_.last_key(family, from, until);
    }

private:
    std::shared_ptr<const Database> database_;
    const rocksdb::Snapshot* snapshot_;
    RocksReader reader_;
};

base::Sample sample_of(base::Sample::Kind kind, const char* name, const char* help, double value) {
    base::Sample sample;
    sample.name = name;
    sample.help = help;
    sample.kind = kind;
    sample.value = value;
    return sample;
}

class RocksViewStore final : public ViewStore, public base::Probe {
public:
    explicit RocksViewStore(std::shared_ptr<const Database> database)
        : database_(std::move(database)), reader_(*database_, nullptr) {}

    base::Result<std::optional<std::string>> get(Family family,
                                                 std::string_view key) const override {
        return reader_.get(family, key);
    }
    base::Result<std::vector<std::optional<std::string>>> get_many(
        Family family, std::span<const std::string_view> keys) const override {
        return reader_.get_many(family, keys);
    }
    base::Result<void> scan(Family family, std::string_view from, std::string_view until,
                            const std::function<bool(std::string_view key, std::string_view value)>&
                                visit) const override {
        return reader_.scan(family, from, until, visit);
    }
    base::Result<std::optional<std::string>> last_key(Family family, std::string_view from,
                                                      std::string_view until) const override {
        return reader_.last_key(family, from, until);
    }
    base::Result<void> write(std::span<const Change> changes) override;
    std::shared_ptr<const ViewReader> snapshot() const override {
        return std::make_shared<RocksSnapshot>(database_);
    }
    base::Result<void> flush_wal() override;
    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    std::shared_ptr<const Database> database_;
    RocksReader reader_;
};

base::Result<void> RocksViewStore::write(std::span<const Change> changes) {
    std::size_t bytes = 0;
    constexpr std::size_t change_overhead_bytes = 16;
    for (const Change& change : changes) {
        bytes +=
            change.key.size() + (change.value ? change.value->size() : 0) + change_overhead_bytes;
    }
    rocksdb::WriteBatch batch(bytes);
    for (const Change& change : changes) {
        rocksdb::ColumnFamilyHandle* const family = database_->handle(change.family);
        const rocksdb::Status status =
            change.value ? batch.Put(family, to_slice(change.key), to_slice(*change.value))
                         : batch.Delete(family, to_slice(change.key));
        if (!status.ok()) {
            return database_->failed(status);
        }
    }
    const rocksdb::Status status = (*database_)->Write(rocksdb::WriteOptions(), &batch);
    if (!status.ok()) {
        return database_->failed(status);
    }
    return base::success();
}

base::Result<void> RocksViewStore::flush_wal() {
    if (database_->is_in_memory()) {
        return base::success();  // no power cut is survived there, and its files cannot sync
    }
    const rocksdb::Status status = (*database_)->FlushWAL(true);
    if (!status.ok()) {
        return database_->failed(status);
    }
    return base::success();
}

void RocksViewStore::visit(const std::function<void(const base::Sample&)>& show) const {
    using Properties = rocksdb::DB::Properties;
    const auto show_gauge = [&](const char* name, const char* help, const std::string& property) {
        for (std::size_t i = 0; i < families_count; ++i) {
            const auto family = static_cast<Family>(i);
            std::uint64_t value = 0;
            if ((*database_)->GetIntProperty(database_->handle(family), property, &value)) {
                auto sample =
                    sample_of(base::Sample::Kind::gauge, name, help, static_cast<double>(value));
                sample.labels.emplace_back("family", to_string(family));
                show(sample);
            }
        }
    };
    show_gauge("store_memtable_bytes", "Memory of memtables.", Properties::kCurSizeAllMemTables);
    show_gauge("store_pending_compaction_bytes", "Bytes that compaction is behind.",
               Properties::kEstimatePendingCompactionBytes);
    show_gauge("store_files_bytes", "Bytes of table files.", Properties::kLiveSstFilesSize);
    const rocksdb::Statistics& counts = database_->counts();
    const auto show_count = [&](const char* name, const char* help, rocksdb::Tickers ticker,
                                double unit) {
        const auto count = static_cast<double>(counts.getTickerCount(ticker));
        show(sample_of(base::Sample::Kind::counter, name, help, count * unit));
    };
    show_count("store_write_stall_seconds_total", "Time that writes were held up.",
               rocksdb::STALL_MICROS, 1e-6);
    show_count("store_cache_hits_total", "Blocks found in the cache.", rocksdb::BLOCK_CACHE_HIT, 1);
    show_count("store_cache_misses_total", "Blocks read from files.", rocksdb::BLOCK_CACHE_MISS, 1);
    show_count("store_wal_written_bytes_total", "Bytes written to the WAL.",
               rocksdb::WAL_FILE_BYTES, 1);
}

base::Result<std::unique_ptr<ViewStore>> open_at(const std::string& path,
                                                 std::unique_ptr<rocksdb::Env> memory) {
    BOOST_OUTCOME_TRY(auto database, Database::open(path, std::move(memory)));
    return std::unique_ptr<ViewStore>(std::make_unique<RocksViewStore>(std::move(database)));
}

}  // namespace

base::Result<std::unique_ptr<ViewStore>> open_rocks(const std::filesystem::path& path) {
    std::error_code code;
    std::filesystem::create_directories(path, code);
    if (code) {
        return base::Error(base::ErrorCode::unavailable, path.string() + ": " + code.message());
    }
    return open_at(path.string(), nullptr);
}

base::Result<std::unique_ptr<ViewStore>> open_rocks_in_memory() {
    return open_at("/views",
                   std::unique_ptr<rocksdb::Env>(rocksdb::NewMemEnv(rocksdb::Env::Default())));
}

const base::Probe* probe_of(const ViewStore& store) {
    return dynamic_cast<const base::Probe*>(&store);
}

}  // namespace store
