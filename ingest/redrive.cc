#include "ingest/redrive.h"

namespace ingest {

std::optional<LineFormat> format_of_rejected(const events::Event& rejected,
                                             std::string_view source_kind) {
    const std::string& written = rejected.head.rejected().format();
    if (!written.empty()) {
        return line_format_of(written);
    }
    return rejected.head.origin().has_file() ? line_format_of(source_kind)
                                             : std::optional(LineFormat::cloudevents);
}

Mapped map_again(const events::Event& rejected, LineFormat format, const std::string& id,
                 const MapContext& context) {
    const std::string& raw = rejected.personal.raw();
    if (raw.empty()) {
        return Rejection{"raw_gone", "", "its bytes are no longer kept"};
    }
    if (rejected.head.rejected().bytes() > raw.size()) {
        return Rejection{"too_large", "", "only the first part of it was kept"};
    }
    Mapped mapped = map_record(format, raw, context);
    if (auto* event = std::get_if<events::Event>(&mapped)) {
        event->head.set_redrive_of(id);
        *event->head.mutable_origin() = rejected.head.origin();
    }
    return mapped;
}

events::Event quarantine_event(const ClosedItem& item, const MapContext& context) {
    events::Event event;
    fill_envelope(event.head, "quarantine", context);
    event.head.set_source("/" + context.source_id);
    event.head.set_id(item.action + "-" + item.id);
    event.head.set_time(base::to_ms(context.received_at));
    events::pb::QuarantineAction& data = *event.head.mutable_quarantine();
    data.set_id(item.id);
    data.set_action(item.action);
    data.set_because(item.because);
    data.set_by(item.by);
    return event;
}

}  // namespace ingest
