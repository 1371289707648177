#include "store/rocks_view_store.h"

#include <rocksdb/env.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "store/rocks_database.h"
#include "store/rocks_reader.h"

namespace store {

namespace {

class RocksSnapshot final : public ViewReader {
public:
    explicit RocksSnapshot(std::shared_ptr<const RocksDatabase> database)
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
    base::Result<void> leap(Family family, std::string_view from, std::string_view until,
                            const std::function<Next(std::string_view key, std::string_view value)>&
                                visit) const override {
        return family == Family::index ? ViewReader::leap(family, from, until, visit)
                                       : reader_.leap(family, from, until, visit);
    }
    base::Result<std::optional<std::string>> last_key(Family family, std::string_view from,
                                                      std::string_view until) const override {
        return reader_.last_key(family, from, until);
    }

private:
    std::shared_ptr<const RocksDatabase> database_;
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
    explicit RocksViewStore(std::shared_ptr<const RocksDatabase> database)
        : database_(std::move(database)),
          reader_(*database_, nullptr),
          has_files_(has_rows(database_->index_files())),
          has_erased_(has_rows(database_->index_erased())) {}

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
    base::Result<void> leap(Family family, std::string_view from, std::string_view until,
                            const std::function<Next(std::string_view key, std::string_view value)>&
                                visit) const override {
        return family == Family::index ? ViewReader::leap(family, from, until, visit)
                                       : reader_.leap(family, from, until, visit);
    }
    base::Result<std::optional<std::string>> last_key(Family family, std::string_view from,
                                                      std::string_view until) const override {
        return reader_.last_key(family, from, until);
    }
    base::Result<void> write(std::span<const Change> changes) override;
    base::Result<void> ingest_index(std::span<const std::string_view> keys) override;
    std::shared_ptr<const ViewReader> snapshot() const override {
        return std::make_shared<RocksSnapshot>(database_);
    }
    base::Result<void> flush_wal() override;
    base::Result<void> copy_to(const std::filesystem::path& path) const;
    void visit(const std::function<void(const base::Sample&)>& show) const override;

private:
    bool has_rows(rocksdb::ColumnFamilyHandle* family) const {
        const std::unique_ptr<rocksdb::Iterator> at(
            (*database_)->NewIterator(rocksdb::ReadOptions(), family));
        at->SeekToFirst();
        return at->Valid() || !at->status().ok();
    }
    rocksdb::Status add(rocksdb::WriteBatch& batch, const Change& change);
    base::Result<void> revive(std::span<const std::string_view> keys);

    std::shared_ptr<const RocksDatabase> database_;
    RocksReader reader_;
    bool has_files_;   ///< `ix` holds keys
    bool has_erased_;  ///< `ix_erased` may hold keys
};

/// Index keys: what was taken out is named, so that a file that has it does not show it any more.
rocksdb::Status RocksViewStore::add(rocksdb::WriteBatch& batch, const Change& change) {
    rocksdb::ColumnFamilyHandle* const family = database_->handle(change.family);
    const rocksdb::Slice key = to_slice(change.key);
    const bool is_index = change.family == Family::index;
    rocksdb::Status status =
        change.value ? batch.Put(family, key, to_slice(*change.value)) : batch.Delete(family, key);
    if (status.ok() && is_index && change.value && has_erased_) {
        status = batch.Delete(database_->index_erased(), key);
    }
    if (status.ok() && is_index && !change.value && has_files_) {
        has_erased_ = true;
        status = batch.Put(database_->index_erased(), key, rocksdb::Slice());
    }
    return status;
}

/// Keys that come again are no longer erased.
base::Result<void> RocksViewStore::revive(std::span<const std::string_view> keys) {
    rocksdb::WriteBatch batch;
    const std::unique_ptr<rocksdb::Iterator> at(
        (*database_)->NewIterator(rocksdb::ReadOptions(), database_->index_erased()));
    rocksdb::Status status;
    for (at->SeekToFirst(); at->Valid() && status.ok(); at->Next()) {
        if (std::binary_search(keys.begin(), keys.end(), to_view(at->key()))) {
            status = batch.Delete(database_->index_erased(), at->key());
        }
    }
    status = status.ok() ? at->status() : status;
    if (status.ok() && batch.Count() != 0) {
        status = (*database_)->Write(rocksdb::WriteOptions(), &batch);
    }
    if (!status.ok()) {
        return database_->failed(status);
    }
    return base::success();
}

base::Result<void> RocksViewStore::ingest_index(std::span<const std::string_view> keys) {
    if (keys.empty()) {
        return base::success();
    }
    if (has_erased_) {
        BOOST_OUTCOME_TRY(revive(keys));
    }
    has_files_ = true;
    return database_->ingest(keys);
}

base::Result<void> RocksViewStore::write(std::span<const Change> changes) {
    std::size_t bytes = 0;
    constexpr std::size_t change_overhead_bytes = 16;
    for (const Change& change : changes) {
        bytes +=
            change.key.size() + (change.value ? change.value->size() : 0) + change_overhead_bytes;
    }
    rocksdb::WriteBatch batch(bytes);
    for (const Change& change : changes) {
        if (const rocksdb::Status status = add(batch, change); !status.ok()) {
            return database_->failed(status);
        }
    }
    const rocksdb::Status status = (*database_)->Write(rocksdb::WriteOptions(), &batch);
    if (!status.ok()) {
        return database_->failed(status);
    }
    return base::success();
}

base::Result<void> RocksViewStore::copy_to(const std::filesystem::path& path) const {
    // Up to so much of the write-ahead log is copied along instead of flushing the memtables.
    constexpr std::uint64_t log_bytes_max = std::uint64_t{64} << 20;
    rocksdb::Checkpoint* made = nullptr;
    rocksdb::Status status = rocksdb::Checkpoint::Create(database_->operator->(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    status = status.ok() ? checkpoint->CreateCheckpoint(path.string(), log_bytes_max) : status;
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
        for (rocksdb::ColumnFamilyHandle* const family : database_->handles()) {
            std::uint64_t value = 0;
            if ((*database_)->GetIntProperty(family, property, &value)) {
                auto sample =
                    sample_of(base::Sample::Kind::gauge, name, help, static_cast<double>(value));
                sample.labels.emplace_back("family", family->GetName());
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
    BOOST_OUTCOME_TRY(auto database, RocksDatabase::open(path, std::move(memory)));
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

base::Result<void> copy_to(const ViewStore& store, const std::filesystem::path& path) {
    const auto* const rocks = dynamic_cast<const RocksViewStore*>(&store);
    if (rocks == nullptr) {
        return base::Error(base::ErrorCode::invalid, "this store cannot be copied");
    }
    return rocks->copy_to(path);
}

const base::Probe* probe_of(const ViewStore& store) {
    return dynamic_cast<const base::Probe*>(&store);
}

}  // namespace store
