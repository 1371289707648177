#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

namespace scenarios {

/// A value of an answer as scenarios write it: null is `-`, truth `yes` or `no`, money its roubles
/// (another currency behind it), the rest itself.
std::string word_of(const boost::json::value& value);

/// The member at a path, `client.id`; null when there is none.
const boost::json::value& at_path(const boost::json::value& value, std::string_view path);

/// An answer without what may depend on the order of arrival: `meta`, `offset`, `received_at`,
/// `revision` and cursors.
std::string facts_of(const boost::json::value& answer);

}  // namespace scenarios
