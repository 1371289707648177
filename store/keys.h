#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "events/event.h"
#include "kpi/contribution.h"
#include "kpi/ids.h"
#include "kpi/norms.h"
#include "store/bytes.h"

/// Keys of the views: docs/view_keys.md. Big-endian, order-preserving, never made of an address.
namespace store {

/// First byte of a `state` key. Do not renumber.
enum class StateKind : std::uint8_t {
    meta = 1,
    cell = 2,
    set = 3,
    directory = 4,
    client = 5,  ///< payments of a client
    name = 6,    ///< text -> ordinal
    text = 7,    ///< ordinal -> text
    source = 8,  ///< counts of a source
    quarantine = 11,
    thread = 12,   ///< mails of one thread
    cases = 13,    ///< missed cases of one client or number
    timer = 14,    ///< what becomes true by log time alone
    watch = 15,    ///< a manager who is watched against his norms
    episode = 16,  ///< his deviations
    outbox = 17,   ///< what is to be told to others, in its order
};

/// Tables of ordinals, each per company (`company` itself: per partition, under company 0).
enum class Table : std::uint8_t {
    company = 1,
    manager = 2,
    team = 3,
    source = 4,
    scope = 5,
    client = 6,
    subject = 7,
};

/// Kind byte of `entity` keys beside events::Kind.
inline constexpr std::uint8_t alias_kind = 2;
/// Legs that a void hit: they stand in no call, and are kept to be judged.
inline constexpr std::uint8_t voided_legs_kind = 41;
/// A missed case: the native id and scope are those of its first call.
inline constexpr std::uint8_t case_kind = 42;

inline std::string meta_key(std::string_view name) {
    return KeyWriter().u8(static_cast<std::uint8_t>(StateKind::meta)).raw(name).take();
}

/// Whose numbers a cell or set holds. `team` belongs to level manager: the team of the manager
/// then, so that a manager's numbers within a team are a scan; `any_team` only for the null
/// manager, who can have several teams in one entity.
enum class Level : std::uint8_t { company = 0, team = 1, manager = 2 };
inline constexpr std::uint32_t any_team = 0xffffffff;

struct LevelKey {
    Level level{};
    std::uint32_t subject = 0;  ///< 0 at level company; team or manager ordinal, 0 = nobody
    std::uint32_t team = 0;     ///< level manager only
    friend auto operator<=>(const LevelKey&, const LevelKey&) = default;
};

/// 15-minute UTC buckets (engine.md 5): floor(instant / 15 min). Instants before 1970 have none.
using Bucket = std::uint32_t;
inline constexpr std::int64_t bucket_ms = 15 * 60 * 1000;
inline Bucket bucket_of(base::UtcMillis at) {
    return at < base::from_ms(0) ? 0 : static_cast<Bucket>(base::to_ms(at) / bucket_ms);
}
inline base::UtcMillis bucket_start(Bucket bucket) {
    return base::from_ms(static_cast<std::int64_t>(bucket) * bucket_ms);
}

/// How long a row's time is. What a block holds is what its quarters hold together, so that a month
/// is read in few rows; blocks come first, so that a scan knows what they gave. Do not renumber.
enum class Rollup : std::uint8_t { block = 1, quarter = 2 };
/// A block is six hours of UTC: in every zone two or three of them cover a working day.
inline constexpr Bucket block_quarters = 24;
inline constexpr Bucket block_of(Bucket quarter) {
    return quarter - quarter % block_quarters;
}

/// Measures that stand in one row. Do not renumber.
enum class Group : std::uint8_t { calls = 1, activities = 2, money = 3 };

/// Keys of cells and sets have their time before what stands in the row: what a question asks of a
/// manager or team for a while lies together.
struct CellKey {
    kpi::Company company;
    LevelKey level;
    Rollup rollup = Rollup::quarter;
    Bucket bucket = 0;  ///< the first quarter
    Group group{};
    kpi::Currency currency{};  ///< zeros but in group money
    kpi::Segment segment{};
    friend auto operator<=>(const CellKey&, const CellKey&) = default;
};
struct SetKey {
    kpi::Company company;
    LevelKey level;
    Rollup rollup = Rollup::quarter;
    Bucket bucket = 0;  ///< the first quarter
    kpi::Kpi set{};     ///< contacts_unique, contacts_attempted
    kpi::Segment segment{};
    friend auto operator<=>(const SetKey&, const SetKey&) = default;
};

/// Sets have blocks for one manager alone: those of a team or a company would be long, and written
/// anew with every call.
inline bool has_set_blocks(const LevelKey& level) {
    return level.level == Level::manager && level.subject != 0;
}

inline KeyWriter level_prefix(StateKind kind, kpi::Company company, const LevelKey& level) {
    KeyWriter key;
    key.u8(static_cast<std::uint8_t>(kind))
        .u32(company.value())
        .u8(static_cast<std::uint8_t>(level.level));
    key.u32(level.subject).u32(level.team);
    return key;
}
inline Key cell_key(const CellKey& cell) {
    KeyWriter key = level_prefix(StateKind::cell, cell.company, cell.level);
    key.u8(static_cast<std::uint8_t>(cell.rollup)).u32(cell.bucket);
    key.u8(static_cast<std::uint8_t>(cell.group)).raw({cell.currency.data(), cell.currency.size()});
    key.u8(static_cast<std::uint8_t>(cell.segment));
    return key;
}
inline Key set_key(const SetKey& set) {
    KeyWriter key = level_prefix(StateKind::set, set.company, set.level);
    key.u8(static_cast<std::uint8_t>(set.rollup)).u32(set.bucket);
    key.u8(static_cast<std::uint8_t>(set.set)).u8(static_cast<std::uint8_t>(set.segment));
    return key;
}
/// Reads a cell or set key; false when the bytes are none.
bool read_cell_key(std::string_view bytes, CellKey& cell);
bool read_set_key(std::string_view bytes, SetKey& set);

inline Key name_key(kpi::Company company, Table table, std::string_view text) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::name))
        .u32(company.value())
        .u8(static_cast<std::uint8_t>(table))
        .raw(text);
}
inline Key text_key(kpi::Company company, Table table, std::uint32_t ordinal) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::text))
        .u32(company.value())
        .u8(static_cast<std::uint8_t>(table))
        .u32(ordinal);
}
/// `identity`: the parts of the identity (interface.md 3), each as KeyWriter::text or i64.
inline std::string directory_key(kpi::Company company, events::Kind kind,
                                 std::string_view identity) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::directory))
        .u32(company.value())
        .u8(static_cast<std::uint8_t>(kind))
        .raw(identity)
        .take();
}
inline std::string client_key(kpi::Company company, kpi::Client client) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::client))
        .u32(company.value())
        .u32(client.value())
        .take();
}
inline std::string source_key(kpi::Company company, kpi::Source source) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::source))
        .u32(company.value())
        .u32(source.value())
        .take();
}
inline std::string quarantine_key(std::uint64_t offset) {
    return KeyWriter().u8(static_cast<std::uint8_t>(StateKind::quarantine)).u64(offset).take();
}
inline std::string thread_key(kpi::Company company, std::string_view root) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::thread))
        .u32(company.value())
        .raw(root)
        .take();
}

