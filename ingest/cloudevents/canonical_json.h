#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace ingest::cloudevents {

/// JSON text of `value` in one form for equal values: members sorted by name, no spaces, doubles in
/// their shortest form. Facts that are kept as text are kept in this form, so that they compare
/// bytewise.
std::string canonical_json(const boost::json::value& value);

}  // namespace ingest::cloudevents
