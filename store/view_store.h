#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace store {

/// The families of a view directory. A family is an ordered map of bytes.
enum class Family : std::uint8_t {
    state = 0,   ///< meta, cells, sets, directory, clients, subjects, quarantine: docs/view_keys.md
    entity = 1,  ///< calls, mails, meetings ... with their aliases
    index = 2,   ///< search keys
};
inline constexpr std::size_t families_count = 3;
std::string_view to_string(Family family);

/// One changed row; without value it is erased. Whoever made it keeps the bytes.
struct Change {
    Family family{};
    std::string_view key;
    std::optional<std::string_view> value;
};

/// Where a scan goes on after a row.
struct Next {
    enum class Kind : std::uint8_t { row, key, nowhere };
    static Next row() { return {Kind::row, {}}; }
    /// `key` lies behind the row that was shown.
    static Next from(std::string key) { return {Kind::key, std::move(key)}; }
    static Next end() { return {Kind::nowhere, {}}; }

    Kind kind;
    std::string key;
};

/// One consistent state of the views. Threads: any.
class ViewReader {
public:
    virtual ~ViewReader() = default;

    /// nullopt: there is no such row (not an error).
    /// Errors: corrupt - the store says its bytes are damaged; unavailable - the disk refuses.
    virtual base::Result<std::optional<std::string>> get(Family family,
                                                         std::string_view key) const = 0;

    /// The rows of `keys`, which are sorted, in their order. Cost: a fraction of as many `get`s.
    virtual base::Result<std::vector<std::optional<std::string>>> get_many(
        Family family, std::span<const std::string_view> keys) const;

    /// Shows the rows of [from, until) in key order until `visit` returns false. Empty `until`: to
    /// the end.
    virtual base::Result<void> scan(
        Family family, std::string_view from, std::string_view until,
        const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;

    /// As `scan`, but `visit` says where to go on: rows that nobody wants are leapt over.
    /// Cost of a leap: that of one `get`.
    virtual base::Result<void> leap(
        Family family, std::string_view from, std::string_view until,
        const std::function<Next(std::string_view key, std::string_view value)>& visit) const;

    /// The last key of [from, until); nullopt when there is none.
    virtual base::Result<std::optional<std::string>> last_key(Family family, std::string_view from,
                                                              std::string_view until) const = 0;
};

/// The materialized views of one partition.
///
/// Invariants: `write` is atomic: after a crash at any instant a prefix of the writes is there.
/// Threads:    one writer; readers and snapshots from any.
class ViewStore : public ViewReader {
public:
    /// Errors: unavailable - the disk refuses (full); corrupt. In both cases nothing was written.
    virtual base::Result<void> write(std::span<const Change> changes) = 0;
    /// Puts new keys of the family `index` (sorted, each once) all at once, at a fraction of the
    /// cost of as many changes. Not part of any `write`: they show before the next one. Repeating
    /// it changes nothing. Errors: as `write`.
    virtual base::Result<void> ingest_index(std::span<const std::string_view> keys);
    /// A state that later writes do not change. Cheap; hold it for a request, not for ever.
    virtual std::shared_ptr<const ViewReader> snapshot() const = 0;
    /// Makes every write so far survive a power cut.
    virtual base::Result<void> flush_wal() = 0;
};

/// The first key that is not within `prefix`; empty when there is none.
std::string prefix_end(std::string_view prefix);

}  // namespace store
