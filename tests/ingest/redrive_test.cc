// What was rejected becomes, mapped again, the event that it would be if it came now: by the mapper
// that refused it, where it stood, naming the item. What cannot is told why. Each record is made by
// the code that makes it in the product.
#include "ingest/redrive.h"

#include <gtest/gtest.h>

#include "support.h"

namespace ingest {
namespace {

events::Event rejected(std::string_view raw, LineFormat format, const MapContext& context,
                       std::size_t bytes) {
    const Mapped refused = map_record(format, raw, context);
    const auto* rejection = std::get_if<Rejection>(&refused);
    EXPECT_NE(rejection, nullptr);
    events::pb::Origin origin;
    origin.set_file("Master.csv");
    origin.set_line(17);
    origin.set_byte(4711);
    return rejected_event(rejection == nullptr ? Rejection() : *rejection, raw, bytes, origin,
                          to_string(format), context);
}

/// A row that ended a quarter of an hour before its receipt, and is refused where the source is
/// said to stand west of here.
std::string fresh_row() {
    RowText row;
    row.start = "2026-11-24 11:44:00";
    row.answer = "2026-11-24 11:44:10";
    row.end = "2026-11-24 11:45:00";
    return row.text();
}

TEST(MapAgain, AMendedZoneMakesTheRowAnEvent) {
    const std::string raw = fresh_row();
    const events::Event item =
        rejected(raw, LineFormat::asterisk_cdr_csv, cdr_context("America/New_York"), raw.size());
    EXPECT_EQ(item.head.rejected().reason(), "future_time");
    const MapContext mended = cdr_context();
    EXPECT_EQ(verdict(map_again(item, LineFormat::asterisk_cdr_csv, "0-5",
                                cdr_context("America/New_York"))),
              "future_time /end");
    const events::Event event =
        event_of(map_again(item, LineFormat::asterisk_cdr_csv, "0-5", mended));
    const events::Event direct = event_of(map_record(LineFormat::asterisk_cdr_csv, raw, mended));
    EXPECT_EQ(event.head.redrive_of(), "0-5");
    EXPECT_EQ(event.head.origin().file(), "Master.csv");
    EXPECT_EQ(event.head.origin().line(), 17U);
    EXPECT_EQ(event.head.origin().byte(), 4711U);
    EXPECT_EQ(event.head.id(), direct.head.id());
    EXPECT_EQ(event.head.scope(), direct.head.scope());
    EXPECT_EQ(event.head.cdr_row().SerializeAsString(), direct.head.cdr_row().SerializeAsString());
    EXPECT_EQ(event.personal.SerializeAsString(), direct.personal.SerializeAsString());
}

TEST(MapAgain, AnAllowedTypeMakesTheItemAnEvent) {
    MapContext narrow = cloudevents_context();
    narrow.types = {"email"};
    const std::string raw = cloudevent("heartbeat", R"({"up_to": "2026-11-24T08:00:00Z"})");
    const events::Event item = rejected(raw, LineFormat::cloudevents, narrow, raw.size());
    EXPECT_EQ(item.head.rejected().reason(), "refused_type");
    const events::Event event =
        event_of(map_again(item, LineFormat::cloudevents, "0-6", cloudevents_context()));
    EXPECT_TRUE(event.head.has_heartbeat());
    EXPECT_EQ(event.head.received_at(), base::to_ms(cloudevents_context().received_at));
}

TEST(MapAgain, WhatIsNotWhollyKeptIsNotMapped) {
    const std::string raw = "{broken";
    const events::Event cut =
        rejected(raw, LineFormat::cloudevents, cloudevents_context(), raw.size() + 1);
    EXPECT_EQ(verdict(map_again(cut, LineFormat::cloudevents, "0-7", cloudevents_context())),
              "too_large ");
    events::Event blank = rejected(raw, LineFormat::cloudevents, cloudevents_context(), raw.size());
    blank.personal.clear_raw();
    EXPECT_EQ(verdict(map_again(blank, LineFormat::cloudevents, "0-7", cloudevents_context())),
              "raw_gone ");
}

TEST(FormatOfRejected, IsTheOneWrittenElseTheSources) {
    events::Event item = rejected("{broken", LineFormat::cloudevents, cloudevents_context(), 7);
    EXPECT_EQ(format_of_rejected(item, "asterisk-cdr-csv"), LineFormat::cloudevents);
    item.head.mutable_rejected()->clear_format();
    EXPECT_EQ(format_of_rejected(item, "asterisk-cdr-csv"), LineFormat::asterisk_cdr_csv);
    EXPECT_EQ(format_of_rejected(item, "no-such-kind"), std::nullopt);
    item.head.mutable_origin()->clear_file();
    EXPECT_EQ(format_of_rejected(item, "asterisk-cdr-csv"), LineFormat::cloudevents);
}

TEST(QuarantineEvent, SaysWhichItemWhatAndWho) {
    MapContext own = cloudevents_context();
    own.source_id = "quarantine";
    const events::Event event = quarantine_event({"0-5", "discarded", "a test call", "anna"}, own);
    EXPECT_EQ(event.head.type(), "normwatch.quarantine.v1");
    EXPECT_EQ(event.head.source(), "/quarantine");
    EXPECT_EQ(event.head.id(), "discarded-0-5");
    EXPECT_EQ(event.head.quarantine().id(), "0-5");
    EXPECT_EQ(event.head.quarantine().action(), "discarded");
    EXPECT_EQ(event.head.quarantine().because(), "a test call");
    EXPECT_EQ(event.head.quarantine().by(), "anna");
}

}  // namespace
}  // namespace ingest
