#include "ingest/asterisk_cdr_csv/mapper.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "ingest/asterisk_cdr_csv/row.h"
#include "ingest/asterisk_cdr_csv/wall_clock.h"
#include "ingest/csv.h"

namespace ingest::asterisk_cdr_csv {
namespace {

using Rejected = std::optional<Rejection>;

constexpr std::array<std::string_view, 6> dispositions = {"ANSWERED", "NO ANSWER",  "BUSY",
                                                          "FAILED",   "CONGESTION", "CANCEL"};
/// The key of a row without sequence. Frozen: domain.md 2.
constexpr std::array weak_columns = {
    Column::start,    Column::answer,  Column::end,         Column::channel, Column::dstchannel,
    Column::duration, Column::billsec, Column::disposition, Column::lastapp, Column::uniqueid};
/// The checksum in a delivery's id: every column that names nobody. Frozen: domain.md 2.
constexpr std::array impersonal_columns = {Column::dcontext, Column::lastapp,     Column::start,
                                           Column::answer,   Column::end,         Column::duration,
                                           Column::billsec,  Column::disposition, Column::amaflags,
                                           Column::uniqueid, Column::linkedid,    Column::sequence};

std::string_view name_of(Column column) {
    switch (column) {
        case Column::start: return "start";
        case Column::end: return "end";
        case Column::disposition: return "disposition";
        case Column::channel: return "channel";
        case Column::duration: return "duration";
        case Column::billsec: return "billsec";
        default: return "";
    }
}

Rejection reject(std::string_view reason, Column column, std::string detail) {
    return {std::string(reason), "/" + std::string(name_of(column)), std::move(detail)};
}

/// Columns, each with its length (u32, big-endian) in front: what is hashed.
template <std::size_t Count>
std::string joined(const Row& row, const std::array<Column, Count>& columns) {
    std::string bytes;
    for (const Column column : columns) {
        const std::string& value = row[column];
        for (unsigned shift = 32; shift > 0; shift -= 8) {
            bytes += static_cast<char>((value.size() >> (shift - 8)) & 0xFFU);
        }
        bytes += value;
    }
    return bytes;
}

void append_hex(std::string& out, std::uint64_t number) {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (unsigned shift = 64; shift > 0; shift -= 4) {
        out += digits[(number >> (shift - 4)) & 0xFU];
    }
}

std::string weak_key(const Row& row) {
    const std::string bytes = joined(row, weak_columns);
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    std::string key;
    append_hex(key, hash.high64);
    append_hex(key, hash.low64);
    return key;
}

/// `-?\d{1,9}`
std::optional<std::int64_t> whole_seconds(std::string_view text) {
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative ? 1 : 0);
    if (text.empty() || text.size() > 9) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value = value * 10 + (c - '0');
    }
    return negative ? -value : value;
}

/// A row's numbers and instants.
struct Times {
    std::int64_t duration = 0;
    std::int64_t billed = 0;
    RowInstants at;
};

std::variant<Times, Rejection> read_times(const Row& row, const MapContext& context) {
    for (const Column column : {Column::start, Column::end, Column::disposition, Column::channel}) {
        if (row[column].empty()) {
            return reject("missing_field", column, "empty");
        }
    }
    for (const Column column : {Column::duration, Column::billsec}) {
        if (!whole_seconds(row[column])) {
            return reject("invalid_value", column, "no whole number");
        }
    }
    if (std::find(dispositions.begin(), dispositions.end(), row[Column::disposition]) ==
        dispositions.end()) {
        return reject("invalid_value", Column::disposition, "an unknown disposition");
    }
    Times times;
    times.duration = *whole_seconds(row[Column::duration]);
    times.billed = *whole_seconds(row[Column::billsec]);
    auto placed = place({row[Column::start], row[Column::answer], row[Column::end], times.duration,
                         epoch_of(row[Column::uniqueid])},
                        context.source_zone);
    if (auto* rejection = std::get_if<Rejection>(&placed)) {
        return std::move(*rejection);
    }
    times.at = std::get<RowInstants>(placed);
    if (times.duration < 0 || times.billed < 0) {
        return reject("impossible", Column::duration, "a negative duration");
    }
    if (times.at.start < earliest) {
        return reject("impossible", Column::start, "the year 1970 or before");
    }
    if (times.at.end > context.received_at + happened_ahead_max) {
        return reject("future_time", Column::end, "ends after its receipt");
    }
    if (row[Column::disposition] == "ANSWERED" && !times.at.answer) {
        return Rejection{"missing_field", "/answer", "answered, but no date of it"};
    }
    return times;
}

/// What a channel's name says: `PJSIP/101` of `PJSIP/101-0000002a`, `Local/x` of `Local/x@ctx-1;1`.
struct Channel {
    std::string peer;
    bool is_local = false;
};