/// `member`: kpi::member_of.
inline Key cases_key(kpi::Company company, std::uint64_t member) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::cases))
        .u32(company.value())
        .u64(member);
}

inline Key watch_key(kpi::Company company, kpi::Manager manager) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::watch))
        .u32(company.value())
        .u32(manager.value());
}
/// Reads it; false when the bytes are none.
bool read_watch_key(std::string_view bytes, kpi::Company& company, kpi::Manager& manager);

/// Names a deviation. All of a manager: by the instant of their opening.
struct EpisodeKey {
    kpi::Company company;
    kpi::Manager manager;
    base::UtcMillis opened_at{};
    kpi::Kpi kpi{};
    kpi::Segment segment{};  ///< none: all
    kpi::Grain grain = kpi::Grain::day;
    friend auto operator<=>(const EpisodeKey&, const EpisodeKey&) = default;
};
inline Key episode_key(const EpisodeKey& key) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::episode))
        .u32(key.company.value())
        .u32(key.manager.value())
        .i64(base::to_ms(key.opened_at))
        .u8(static_cast<std::uint8_t>(key.kpi))
        .u8(static_cast<std::uint8_t>(key.segment))
        .u8(static_cast<std::uint8_t>(key.grain));
}
/// Those of a manager that opened at or after `from`: scan [episodes_from(from),
/// episodes_from(until)).
inline Key episodes_from(kpi::Company company, kpi::Manager manager, base::UtcMillis from) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::episode))
        .u32(company.value())
        .u32(manager.value())
        .i64(base::to_ms(from));
}
bool read_episode_key(std::string_view bytes, EpisodeKey& key);

/// Numbers rise without gaps, from 1.
inline std::string outbox_key(std::uint64_t number) {
    return KeyWriter().u8(static_cast<std::uint8_t>(StateKind::outbox)).u64(number).take();
}
/// 0: the bytes are none.
std::uint64_t read_outbox_key(std::string_view bytes);

