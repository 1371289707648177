#include "ingest/cloudevents/fill.h"

#include <google/protobuf/message.h>

#include <array>
#include <initializer_list>
#include <string>
#include <utility>

#include "base/ensure.h"
#include "base/json.h"
#include "ingest/cloudevents/canonical_json.h"
#include "ingest/cloudevents/check.h"
#include "ingest/cloudevents/nested.h"

namespace ingest::cloudevents {
namespace {

namespace json = boost::json;

using google::protobuf::Message;
using google::protobuf::Reflection;

std::string copy_of(const json::value& value) {
    return std::string(text_of(value));
}

/// A text as it is, a number as its text.
std::string label_of(const json::value& value) {
    return value.is_string() ? copy_of(value) : canonical_json(value);
}

bool is_among(std::string_view name, std::initializer_list<std::string_view> known) {
    for (const std::string_view one : known) {
        if (one == name) {
            return true;
        }
    }
    return false;
}

/// The members of `object` that are not among `known`, null ones left out.
json::object leftover(const json::object& object, std::initializer_list<std::string_view> known) {
    json::object rest;
    for (const auto& [name, value] : object) {
        if (!value.is_null() && !is_among(std::string_view(name), known)) {
            rest.emplace(name, value);
        }
    }
    return rest;
}

/// Fills one message from one JSON object.
class Filler {
public:
    Filler(events::Event& event, const MapContext& context) : event_(event), context_(context) {}

    /// Returns the members that nobody knows.
    json::object fill(const Type& type, const json::object& data, Message& message) {
        json::object extra;
        for (const auto& [name, value] : data) {
            if (!value.is_null() && type.field(std::string_view(name)) == nullptr) {
                extra.emplace(name, value);
            }
        }
        for (const Field& field : type.fields) {  // in the table's order, so that parties have one
            if (const json::value* value = member(data, field.name)) {
                put(field, *value, message, extra);
            }
        }
        return extra;
    }

private:
    void put(const Field& field, const json::value& value, Message& message, json::object& extra) {
        const Reflection& reflection = *message.GetReflection();
        switch (field.place) {
            case Place::fact: return put_fact(field, value, message);
            case Place::number:
            case Place::company_number:
            case Place::mail:
            case Place::party_text: return put_parties(field, value, message);
            case Place::message_id: return put_message_ids(field, value, message);
            case Place::json:
                return reflection.SetString(&message, field.slot, canonical_json(value));
            case Place::subject_line: return event_.personal.set_subject_line(copy_of(value));
            case Place::comment: return event_.personal.set_comment(copy_of(value));
            case Place::revision:
                return event_.head.set_source_revision(
                    static_cast<std::uint64_t>(value.get_int64()));
            case Place::recording: return put_recording(value.get_object(), extra);
            case Place::legs: return put_legs(value.get_array(), extra);
            case Place::attendees: return put_attendees(value.get_array(), extra);
            case Place::scorecard: return put_scorecard(value.get_object(), extra);
            case Place::applies_to: return put_subject(value.get_object(), extra);
            case Place::declared_by: return;
        }
    }

    static void put_fact(const Field& field, const json::value& value, Message& message) {
        const Reflection& reflection = *message.GetReflection();
        switch (field.shape) {
            case Shape::text:
            case Shape::any_text:
            case Shape::label:
            case Shape::word: return reflection.SetString(&message, field.slot, label_of(value));
            case Shape::instant:
                return reflection.SetInt64(&message, field.slot, base::to_ms(*instant_of(value)));
            case Shape::moment:
            case Shape::day_end: {
                events::pb::Moment moment;
                if (is_date(value)) {
                    moment.set_date(copy_of(value));
                } else {
                    moment.set_at(base::to_ms(*instant_of(value)));
                }
                return reflection.MutableMessage(&message, field.slot)->CopyFrom(moment);
            }
            case Shape::money:
                return reflection.MutableMessage(&message, field.slot)->CopyFrom(money_of(value));
            case Shape::count:
                return reflection.SetUInt64(&message, field.slot,
                                            static_cast<std::uint64_t>(value.get_int64()));
            case Shape::number:
                return reflection.SetDouble(&message, field.slot, value.to_number<double>());
            case Shape::text_list:
                for (const json::value& item : value.get_array()) {
                    reflection.AddString(&message, field.slot, copy_of(item));
                }
                return;
            case Shape::object:
            case Shape::list:
            case Shape::any: ENSURE(false);
        }
    }

    std::uint32_t add(Place place, const json::value& value) {
        if (place == Place::number) {
            return add_number(event_, text_of(value), context_.source_plan);
        }
        if (place == Place::company_number) {
            return add_number(event_, text_of(value), context_.company_plan);
        }
        events::pb::Party party;
        const bool is_mail = place == Place::mail;
        party.set_kind(is_mail ? events::pb::Party::MAIL : events::pb::Party::TEXT);
        party.set_normalised(is_mail ? events::normal_mail(text_of(value)) : copy_of(value));
        party.set_raw(copy_of(value));
        return events::add_party(event_, std::move(party));
    }

    void put_parties(const Field& field, const json::value& value, Message& message) {
        const Reflection& reflection = *message.GetReflection();
        if (field.shape != Shape::text_list) {
            return reflection.SetUInt32(&message, field.slot, add(field.place, value));
        }
        for (const json::value& item : value.get_array()) {
            reflection.AddUInt32(&message, field.slot, add(field.place, item));
        }
    }

