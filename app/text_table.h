#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/int128.h"

namespace app {

/// Columns that a terminal gives to UTF-8 text: combining marks take none, wide characters two.
std::size_t display_width(std::string_view text);

/// `text` without control characters, cut to `width` columns with `…` at the end when it is longer.
std::string fitted(std::string_view text, std::size_t width);

/// A column of a TextTable. Neighbours of one group share a heading above theirs.
struct TableColumn {
    std::string title;
    std::string group;
    bool is_number = false;  ///< to the right
};

/// Rows of text under headings, columns two blanks apart.
class TextTable {
public:
    explicit TextTable(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

    /// As many cells as there are columns.
    void add(std::vector<std::string> cells);
    /// A line between the rows so far and the next.
    void add_rule();
    /// The whole table; wider than `width_max` it is cut into blocks below each other, each
    /// beginning with the first `keys` columns.
    std::string print(std::size_t keys, std::size_t width_max) const;

private:
    std::vector<std::size_t> widths() const;
    std::string print_block(const std::vector<std::size_t>& shown,
                            std::vector<std::size_t> widths) const;

    std::vector<TableColumn> columns_;
    std::vector<std::vector<std::string>> rows_;  ///< an empty row is a rule
};

/// `1:02:03`; of 59.6 s `0:01:00`.
std::string duration_text(double seconds);
/// `1,234,567`
std::string grouped_digits(base::Int128 number);
/// `-12,300.50` of minor units; the currency says how many decimals.
std::string money_text(base::Int128 minor, std::string_view currency);

}  // namespace app
