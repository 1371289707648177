#pragma once

#include <boost/json/value.hpp>

#include "events/event.h"
#include "ingest/cloudevents/schema.h"
#include "ingest/mapped.h"

namespace ingest::cloudevents {

/// Puts `data`, which passed its check, into `event`: facts into the type's message, people into
/// the personal section, its revision into the envelope, and what nobody knows into
/// `personal.extra`.
void fill_data(events::Event& event, const Type& type, const boost::json::value& data,
               const MapContext& context);

}  // namespace ingest::cloudevents
