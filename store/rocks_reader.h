#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/rocks_database.h"

namespace store {

/// Reads a directory at a snapshot, or its newest state when that is null.
class RocksReader {
public:
    RocksReader(const RocksDatabase& database, const rocksdb::Snapshot* snapshot)
        : database_(database), snapshot_(snapshot) {}

    /// As ViewReader says.
    base::Result<std::optional<std::string>> get(Family family, std::string_view key) const;
    base::Result<std::vector<std::optional<std::string>>> get_many(
        Family family, std::span<const std::string_view> keys) const;
    /// Of any family but `index`.
    base::Result<void> leap(
        Family family, std::string_view from, std::string_view until,
        const std::function<Next(std::string_view key, std::string_view value)>& visit) const;
    base::Result<void> scan(
        Family family, std::string_view from, std::string_view until,
        const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
    base::Result<std::optional<std::string>> last_key(Family family, std::string_view from,
                                                      std::string_view until) const;

private:
    rocksdb::ReadOptions options() const;
    /// The slices must outlive the iterator.
    std::unique_ptr<rocksdb::Iterator> iterator(rocksdb::ColumnFamilyHandle* family,
                                                const rocksdb::Slice* from,
                                                const rocksdb::Slice* until) const;
    base::Result<void> checked(const rocksdb::Iterator& at) const;
    base::Result<std::optional<std::string>> get(rocksdb::ColumnFamilyHandle* family,
                                                 std::string_view key) const;
    base::Result<void> scan_index(
        std::string_view from, std::string_view until,
        const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

    const RocksDatabase& database_;
    const rocksdb::Snapshot* snapshot_;
};

}  // namespace store