Channel channel_of(std::string_view name) {
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) {
        return {std::string(name.substr(0, name.rfind('-'))), name == "Local"};
    }
    const std::string_view technology = name.substr(0, slash);
    const std::string_view rest = name.substr(slash + 1);
    const bool is_local = technology == "Local";
    const std::size_t end = is_local ? rest.find_first_of("@;") : rest.rfind('-');
    return {std::string(technology) + "/" + std::string(rest.substr(0, end)), is_local};
}

std::uint32_t add_channel(events::Event& event, std::string peer) {
    events::pb::Party party;
    party.set_kind(events::pb::Party::TEXT);
    party.set_raw(peer);
    party.set_normalised(std::move(peer));
    return events::add_party(event, std::move(party));
}

/// src, else the number in `"Name" <number>` of clid.
std::string_view caller_of(const Row& row) {
    const std::string_view clid = row[Column::clid];
    if (!events::is_anonymous(row[Column::src])) {
        return row[Column::src];
    }
    for (std::size_t open = clid.find('<'); open != std::string_view::npos;
         open = clid.find('<', open + 1)) {
        const std::size_t next = clid.find_first_of("<>", open + 1);
        if (next != std::string_view::npos && clid[next] == '>') {
            return clid.substr(open + 1, next - open - 1);
        }
    }
    return row[Column::src];
}

void fill_parties(events::Event& event, const Row& row, const MapContext& context) {
    events::pb::CdrRow& out = *event.head.mutable_cdr_row();
    out.set_caller(add_number(event, caller_of(row), context.source_plan));
    out.set_dialled(add_number(event, row[Column::dst], context.source_plan));
    Channel channel = channel_of(row[Column::channel]);
    out.set_channel_is_local(channel.is_local);
    out.set_channel(add_channel(event, std::move(channel.peer)));
    if (!row[Column::dstchannel].empty()) {
        Channel peer = channel_of(row[Column::dstchannel]);
        out.set_peer_is_local(peer.is_local);
        out.set_peer(add_channel(event, std::move(peer.peer)));
    }
    event.personal.set_clid(row[Column::clid]);
}

void fill_facts(events::pb::CdrRow& out, const Row& row, const Times& times) {
    const bool is_weak = row[Column::sequence].empty();
    const std::string weak = is_weak ? weak_key(row) : std::string();
    out.set_uniqueid(row[Column::uniqueid]);
    out.set_sequence(is_weak ? weak : row[Column::sequence]);
    out.set_linkedid(!row[Column::linkedid].empty()   ? row[Column::linkedid]
                     : !row[Column::uniqueid].empty() ? row[Column::uniqueid]
                     : is_weak                        ? weak
                                                      : weak_key(row));
    out.set_last_application(row[Column::lastapp]);
    out.set_started_at(base::to_ms(times.at.start));
    if (times.at.answer) {
        out.set_answered_at(base::to_ms(*times.at.answer));
    }
    out.set_ended_at(base::to_ms(times.at.end));
    out.set_duration_seconds(times.duration);
    out.set_billed_seconds(times.billed);
    out.set_disposition(row[Column::disposition]);
    out.set_context(row[Column::dcontext]);
    out.set_ama_flags(row[Column::amaflags]);
}

void fill_head(events::pb::Event& head, const Row& row, const Times& times,
               const MapContext& context) {
    fill_envelope(head, "cdr.row", context);
    head.set_source("/" + context.source_id);
    head.set_scope(context.source_pbx.value_or(context.source_id));
    head.set_time(base::to_ms(times.at.start));
    const events::pb::CdrRow& facts = head.cdr_row();
    const std::string bytes = joined(row, impersonal_columns);
    std::string id = facts.linkedid() + ":" + facts.uniqueid() + ":" + facts.sequence() + "-";
    append_hex(id, XXH3_64bits(bytes.data(), bytes.size()));
    head.set_id(std::move(id));
    if (times.at.ambiguous) {
        head.add_quality("tz_ambiguous");
    }
    if (context.zone_assumed) {
        head.add_quality("tz_assumed");
    }
    if (row[Column::sequence].empty()) {
        head.add_quality("weak_key");
    }
}

}  // namespace

std::size_t lines_of_record(std::span<const std::string_view> lines) {
    return ingest::lines_of_record(lines, [](std::string_view record) {
        return std::holds_alternative<Row>(read_row(record));
    });
}

Mapped map_row(std::string_view record, const MapContext& context) {
    if (record.size() > item_bytes_max) {
        return Rejection{"too_large", "", "over 1 MiB"};
    }
    auto read = read_row(record);
    if (auto* rejection = std::get_if<Rejection>(&read)) {
        return std::move(*rejection);
    }
    const Row& row = std::get<Row>(read);
    auto timed = read_times(row, context);
    if (auto* rejection = std::get_if<Rejection>(&timed)) {
        return std::move(*rejection);
    }
    const Times& times = std::get<Times>(timed);
    events::Event event;
    fill_facts(*event.head.mutable_cdr_row(), row, times);
    fill_parties(event, row, context);
    fill_head(event.head, row, times, context);
    if (record.size() <= raw_bytes_max) {
        event.personal.set_raw(std::string(record));
    }
    return event;
}

}  // namespace ingest::asterisk_cdr_csv
