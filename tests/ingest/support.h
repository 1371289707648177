#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/mapped.h"

namespace ingest {

/// Received 2026-11-24T09:00:00Z by a source of a company in Moscow.
MapContext cloudevents_context();
MapContext cdr_context(std::string_view zone = "Europe/Moscow");

/// An instant written as RFC 3339.
std::int64_t ms(std::string_view instant);

/// `reason pointer` of a rejection, `ok` of an event.
std::string verdict(const Mapped& mapped);

/// The event, or a failed test and an empty one.
events::Event event_of(Mapped mapped);

/// One CloudEvent of that type around `data`.
std::string cloudevent(std::string_view word, std::string_view data);

/// Normal forms of an event's parties, in order; `-` is anonymous.
std::vector<std::string> parties_of(const events::Event& event);

/// A row of cdr_csv with the columns changed that are named: `start`, `answer`, ...
struct RowText {
    std::string accountcode{}, src = "84951234567", dst = "101", dcontext = "default";
    std::string clid = R"("Client" <84951234567>)", channel = "PJSIP/trunk-00000001";
    std::string dstchannel = "PJSIP/101-00000002", lastapp = "Dial", lastdata = "PJSIP/101";
    std::string start = "2026-11-02 10:00:00", answer = "2026-11-02 10:00:05",
                end = "2026-11-02 10:00:35";
    std::string duration = "35", billsec = "30", disposition = "ANSWERED",
                amaflags = "DOCUMENTATION";
    std::string uniqueid = "1793602800.1", userfield{}, peeraccount{}, linkedid = "1793602800.1";
    std::string sequence = "1";

    std::string text() const;
};

}  // namespace ingest
