#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ingest/cdr_csv/time_format.h"

namespace ingest::cdr_csv {

/// What a column can hold. The words of `columns` in the configuration are their names.
enum class Field : std::size_t {
    call_id,
    from,
    to,
    started_at,
    answered_at,
    ended_at,
    duration,
    talk,
    direction,
    disposition,
    endpoint,
};
inline constexpr std::size_t fields_count = 11;

std::string_view name_of(Field field);
std::optional<Field> field_of(std::string_view name);

/// The words that `direction` and `disposition` may say; empty for other fields: any.
/// Source: interface.md 4, `normwatch.call.v1`.
const std::vector<std::string_view>& words_of(Field field);

/// Where a field stands: the number of its column from 1, or its name in the header.
struct Column {
    std::uint32_t number = 0;  ///< 0: by name
    std::string name;
};

/// How one source's files are written: the keys of kind `cdr-csv` in the configuration.
///
/// Invariants: `from`, `to`, `started_at` and one of `ended_at`, `duration` have a column; names
///             only with `header`; `values` end in words of the field.
struct Mapping {
    char separator = ',';
    bool header = false;
    TimeFormat time;
    std::array<std::optional<Column>, fields_count> columns;
    std::array<std::map<std::string, std::string>, fields_count> values;  ///< their word -> ours

    const std::optional<Column>& column(Field field) const {
        return columns[static_cast<std::size_t>(field)];
    }
    std::optional<Column>& column(Field field) { return columns[static_cast<std::size_t>(field)]; }
};

/// Column number in the configuration at most.
inline constexpr std::uint32_t column_number_max = 1024;

/// Where the mapped fields stand in the rows of one file.
struct Layout {
    std::array<std::optional<std::size_t>, fields_count> position;  ///< from 0
    std::size_t columns_min = 0;                                    ///< a row has that many
};

/// Without blanks on both sides.
std::string_view trimmed(std::string_view text);

/// The layout when nothing stands there by name.
Layout layout_of_numbers(const Mapping& mapping);

/// The layout that a header gives; `missing_field` with the field whose name is not in it.
std::variant<Layout, Rejection> layout_of_header(std::string_view header, const Mapping& mapping);

}  // namespace ingest::cdr_csv
