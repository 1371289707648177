#include "store/row_table.h"

#include <xxhash.h>

#include <cstring>
#include <type_traits>

namespace store {

std::uint64_t BytesHash::operator()(std::string_view bytes) const noexcept {
    return XXH3_64bits(bytes.data(), bytes.size());
}

char* RowTable::room(std::size_t bytes) {
    return static_cast<char*>(arena_.allocate(bytes, 1));
}

std::string_view RowTable::keep(std::string_view bytes) {
    if (bytes.empty()) {
        return {};
    }
    char* const place = room(bytes.size());
    std::memcpy(place, bytes.data(), bytes.size());
    return {place, bytes.size()};
}

RowTable::Row& RowTable::at(std::string_view key) {
    if (Row* const known = find(key)) {
        return *known;
    }
    static_assert(std::is_trivially_destructible_v<Row>, "the arena destroys nothing");
    Row* const row = std::pmr::polymorphic_allocator<>(&arena_).new_object<Row>();
    row->key = keep(key);
    rows_.emplace(row->key, row);
    return *row;
}

void RowTable::set_stored(Row& row, std::optional<std::string_view> value) {
    row.stored = value ? std::optional(keep(*value)) : std::nullopt;
    row.is_loaded = true;
}

/// A row that grows and grows gets twice the room each time, so that what it leaves behind is never
/// more than what it takes.
void RowTable::set_current(Row& row, std::optional<std::string_view> value) {
    row.is_dirty = true;
    if (!value) {
        row.current.reset();
        return;
    }
    if (value->size() > row.room_bytes) {
        const std::size_t bytes = row.place == nullptr ? value->size() : 2 * value->size();
        row.place = room(bytes);
        row.room_bytes = bytes;
    }
    if (!value->empty()) {
        std::memmove(row.place, value->data(), value->size());
    }
    row.current = std::string_view(row.place, value->size());
}

void RowTable::clear() {
    rows_.clear();
    arena_.release();
}

}  // namespace store
