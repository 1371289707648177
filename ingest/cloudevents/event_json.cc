#include "ingest/cloudevents/event_json.h"

#include <google/protobuf/message.h>

#include <algorithm>

#include "base/json.h"
#include "ingest/cloudevents/schema.h"

namespace ingest::cloudevents {
namespace {

namespace json = boost::json;

using events::pb::Moment;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string text_of_moment(const Moment& moment) {
    return moment.value_case() == Moment::kDate ? moment.date()
                                                : kpi::render(base::from_ms(moment.at()));
}

bool is_set(const Message& message, const FieldDescriptor& slot) {
    if (slot.is_repeated()) {
        return message.GetReflection()->FieldSize(message, &slot) > 0;
    }
    if (slot.has_presence() || slot.cpp_type() != FieldDescriptor::CPPTYPE_INT64) {
        return message.GetReflection()->HasField(message, &slot);
    }
    return true;  // an instant that the contract requires: 0 is one too
}

/// Writes the members of one message.
class Writer {
public:
    Writer(base::JsonWriter& out, const events::Event& event) : out_(out), event_(event) {}

    void members(const Type& type, const Message& message) {
        for (const Field& field : type.fields) {
            member(type, field, message);
        }
    }

private:
    void member(const Type& type, const Field& field, const Message& message) {
        const auto& personal = event_.personal;
        switch (field.place) {
            case Place::fact:
            case Place::number:
            case Place::company_number:
            case Place::mail:
            case Place::party_text:
            case Place::message_id:
            case Place::json:
                if (is_set(message, *field.slot)) {
                    out_.key(field.name);
                    value(field, message);
                }
                return;
            case Place::subject_line: return text(field.name, personal.subject_line());
            case Place::comment: return text(field.name, personal.comment());
            case Place::revision: return revision(type, field);
            case Place::recording: return recording();
            case Place::legs: return legs();
            case Place::attendees: return attendees();
            case Place::scorecard: return scorecard();
            case Place::applies_to: return subject();
            case Place::declared_by: return text(field.name, event_.head.settings().declared_by());
        }
    }

    void text(std::string_view name, const std::string& value) {
        if (!value.empty()) {
            out_.member(name, std::string_view(value));
        }
    }

    /// Revision 1 is what an absent one means; the revision inside a leg is the call's.
    void revision(const Type& type, const Field& field) {
        const std::uint64_t number = event_.head.source_revision();
        if (type.slot->index() == slot_index() && (number != 1 || field.required)) {
            out_.member(field.name, number);
        }
    }
    int slot_index() const {
        const FieldDescriptor* slot = event_.head.GetReflection()->GetOneofFieldDescriptor(
            event_.head, events::pb::Event::descriptor()->FindOneofByName("data"));
        return slot == nullptr ? -1 : slot->index();
    }

    void value(const Field& field, const Message& message) {
        const FieldDescriptor& slot = *field.slot;
        const auto& reflection = *message.GetReflection();
        if (slot.is_repeated()) {
            out_.begin_array();
            for (int n = 0; n < reflection.FieldSize(message, &slot); ++n) {
                if (slot.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
                    party(reflection.GetRepeatedUInt32(message, &slot, n));
                } else {
                    out_.value(std::string_view(reflection.GetRepeatedString(message, &slot, n)));
                }
            }
            out_.end_array();
            return;
        }
        switch (slot.cpp_type()) {
            case FieldDescriptor::CPPTYPE_UINT32:
                return party(reflection.GetUInt32(message, &slot));
            case FieldDescriptor::CPPTYPE_INT64:
                out_.value(std::string_view(
                    kpi::render(base::from_ms(reflection.GetInt64(message, &slot)))));
                return;
            case FieldDescriptor::CPPTYPE_UINT64:
                out_.value(reflection.GetUInt64(message, &slot));
                return;
            case FieldDescriptor::CPPTYPE_DOUBLE:
                out_.json(json::value(reflection.GetDouble(message, &slot)));
                return;
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return part(reflection.GetMessage(message, &slot));
            default: {
                const std::string& stored = reflection.GetString(message, &slot);
                if (field.place == Place::json) {
                    out_.raw(stored);
                } else {
                    out_.value(std::string_view(stored));
                }
            }
        }
    }

    void part(const Message& message) {
        if (const auto* money = dynamic_cast<const events::pb::Money*>(&message)) {
            out_.begin_object().member("minor", money->minor());
            out_.member("currency", std::string_view(money->currency())).end_object();
        } else if (const auto* moment = dynamic_cast<const Moment*>(&message)) {
            out_.value(std::string_view(text_of_moment(*moment)));
        }
    }

    void party(std::uint32_t index) {
        const events::pb::Party* found = events::party_at(event_, index);
        out_.value(found == nullptr ? std::string_view() : std::string_view(found->raw()));
    }

    void recording() {
        if (!event_.head.call().has_recording() && event_.personal.recording_url().empty()) {
            return;
        }
        const auto& what = event_.head.call().recording();
        out_.key("recording").begin_object();
        text("url", event_.personal.recording_url());
        text("state", what.state());
        if (what.has_seconds()) {
            out_.key("seconds").json(json::value(what.seconds()));
        }
        out_.end_object();
    }

    void legs() {
        if (event_.head.call().legs().empty()) {
            return;
        }
        out_.key("legs").begin_array();
        for (const events::pb::CallLeg& leg : event_.head.call().legs()) {
            out_.begin_object();
            members(*find_type("call.leg"), leg);
            out_.end_object();
        }
        out_.end_array();
    }

    void attendees() {
        if (event_.head.meeting().attendees().empty()) {
            return;
        }
        out_.key("attendees").begin_array();
        for (const events::pb::Attendee& attendee : event_.head.meeting().attendees()) {
            out_.begin_object().key("address");
            party(attendee.address());
            text("status", attendee.status());
            out_.end_object();
        }
        out_.end_array();
    }

