#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string_view>

namespace store {

/// Hash of bytes for tables in memory; nothing stored depends on it.
struct BytesHash {
    using is_avalanching = void;  ///< Boost.Unordered: needs no mixing of its own
    std::uint64_t operator()(std::string_view bytes) const noexcept;
};

/// The rows of one family that a batch has read or changed. All bytes stand in one arena: nothing
/// is freed before `clear`, and there everything is.
///
/// Threads: one.
class RowTable {
public:
    struct Row {
        std::string_view key;
        std::optional<std::string_view> stored;   ///< as in the store, once `is_loaded`
        std::optional<std::string_view> current;  ///< as the batch sees it, while `is_dirty`
        char* place = nullptr;                    ///< where `current` stands, with so much room
        std::size_t room_bytes = 0;
        bool is_loaded = false;
        bool is_dirty = false;
        bool is_wanted = false;  ///< WriteBack::want

        const std::optional<std::string_view>& seen() const { return is_dirty ? current : stored; }
    };

    Row* find(std::string_view key) const {
        const auto place = rows_.find(key);
        return place == rows_.end() ? nullptr : place->second;
    }
    /// The row of `key`, which stays where it is until `clear`; a new one is neither loaded nor
    /// dirty.
    Row& at(std::string_view key);
    void set_stored(Row& row, std::optional<std::string_view> value);
    void set_current(Row& row, std::optional<std::string_view> value);

    /// Forgets everything.
    void clear();

private:
    std::string_view keep(std::string_view bytes);
    char* room(std::size_t bytes);

    static constexpr std::size_t first_block_bytes = std::size_t{64} << 10;

    std::pmr::monotonic_buffer_resource arena_{first_block_bytes};
    boost::unordered_flat_map<std::string_view, Row*, BytesHash> rows_;
};

}  // namespace store
