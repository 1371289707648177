#pragma once

#include <string>
#include <vector>

#include "events/event.h"

namespace events {

/// An event of every kind of data, each field of it set: texts say the field's name, numbers its
/// number.
struct Sample {
    std::string name;  ///< of the data field: `call_leg`
    Event event;
};
std::vector<Sample> sample_events();

/// Ordinals for the parties of a sample: 101, 102, ...
std::vector<std::uint64_t> sample_subjects(const Event& event);

}  // namespace events
