#include "support.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace ingest {
namespace {

kpi::Zone zone_of(std::string_view name) {
    auto zone = kpi::Zone::find(name);
    EXPECT_TRUE(zone) << name;
    return zone ? zone.value() : kpi::Zone::utc();
}

}  // namespace

MapContext cloudevents_context() {
    MapContext context;
    context.company = "acme";
    context.company_zone = zone_of("Europe/Moscow");
    context.company_plan = {"RU", ""};
    context.source_id = "crm";
    context.source_zone = context.company_zone;
    context.source_plan = {"RU", ""};
    context.received_at = base::from_ms(ms("2026-11-24T09:00:00Z"));
    return context;
}

MapContext cdr_context(std::string_view zone) {
    MapContext context = cloudevents_context();
    context.source_id = "pbx-1";
    context.source_pbx = "main";
    context.source_zone = zone_of(zone);
    context.source_plan = {"RU", "810"};
    return context;
}

std::int64_t ms(std::string_view instant) {
    const auto at = kpi::parse_instant(instant);
    EXPECT_TRUE(at) << instant;
    return at ? base::to_ms(*at) : 0;
}

std::string verdict(const Mapped& mapped) {
    const auto* rejection = std::get_if<Rejection>(&mapped);
    return rejection == nullptr ? "ok" : rejection->reason + " " + rejection->pointer;
}

events::Event event_of(Mapped mapped) {
    EXPECT_EQ(verdict(mapped), "ok");
    return is_event(mapped) ? std::move(std::get<events::Event>(mapped)) : events::Event();
}

std::string cloudevent(std::string_view word, std::string_view data) {
    return R"({"specversion":"1.0","id":"e-1","source":"/crm","type":")" +
           events::type_of_word(word) + R"(","time":"2026-11-02T10:00:00+03:00","data":)" +
           std::string(data) + "}";
}

std::vector<std::string> parties_of(const events::Event& event) {
    std::vector<std::string> parties;
    for (const auto& party : event.personal.parties()) {
        parties.push_back(party.normalised().empty() ? "-" : party.normalised());
    }
    return parties;
}

std::string RowText::text() const {
    std::string row;
    const auto add = [&row](const std::string& value, bool is_quoted) {
        row += row.empty() ? "" : ",";
        if (!is_quoted) {
            row += value;
            return;
        }
        row += '"';
        for (const char c : value) {
            row += c == '"' ? "\"\"" : std::string(1, c);
        }
        row += '"';
    };
    for (const std::string* value : {&accountcode, &src, &dst, &dcontext, &clid, &channel,
                                     &dstchannel, &lastapp, &lastdata, &start}) {
        add(*value, true);
    }
    add(answer, !answer.empty());
    add(end, !end.empty());
    add(duration, false);
    add(billsec, false);
    for (const std::string* value :
         {&disposition, &amaflags, &uniqueid, &userfield, &peeraccount, &linkedid}) {
        add(*value, true);
    }
    add(sequence, false);
    return row;
}

}  // namespace ingest
