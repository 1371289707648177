#include "query/csv.h"

#include <array>
#include <boost/json/value.hpp>
#include <optional>
#include <span>
#include <vector>

#include "base/json.h"

namespace query {
namespace {

namespace json = boost::json;

/// A column: its name, and where its value is in an item, `a.b`.
struct Column {
    std::string name;
    std::string path;
};

constexpr std::array<std::string_view, 29> call_columns{"call_id",
                                                        "company",
                                                        "direction",
                                                        "disposition",
                                                        "started_at",
                                                        "answered_at",
                                                        "ended_at",
                                                        "client.id",
                                                        "client.name",
                                                        "client.number",
                                                        "client.anonymous",
                                                        "dialled",
                                                        "segment",
                                                        "ivr_seconds",
                                                        "wait_seconds",
                                                        "talk_seconds",
                                                        "missed",
                                                        "short_abandon",
                                                        "missed_owner.manager",
                                                        "missed_owner.team",
                                                        "participations.manager",
                                                        "sources",
                                                        "native_ids",
                                                        "quality",
                                                        "tags",
                                                        "recording.state",
                                                        "recording.seconds",
                                                        "reviewed",
                                                        "revision"};
constexpr std::array<std::string_view, 14> case_columns{"id",
                                                        "client.id",
                                                        "client.name",
                                                        "client.number",
                                                        "client.anonymous",
                                                        "missed_owner.manager",
                                                        "missed_owner.team",
                                                        "state",
                                                        "first_missed_at",
                                                        "calls",
                                                        "attempted_at",
                                                        "resolved_at",
                                                        "attempt_seconds",
                                                        "contact_seconds"};
constexpr std::array<std::string_view, 13> deviation_columns{
    "id",          "rule",         "manager", "team",     "kpi",       "segment",  "period.grain",
    "period.from", "period.until", "state",   "severity", "opened_at", "closed_at"};
constexpr std::array<std::string_view, 7> contribution_columns{
    "entity", "id", "at", "group", "value", "value.currency", "events.id"};
constexpr std::array<std::string_view, 6> manager_columns{"id",   "name", "team",
                                                          "role", "from", "until"};
constexpr std::array<std::string_view, 9> source_columns{"id",     "kind",          "class",
                                                         "state",  "last_event_at", "up_to",
                                                         "events", "duplicates",    "quarantined"};
constexpr std::array<std::string_view, 11> client_columns{"id",
                                                          "name",
                                                          "owner",
                                                          "class",
                                                          "state",
                                                          "first_payment_at",
                                                          "last_touch_at",
                                                          "days_since_touch",
                                                          "touches",
                                                          "in_work",
                                                          "working_days_since_touch"};
constexpr std::array<std::string_view, 7> timeline_columns{"at",        "entity", "id",   "manager",
                                                           "direction", "what",   "touch"};
constexpr std::array<std::string_view, 12> item_columns{
    "id",          "source",       "reason", "stage",       "origin.file", "origin.line",
    "origin.byte", "origin.index", "detail", "received_at", "bytes",       "state"};

/// A list that an answer may have, by the name of its member, and of one that stands `beside` it
/// when two lists have one name.
struct ListShape {
    std::string_view member;
    std::span<const std::string_view> columns;
    std::string_view beside{};
};
constexpr std::array<ListShape, 9> shapes{
    ListShape{"calls", call_columns},       ListShape{"deviations", deviation_columns},
    ListShape{"cases", case_columns},       ListShape{"contributions", contribution_columns},
    ListShape{"managers", manager_columns}, ListShape{"clients", client_columns},
    ListShape{"sources", source_columns},   ListShape{"items", timeline_columns, "client"},
    ListShape{"items", item_columns}};

bool looks_like_formula(std::string_view text) {
    constexpr std::string_view leads("=+-@\t\r\n\0", 8);
    return !text.empty() && leads.find(text.front()) != std::string_view::npos;
}

std::string text_field(std::string_view text) {
    std::string field = looks_like_formula(text) ? "'" : "";
    field += text;
    if (field.find_first_of(",\"\r\n") == std::string::npos) {
        return field;
    }
    std::string quoted = "\"";
    for (const char c : field) {
        quoted += c;
        if (c == '"') {
            quoted += c;
        }
    }
    return quoted + "\"";
}

/// The value as plain text, before quoting; money as its minor units, an array joined.
std::string plain_text(const json::value& value) {
    if (value.is_null()) {
        return {};
    }
    if (value.is_string()) {
        return std::string(value.as_string());
    }
    if (const json::object* object = value.if_object()) {
        const json::value* minor = object->if_contains("minor");
        return minor == nullptr ? std::string() : plain_text(*minor);
    }
    if (const json::array* array = value.if_array()) {
        std::string joined;
        for (std::size_t i = 0; i < array->size(); ++i) {
            joined += (i == 0 ? "" : ";") + plain_text((*array)[i]);
        }
        return joined;
    }
    base::JsonWriter out;
    return out.json(value).take();
}

/// The value at a path; through an array it is the array of the values in its items.
json::value at_path(const json::value& item, std::string_view path) {
    const std::string_view name = path.substr(0, path.find('.'));
    const std::string_view rest = path.substr(std::min(path.size(), name.size() + 1));
    if (const json::array* array = item.if_array()) {
        json::array found;
        for (const json::value& one : *array) {
            found.push_back(at_path(one, path));
        }
        return found;
    }
    const json::object* object = item.if_object();
    const json::value* member = object == nullptr ? nullptr : object->if_contains(name);
    if (member == nullptr) {
        return nullptr;
    }
    return rest.empty() ? *member : at_path(*member, rest);
}

std::string field_of(const json::value& value) {
    const std::string text = plain_text(value);
    return value.is_string() || value.is_array() ? text_field(text) : text;
}

void add_line(std::string& out, const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        out += (i == 0 ? "" : ",") + fields[i];
    }
    out += "\r\n";
}

void add_table(std::string& out, const json::array& items, const std::vector<Column>& columns) {
    std::vector<std::string> fields;
    fields.reserve(columns.size());
    for (const Column& column : columns) {
        fields.push_back(text_field(column.name));
    }
    add_line(out, fields);
    for (const json::value& item : items) {
        fields.clear();
        for (const Column& column : columns) {
            fields.push_back(field_of(at_path(item, column.path)));
        }
        add_line(out, fields);
    }
}

/// KPI rows: the dimensions of the rows, then the KPIs of the totals, without money beside.
std::vector<Column> kpi_columns(const json::object& answer, const json::array& rows) {
    std::vector<Column> columns;
    if (!rows.empty() && rows.front().is_object()) {
        for (const auto& member : rows.front().as_object()) {
            const std::string name(member.key());
            if (name != "values") {
                columns.push_back({name, name});
            }
        }
    }
    const json::value* totals = answer.if_contains("totals");
    if (totals != nullptr && totals->is_object()) {
        for (const auto& member : totals->as_object()) {
            const std::string name(member.key());
            if (!name.ends_with("_other")) {
                columns.push_back({name, "values." + name});
            }
        }
    }
    return columns;
}

std::string column_name(std::string_view path) {
    std::string name(path);
    for (char& c : name) {
        c = c == '.' ? '_' : c;
    }
    return name;
}

}  // namespace

base::Result<std::string> csv(std::string_view answer) {
    BOOST_OUTCOME_TRY(const json::value value, base::parse_json(answer));
    const json::object* object = value.if_object();
    if (object == nullptr) {
        return base::Error(base::ErrorCode::invalid, "no answer to write as CSV");
    }
    std::string out;
    const auto list = [&](std::string_view name) -> const json::array* {
        const json::value* member = object->if_contains(name);
        return member == nullptr ? nullptr : member->if_array();
    };
    if (const json::array* rows = list("rows")) {
        add_table(out, *rows, kpi_columns(*object, *rows));
        return out;
    }
    for (const ListShape& shape : shapes) {
        const json::array* items = list(shape.member);
        if (items != nullptr && (shape.beside.empty() || object->contains(shape.beside))) {
            std::vector<Column> columns;
            for (const std::string_view path : shape.columns) {
                columns.push_back({column_name(path), std::string(path)});
            }
            add_table(out, *items, columns);
            return out;
        }
    }
    return base::Error(base::ErrorCode::invalid, "an answer without a list has no CSV");
}

}  // namespace query
