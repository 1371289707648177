#include <algorithm>
#include <limits>

#include "base/ensure.h"
#include "store/row_fields.h"

// Numbers and positions: cells, sets, quarantine, counts of sources, meta rows.
namespace store {
namespace {

/// The first range that ends at `offset` or behind it.
template <class Ranges>
auto range_at(Ranges& seen, std::uint64_t offset) {
    return std::lower_bound(
        seen.begin(), seen.end(), offset,
        [](const OffsetRange& range, std::uint64_t at) { return range.until < at; });
}

}  // namespace

bool OriginRow::has(std::uint64_t offset) const {
    const auto place = range_at(seen, offset + 1);
    return place != seen.end() && place->from <= offset;
}

void OriginRow::add(std::uint64_t offset) {
    if (has(offset)) {
        return;
    }
    auto place = range_at(seen, offset);
    if (place == seen.end() || place->until != offset) {
        place = seen.insert(place, {.from = offset, .until = offset});
    }
    ++place->until;
    const auto next = std::next(place);
    if (next != seen.end() && next->from == place->until) {
        place->until = next->until;
        seen.erase(next);
    }
}

void CellRow::add(Measure measure, base::Int128 value) {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(measure);
    const auto number = static_cast<std::ptrdiff_t>(place_of(measure));
    if ((bits_ & bit) != 0) {
        const auto place = values_.begin() + number;
        *place += value;
        if (*place == 0) {
            values_.erase(place);
            bits_ &= ~bit;
        }
    } else if (value != 0) {
        constexpr std::size_t usual_measures = 8;
        values_.reserve(values_.empty() ? usual_measures : 0);
        values_.insert(values_.begin() + number, value);
        bits_ |= bit;
    }
}

void CellRow::add(const CellRow& other) {
    other.visit([this](Measure measure, base::Int128 value) { add(measure, value); });
}

base::Int128 CellRow::get(Measure measure) const {
    const bool is_there = (bits_ >> static_cast<unsigned>(measure) & 1) != 0;
    return is_there ? values_[place_of(measure)] : base::Int128{0};
}

void SetRow::add(std::uint64_t member, std::int64_t times) {
    const auto less = [](const auto& entry, std::uint64_t wanted) { return entry.first < wanted; };
    auto place = std::lower_bound(members.begin(), members.end(), member, less);
    if (place == members.end() || place->first != member) {
        place = members.insert(place, {member, 0});
    }
    const std::int64_t count = std::int64_t{place->second} + times;
    ENSURE(count >= 0 && count <= std::numeric_limits<std::uint32_t>::max());
    place->second = static_cast<std::uint32_t>(count);
    if (count == 0) {
        members.erase(place);
    }
}

constexpr std::uint64_t bits_of(Measure first, Measure last) {
    const std::uint64_t up_to_last = ~std::uint64_t{0} >> (63 - static_cast<unsigned>(last));
    return up_to_last & (~std::uint64_t{0} << static_cast<unsigned>(first));
}
constexpr std::uint64_t measures_known = bits_of(Measure::calls_in, Measure::missed_unattributed) |
                                         bits_of(Measure::emails_sent, Measure::callback_count) |
                                         bits_of(Measure::invoices_amount, Measure::paid_count);

/// A cell: bitmap of its measures, then one number each.
void write_row(ValueWriter& out, const CellRow& row) {
    out.u(row.bits());
    row.visit([&](Measure, base::Int128 value) { out.i128(value); });
}

void read_row(ValueReader& in, CellRow& row) {
    const std::uint64_t bits = in.u();
    if ((bits & ~measures_known) != 0) {
        in.fail();
        return;
    }
    for (unsigned bit = 0; bit < measures_max; ++bit) {
        if ((bits >> bit & 1) != 0) {
            const base::Int128 value = in.i128();
            if (value == 0) {
                in.fail();
                return;
            }
            row.add(static_cast<Measure>(bit), value);
        }
    }
}

/// A set: count of members, then per member its distance from the one before and how many gave it.
void write_row(ValueWriter& out, const SetRow& row) {
    out.u(row.members.size());
    std::uint64_t before = 0;
    for (const auto& [member, times] : row.members) {
        out.u(member - before);
        out.u(times);
        before = member;
    }
}

void read_row(ValueReader& in, SetRow& row) {
    std::uint64_t before = 0;
    const std::size_t count = in.count(2);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        const std::uint64_t distance = in.u();
        const auto times = read_whole<std::uint32_t>(in, std::numeric_limits<std::uint32_t>::max());
        const bool is_rising = i == 0 || (distance != 0 && before + distance > before);
        if (times == 0 || !is_rising) {
            in.fail();
        }
        before += distance;
        row.members.emplace_back(before, times);
    }
}