    void scorecard() {
        out_.key("scorecard").begin_object();
        text("id", event_.head.review().scorecard_id());
        text("version", event_.head.review().scorecard_version());
        out_.end_object();
    }

    void subject() {
        const auto& calendar = event_.head.calendar();
        if (calendar.for_manager().empty() && calendar.for_role().empty() &&
            calendar.for_team().empty()) {
            return;
        }
        out_.key("for").begin_object();
        text("manager", calendar.for_manager());
        text("role", calendar.for_role());
        text("team", calendar.for_team());
        out_.end_object();
    }

    base::JsonWriter& out_;
    const events::Event& event_;
};

/// The members that nobody knew when the event came, unless the contract's own stand there already
/// (the unknown rest of an object that is known).
void add_unknown(base::JsonWriter& out, const events::Event& event, const Type& type) {
    if (event.personal.extra().empty()) {
        return;
    }
    const auto extra = base::parse_json(event.personal.extra());
    const json::object* all = extra ? extra.value().if_object() : nullptr;
    const json::value* data = all != nullptr ? all->if_contains("data") : nullptr;
    for (const auto& [name, value] :
         data != nullptr && data->is_object() ? data->get_object() : json::object()) {
        if (type.field(std::string_view(name)) == nullptr) {
            out.key(std::string_view(name)).json(value);
        }
    }
}

std::string row_json(const events::Event& event) {
    base::JsonWriter out;
    const events::pb::CdrRow& row = event.head.cdr_row();
    const auto party = [&event](std::uint32_t index) {
        const events::pb::Party* found = events::party_at(event, index);
        return found == nullptr ? std::string_view() : std::string_view(found->raw());
    };
    const auto at = [](std::int64_t ms) { return kpi::render(base::from_ms(ms)); };
    out.begin_object();
    out.member("linkedid", std::string_view(row.linkedid()));
    out.member("uniqueid", std::string_view(row.uniqueid()));
    out.member("sequence", std::string_view(row.sequence()));
    out.member("caller", party(row.caller())).member("dialled", party(row.dialled()));
    out.member("channel", party(row.channel())).member("peer", party(row.peer()));
    out.member("last_application", std::string_view(row.last_application()));
    out.member("started_at", std::string_view(at(row.started_at())));
    if (row.has_answered_at()) {
        out.member("answered_at", std::string_view(at(row.answered_at())));
    }
    out.member("ended_at", std::string_view(at(row.ended_at())));
    out.member("duration_seconds", row.duration_seconds());
    out.member("billed_seconds", row.billed_seconds());
    out.member("disposition", std::string_view(row.disposition()));
    out.end_object();
    return out.take();
}

/// The stored object as it stands; with its revision when it has one to tell.
std::string opaque_json(const std::string& stored, std::uint64_t revision) {
    auto parsed = base::parse_json(stored);
    if (!parsed || !parsed.value().is_object() || revision == 1) {
        return stored;
    }
    parsed.value().get_object().emplace("revision", revision);
    base::JsonWriter out;
    out.json(parsed.value());
    return out.take();
}

std::string resolved(const Moment& moment, const kpi::Zone& zone) {
    if (moment.value_case() == Moment::kDate) {
        const auto date = kpi::parse_date(moment.date());
        return date ? kpi::render(zone.day_start(*date)) : moment.date();
    }
    return moment.value_case() == Moment::kAt ? kpi::render(base::from_ms(moment.at())) : "";
}

}  // namespace

std::string data_json(const events::Event& event) {
    if (event.head.has_cdr_row()) {
        return row_json(event);
    }
    const Type* type = find_type(events::word_of_type(event.head.type()));
    if (type == nullptr) {
        return "{}";
    }
    if (type->opaque || type->word == "checkpoint") {
        return opaque_json(
            type->opaque ? event.head.opaque().data() : event.head.checkpoint().rule(),
            event.head.source_revision());
    }
    base::JsonWriter out;
    out.begin_object();
    Writer(out, event)
        .members(*type, event.head.GetReflection()->GetMessage(event.head, type->slot));
    add_unknown(out, event, *type);
    out.end_object();
    return out.take();
}

std::vector<std::string> directory_identity(const events::Event& event, const kpi::Zone& zone) {
    const events::pb::Event& head = event.head;
    switch (events::kind_of(head)) {
        case events::Kind::team: return {head.team().id()};
        case events::Kind::checkpoint: return {head.checkpoint().id()};
        case events::Kind::manager:
            return {head.manager().id(), resolved(head.manager().from(), zone)};
        case events::Kind::client:
            return {head.client().id(), resolved(head.client().from(), zone)};
        case events::Kind::calendar:
            return {head.calendar().id(), resolved(head.calendar().from(), zone)};
        case events::Kind::endpoint:
            return {head.endpoint().kind(), head.endpoint().address(),
                    resolved(head.endpoint().from(), zone)};
        case events::Kind::absence:
            return {head.absence().manager(), resolved(head.absence().from(), zone)};
        case events::Kind::settings: return {resolved(head.settings().from(), zone)};
        case events::Kind::norm:
        case events::Kind::plan: {
            const events::pb::Norm& target = head.has_norm() ? head.norm() : head.plan();
            std::vector<std::string> identity = {target.kpi(),     target.segment(), target.per(),
                                                 target.manager(), target.role(),    target.team()};
            if (!target.client_class().empty()) {
                identity.push_back(target.client_class());
            }
            identity.push_back(resolved(target.from(), zone));
            return identity;
        }
        default: return {};
    }
}

}  // namespace ingest::cloudevents
