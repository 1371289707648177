#include "app/pace_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "app/json_members.h"
#include "app/report_table.h"
#include "app/text_table.h"

namespace app {
namespace {

namespace json = boost::json;

std::string percent(const json::value& ratio) {
    return ratio.is_number() ? fmt::format("{:.0f} %", ratio.to_number<double>() * 100) : "-";
}

/// A number or money of the KPI of a row; what is computed may have a part of a unit.
std::string amount(const json::object& row, std::string_view name) {
    const json::value& value = member(row, name);
    if (!value.is_double()) {
        return kpi_value_text(plain_text(row, "kpi"), value);
    }
    const std::string text = kpi_value_text(plain_text(row, "kpi"), value);
    const bool is_plain = text.find_first_of(":%") == std::string::npos;
    return is_plain ? fmt::format("{:.4g}", value.get_double()) : text;
}

/// `calls_out new`, of class A `calls_out A`.
std::string norm_name(const json::object& row) {
    std::string name = plain_text(row, "kpi");
    if (const std::string segment = plain_text(row, "segment"); segment != "all") {
        name += " " + segment;
    }
    if (!member(row, "client_class").is_null()) {
        name += " class " + plain_text(row, "client_class");
    }
    return name;
}

std::string at_line(const json::object& answer) {
    return "at " + instant_text(member(answer, "at")) + "\n\n";
}

std::string clock_text(const json::value& instant) {
    const std::string text = instant_text(instant);
    return text.size() >= 16 ? text.substr(11, 5) : text;
}

/// The norms of the day that anybody has, in the order of the rows.
std::vector<std::string> norm_names(const json::array& rows) {
    std::vector<std::string> names;
    for (const json::value& row : rows) {
        for (const json::value& norm : array_member(row.as_object(), "pace")) {
            const std::string name = norm_name(norm.as_object());
            if (std::ranges::find(names, name) == names.end()) {
                names.push_back(name);
            }
        }
    }
    return names;
}

}  // namespace

std::string_view status_mark(std::string_view status) {
    return status == "breach"         ? " ▼"
           : status == "warn"         ? " ▽"
           : status == "insufficient" ? " ·"
                                      : "  ";
}

std::string pace_table(const json::object& answer) {
    TextTable table({{"manager", "", false},
                     {"norm", "", false},
                     {"per", "", false},
                     {"done", "", true},
                     {"of", "", true},
                     {"due", "", true},
                     {"pace", "", true},
                     {"projected", "", true},
                     {"per hour", "", true},
                     {"status", "", false}});
    for (const json::value& value : array_member(answer, "rows")) {
        const json::object& row = value.as_object();
        table.add({plain_text(row, "manager"), norm_name(row), plain_text(row, "period"),
                   amount(row, "actual"), amount(row, "norm"), amount(row, "expected_to_date"),
                   percent(member(row, "pace")), amount(row, "projected"),
                   amount(row, "required_rate"), plain_text(row, "status")});
    }
    return at_line(answer) + table.print(2, table_width_max) +
           "due: of the norm by then; per hour: what the rest needs of each working hour left\n" +
           meta_line(answer);
}

std::string board_table(const json::object& answer) {
    const json::array& rows = array_member(answer, "rows");
    const std::vector<std::string> names = norm_names(rows);
    std::vector<TableColumn> columns{
        {"manager", "", false}, {"state", "", false}, {"since", "", false}};
    for (const std::string& name : names) {
        columns.push_back({name, "", true});
    }
    TextTable table(columns);
    for (const json::value& value : rows) {
        const json::object& row = value.as_object();
        std::vector<std::string> cells{plain_text(row, "manager"), plain_text(row, "state"),
                                       clock_text(member(row, "since"))};
        cells.resize(columns.size(), "-");
        for (const json::value& norm : array_member(row, "pace")) {
            const json::object& one = norm.as_object();
            const auto place = std::ranges::find(names, norm_name(one)) - names.begin();
            cells[static_cast<std::size_t>(place) + 3] =
                amount(one, "actual") + " / " + amount(one, "expected_to_date") +
                std::string(status_mark(plain_text(one, "status")));
        }
        table.add(std::move(cells));
    }
    return at_line(answer) + table.print(1, table_width_max) +
           "done / due by now: " + std::string(status_legend) + "\n" + meta_line(answer);
}

}  // namespace app
