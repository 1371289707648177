#include "store/keys.h"

#include <cstddef>
#include <utility>

#include "base/base64.h"

namespace store {

namespace {

/// The part that cells and sets begin with; false when it is not of `kind`.
bool read_level(KeyReader& in, StateKind kind, kpi::Company& company, LevelKey& level) {
    const bool is_kind = in.u8() == static_cast<std::uint8_t>(kind);
    company = kpi::Company{in.u32()};
    const std::uint8_t number = in.u8();
    level = {.level = static_cast<Level>(number), .subject = in.u32(), .team = in.u32()};
    return is_kind && number <= static_cast<std::uint8_t>(Level::manager);
}

bool read_time(KeyReader& in, Rollup& rollup, Bucket& bucket) {
    const std::uint8_t number = in.u8();
    rollup = static_cast<Rollup>(number);
    bucket = in.u32();
    return rollup == Rollup::quarter || (rollup == Rollup::block && block_of(bucket) == bucket);
}

bool read_segment(KeyReader& in, kpi::Segment& segment) {
    const std::uint8_t number = in.u8();
    segment = static_cast<kpi::Segment>(number);
    return number <= static_cast<std::uint8_t>(kpi::Segment::existing);
}

}  // namespace

bool read_cell_key(std::string_view bytes, CellKey& cell) {
    KeyReader in(bytes);
    bool good = read_level(in, StateKind::cell, cell.company, cell.level);
    good = read_time(in, cell.rollup, cell.bucket) && good;
    const std::uint8_t group = in.u8();
    good = good && group >= static_cast<std::uint8_t>(Group::calls) &&
           group <= static_cast<std::uint8_t>(Group::money);
    cell.group = static_cast<Group>(group);
    for (char& letter : cell.currency) {
        letter = static_cast<char>(in.u8());
    }
    good = read_segment(in, cell.segment) && good;
    return good && in.ok() && in.rest().empty();
}

bool read_set_key(std::string_view bytes, SetKey& set) {
    KeyReader in(bytes);
    bool good = read_level(in, StateKind::set, set.company, set.level);
    good = read_time(in, set.rollup, set.bucket) && good;
    set.set = static_cast<kpi::Kpi>(in.u8());
    good =
        good && (set.set == kpi::Kpi::contacts_unique || set.set == kpi::Kpi::contacts_attempted);
    good = read_segment(in, set.segment) && good;
    return good && in.ok() && in.rest().empty();
}

bool read_timer_key(std::string_view bytes, TimerKey& timer) {
    KeyReader in(bytes);
    const bool is_kind = in.u8() == static_cast<std::uint8_t>(StateKind::timer);
    timer.due = base::from_ms(in.i64());
    timer.company = kpi::Company{in.u32()};
    const std::uint8_t rule = in.u8();
    timer.rule = static_cast<TimerRule>(rule);
    timer.subject = in.rest();
    return is_kind && in.ok() && rule >= static_cast<std::uint8_t>(TimerRule::case_expiry) &&
           rule <= static_cast<std::uint8_t>(TimerRule::watch);
}

bool read_watch_key(std::string_view bytes, kpi::Company& company, kpi::Manager& manager) {
    KeyReader in(bytes);
    const bool is_kind = in.u8() == static_cast<std::uint8_t>(StateKind::watch);
    company = kpi::Company(in.u32());
    manager = kpi::Manager(in.u32());
    return is_kind && in.ok() && in.rest().empty();
}

bool read_episode_key(std::string_view bytes, EpisodeKey& key) {
    KeyReader in(bytes);
    const bool is_kind = in.u8() == static_cast<std::uint8_t>(StateKind::episode);
    key.company = kpi::Company(in.u32());
    key.manager = kpi::Manager(in.u32());
    key.opened_at = base::from_ms(in.i64());
    key.kpi = static_cast<kpi::Kpi>(in.u8());
    key.segment = static_cast<kpi::Segment>(in.u8());
    key.grain = static_cast<kpi::Grain>(in.u8());
    return is_kind && in.ok() && in.rest().empty();
}

std::uint64_t read_outbox_key(std::string_view bytes) {
    KeyReader in(bytes);
    const bool is_kind = in.u8() == static_cast<std::uint8_t>(StateKind::outbox);
    const std::uint64_t number = in.u64();
    return is_kind && in.ok() && in.rest().empty() ? number : 0;
}

bool read_entity_key(std::string_view bytes, EntityKey& key) {
    KeyReader in(bytes);
    key.company = kpi::Company{in.u32()};
    key.kind = in.u8();
    key.scope = kpi::Scope{in.u32()};
    key.native_id = in.rest();
    return in.ok();
}

bool read_index_key(std::string_view bytes, IndexKey& key) {
    KeyReader in(bytes);
    const std::uint8_t index = in.u8();
    key.index = static_cast<Index>(index);
    key.company = kpi::Company{in.u32()};
    key.term = in.u64();
    key.at = base::from_ms(in.descending());
    key.kind = in.u8();
    key.native_id = in.text();
    key.scope = kpi::Scope{in.u32()};
    return in.ok() && in.rest().empty() && index >= static_cast<std::uint8_t>(Index::kind) &&
           index <= static_cast<std::uint8_t>(Index::party);
}

std::string call_id_of(std::string_view scope_name, std::string_view native_id) {
    std::string bytes(scope_name);
    bytes.push_back('\0');
    bytes += native_id;
    return base::base64url(bytes);
}

std::optional<CallIdParts> parse_call_id(std::string_view call_id) {
    const std::optional<std::string> bytes = base::from_base64url(call_id);
    const std::size_t end = bytes ? bytes->find('\0') : std::string::npos;
    if (end == std::string::npos) {
        return std::nullopt;
    }
    return CallIdParts{.scope_name = bytes->substr(0, end), .native_id = bytes->substr(end + 1)};
}

}  // namespace store
