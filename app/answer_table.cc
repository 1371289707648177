#include "app/answer_table.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "app/json_members.h"
#include "app/pace_table.h"
#include "app/report_table.h"
#include "app/text_table.h"

namespace app {
namespace {

namespace json = boost::json;

/// How a member becomes a cell.
enum class CellKind { text, number, instant };
struct ListColumn {
    std::string_view name;
    std::string_view title;
    CellKind kind = CellKind::text;
};

std::string cell_of(const json::object& item, const ListColumn& column) {
    return column.kind == CellKind::instant ? instant_text(member(item, column.name))
                                            : plain_text(item, column.name);
}

std::string list_table(const json::array& items, std::initializer_list<ListColumn> columns) {
    std::vector<TableColumn> shown;
    for (const ListColumn& column : columns) {
        shown.push_back({std::string(column.title), "", column.kind == CellKind::number});
    }
    TextTable table(shown);
    for (const json::value& item : items) {
        std::vector<std::string> cells;
        for (const ListColumn& column : columns) {
            cells.push_back(cell_of(item.as_object(), column));
        }
        table.add(std::move(cells));
    }
    return table.print(1, table_width_max);
}

std::string counted(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}\n", count, what, count == 1 ? "" : "s");
}

std::string who_of(const json::object& call) {
    const json::object& client = object_member(call, "client");
    for (const std::string_view name : {"name", "id", "number"}) {
        if (const std::string text = plain_text(client, name); text != "-") {
            return fitted(text, 18);
        }
    }
    const json::value& anonymous = member(client, "anonymous");
    return anonymous.is_bool() && anonymous.as_bool() ? "anonymous" : "-";
}

std::string managers_of(const json::object& call) {
    std::string out;
    for (const json::value& part : array_member(call, "participations")) {
        std::string name = plain_text(part.as_object(), "manager");
        name = name == "-" ? plain_text(part.as_object(), "endpoint") : name;
        const bool talked = plain_text(part.as_object(), "result") == "answered";
        out += (out.empty() ? "" : " ") + (talked ? name : "(" + name + ")");
    }
    return out.empty() ? "-" : fitted(out, 18);
}

std::string seconds_text(const json::object& object, std::string_view name) {
    const json::value& value = member(object, name);
    return value.is_number() ? duration_text(value.to_number<double>()) : "-";
}

std::string notes_of(const json::object& call) {
    std::string out;
    for (const std::string_view name : {"missed", "short_abandon"}) {
        const json::value& value = member(call, name);
        if (value.is_bool() && value.as_bool()) {
            out += (out.empty() ? "" : " ") + std::string(name == "missed" ? "missed" : "short");
        }
    }
    for (const json::value& flag : array_member(call, "quality")) {
        out += (out.empty() ? "" : " ") +
               std::string(flag.is_string() ? flag.as_string().c_str() : "");
    }
    return fitted(out, 16);
}

/// `started (UTC)`, or with the offset in which the answer stands.
std::string started_title(const json::array& calls) {
    const json::string* text =
        calls.empty() ? nullptr : member(calls.front().as_object(), "started_at").if_string();
    const std::string_view last = text == nullptr ? std::string_view() : std::string_view(*text);
    const bool has_offset = last.size() > 6 && last[last.size() - 3] == ':' && !last.ends_with("Z");
    return has_offset ? "started (" + std::string(last.substr(last.size() - 6)) + ")"
                      : "started (UTC)";
}

std::string direction_of(const json::object& call) {
    const std::string word = plain_text(call, "direction");
    return word == "inbound"    ? "in"
           : word == "outbound" ? "out"
           : word == "internal" ? "int"
                                : word;
}

std::string calls_table(const json::object& answer) {
    const json::array& calls = array_member(answer, "calls");
    TextTable table({{started_title(calls), "", false},
                     {"dir", "", false},
                     {"disposition", "", false},
                     {"client", "", false},
                     {"managers", "", false},
                     {"wait", "", true},
                     {"talk", "", true},
                     {"notes", "", false}});
    for (const json::value& item : calls) {
        const json::object& call = item.as_object();
        table.add({instant_text(member(call, "started_at")), direction_of(call),
                   plain_text(call, "disposition"), who_of(call), managers_of(call),
                   seconds_text(call, "wait_seconds"), seconds_text(call, "talk_seconds"),
                   notes_of(call)});
    }
    std::string out = table.print(1, table_width_max) + counted(calls.size(), "call");
    if (!member(answer, "next_cursor").is_null()) {
        out += "more: --cursor " + plain_text(answer, "next_cursor") + "\n";
    }
    return out + meta_line(answer);
}

std::string events_of(const json::object& contribution) {
    const json::array& events = array_member(contribution, "events");
    if (events.empty()) {
        return "-";
    }
    const json::object& first = events.front().as_object();
    std::string out = fitted(plain_text(first, "id"), 24) + " @" + plain_text(first, "offset");
    return events.size() == 1 ? out : out + fmt::format(" +{}", events.size() - 1);
}

std::string explain_table(const json::object& answer) {
    const std::string kpi = plain_text(answer, "kpi");
    std::string out = kpi;
    for (const std::string_view name : {"manager", "team", "segment"}) {
        if (const std::string text = plain_text(answer, name); text != "-") {
            out += fmt::format(", {} {}", name, text);
        }
    }
    out += fmt::format(", {} until {}: {}\n\n", instant_text(member(answer, "from")),
                       instant_text(member(answer, "until")),
                       kpi_value_text(kpi, member(answer, "value")));
    const json::array& parts = array_member(answer, "contributions");
    TextTable table({{"at (UTC)", "", false},
                     {"entity", "", false},
                     {"id", "", false},
                     {"group", "", false},
                     {"value", "", true},
                     {"event @offset", "", false}});
    for (const json::value& item : parts) {
        const json::object& part = item.as_object();
        table.add({instant_text(member(part, "at")), plain_text(part, "entity"),
                   fitted(plain_text(part, "id"), 22), fitted(plain_text(part, "group"), 12),
                   kpi_value_text(kpi, member(part, "value")), events_of(part)});
    }
    return out + table.print(1, table_width_max) + counted(parts.size(), "contribution") +
           meta_line(answer);
}

std::string origin_text(const json::object& item) {
    const json::object& origin = object_member(item, "origin");
    const std::string file = plain_text(origin, "file");
    if (file != "-") {
        return fitted(file, 20) + ":" + plain_text(origin, "line");
    }
    const std::string index = plain_text(origin, "index");
    return index == "-" ? "-" : "item " + index;
}

std::string quarantine_table(const json::object& answer) {
    const json::array& items = array_member(answer, "items");
    TextTable table({{"id", "", false},
                     {"source", "", false},
                     {"reason", "", false},
                     {"where", "", false},
                     {"detail", "", false},
                     {"received (UTC)", "", false},
                     {"bytes", "", true},
                     {"state", "", false}});
    for (const json::value& value : items) {
        const json::object& item = value.as_object();
        table.add({plain_text(item, "id"), plain_text(item, "source"), plain_text(item, "reason"),
                   origin_text(item), fitted(plain_text(item, "detail"), 26),
                   instant_text(member(item, "received_at")), plain_text(item, "bytes"),
                   plain_text(item, "state")});
    }
    return table.print(1, table_width_max) + counted(items.size(), "item");
}

/// Base64 as text for a terminal: what does not print stands as \xNN.
std::string raw_text(std::string_view base64) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char letter : base64) {
        const std::size_t value = letters.find(letter);
        if (value == std::string_view::npos) {
            break;
        }
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            const auto byte = static_cast<unsigned char>(bits >> count);
            const bool prints = (byte >= 0x20 && byte != 0x7f) || byte == '\n';
            out +=
                prints ? std::string(1, static_cast<char>(byte)) : fmt::format("\\x{:02x}", byte);
        }
    }
    return out;
}

