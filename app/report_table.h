#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace app {

/// The most columns of a terminal that a table takes.
inline constexpr std::size_t table_width_max = 120;

/// The table of `report`: rows by the keys asked, totals, reconciliation.
std::string report_table(const boost::json::object& answer);

/// A KPI's value as people read it: `1:02:03`, `12,300.00 RUB`, `83.3 %`, `7`, `-`.
std::string kpi_value_text(std::string_view kpi, const boost::json::value& value);

/// `2026-11-02 09:00:00` of an instant as answers write it; `-` of null.
std::string instant_text(const boost::json::value& value);

/// The same on the wall clock of a zone; as it stands when there is no such zone.
std::string local_text(const boost::json::value& value, const std::string& zone_name);

/// The member's text; `-` when it is null or absent; numbers as digits, lists joined by commas.
std::string plain_text(const boost::json::object& object, std::string_view name);

/// How fresh the answer is and what it lacks, from its `meta`.
std::string meta_line(const boost::json::object& answer);

}  // namespace app
