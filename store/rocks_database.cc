#include "store/rocks_database.h"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/rate_limiter.h>
#include <rocksdb/sst_file_manager.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <utility>

namespace store {

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t cache_bytes = 192 * mib;
/// 2^n parts, each with a lock of its own. A filter block of several MiB must fit into one of them.
constexpr int cache_shard_bits = 2;
/// Above this the directories flush early: half of the cache that memtables are charged to.
constexpr std::size_t memtables_bytes_max = 96 * mib;
constexpr std::int64_t background_bytes_per_second = 256 * std::int64_t{mib};
constexpr std::size_t wal_bytes_max = 16 * mib;

/// What all directories of the process share.
struct Shared {
    std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(cache_bytes, cache_shard_bits);
    std::shared_ptr<rocksdb::WriteBufferManager> memtables =
        std::make_shared<rocksdb::WriteBufferManager>(memtables_bytes_max, cache, false);
    std::shared_ptr<rocksdb::RateLimiter> rate_limiter{
        rocksdb::NewGenericRateLimiter(background_bytes_per_second)};
    std::shared_ptr<rocksdb::SstFileManager> files{
        rocksdb::NewSstFileManager(rocksdb::Env::Default())};
};

/// Compaction takes the time that nobody else wants: with less of it the views are larger for a
/// while, and an acknowledgement or a reader does not wait.
void lower_compaction() {
    static_cast<void>(rocksdb::Env::Default()->LowerThreadPoolCPUPriority(
        rocksdb::Env::LOW, rocksdb::CpuPriority::kLow));
}

const Shared& shared() {
    static const Shared all = [] {
        lower_compaction();
        return Shared();
    }();
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
    if (is_entity) {
        options.compaction_style = rocksdb::kCompactionStyleLevel;
        options.level_compaction_dynamic_level_bytes = true;
    } else {  // each memtable has keys from everywhere: levels would write all of it anew each time
        options.compaction_style = rocksdb::kCompactionStyleUniversal;
    }
    options.write_buffer_size = (is_entity ? 32 : 8) * mib;
    options.max_write_buffer_number = 2;
    options.arena_block_size = 64 * kib;
    if (is_entity) {  // most of what is asked for here is new
        options.memtable_prefix_bloom_size_ratio = 0.05;
        options.memtable_whole_key_filtering = true;
    }
    options.compression = rocksdb::kLZ4Compression;
    options.bottommost_compression = rocksdb::kZSTD;
    return options;
}

/// What comes in whole files, each over all keys: they are merged many at a time, because every
/// merge writes all of them anew. A query looks into each, so they are not many.
rocksdb::ColumnFamilyOptions options_of_files() {
    rocksdb::ColumnFamilyOptions options = options_of(Family::index);
    options.compaction_options_universal.min_merge_width = 8;
    options.compaction_options_universal.size_ratio = 20;
    options.level0_file_num_compaction_trigger = 16;
    options.level0_slowdown_writes_trigger = 40;
    options.level0_stop_writes_trigger = 60;
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

}  // namespace

RocksDatabase::~RocksDatabase() {
    for (rocksdb::ColumnFamilyHandle* const handle : handles_) {
        static_cast<void>(database_->DestroyColumnFamilyHandle(handle));
    }
}

base::Error RocksDatabase::failed(const rocksdb::Status& status) const {
    return translated(status, path_);
}

base::Result<std::shared_ptr<RocksDatabase>> RocksDatabase::open(
    const std::string& path, std::unique_ptr<rocksdb::Env> memory) {
    auto opened = std::make_shared<RocksDatabase>();
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    families.emplace_back(rocksdb::kDefaultColumnFamilyName, options_of(Family::index));
    for (std::size_t i = 0; i < families_count; ++i) {
        const auto family = static_cast<Family>(i);
        families.emplace_back(std::string(to_string(family)), options_of(family));
    }
    families.emplace_back("ix", options_of_files());
    families.emplace_back("ix_erased", options_of(Family::index));
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

base::Result<void> RocksDatabase::ingest(std::span<const std::string_view> keys) const {
    const std::string path = path_ + "/index.ingest";
    rocksdb::Options of_file(database_->GetDBOptions(), options_of_files());
    of_file.bottommost_compression = of_file.compression;  // it is not the last to write these keys
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), of_file, index_files());
    rocksdb::Status status = writer.Open(path);
    for (const std::string_view key : keys) {
        status = status.ok() ? writer.Put(to_slice(key), rocksdb::Slice()) : status;
    }
    status = status.ok() ? writer.Finish() : status;
    if (status.ok()) {
        rocksdb::IngestExternalFileOptions options;
        options.move_files = true;
        options.write_global_seqno = false;
        status = database_->IngestExternalFile(index_files(), {path}, options);
    }
    if (!status.ok()) {
        return failed(status);
    }
    return base::success();
}

}  // namespace store
