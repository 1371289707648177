#include "processors/origins.h"

#include <algorithm>
#include <utility>

namespace processors {
namespace {

using Halves = std::pair<std::uint64_t, std::uint64_t>;

Halves halves_of(const eventlog::LogId& log_id) {
    Halves halves;
    for (std::size_t i = 0; i < log_id.size() / 2; ++i) {
        halves.first = halves.first << 8 | log_id[i];
        halves.second = halves.second << 8 | log_id[log_id.size() / 2 + i];
    }
    return halves;
}

/// The first origin that is not before `id`.
template <class Origins>
auto place_of(Origins& origins, const Halves& id) {
    return std::lower_bound(origins.begin(), origins.end(), id,
                            [](const store::OriginRow& one, const Halves& wanted) {
                                return Halves(one.log_id_high, one.log_id_low) < wanted;
                            });
}

bool is_of(const store::OriginRow& row, const Halves& id) {
    return Halves(row.log_id_high, row.log_id_low) == id;
}

}  // namespace

bool note_origin(store::PositionRow& position, const eventlog::Origin& origin) {
    const Halves id = halves_of(origin.log_id);
    auto place = place_of(position.origins, id);
    if (place == position.origins.end() || !is_of(*place, id)) {
        place = position.origins.insert(
            place, {.log_id_high = id.first, .log_id_low = id.second, .seen = {}});
        if (origin.offset >
            origin.begin) {  // what lies before it is missing: an empty range says so
            place->seen.push_back({.from = origin.begin, .until = origin.begin});
        }
    }
    const bool was_there = place->has(origin.offset);
    place->add(origin.offset);
    return was_there;
}

bool covers(const store::PositionRow& all, const store::PositionRow& some) {
    return std::ranges::all_of(some.origins, [&](const store::OriginRow& wanted) {
        const Halves id(wanted.log_id_high, wanted.log_id_low);
        const auto place = place_of(all.origins, id);
        const bool is_there = place != all.origins.end() && is_of(*place, id);
        return std::ranges::all_of(wanted.seen, [&](const store::OffsetRange& range) {
            return range.from == range.until ||
                   (is_there && std::ranges::any_of(place->seen, [&](const auto& held) {
                        return held.from <= range.from && range.until <= held.until;
                    }));
        });
    });
}

bool has_all_below(const store::PositionRow& position, const eventlog::LogId& log_id,
                   std::uint64_t offset) {
    const Halves id = halves_of(log_id);
    const auto place = place_of(position.origins, id);
    return offset == 0 ||
           (place != position.origins.end() && is_of(*place, id) && place->has(offset - 1));
}

}  // namespace processors
