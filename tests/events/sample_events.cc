#include "sample_events.h"

#include <google/protobuf/message.h>

namespace events {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::uint32_t parties_count = 5;

void fill(Message& message);

/// A party index is the only number of 32 bits without sign in the facts.
std::uint32_t party_of(const FieldDescriptor& field, int n) {
    return static_cast<std::uint32_t>(field.number() + n) % parties_count + 1;
}

std::string text_of(const FieldDescriptor& field, int n) {
    return n == 0 ? field.name() : field.name() + std::to_string(n);
}

void fill_map(Message& message, const FieldDescriptor& field) {
    for (const char* key : {"b", "a"}) {
        Message& entry = *message.GetReflection()->AddMessage(&message, &field);
        const auto* value = field.message_type()->FindFieldByName("value");
        entry.GetReflection()->SetString(&entry, field.message_type()->FindFieldByName("key"), key);
        if (value->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
            entry.GetReflection()->SetBool(&entry, value, *key == 'a');
        } else {
            entry.GetReflection()->SetInt64(&entry, value, field.number() + *key);
        }
    }
}

void fill_repeated(Message& message, const FieldDescriptor& field) {
    const auto& reflection = *message.GetReflection();
    if (field.is_map()) {
        return fill_map(message, field);
    }
    for (int n = 0; n < 2; ++n) {
        switch (field.cpp_type()) {
            case FieldDescriptor::CPPTYPE_STRING:
                reflection.AddString(&message, &field, text_of(field, n));
                break;
            case FieldDescriptor::CPPTYPE_UINT32:
                reflection.AddUInt32(&message, &field, party_of(field, n));
                break;
            case FieldDescriptor::CPPTYPE_MESSAGE:
                fill(*reflection.AddMessage(&message, &field));
                break;
            default: break;
        }
    }
}

void fill_one(Message& message, const FieldDescriptor& field) {
    const auto& reflection = *message.GetReflection();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_STRING:
            return reflection.SetString(&message, &field, text_of(field, 0));
        case FieldDescriptor::CPPTYPE_INT64:
            return reflection.SetInt64(&message, &field, 1'000'000'000'000 + field.number());
        case FieldDescriptor::CPPTYPE_UINT64:
            return reflection.SetUInt64(&message, &field,
                                        static_cast<std::uint64_t>(field.number()));
        case FieldDescriptor::CPPTYPE_UINT32:
            return reflection.SetUInt32(&message, &field, party_of(field, 0));
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return reflection.SetDouble(&message, &field, field.number() + 0.5);
        case FieldDescriptor::CPPTYPE_BOOL: return reflection.SetBool(&message, &field, true);
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return fill(*reflection.MutableMessage(&message, &field));
        default: return;
    }
}

void fill(Message& message) {
    for (int n = 0; n < message.GetDescriptor()->field_count(); ++n) {
        const FieldDescriptor& field = *message.GetDescriptor()->field(n);
        if (field.is_repeated()) {
            fill_repeated(message, field);
        } else {
            fill_one(message, field);
        }
    }
}

Event envelope() {
    Event event;
    event.head.set_id("e-1");
    event.head.set_source("/crm");
    event.head.set_time(1'793'602'800'000);
    event.head.set_received_at(1'793'602'801'234);
    event.head.set_company("acme");
    event.head.set_source_id("crm");
    event.head.set_scope("main");
    event.head.set_source_revision(3);
    event.head.set_mapper_revision(1);
    event.head.set_schema(1);
    event.head.add_quality("tz_assumed");
    event.head.mutable_origin()->set_file("Master.csv");
    event.head.mutable_origin()->set_line(7);
    event.head.mutable_origin()->set_byte(1024);
    for (std::uint32_t n = 1; n <= parties_count; ++n) {
        pb::Party party;
        party.set_kind(pb::Party::NUMBER);
        party.set_normalised("+7495123456" + std::to_string(n));
        party.set_raw("8 (495) 123-45-6" + std::to_string(n));
        add_party(event, party);
    }
    event.personal.set_raw("raw");
    event.personal.set_subject_line("subject line");
    return event;
}

}  // namespace

std::vector<Sample> sample_events() {
    std::vector<Sample> samples;
    const auto& data = *pb::Event::descriptor()->FindOneofByName("data");
    for (int n = 0; n < data.field_count(); ++n) {
        const FieldDescriptor& slot = *data.field(n);
        Sample& sample = samples.emplace_back(Sample{slot.name(), envelope()});
        std::string word = slot.name() == "opaque" ? "lead" : slot.name();
        for (char& c : word) {
            c = c == '_' ? '.' : c;
        }
        sample.event.head.set_type(type_of_word(word));
        pb::Event& head = sample.event.head;
        fill(*head.GetReflection()->MutableMessage(&head, &slot));
    }
    return samples;
}

std::vector<std::uint64_t> sample_subjects(const Event& event) {
    std::vector<std::uint64_t> subjects;
    for (int n = 0; n < event.personal.parties_size(); ++n) {
        subjects.push_back(101 + static_cast<std::uint64_t>(n));
    }
    return subjects;
}

}  // namespace events
