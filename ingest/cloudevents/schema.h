#pragma once

#include <google/protobuf/descriptor.h>

#include <string_view>
#include <vector>

namespace ingest::cloudevents {

/// What a member of `data` must look like.
enum class Shape {
    text,      ///< a text that is not blank
    any_text,  ///< a text, empty too
    label,     ///< a text or a number, kept as text
    word,      ///< one of `Field::words`
    instant,   ///< RFC 3339 with offset
    moment,    ///< an instant or a local date, which means its first instant
    day_end,   ///< the same; a date means its last millisecond
    money,     ///< {"minor", "currency"}
    count,     ///< an integer of 0 to 2^63 - 1
    number,
    object,
    list,
    text_list,  ///< a list of texts
    any,
};

/// Where a member goes.
enum class Place {
    fact,            ///< the field of the same name
    number,          ///< a party: a telephone number of the source
    company_number,  ///< a party: a telephone number of the directory
    mail,            ///< a party: an e-mail address
    party_text,      ///< a party: a name
    message_id,      ///< the field of the same name, normalised
    json,            ///< the field of the same name, as canonical JSON text
    subject_line,    ///< personal
    comment,         ///< personal
    revision,        ///< the envelope's source revision
    recording,
    legs,
    attendees,
    scorecard,
    applies_to,   ///< `for` of a calendar
    declared_by,  ///< refused from outside
};

using Words = std::vector<std::string_view>;

/// One member of `data`.
struct Field {
    std::string_view name;
    Shape shape;
    bool required = false;
    Place place = Place::fact;
    Words words{};
    /// The field of the same name in the type's message; nullptr when the place is another one.
    const google::protobuf::FieldDescriptor* slot = nullptr;
};

/// One event type: the row of interface.md 4 (and, of the directory, section 3).
struct Type {
    std::string_view word;      ///< `call.leg` of normwatch.call.leg.v1
    std::vector<Field> fields;  ///< in the order in which they are checked
    Words ordered;              ///< instants that never fall
    Words happened;             ///< instants of what was done
    Words planned;              ///< instants that may lie ahead
    bool privileged = false;    ///< needs a role; not an activity
    bool opaque = false;        ///< kept whole, as one JSON text
    /// The message inside an event.
    const google::protobuf::FieldDescriptor* slot = nullptr;

    const Field* field(std::string_view name) const;
};

/// The type of a word; nullptr when nobody may send such events.
const Type* find_type(std::string_view word);

/// Events that the product writes itself: tick, rejected, quarantine, ...
bool is_internal(std::string_view word);

}  // namespace ingest::cloudevents