template <class Visit, Is<QuarantineRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.company);
    visit(1, row.source);
    visit(2, row.reason);
    visit(3, row.stage);
    visit(4, row.pointer);
    visit(5, row.detail);
    visit(6, row.file);
    visit(7, row.line);
    visit(8, row.byte);
    visit(9, row.index);
    visit(10, row.received_at);
    visit(11, row.bytes);
    visit.or_default(12, row.state, std::string("open"));
}

template <class Visit, Is<SourceRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.applied);
    visit(1, row.duplicate);
    visit(2, row.stale);
    visit(3, row.quarantined);
    visit(4, row.last_received_at);
    visit(5, row.newest_event_at);
    visit(6, row.up_to);
}

template <class Visit, Is<Ledger> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.applied);
    visit(1, row.duplicate);
    visit(2, row.stale);
    visit(3, row.quarantined);
}

template <class Visit, Is<OffsetRange> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.from);
    visit(1, row.until);
}

template <class Visit, Is<OriginRow> Row>
void fields(Visit& visit, Row& row) {
    visit.fixed(0, row.log_id_high);
    visit.fixed(1, row.log_id_low);
    visit(2, row.seen);
}

template <class Visit, Is<PositionRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.first_offset);
    visit(1, row.next_offset);
    visit(2, row.ledger);
    visit(3, row.log_time);
    visit(4, row.origins);
}

template <class Visit, Is<Dirt> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.what);
    visit(1, row.term);
    visit.or_default(2, row.from, base::since_ever);
    visit.or_default(3, row.until, base::for_ever);
}

template <class Visit, Is<JobRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.bracket_open);
    visit(1, row.offset);
    visit(2, row.dirt);
    visit(3, row.cursor);
    visit(4, row.done);
}

std::string encode(const CellRow& row) {
    return encode_row(row);
}
std::string encode(const SetRow& row) {
    return encode_row(row);
}
std::string encode(const QuarantineRow& row) {
    return encode_row(row);
}
std::string encode(const SourceRow& row) {
    return encode_row(row);
}
std::string encode(const PositionRow& row) {
    return encode_row(row);
}
std::string encode(const JobRow& row) {
    return encode_row(row);
}

template <>
base::Result<CellRow> decode(std::string_view bytes) {
    return decode_row<CellRow>(bytes, "cell");
}
template <>
base::Result<SetRow> decode(std::string_view bytes) {
    return decode_row<SetRow>(bytes, "set");
}
template <>
base::Result<QuarantineRow> decode(std::string_view bytes) {
    return decode_row<QuarantineRow>(bytes, "quarantine");
}
template <>
base::Result<SourceRow> decode(std::string_view bytes) {
    return decode_row<SourceRow>(bytes, "source");
}
template <>
base::Result<PositionRow> decode(std::string_view bytes) {
    return decode_row<PositionRow>(bytes, "position");
}
template <>
base::Result<JobRow> decode(std::string_view bytes) {
    return decode_row<JobRow>(bytes, "job");
}

}  // namespace store