std::string quarantine_work_table(const json::object& answer) {
    const json::array& items = array_member(answer, "items");
    return list_table(items,
                      {{"id", "item"}, {"state", "state"}, {"reason", "still open because"}}) +
           counted(items.size(), "item");
}

std::string quarantine_item_table(const json::object& answer) {
    const json::array& items = array_member(answer, "items");
    const json::object& item = items.empty() ? answer : items.front().as_object();
    std::string out;
    for (const std::string_view name :
         {"id", "source", "reason", "stage", "detail", "received_at", "bytes", "state", "sha256"}) {
        out += fmt::format("{:<12} {}\n", name, plain_text(item, name));
    }
    out += fmt::format("{:<12} {}\n", "where", origin_text(item));
    const json::string* raw = member(item, "raw_base64").if_string();
    return out + (raw == nullptr ? "no raw text is kept\n" : "\n" + raw_text(*raw) + "\n");
}

std::string doctor_table(const json::object& answer) {
    const std::string result = plain_text(answer, "result");
    std::string out = result == "equal"     ? "equal: the views are the fold of the log\n"
                      : result == "differs" ? "DIFFERS: the views are not the fold of the log; "
                                              "`normwatch replay` rebuilds them\n"
                                            : "unknown: the views cannot be proved\n";
    out += "digest " + plain_text(answer, "digest") + "\n";
    for (const json::value& value : array_member(answer, "partitions")) {
        const json::object& part = value.as_object();
        const json::object& ledger = object_member(part, "ledger");
        out += fmt::format(
            "partition {}, offset {}: acked {} = applied {} + duplicate {} + stale {} + "
            "quarantined {} + waiting {}\n",
            plain_text(part, "partition"), plain_text(part, "offset"), plain_text(ledger, "acked"),
            plain_text(ledger, "applied"), plain_text(ledger, "duplicate"),
            plain_text(ledger, "stale"), plain_text(ledger, "quarantined"),
            plain_text(ledger, "waiting"));
        if (part.contains("reason") && !member(part, "reason").is_null()) {
            out += "  " + plain_text(part, "reason") + "\n";
        }
        for (const json::value& difference : array_member(part, "differences")) {
            const json::object& row = difference.as_object();
            out += fmt::format("  {} {}: log {}, views {}\n", plain_text(row, "family"),
                               plain_text(row, "key"), plain_text(row, "log"),
                               plain_text(row, "views"));
        }
    }
    return out;
}

