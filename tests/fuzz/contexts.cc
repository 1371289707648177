#include "tests/fuzz/contexts.h"

#include "base/ensure.h"

namespace fuzz {
namespace {

ingest::MapContext company_context() {
    const auto zone = kpi::Zone::find("Europe/Moscow");
    const auto received_at = kpi::parse_instant("2026-11-24T09:00:00Z");
    ENSURE(zone && received_at);
    ingest::MapContext context;
    context.company = "acme";
    context.company_zone = zone.value();
    context.company_plan = {"RU", ""};
    context.source_zone = zone.value();
    context.received_at = *received_at;
    return context;
}

}  // namespace

const ingest::MapContext& crm_context() {
    static const ingest::MapContext context = [] {
        ingest::MapContext made = company_context();
        made.source_id = "crm";
        made.source_plan = {"RU", ""};
        return made;
    }();
    return context;
}

const ingest::MapContext& pbx_context() {
    static const ingest::MapContext context = [] {
        ingest::MapContext made = company_context();
        made.source_id = "pbx-1";
        made.source_pbx = "main";
        made.source_plan = {"RU", "810"};
        return made;
    }();
    return context;
}

}  // namespace fuzz