    static void put_message_ids(const Field& field, const json::value& value, Message& message) {
        const Reflection& reflection = *message.GetReflection();
        if (field.shape != Shape::text_list) {
            return reflection.SetString(&message, field.slot,
                                        events::normal_message_id(text_of(value)));
        }
        for (const json::value& item : value.get_array()) {
            reflection.AddString(&message, field.slot, events::normal_message_id(text_of(item)));
        }
    }

    void put_recording(const json::object& recording, json::object& extra) {
        events::pb::Recording& out = *event_.head.mutable_call()->mutable_recording();
        if (const json::value* state = member(recording, "state")) {
            out.set_state(copy_of(*state));
        }
        if (const json::value* seconds = member(recording, "seconds")) {
            out.set_seconds(seconds->to_number<double>());
        }
        if (const json::value* url = member(recording, "url")) {
            event_.personal.set_recording_url(copy_of(*url));
        }
        keep("recording", leftover(recording, {"state", "seconds", "url"}), extra);
    }

    void put_legs(const json::array& legs, json::object& extra) {
        const Type& type = *find_type("call.leg");
        const std::uint64_t revision =
            event_.head.source_revision();  // of the call, not of its legs
        json::object unknown;
        std::size_t index = 0;
        for (const json::value& leg : legs) {
            events::pb::CallLeg& out = *event_.head.mutable_call()->add_legs();
            json::object rest = fill(type, leg.get_object(), out);
            out.set_call_id(event_.head.call().call_id());
            keep(std::to_string(index++), std::move(rest), unknown);
        }
        event_.head.set_source_revision(revision);
        keep("legs", std::move(unknown), extra);
    }

    void put_attendees(const json::array& attendees, json::object& extra) {
        json::object unknown;
        std::size_t index = 0;
        for (const json::value& attendee : attendees) {
            const json::object& one = attendee.get_object();
            events::pb::Attendee& out = *event_.head.mutable_meeting()->add_attendees();
            out.set_address(add(Place::mail, *member(one, "address")));
            if (const json::value* status = member(one, "status")) {
                out.set_status(copy_of(*status));
            }
            keep(std::to_string(index++), leftover(one, {"address", "status"}), unknown);
        }
        keep("attendees", std::move(unknown), extra);
    }

    void put_scorecard(const json::object& scorecard, json::object& extra) {
        events::pb::Review& out = *event_.head.mutable_review();
        if (const json::value* id = member(scorecard, "id")) {
            out.set_scorecard_id(label_of(*id));
        }
        if (const json::value* version = member(scorecard, "version")) {
            out.set_scorecard_version(label_of(*version));
        }
        keep("scorecard", leftover(scorecard, {"id", "version"}), extra);
    }

    void put_subject(const json::object& subject, json::object& extra) {
        events::pb::Calendar& out = *event_.head.mutable_calendar();
        if (const json::value* manager = member(subject, "manager")) {
            out.set_for_manager(copy_of(*manager));
        }
        if (const json::value* role = member(subject, "role")) {
            out.set_for_role(copy_of(*role));
        }
        if (const json::value* team = member(subject, "team")) {
            out.set_for_team(copy_of(*team));
        }
        keep("for", leftover(subject, {"manager", "role", "team"}), extra);
    }

    static void keep(std::string_view name, json::object rest, json::object& extra) {
        if (!rest.empty()) {
            extra.emplace(json::string_view(name.data(), name.size()), std::move(rest));
        }
    }

    events::Event& event_;
    const MapContext& context_;
};

/// `data` of a lead, deal, document or task: all of it but its revision, nulls left out.
std::string opaque_text(const json::object& data) {
    return canonical_json(leftover(data, {"revision"}));
}

/// The endpoint's address in the form that calls and mail are compared in.
void normalise(events::pb::Endpoint& endpoint, const MapContext& context) {
    const std::string& kind = endpoint.kind();
    if (kind == "did" || kind == "mobile") {
        endpoint.set_normalised(
            events::normal_number(endpoint.address(), context.company_plan).value_or(""));
    } else if (kind == "email" || kind == "calendar") {
        endpoint.set_normalised(events::normal_mail(endpoint.address()));
    }
}

}  // namespace

void fill_data(events::Event& event, const Type& type, const json::value& data,
               const MapContext& context) {
    Message& message = *event.head.GetReflection()->MutableMessage(&event.head, type.slot);
    json::object extra = Filler(event, context).fill(type, data.get_object(), message);
    if (type.opaque) {
        event.head.mutable_opaque()->set_data(opaque_text(data.get_object()));
        extra.clear();
    } else if (type.word == "checkpoint") {
        event.head.mutable_checkpoint()->set_rule(opaque_text(data.get_object()));
        extra.clear();
    } else if (type.word == "endpoint") {
        normalise(*event.head.mutable_endpoint(), context);
    } else if (type.word == "void" && event.head.void_().kind().starts_with("call") &&
               event.head.void_().scope().empty()) {
        event.head.mutable_void_()->set_scope(event.head.scope());
    }
    if (!extra.empty()) {
        event.personal.set_extra(canonical_json(json::object{{"data", std::move(extra)}}));
    }
}

}  // namespace ingest::cloudevents
