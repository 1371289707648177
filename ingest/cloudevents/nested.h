#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "events/event.h"
#include "ingest/cloudevents/schema.h"

namespace ingest::cloudevents {

/// {"minor", "currency"}: an integer within 63 bits and a currency of three letters.
bool is_money(const boost::json::value& value);
/// The money of a value that is some.
events::pb::Money money_of(const boost::json::value& value);

/// A member's name as one step of a JSON pointer.
std::string escaped_pointer(std::string_view name);

struct WrongPart {
    std::string pointer;  ///< below `data`
    std::string detail;
};

/// What is wrong inside an object or a list of the right outer shape; nullopt when nothing is.
std::optional<WrongPart> wrong_nested(const Type& type, const Field& field,
                                      const boost::json::value& value);

}  // namespace ingest::cloudevents
