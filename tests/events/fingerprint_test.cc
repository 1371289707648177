// Which facts a fingerprint covers: every field of every message but those listed here, one by one;
// that it reads parties as ordinals only; and that a leg has one fingerprint wherever it stands.
// The values themselves are frozen in event_test.cc.
#include "events/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

#include "sample_events.h"

namespace events {
namespace {

using google::protobuf::FieldDescriptor;

Fingerprint print_of(const Event& event) {
    return fingerprint(event, sample_subjects(event));
}

const FieldDescriptor& slot_of(const Sample& sample) {
    return *pb::Event::descriptor()->FindFieldByName(sample.name);
}

TEST(Fingerprint, CoversEveryFactButThoseListed) {
    const std::set<std::string> left_out = {"email.mailbox", "endpoint.normalised",
                                            "manager.timezone", "norm.ramp", "plan.ramp"};
    for (const Sample& sample : sample_events()) {
        if (kind_of(sample.event.head) == Kind::none) {
            continue;
        }
        const FieldDescriptor& slot = slot_of(sample);
        for (int n = 0; n < slot.message_type()->field_count(); ++n) {
            const FieldDescriptor& field = *slot.message_type()->field(n);
            Event changed = sample.event;
            auto& data = *changed.head.GetReflection()->MutableMessage(&changed.head, &slot);
            data.GetReflection()->ClearField(&data, &field);
            const std::string name = sample.name + "." + field.name();
            EXPECT_EQ(print_of(changed) == print_of(sample.event), left_out.contains(name)) << name;
        }
    }
}

TEST(Fingerprint, IgnoresTheEnvelopeAndTheTransport) {
    Event event = sample_events().front().event;
    const Fingerprint before = print_of(event);
    event.head.set_id("another");
    event.head.set_source("/another");
    event.head.set_received_at(1);
    event.head.set_source_revision(9);
    event.head.mutable_origin()->set_line(99);
    event.personal.set_raw("another");
    event.personal.set_subject_line("another");
    EXPECT_EQ(print_of(event), before);
}

TEST(Fingerprint, ReadsPartiesAsOrdinalsApartFromFacts) {
    Event event = sample_events().front().event;
    const Fingerprint before = print_of(event);
    event.personal.mutable_parties(0)->set_raw("redacted");
    EXPECT_EQ(print_of(event), before);
    std::vector<std::uint64_t> others = sample_subjects(event);
    for (std::uint64_t& other : others) {
        other += 1000;
    }
    const Fingerprint after = fingerprint(event, others);
    EXPECT_EQ(after.facts_high, before.facts_high);
    EXPECT_EQ(after.facts_low, before.facts_low);
    EXPECT_NE(after.parties_low, before.parties_low);
}

TEST(Fingerprint, IsZeroWithoutEntity) {
    for (const Sample& sample : sample_events()) {
        const bool is_zero = print_of(sample.event) == Fingerprint{};
        EXPECT_EQ(is_zero, kind_of(sample.event.head) == Kind::none) << sample.name;
    }
}

TEST(Fingerprint, OfALegInsideACallIsThatOfTheLegAlone) {
    for (const Sample& sample : sample_events()) {
        if (sample.name == "call_leg") {
            EXPECT_EQ(
                fingerprint_of_leg(sample.event.head.call_leg(), sample_subjects(sample.event)),
                print_of(sample.event));
        }
    }
}

TEST(Fingerprint, TellsADateFromTheInstantOfItsDigits) {
    Event date;
    date.head.mutable_invoice()->mutable_issued_at()->set_date("2026-11-02");
    Event instant;
    instant.head.mutable_invoice()->mutable_issued_at()->set_at(0);
    Event absent;
    absent.head.mutable_invoice();
    EXPECT_NE(print_of(date), print_of(instant));
    EXPECT_NE(print_of(instant), print_of(absent));
}

TEST(Fingerprint, KeepsTheBordersOfTexts) {
    Event one;
    one.head.mutable_call()->add_tags("ab");
    one.head.mutable_call()->add_tags("c");
    Event two;
    two.head.mutable_call()->add_tags("a");
    two.head.mutable_call()->add_tags("bc");
    EXPECT_NE(print_of(one), print_of(two));
}

TEST(Fingerprint, NamesNobodyForAPartyThatIsNotThere) {
    Event event;
    event.head.mutable_call()->set_from(7);
    EXPECT_EQ(fingerprint(event, {}), fingerprint(event, std::vector<std::uint64_t>(7, 0)));
}

}  // namespace
}  // namespace events
