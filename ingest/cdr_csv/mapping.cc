#include "ingest/cdr_csv/mapping.h"

#include <algorithm>

#include "ingest/csv.h"

namespace ingest::cdr_csv {
namespace {

constexpr std::array<std::string_view, fields_count> names = {
    "call_id",  "from", "to",        "started_at",  "answered_at", "ended_at",
    "duration", "talk", "direction", "disposition", "endpoint"};

void put(Layout& layout, std::size_t field, std::size_t position) {
    layout.position[field] = position;
    layout.columns_min = std::max(layout.columns_min, position + 1);
}

}  // namespace

std::string_view name_of(Field field) {
    return names[static_cast<std::size_t>(field)];
}

std::optional<Field> field_of(std::string_view name) {
    const auto* const found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? std::nullopt
                                : std::optional(static_cast<Field>(found - names.begin()));
}

const std::vector<std::string_view>& words_of(Field field) {
    static const std::vector<std::string_view> any;
    static const std::vector<std::string_view> directions = {"inbound", "outbound", "internal"};
    static const std::vector<std::string_view> dispositions = {
        "blocked", "machine",       "answered",        "answered_zero",     "voicemail",
        "closed",  "abandoned_ivr", "abandoned_queue", "abandoned_ringing", "no_answer",
        "busy",    "rejected",      "unreachable",     "invalid_number",    "congestion",
        "failed",  "cancelled",     "unknown"};
    return field == Field::direction     ? directions
           : field == Field::disposition ? dispositions
                                         : any;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    const std::size_t last = text.find_last_not_of(" \t");
    return first == std::string_view::npos ? "" : text.substr(first, last - first + 1);
}

Layout layout_of_numbers(const Mapping& mapping) {
    Layout layout;
    for (std::size_t field = 0; field < fields_count; ++field) {
        if (mapping.columns[field] && mapping.columns[field]->number > 0) {
            put(layout, field, mapping.columns[field]->number - 1);
        }
    }
    return layout;
}

std::variant<Layout, Rejection> layout_of_header(std::string_view header, const Mapping& mapping) {
    std::vector<std::string> values;
    if (auto rejection = split_record(header, values, mapping.separator)) {
        return std::move(*rejection);
    }
    Layout layout = layout_of_numbers(mapping);
    for (std::size_t field = 0; field < fields_count; ++field) {
        if (!mapping.columns[field] || mapping.columns[field]->number > 0) {
            continue;
        }
        const std::string& name = mapping.columns[field]->name;
        const auto found = std::find_if(values.begin(), values.end(),
                                        [&](const auto& value) { return trimmed(value) == name; });
        if (found == values.end()) {
            return Rejection{"missing_field", "/" + std::string(names[field]),
                             "the header has no column " + name};
        }
        put(layout, field, static_cast<std::size_t>(found - values.begin()));
    }
    return layout;
}

}  // namespace ingest::cdr_csv
