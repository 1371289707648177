// The wire format is frozen: one record of every kind of data, with every field set, equals the
// golden bytes; what is decoded encodes to the same bytes again; what is no event is refused, never
// guessed. UPDATE_GOLDEN=1 rewrites the files of tests/golden/events.
#include "events/event.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "events/fingerprint.h"
#include "sample_events.h"

namespace events {
namespace {

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const auto byte = static_cast<unsigned char>(bytes[n]);
        out += digits[byte >> 4U];
        out += digits[byte & 0xFU];
        out += n % 48 == 47 ? "\n" : "";
    }
    return out + "\n";
}

std::string hex(std::uint64_t number) {
    std::string bytes;
    for (unsigned shift = 64; shift > 0; shift -= 8) {
        bytes += static_cast<char>((number >> (shift - 8)) & 0xFFU);
    }
    std::string out = hex(bytes);
    out.pop_back();
    return out;
}

std::string golden_text(const Sample& sample) {
    const Fingerprint print = fingerprint(sample.event, sample_subjects(sample.event));
    return "record\n" + hex(encode(sample.event)) + "facts " + hex(print.facts_high) +
           hex(print.facts_low) + "\nparties " + hex(print.parties_high) + hex(print.parties_low) +
           "\n";
}

class EventGolden : public testing::TestWithParam<Sample> {};

TEST_P(EventGolden, BytesAndFingerprintAreAsFrozen) {
    const std::string path = std::string(GOLDEN_DIR) + "/" + GetParam().name + ".golden";
    const std::string text = golden_text(GetParam());
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path) << text;
    }
    std::ifstream file(path);
    const std::string golden{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, golden) << path;
}

TEST_P(EventGolden, DecodesToWhatWasEncoded) {
    const std::string record = encode(GetParam().event);
    const auto decoded = decode(record);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(encode(decoded.value()), record);
    EXPECT_TRUE(decoded.value().head.personal().empty());
    using google::protobuf::util::MessageDifferencer;
    EXPECT_TRUE(MessageDifferencer::Equals(decoded.value().head, GetParam().event.head));
    EXPECT_TRUE(MessageDifferencer::Equals(decoded.value().personal, GetParam().event.personal));
}

INSTANTIATE_TEST_SUITE_P(EveryKindOfData, EventGolden, testing::ValuesIn(sample_events()),
                         [](const auto& tested) { return tested.param.name; });

TEST(Event, EncodesToTheSameBytesTwice) {
    for (const Sample& sample : sample_events()) {
        EXPECT_EQ(encode(sample.event), encode(sample.event)) << sample.name;
    }
}

TEST(Event, RefusesWhatIsNoEvent) {
    EXPECT_FALSE(decode(""));
    EXPECT_FALSE(decode("\xFF\xFF\xFF"));
    const std::string record = encode(sample_events().front().event);
    EXPECT_FALSE(decode(record.substr(0, record.size() - 1)));
    EXPECT_EQ(decode("").error().code(), base::ErrorCode::corrupt);
}

TEST(Event, RefusesAPersonalSectionOfAnUnknownCodec) {
    Event event = sample_events().front().event;
    event.head.set_personal_codec(1);
    EXPECT_FALSE(decode(encode(event)));
}

TEST(Event, NamesPartiesByIndexPlusOne) {
    Event event;
    pb::Party party;
    party.set_raw("101");
    EXPECT_EQ(add_party(event, party), 1U);
    party.set_raw("102");
    EXPECT_EQ(add_party(event, party), 2U);
    EXPECT_EQ(party_at(event, 2)->raw(), "102");
    EXPECT_EQ(party_at(event, 0), nullptr);
    EXPECT_EQ(party_at(event, 3), nullptr);
}

TEST(Kind, HasOneWordForEveryEntity) {
    std::set<std::string_view> words;
    for (int number = 1; number <= 29; ++number) {
        const auto kind = static_cast<Kind>(number);
        if (!to_string(kind).empty()) {
            EXPECT_EQ(kind_of_word(to_string(kind)), kind) << number;
            EXPECT_TRUE(words.insert(to_string(kind)).second) << number;
        }
    }
    EXPECT_EQ(words.size(), 22U);
    EXPECT_EQ(kind_of_word("call.leg"), Kind::call);
    EXPECT_EQ(kind_of_word("heartbeat"), Kind::none);
}

TEST(Kind, IsToldByTheData) {
    const std::set<std::string> without = {
        "heartbeat", "tick", "rejected", "quarantine", "directory_begin", "directory_applied"};
    for (const Sample& sample : sample_events()) {
        EXPECT_EQ(kind_of(sample.event.head) == Kind::none, without.contains(sample.name))
            << sample.name;
    }
    EXPECT_EQ(kind_of(pb::Event()), Kind::none);
}

TEST(EventType, IsAWordBetweenPrefixAndSuffix) {
    EXPECT_EQ(type_of_word("call.leg"), "normwatch.call.leg.v1");
    EXPECT_EQ(word_of_type("normwatch.call.leg.v1"), "call.leg");
    for (const char* other :
         {"", "call", "normwatch.v1", "normwatch..v1", "normwatch.call.v2", "x.call.v1"}) {
        EXPECT_EQ(word_of_type(other), "") << other;
    }
}

}  // namespace
}  // namespace events
