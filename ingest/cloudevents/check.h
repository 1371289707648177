#pragma once

#include <boost/json/value.hpp>
#include <optional>

#include "ingest/cloudevents/schema.h"
#include "ingest/mapped.h"

namespace ingest::cloudevents {

/// The first rule that `data` breaks, in the order of interface.md 4, "Quarantine reasons"; nullopt
/// when it is good.
std::optional<Rejection> check_data(const Type& type, const boost::json::value& data,
                                    const MapContext& context);

/// The member of that name; nullptr when it is absent or null, which is the same.
const boost::json::value* member(const boost::json::object& object, std::string_view name);

/// The text of a member that passed its check.
inline std::string_view text_of(const boost::json::value& value) {
    const auto& text = value.get_string();
    return {text.data(), text.size()};
}

/// An instant within the years 1 to 9999; nullopt when the value is none.
std::optional<base::UtcMillis> instant_of(const boost::json::value& value);

/// Whether a moment is given as a local date.
bool is_date(const boost::json::value& value);

}  // namespace ingest::cloudevents
