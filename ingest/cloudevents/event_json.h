#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"
#include "kpi/local_time.h"

namespace ingest::cloudevents {

/// The `data` of an event as its sender would write it: the contract's members in the contract's
/// order, absent ones left out, instants RFC 3339 in UTC, local dates as given, people as their
/// source sent them, unknown members last. Of a row of a line format: its fields by name. Of an
/// internal event: `{}`.
std::string data_json(const events::Event& event);

/// What makes an entry of the directory that one entry and no other, in the order of interface.md 3
/// (managers: id, from): texts as they stand, dates resolved in `zone`, instants in UTC, absent =
/// empty. Of any other event: nothing.
std::vector<std::string> directory_identity(const events::Event& event, const kpi::Zone& zone);

}  // namespace ingest::cloudevents
