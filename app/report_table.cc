#include "app/report_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <tuple>
#include <vector>

#include "app/json_members.h"
#include "app/pace_table.h"
#include "app/text_table.h"
#include "kpi/kpi.h"
#include "kpi/local_time.h"

namespace app {
namespace {

namespace json = boost::json;

struct Heading {
    kpi::Kpi kpi;
    std::string_view group;
    std::string_view title;
};
constexpr Heading headings[] = {
    {kpi::Kpi::calls_in, "Calls", "in"},
    {kpi::Kpi::calls_in_answered, "Calls", "answered"},
    {kpi::Kpi::calls_missed, "Calls", "missed"},
    {kpi::Kpi::calls_missed_after_hours, "Calls", "after hours"},
    {kpi::Kpi::calls_out, "Calls", "out"},
    {kpi::Kpi::calls_out_answered, "Calls", "connected"},
    {kpi::Kpi::calls_qualified, "Qualified", "all"},
    {kpi::Kpi::calls_qualified_in, "Qualified", "in"},
    {kpi::Kpi::calls_qualified_out, "Qualified", "out"},
    {kpi::Kpi::talk_seconds, "Time", "talk"},
    {kpi::Kpi::talk_seconds_in, "Time", "talk in"},
    {kpi::Kpi::talk_seconds_out, "Time", "talk out"},
    {kpi::Kpi::ring_seconds, "Time", "ring"},
    {kpi::Kpi::wait_seconds, "Time", "wait"},
    {kpi::Kpi::hold_seconds, "Time", "hold"},
    {kpi::Kpi::answer_rate, "Rates", "answered"},
    {kpi::Kpi::connect_rate, "Rates", "connected"},
    {kpi::Kpi::contacts_unique, "Contacts", "reached"},
    {kpi::Kpi::contacts_attempted, "Contacts", "tried"},
    {kpi::Kpi::missed_cases, "Callbacks", "cases"},
    {kpi::Kpi::callbacks_returned, "Callbacks", "returned"},
    {kpi::Kpi::callbacks_recovered, "Callbacks", "recovered"},
    {kpi::Kpi::callbacks_expired, "Callbacks", "expired"},
    {kpi::Kpi::callback_seconds, "Callbacks", "time"},
    {kpi::Kpi::emails_sent, "Mail", "sent"},
    {kpi::Kpi::emails_received, "Mail", "received"},
    {kpi::Kpi::meetings_scheduled, "Meetings", "planned"},
    {kpi::Kpi::meetings_held, "Meetings", "held"},
    {kpi::Kpi::meetings_no_show, "Meetings", "no show"},
    {kpi::Kpi::presentations_held, "Meetings", "presented"},
    {kpi::Kpi::proposals_sent, "Sales", "proposals"},
    {kpi::Kpi::touches, "Sales", "touches"},
    {kpi::Kpi::invoices_issued, "Invoices", "issued"},
    {kpi::Kpi::invoices_amount, "Invoices", "amount"},
    {kpi::Kpi::invoices_paid, "Invoices", "paid"},
    {kpi::Kpi::payments_amount, "Payments", "received"},
    {kpi::Kpi::refunds_amount, "Payments", "refunded"},
    {kpi::Kpi::average_cheque, "Payments", "mean invoice"},
};

const json::object* object_of(const json::object& owner, std::string_view name) {
    const json::value* found = owner.if_contains(name);
    return found == nullptr ? nullptr : found->if_object();
}

bool is_zero(const json::value& value) {
    if (const json::object* money = value.if_object()) {
        return is_zero(member(*money, "minor"));
    }
    return value.is_null() || (value.is_number() && value.to_number<double>() == 0.0);
}

/// A KPI of the answer, how its column is headed, and where it stands among the columns.
struct ShownKpi {
    std::string id;
    TableColumn column;
    std::size_t place = 0;
};

std::size_t place_of(std::string_view id) {
    const std::optional<kpi::Kpi> known = kpi::kpi_of_id(id);
    const auto* found = std::ranges::find_if(
        headings, [&](const Heading& heading) { return known == heading.kpi; });
    return static_cast<std::size_t>(found - std::begin(headings));
}

std::string currency_of(const json::object& answer, std::string_view kpi) {
    std::vector<const json::value*> values;
    if (const json::object* totals = object_of(answer, "totals")) {
        values.push_back(&member(*totals, kpi));
    }
    for (const json::value* value : values) {
        if (const json::object* money = value->if_object()) {
            return plain_text(*money, "currency");
        }
    }
    return "";
}

TableColumn column_of(const json::object& answer, const std::string& id) {
    const std::optional<kpi::Kpi> known = kpi::kpi_of_id(id);
    for (const Heading& heading : headings) {
        if (known == heading.kpi) {
            const std::string currency = currency_of(answer, id);
            return {std::string(heading.title) + (currency.empty() ? "" : " " + currency),
                    std::string(heading.group), true};
        }
    }
    return {id, "", true};
}

/// Pace rows of a report by manager and KPI: of its own period, of all segments and clients.
using NormsShown = std::map<std::pair<std::string, std::string>, const json::object*>;

NormsShown norms_of(const json::object& answer) {
    NormsShown norms;
    const json::object* const pace = object_of(answer, "pace");
    const json::value* const rows = pace == nullptr ? nullptr : pace->if_contains("rows");
    if (rows == nullptr || !rows->is_array()) {
        return norms;
    }
    for (const json::value& value : rows->get_array()) {
        const json::object& row = value.as_object();
        const bool is_of_report = member(row, "period") == member(answer, "grain") &&
                                  member(row, "segment") == json::value("all") &&
                                  member(row, "client_class").is_null();
        if (is_of_report && !member(row, "norm").is_null()) {
            norms[{plain_text(row, "manager"), plain_text(row, "kpi")}] = &row;
        }
    }
    return norms;
}

/// KPIs with something to show, groups together; `hidden` counts the others.
std::vector<ShownKpi> shown_kpis(const json::object& answer, const json::array& rows,
                                 const NormsShown& norms, std::size_t& hidden) {
    std::vector<ShownKpi> shown;
    const json::object* totals = object_of(answer, "totals");
    if (totals == nullptr) {
        return shown;
    }
    for (const auto& [name, total] : *totals) {
        if (std::string_view(name).ends_with("_other")) {
            continue;
        }
        bool has_any = !is_zero(total);
        for (const json::value& row : rows) {
            const json::object* values = object_of(row.as_object(), "values");
            has_any = has_any || (values != nullptr && !is_zero(member(*values, name)));
        }
        has_any = has_any || std::ranges::any_of(norms, [&](const auto& norm) {
                      return norm.first.second == std::string_view(name);
                  });
        if (has_any || totals->size() == 1) {
            shown.push_back({name, column_of(answer, name), place_of(name)});
        } else {
            ++hidden;
        }
    }
    std::ranges::sort(shown, [](const ShownKpi& left, const ShownKpi& right) {
        return std::tie(left.place, left.id) < std::tie(right.place, right.id);
    });
    return shown;
}

/// Amounts under a heading that names the currency stand without it.
std::string cell_text(const ShownKpi& kpi, const json::value& value) {
    const json::object* money = value.if_object();
    if (money == nullptr) {
        return kpi_value_text(kpi.id, value);
    }
    const std::string currency = plain_text(*money, "currency");
    const std::string text = kpi_value_text(kpi.id, value);
    const bool is_named = kpi.column.title.ends_with(" " + currency);
    return is_named ? text.substr(0, text.size() - currency.size() - 1) : text;
}

std::vector<std::string> cells_of(const std::vector<std::string>& keys,
                                  const std::vector<ShownKpi>& kpis, const json::object* values,
                                  const NormsShown& norms = {}) {
    std::vector<std::string> cells = keys;
    for (const ShownKpi& kpi : kpis) {
        std::string text = values == nullptr ? "-" : cell_text(kpi, member(*values, kpi.id));
        if (const auto norm = norms.find({keys.front(), kpi.id}); norm != norms.end()) {
            text += " / " + cell_text(kpi, member(*norm->second, "norm")) +
                    std::string(status_mark(plain_text(*norm->second, "status")));
        }
        cells.push_back(std::move(text));
    }
    return cells;
}

std::string norms_legend(const json::object& answer, const std::string& zone) {
    const json::object* const pace = object_of(answer, "pace");
    return fmt::format("done / norm of the {}; at {}: {}\n", plain_text(answer, "grain"),
                       local_text(member(*pace, "at"), zone), status_legend);
}

std::string other_currencies(const json::object& answer) {
    std::string out;
    const json::object* totals = object_of(answer, "totals");
    for (const auto& [name, value] : totals == nullptr ? json::object() : *totals) {
        const json::array* amounts = value.if_array();
        if (amounts == nullptr || amounts->empty()) {
            continue;
        }
        std::string list;
        for (const json::value& amount : *amounts) {
            list += (list.empty() ? "" : ", ") + kpi_value_text(name, amount);
        }
        out += fmt::format("{} in other currencies: {}\n",
                           std::string_view(name).substr(0, name.size() - 6), list);
    }
    return out;
}

std::string reconciliation(const json::object& answer) {
    std::string out;
    const json::object* all = object_of(answer, "reconciliation");
    for (const auto& [what, numbers] : all == nullptr ? json::object() : *all) {
        const json::object* terms = numbers.if_object();
        if (terms == nullptr) {
            continue;
        }
        const auto term = [&](std::string_view name) {
            const json::value& value = member(*terms, name);
            return value.is_number() ? value.to_number<std::int64_t>() : 0;
        };
        const bool balances =
            term("department") == term("managers") - term("shared") + term("unattributed");
        out += fmt::format("{}: {} = managers {} - shared {} + unattributed {} {}\n",
                           std::string_view(what), term("department"), term("managers"),
                           term("shared"), term("unattributed"),
                           balances ? "✓" : "✗ does not balance");
    }
    return out;
}

}  // namespace

std::string local_text(const json::value& value, const std::string& zone_name) {
    const json::string* text = value.if_string();
    const std::optional<base::UtcMillis> at =
        text == nullptr ? std::nullopt : kpi::parse_instant(*text);
    const base::Result<kpi::Zone> zone = kpi::Zone::find(zone_name);
    return at && zone ? instant_text(json::value(kpi::render(*at, zone.value())))
                      : instant_text(value);
}

std::string plain_text(const json::object& object, std::string_view name) {
    const json::value& value = member(object, name);
    if (value.is_null()) {
        return "-";
    }
    if (const json::string* text = value.if_string()) {
        return fitted(*text, 60);
    }
    if (const json::array* list = value.if_array()) {
        std::string out;
        for (const json::value& item : *list) {
            const json::string* text = item.if_string();
            out += (out.empty() ? "" : ", ") +
                   (text == nullptr ? json::serialize(item) : std::string(*text));
        }
        return out.empty() ? "-" : fitted(out, 60);
    }
    return value.is_bool() ? (value.as_bool() ? "yes" : "no") : json::serialize(value);
}

std::string instant_text(const json::value& value) {
    const json::string* text = value.if_string();
    if (text == nullptr) {
        return "-";
    }
    std::string out(*text);
    const std::size_t time = out.find('T');
    if (time != std::string::npos) {
        out[time] = ' ';
        out.resize(std::min(out.size(), time + 9));
    }
    return out;
}

std::string kpi_value_text(std::string_view kpi, const json::value& value) {
    if (value.is_null()) {
        return "-";
    }
    if (const json::object* money = value.if_object()) {
        const json::value& minor = member(*money, "minor");
        const std::string currency = plain_text(*money, "currency");
        const auto amount = minor.is_double()
                                ? static_cast<base::Int128>(minor.as_double())
                                : static_cast<base::Int128>(minor.to_number<std::int64_t>());
        return money_text(amount, currency) + " " + currency;
    }
    if (!value.is_number()) {
        return json::serialize(value);
    }
    const std::optional<kpi::Kpi> known = kpi::kpi_of_id(kpi);
    const kpi::Unit unit = known ? kpi::info(*known).unit : kpi::Unit::count;
    const auto number = value.to_number<double>();
    switch (unit) {
        case kpi::Unit::seconds: return duration_text(number);
        case kpi::Unit::ratio: return fmt::format("{:.1f} %", number * 100);
        default: break;
    }
    return value.is_double() ? fmt::format("{:g}", number)
                             : grouped_digits(value.to_number<std::int64_t>());
}

std::string meta_line(const json::object& answer) {
    const json::object* meta = object_of(answer, "meta");
    if (meta == nullptr) {
        return "";
    }
    std::string out = "as of " + instant_text(member(*meta, "as_of")) + " UTC, offset " +
                      plain_text(*meta, "applied_offset");
    if (!member(*meta, "complete_until").is_null()) {
        out += ", complete until " + instant_text(member(*meta, "complete_until")) + " UTC";
    }
    if (!is_zero(member(*meta, "quarantined"))) {
        out +=
            "; in quarantine: " + plain_text(*meta, "quarantined") + " (normwatch quarantine list)";
    }
    if (const json::object* job = object_of(*meta, "reattributing")) {
        out += "; a later fact is being applied: " + plain_text(*job, "done") + " of " +
               plain_text(*job, "total");
    }
    return out + "\n";
}

std::string report_table(const json::object& answer) {
    static const json::array no_rows;
    const json::value& rows_value = member(answer, "rows");
    const json::array& rows = rows_value.is_array() ? rows_value.as_array() : no_rows;
    std::size_t hidden = 0;
    const NormsShown norms = norms_of(answer);
    const std::vector<ShownKpi> kpis = shown_kpis(answer, rows, norms, hidden);
    std::vector<std::string> key_names;
    for (const auto& [name, value] : rows.empty() ? json::object() : rows.front().as_object()) {
        if (std::string_view(name) != "values") {
            key_names.emplace_back(name);
        }
    }
    std::vector<TableColumn> columns;
    for (const std::string& name : key_names.empty() ? std::vector<std::string>{""} : key_names) {
        columns.push_back({name, "", false});
    }
    const std::size_t keys = columns.size();
    for (const ShownKpi& kpi : kpis) {
        columns.push_back(kpi.column);
    }
    TextTable table(columns);
    for (const json::value& row : rows) {
        std::vector<std::string> key_cells;
        for (const std::string& name : key_names) {
            key_cells.push_back(plain_text(row.as_object(), name));
        }
        key_cells.resize(keys);
        table.add(cells_of(key_cells, kpis, object_of(row.as_object(), "values"), norms));
    }
    table.add_rule();
    std::vector<std::string> total_cells(keys);
    total_cells.front() = "total";
    table.add(cells_of(total_cells, kpis, object_of(answer, "totals")));
    const std::string zone = plain_text(answer, "tz");
    std::string out = fmt::format("{} until {}  {}\n\n", local_text(member(answer, "from"), zone),
                                  local_text(member(answer, "until"), zone), zone);
    out += table.print(keys, table_width_max);
    if (!norms.empty()) {
        out += norms_legend(answer, zone);
    }
    if (hidden > 0) {
        out += fmt::format("{} KPI{} without a value hidden\n", hidden, hidden == 1 ? "" : "s");
    }
    out += "\n" + other_currencies(answer) + reconciliation(answer);
    return out + meta_line(answer);
}

}  // namespace app
