#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/statistics.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/view_store.h"

// Files rocks_* alone know RocksDB 7.8.3. Options and traps: engine.md 4.5. Among them: no prefix
// extractor (a scan wider than the prefix would silently give too little), no manual WAL flush, no
// merge operator, and a family that takes files takes nothing else.
namespace store {

inline rocksdb::Slice to_slice(std::string_view bytes) {
    return {bytes.data(), bytes.size()};
}
inline std::string_view to_view(const rocksdb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

/// An open directory of one store. Lives as long as the store or any snapshot of it.
///
/// The index stands in three families: `ix_live` takes keys one by one, `ix` whole files of them,
/// `ix_erased` names the keys taken out since (what is in a file cannot be taken out of it).
class RocksDatabase {
public:
    RocksDatabase() = default;
    /// Errors: already_exists - another process holds it; unavailable; corrupt.
    static base::Result<std::shared_ptr<RocksDatabase>> open(const std::string& path,
                                                             std::unique_ptr<rocksdb::Env> memory);
    ~RocksDatabase();
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;

    rocksdb::DB* operator->() const { return database_.get(); }
    rocksdb::ColumnFamilyHandle* handle(Family family) const {
        return handles_[static_cast<std::size_t>(family) + 1];
    }
    rocksdb::ColumnFamilyHandle* index_files() const { return handles_[families_count + 1]; }
    rocksdb::ColumnFamilyHandle* index_erased() const { return handles_[families_count + 2]; }
    /// All of ours.
    std::span<rocksdb::ColumnFamilyHandle* const> handles() const {
        return std::span(handles_).subspan(1);
    }
    /// Makes `keys` (sorted, each once) one file of `ix`.
    base::Result<void> ingest(std::span<const std::string_view> keys) const;

    bool is_in_memory() const { return memory_ != nullptr; }
    const rocksdb::Statistics& counts() const { return *counts_; }
    base::Error failed(const rocksdb::Status& status) const;

private:
    std::string path_;
    std::shared_ptr<rocksdb::Statistics> counts_;
    std::unique_ptr<rocksdb::Env> memory_;
    std::unique_ptr<rocksdb::DB> database_;
    /// RocksDB's own `default`, which stays empty, then one per Family, then `ix`, `ix_erased`.
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

}  // namespace store
