#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "normwatch.pb.h"

namespace events {

namespace pb = normwatch::pb;

/// One event: the vocabulary of docs/event_format.md, with its personal section beside it.
///
/// Invariants: `head.personal` is empty while the event is in memory; `encode` fills it. Party
///             indices in `head` are positions in `personal.parties` plus one; 0 is "none".
struct Event {
    pb::Event head;
    pb::Personal personal;
};

/// An event that stands elsewhere: an Event, or what was decoded into an arena.
struct EventView {
    // NOLINTNEXTLINE(google-explicit-constructor): an event is a view of itself
    EventView(const Event& event) : head(event.head), personal(event.personal) {}
    EventView(const pb::Event& the_head, const pb::Personal& the_personal)
        : head(the_head), personal(the_personal) {}

    const pb::Event& head;
    const pb::Personal& personal;
};

/// The bytes of an event as one record of the log. Deterministic: equal events, equal bytes.
std::string encode(const Event& event);

/// The event of a record.
///
/// Errors: corrupt - the bytes are no event (a record that passed its CRC: a defect or a newer
///         writer).
base::Result<Event> decode(std::string_view record);

/// The same into an arena, which keeps it: a fraction of the cost when records are many.
base::Result<EventView> decode(std::string_view record, google::protobuf::Arena& arena);

/// Appends a party and returns its index plus one, as facts name it.
std::uint32_t add_party(Event& event, pb::Party party);

/// The party that a fact names; nullptr for 0.
const pb::Party* party_at(const EventView& event, std::uint32_t index_plus_one);

/// What an entity is: the `kind` byte of its key. Do not renumber.
enum class Kind : std::uint8_t {
    none = 0,  ///< no entity: heartbeat, tick, rejected, quarantine, begin, applied
    call = 1,
    email = 3,
    meeting = 4,
    proposal = 5,
    invoice = 6,
    payment = 7,
    voided = 8,  ///< normwatch.void.v1
    review = 9,
    lead = 10,
    deal = 11,
    document = 12,
    task = 13,
    team = 20,
    manager = 21,
    endpoint = 22,
    client = 23,
    calendar = 24,
    absence = 25,
    norm = 26,
    plan = 27,
    checkpoint = 28,
    settings = 29,
};

/// `call`, `email`, ...: the word of explain, void and the directory.
std::string_view to_string(Kind kind);
/// The kind that a word names; none when there is no such word. `call.leg` names call.
Kind kind_of_word(std::string_view word);
/// What `event` describes.
Kind kind_of(const pb::Event& event);
inline bool is_directory(Kind kind) {
    return kind >= Kind::team;
}

/// The pair that verdicts compare first (domain.md 1): source revision, then mapper revision.
struct Revision {
    std::uint64_t source = 1;
    std::uint32_t mapper = 1;
    friend auto operator<=>(const Revision&, const Revision&) = default;
};

/// Type prefix and suffix of every event: `normwatch.` + word + `.v1`.
std::string type_of_word(std::string_view word);
/// `call.leg` of `normwatch.call.leg.v1`; empty when the text is no type of ours.
std::string_view word_of_type(std::string_view type);

}  // namespace events
