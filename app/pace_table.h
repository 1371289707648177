#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace app {

/// An answer of /v1/pace for a terminal: a line per manager and norm.
std::string pace_table(const boost::json::object& answer);

/// An answer of /v1/board for a terminal: a line per manager, a column per norm of the day.
std::string board_table(const boost::json::object& answer);

/// What stands behind a number of this status, and what the marks mean.
std::string_view status_mark(std::string_view status);
inline constexpr std::string_view status_legend =
    "▽ below 90 %, ▼ below 75 % of what was due, · too early to say";

}  // namespace app
