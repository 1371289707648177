#include "ingest/asterisk_cdr_csv/row.h"

#include <algorithm>
#include <utility>

#include "ingest/csv.h"

namespace ingest::asterisk_cdr_csv {
namespace {

constexpr std::size_t columns_min = 16;
constexpr std::size_t new_columns = 3;  // peeraccount, linkedid, sequence

bool is_digits(std::string_view text, std::size_t least, std::size_t most) {
    return text.size() >= least && text.size() <= most &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_prefix(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '.' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
    });
}

}  // namespace

std::optional<base::UtcMillis> epoch_of(std::string_view uniqueid) {
    const std::size_t dash = uniqueid.rfind('-');
    if (dash != std::string_view::npos) {
        if (!is_prefix(uniqueid.substr(0, dash))) {
            return std::nullopt;
        }
        uniqueid.remove_prefix(dash + 1);
    }
    const std::size_t dot = uniqueid.find('.');
    if (dot == std::string_view::npos || !is_digits(uniqueid.substr(0, dot), 9, 10) ||
        !is_digits(uniqueid.substr(dot + 1), 1, uniqueid.size())) {
        return std::nullopt;
    }
    std::int64_t seconds = 0;
    for (const char c : uniqueid.substr(0, dot)) {
        seconds = seconds * 10 + (c - '0');
    }
    return base::from_ms(seconds * 1000);
}

std::variant<Row, Rejection> read_row(std::string_view record) {
    std::vector<std::string> values;
    values.reserve(columns_max);
    if (auto rejection = split_record(record, values)) {
        return std::move(*rejection);
    }
    if (values.size() < columns_min || values.size() > columns_max) {
        return Rejection{"malformed", "", std::to_string(values.size()) + " columns"};
    }
    Row row;
    for (std::size_t n = 0; n < columns_min; ++n) {
        row[static_cast<Column>(n)] = std::move(values[n]);
    }
    const std::size_t extra = values.size() - columns_min;
    const std::size_t middle = extra >= new_columns ? extra - new_columns : extra;
    if (middle == 1) {
        std::string& alone = values[columns_min];
        row[epoch_of(alone) ? Column::uniqueid : Column::userfield] = std::move(alone);
    } else if (middle == 2) {
        row[Column::uniqueid] = std::move(values[columns_min]);
        row[Column::userfield] = std::move(values[columns_min + 1]);
    }
    if (extra >= new_columns) {
        row[Column::peeraccount] = std::move(values[columns_min + middle]);
        row[Column::linkedid] = std::move(values[columns_min + middle + 1]);
        row[Column::sequence] = std::move(values[columns_min + middle + 2]);
    }
    return row;
}

}  // namespace ingest::asterisk_cdr_csv