/// What a timer is about, at its instant. Do not renumber.
enum class TimerRule : std::uint8_t {
    case_expiry = 1,    ///< subject: scope u32 and native id of a case
    call_given_up = 2,  ///< the same of an open call
    watch = 3,          ///< a manager, u32: he may fall behind, or a period ends
};
struct TimerKey {
    base::UtcMillis due{};
    kpi::Company company;
    TimerRule rule{};
    std::string subject;
    friend auto operator<=>(const TimerKey&, const TimerKey&) = default;
};
inline std::string timer_key(const TimerKey& timer) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::timer))
        .i64(base::to_ms(timer.due))
        .u32(timer.company.value())
        .u8(static_cast<std::uint8_t>(timer.rule))
        .raw(timer.subject)
        .take();
}
/// All timers that are due before `until`: scan [timers_lower(), timers_upper(until)).
inline std::string timers_lower() {
    return KeyWriter().u8(static_cast<std::uint8_t>(StateKind::timer)).take();
}
inline std::string timers_upper(base::UtcMillis until) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(StateKind::timer))
        .i64(base::to_ms(until))
        .take();
}
bool read_timer_key(std::string_view bytes, TimerKey& timer);

/// Names an entity: `kind` is an events::Kind, or one of the three above.
struct EntityKey {
    kpi::Company company;
    std::uint8_t kind = 0;
    kpi::Scope scope;  ///< of calls, invoices, payments and voids; 0 for all else
    std::string native_id;
    friend auto operator<=>(const EntityKey&, const EntityKey&) = default;
};
inline Key entity_key(const EntityKey& key) {
    return KeyWriter()
        .u32(key.company.value())
        .u8(key.kind)
        .u32(key.scope.value())
        .raw(key.native_id);
}
inline std::string entity_prefix(kpi::Company company, std::uint8_t kind) {
    return KeyWriter().u32(company.value()).u8(kind).take();
}
bool read_entity_key(std::string_view bytes, EntityKey& key);
inline constexpr std::uint8_t kind_byte(events::Kind kind) {
    return static_cast<std::uint8_t>(kind);
}

/// Search keys. A hit is a hint: it is shown only if its row still has the term. Do not renumber.
enum class Index : std::uint8_t {
    kind = 1,     ///< term = kind byte: everything by time
    manager = 2,  ///< term = manager who takes part, owns the miss or is credited
    subject =
        3,  ///< term = subject: number of a call's external party, address in a mail or meeting
    client = 4,
    tag = 5,     ///< term = subject of the tag
    named = 6,   ///< term = manager whom the source names
    marked = 7,  ///< term = 1: mails marked as a proposal
    party = 8,  ///< term = subject that the registry was asked for, at the instant it was asked for
};
struct IndexKey {
    Index index{};
    kpi::Company company;
    std::uint64_t term = 0;
    base::UtcMillis at{};
    std::uint8_t kind = 0;
    std::string native_id;
    kpi::Scope scope;
    friend auto operator<=>(const IndexKey&, const IndexKey&) = default;
};
/// Newest first, then native id, then scope.
inline Key index_key(const IndexKey& key) {
    return KeyWriter()
        .u8(static_cast<std::uint8_t>(key.index))
        .u32(key.company.value())
        .u64(key.term)
        .descending(base::to_ms(key.at))
        .u8(key.kind)
        .text(key.native_id)
        .u32(key.scope.value());
}
inline std::string index_prefix(Index index, kpi::Company company, std::uint64_t term) {
    return KeyWriter().u8(static_cast<std::uint8_t>(index)).u32(company.value()).u64(term).take();
}
/// Keys of `term` with from <= at < until: scan [lower, upper).
inline std::string index_lower(Index index, kpi::Company company, std::uint64_t term,
                               base::UtcMillis until) {
    return KeyWriter()
        .raw(index_prefix(index, company, term))
        .descending(base::to_ms(until) - 1)
        .take();
}
inline std::string index_upper(Index index, kpi::Company company, std::uint64_t term,
                               base::UtcMillis from) {
    return KeyWriter()
        .raw(index_prefix(index, company, term))
        .descending(base::to_ms(from) - 1)
        .take();
}
bool read_index_key(std::string_view bytes, IndexKey& key);

/// Public id of a call: base64url without padding of scope name, NUL, native id (domain.md 2).
std::string call_id_of(std::string_view scope_name, std::string_view native_id);
struct CallIdParts {
    std::string scope_name;
    std::string native_id;
};
/// nullopt when the text is no such id.
std::optional<CallIdParts> parse_call_id(std::string_view call_id);

}  // namespace store