/// `name "North" -> "Nord", team ...`: the fields that two payloads do not share.
std::string changed_fields(const json::object& from, const json::object& to) {
    std::string out;
    for (const auto& [name, value] : to) {
        const json::value& old = member(from, name);
        if (old != value) {
            out += fmt::format("{}{} {} -> {}", out.empty() ? "" : ", ", std::string_view(name),
                               json::serialize(old), json::serialize(value));
        }
    }
    for (const auto& [name, value] : from) {
        if (!to.contains(name)) {
            out += fmt::format("{}{} {} -> null", out.empty() ? "" : ", ", std::string_view(name),
                               json::serialize(value));
        }
    }
    return out;
}

std::string directory_table(const json::object& answer) {
    std::string out;
    bool has_removal = false;
    const json::array& changes = array_member(answer, "changes");
    for (const json::value& value : changes) {
        const json::object& change = value.as_object();
        const std::string word = plain_text(change, "change");
        std::string key;
        for (const json::value& part : array_member(change, "key")) {
            const json::string* text = part.if_string();
            key += (key.empty() ? "" : " / ") +
                   (text == nullptr ? json::serialize(part) : std::string(*text));
        }
        has_removal = has_removal || word == "remove";
        out += fmt::format("{} {} {}",
                           word == "add"      ? "+"
                           : word == "remove" ? "-"
                                              : "~",
                           plain_text(change, "section"), key);
        if (word == "change") {
            out +=
                ": " + changed_fields(object_member(change, "from"), object_member(change, "to"));
        }
        out += "\n";
    }
    const bool applied = member(answer, "applied").is_bool() && member(answer, "applied").as_bool();
    out += counted(changes.size(), "change");
    if (applied) {
        out += "applied\n";
    } else if (has_removal) {
        out += "not applied; removals need --prune\n";
    }
    return out;
}

std::string import_table(const json::object& answer) {
    std::string out = fmt::format("read {}: accepted {}", plain_text(answer, "read"),
                                  plain_text(answer, "accepted"));
    if (!member(answer, "duplicates").is_null()) {
        out += ", already known " + plain_text(answer, "duplicates");
    }
    return out + ", in quarantine " + plain_text(answer, "quarantined") + "; log offset " +
           plain_text(object_member(answer, "position"), "offset") + "\n";
}

std::string replay_table(const json::object& answer) {
    std::string out = fmt::format("read {} records, digest {}{}\n", plain_text(answer, "read"),
                                  plain_text(answer, "digest"),
                                  plain_text(answer, "changed") == "yes" ? " (changed)" : "");
    for (const json::value& value : array_member(answer, "partitions")) {
        const json::object& part = value.as_object();
        out +=
            fmt::format("partition {}: offset {}, generation {}\n", plain_text(part, "partition"),
                        plain_text(part, "offset"), plain_text(part, "generation"));
    }
    return out;
}

}  // namespace

std::string answer_table(AnswerKind kind, const json::value& answer) {
    const json::object* object = answer.if_object();
    if (object == nullptr) {
        return json::serialize(answer) + "\n";
    }
    switch (kind) {
        case AnswerKind::report: return report_table(*object);
        case AnswerKind::calls: return calls_table(*object);
        case AnswerKind::explain: return explain_table(*object);
        case AnswerKind::pace: return pace_table(*object);
        case AnswerKind::board: return board_table(*object);
        case AnswerKind::quarantine: return quarantine_table(*object);
        case AnswerKind::quarantine_item: return quarantine_item_table(*object);
        case AnswerKind::quarantine_work: return quarantine_work_table(*object);
        case AnswerKind::managers:
            return list_table(array_member(*object, "managers"),
                              {{"id", "id"},
                               {"name", "name"},
                               {"team", "team"},
                               {"role", "role"},
                               {"from", "from (UTC)", CellKind::instant},
                               {"until", "until (UTC)", CellKind::instant}});
        case AnswerKind::sources:
            return list_table(array_member(*object, "sources"),
                              {{"id", "id"},
                               {"kind", "kind"},
                               {"state", "state"},
                               {"last_event_at", "last event (UTC)", CellKind::instant},
                               {"up_to", "up to (UTC)", CellKind::instant},
                               {"events", "events", CellKind::number},
                               {"duplicates", "duplicates", CellKind::number},
                               {"quarantined", "quarantined", CellKind::number}});
        case AnswerKind::doctor: return doctor_table(*object);
        case AnswerKind::directory: return directory_table(*object);
        case AnswerKind::imported: return import_table(*object);
        case AnswerKind::replay: return replay_table(*object);
    }
    return json::serialize(answer) + "\n";
}

}  // namespace app
