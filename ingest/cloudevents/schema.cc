#include "ingest/cloudevents/schema.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/ensure.h"
#include "events/event.h"

namespace ingest::cloudevents {
namespace {

using google::protobuf::Descriptor;

constexpr bool required = true;

const Words directions = {"inbound", "outbound", "internal"};
const Words dispositions = {
    "blocked", "machine",       "answered",        "answered_zero",     "voicemail",
    "closed",  "abandoned_ivr", "abandoned_queue", "abandoned_ringing", "no_answer",
    "busy",    "rejected",      "unreachable",     "invalid_number",    "congestion",
    "failed",  "cancelled",     "unknown"};
const Words endpoint_kinds = {"extension", "did", "mobile",    "email", "calendar",
                              "queue",     "ivr", "voicemail", "trunk", "fax"};
const Words grains = {"day", "week", "month"};
const Words segments = {"new", "existing", "all"};
const Words polarities = {"higher", "lower", "band"};

Field field(std::string_view name, Shape shape, bool is_required = false,
            Place place = Place::fact) {
    return Field{name, shape, is_required, place, {}, nullptr};
}
Field word(std::string_view name, const Words& words, bool is_required = false) {
    return Field{name, Shape::word, is_required, Place::fact, words, nullptr};
}
Field revision() {
    return field("revision", Shape::count, false, Place::revision);
}
Field from() {
    return field("from", Shape::moment);
}
Field until() {
    return field("until", Shape::moment);
}

Type activity(std::string_view name, std::vector<Field> fields) {
    Type type;
    type.word = name;
    type.fields = std::move(fields);
    return type;
}
Type privileged(std::string_view name, std::vector<Field> fields) {
    Type type = activity(name, std::move(fields));
    type.privileged = true;
    return type;
}
/// An entry of the directory, with the revision that every entity has.
Type entry(std::string_view name, std::vector<Field> fields) {
    fields.push_back(revision());
    Type type = privileged(name, std::move(fields));
    if (type.field("from") != nullptr && type.field("until") != nullptr) {
        type.ordered = {"from", "until"};
    }
    return type;
}

Type call() {
    Type type = activity(
        "call", {field("call_id", Shape::text, required), word("direction", directions, required),
                 field("from", Shape::any_text, required, Place::number),
                 field("to", Shape::any_text, required, Place::number),
                 field("started_at", Shape::instant, required),
                 field("answered_at", Shape::instant), field("ended_at", Shape::instant),
                 word("disposition", dispositions), field("manager", Shape::text),
                 field("endpoint", Shape::text), word("hangup_by", {"caller", "callee", "system"}),
                 field("recording", Shape::object, false, Place::recording),
                 field("legs", Shape::list, false, Place::legs), field("tags", Shape::text_list),
                 revision()});
    type.ordered = {"started_at", "answered_at", "ended_at"};
    type.happened = type.ordered;
    return type;
}

Type call_leg() {
    Type type = activity(
        "call.leg", {field("call_id", Shape::text, required),
                     field("leg_id", Shape::text, required), field("linked_ids", Shape::text_list),
                     field("endpoint", Shape::text, required, Place::number),
                     field("remote", Shape::any_text, false, Place::number),
                     word("direction", directions, required),
                     field("ring_started_at", Shape::instant, required),
                     field("answered_at", Shape::instant), field("ended_at", Shape::instant),
                     field("result", Shape::text), field("application", Shape::text), revision()});
    type.ordered = {"ring_started_at", "answered_at", "ended_at"};
    type.happened = type.ordered;
    return type;
}

Type email() {
    Type type =
        activity("email", {field("message_id", Shape::text, required, Place::message_id),
                           field("from", Shape::text, required, Place::mail),
                           field("to", Shape::text_list, required, Place::mail),
                           field("cc", Shape::text_list, false, Place::mail),
                           field("sent_at", Shape::instant, required),
                           field("subject", Shape::any_text, false, Place::subject_line),
                           field("in_reply_to", Shape::any_text, false, Place::message_id),
                           field("references", Shape::text_list, false, Place::message_id),
                           word("class", {"human", "auto", "bulk", "bounce", "calendar"}),
                           word("marker", {"proposal", "presentation", "none"}),
                           field("mailbox", Shape::any_text, false, Place::mail), revision()});
    type.happened = {"sent_at"};
    return type;
}

Type meeting() {
    Type type = activity(
        "meeting",
        {field("uid", Shape::text, required), field("recurrence_id", Shape::any_text),
         field("sequence", Shape::count, required, Place::revision),
         word("status", {"scheduled", "held", "no_show", "cancelled"}, required),
         word("kind", {"meeting", "presentation"}),
         field("organizer", Shape::text, required, Place::mail),
         field("attendees", Shape::list, false, Place::attendees),
         field("starts_at", Shape::instant, required), field("ends_at", Shape::instant, required)});
    type.ordered = {"starts_at", "ends_at"};
    type.planned = type.ordered;
    return type;
}

Type proposal() {
    Type type = activity(
        "proposal", {field("proposal_id", Shape::text, required), field("manager", Shape::text),
                     field("client", Shape::text), field("sent_at", Shape::instant, required),
                     field("amount", Shape::money), field("discount_percent", Shape::number),
                     field("template", Shape::any_text), field("requested_at", Shape::instant),
                     field("due_at", Shape::instant), revision()});
    type.happened = {"sent_at"};
    type.planned = {"due_at"};
    return type;
}

Type invoice() {
    Type type = activity(
        "invoice",
        {field("invoice_id", Shape::text, required), field("ledger", Shape::text, required),
         field("number", Shape::any_text), field("manager", Shape::text),
         field("client", Shape::text, required), field("issued_at", Shape::moment, required),
         field("due_at", Shape::moment), field("amount", Shape::money, required),
         word("status", {"issued", "voided"}, required), revision()});
    type.planned = {"issued_at", "due_at"};
    return type;
}

Type payment() {
    Type type = activity(
        "payment",
        {field("payment_id", Shape::text, required), field("ledger", Shape::text, required),
         field("invoice_id", Shape::text), field("client", Shape::text, required),
         field("received_at", Shape::day_end, required), field("amount", Shape::money, required),
         word("kind", {"payment", "refund"}, required), revision()});
    type.happened = {"received_at"};
    return type;
}

Type heartbeat() {
    Type type = activity("heartbeat", {field("up_to", Shape::instant, required)});
    type.happened = {"up_to"};
    return type;
}

Type opaque(std::string_view name) {
    Type type = activity(name, {revision()});
    type.opaque = true;
    return type;
}

Type taken_back() {
    return privileged(
        "void",
        {field("kind", Shape::text, required), field("entity_id", Shape::text, required),
         field("ledger", Shape::text), field("scope", Shape::text), field("revision", Shape::count),
         field("reason", Shape::any_text, false, Place::comment)});
}

Type review() {
    return privileged(
        "review",
        {field("call_id", Shape::text, required), field("manager", Shape::text, required),
         field("scorecard", Shape::object, required, Place::scorecard),
         field("answers", Shape::list, false, Place::json), field("tags", Shape::text_list),
         field("comment", Shape::any_text, false, Place::comment), revision()});
}

Type client() {
    return entry("client",
                 {field("id", Shape::text, required),
                  field("name", Shape::any_text, false, Place::party_text),
                  field("owner", Shape::text), field("class", Shape::label),
                  field("value", Shape::label), field("interest", Shape::number),
                  field("phones", Shape::text_list, false, Place::company_number),
                  field("emails", Shape::text_list, false, Place::mail), from(), until()});
}

Type calendar() {
    return entry("calendar",
                 {field("id", Shape::text, required),
                  field("weekdays", Shape::object, required, Place::json),
                  field("holidays", Shape::text_list),
                  field("for", Shape::object, false, Place::applies_to), from(), until()});
}

/// A norm and a plan have the same members; a plan is checked as strictly.
Type target(std::string_view name) {
    return entry(
        name, {field("kpi", Shape::text, required), word("segment", segments),
               word("per", grains, required), field("value", Shape::any, required, Place::json),
               word("polarity", polarities), field("manager", Shape::text),
               field("role", Shape::text), field("team", Shape::text),
               field("client_class", Shape::label), from(), until(), field("version", Shape::count),
               field("signed_off", Shape::label), field("ramp", Shape::list, false, Place::json)});
}

std::vector<Type> directory_types() {
    return {entry("team", {field("id", Shape::text, required), field("name", Shape::any_text)}),
            entry("manager", {field("id", Shape::text, required), field("name", Shape::any_text),
                              field("team", Shape::text), field("role", Shape::text),
                              field("timezone", Shape::text), from(), until()}),
            entry("endpoint",
                  {word("kind", endpoint_kinds, required), field("address", Shape::text, required),
                   field("manager", Shape::text), field("team", Shape::text), from(), until()}),
            client(),
            calendar(),
            entry("absence",
                  {field("manager", Shape::text, required), field("from", Shape::moment, required),
                   field("until", Shape::moment, required), field("reason", Shape::any_text)}),
            target("norm"),
            target("plan"),
            entry("checkpoint", {field("id", Shape::text, required)}),
            entry("settings", {from(), field("kpis", Shape::object, false, Place::json),
                               field("declared_by", Shape::any, false, Place::declared_by)})};
}

/// The name of the type's message in an event.
std::string slot_name(const Type& type) {
    if (type.opaque) {
        return "opaque";
    }
    std::string name(type.word);
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

void resolve(Type& type) {
    type.slot = events::pb::Event::descriptor()->FindFieldByName(slot_name(type));
    ENSURE(type.slot != nullptr);
    const Descriptor& message = *type.slot->message_type();
    for (Field& member : type.fields) {
        member.slot = message.FindFieldByName(std::string(member.name));
        const bool needs_slot = member.place == Place::fact || member.place == Place::number ||
                                member.place == Place::company_number ||
                                member.place == Place::mail || member.place == Place::party_text ||
                                member.place == Place::message_id || member.place == Place::json;
        ENSURE(member.slot != nullptr || !needs_slot);
    }
}

std::vector<Type> make_types() {
    std::vector<Type> types = {call(),
                               call_leg(),
                               email(),
                               meeting(),
                               proposal(),
                               invoice(),
                               payment(),
                               heartbeat(),
                               opaque("lead"),
                               opaque("deal"),
                               opaque("document"),
                               opaque("task"),
                               taken_back(),
                               review()};
    for (Type& type : directory_types()) {
        types.push_back(std::move(type));
    }
    for (Type& type : types) {
        resolve(type);
    }
    return types;
}

}  // namespace

const Field* Type::field(std::string_view name) const {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [name](const Field& member) { return member.name == name; });
    return found == fields.end() ? nullptr : &*found;
}

const Type* find_type(std::string_view word) {
    static const std::vector<Type> types = make_types();
    const auto found = std::find_if(types.begin(), types.end(),
                                    [word](const Type& type) { return type.word == word; });
    return found == types.end() ? nullptr : &*found;
}

bool is_internal(std::string_view word) {
    static constexpr std::array<std::string_view, 6> words = {
        "tick", "rejected", "quarantine", "directory.begin", "directory.applied", "applied"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace ingest::cloudevents
