#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ingest/mapped.h"

namespace ingest::asterisk_cdr_csv {

/// Columns of Asterisk's cdr_csv, in its order; the last five are optional.
enum class Column : std::size_t {
    accountcode,
    src,
    dst,
    dcontext,
    clid,
    channel,
    dstchannel,
    lastapp,
    lastdata,
    start,
    answer,
    end,
    duration,
    billsec,
    disposition,
    amaflags,
    uniqueid,
    userfield,
    peeraccount,
    linkedid,
    sequence,
};
inline constexpr std::size_t columns_max = 21;

/// One row by column; a column that the file does not have is empty.
class Row {
public:
    const std::string& operator[](Column column) const {
        return values_[static_cast<std::size_t>(column)];
    }
    std::string& operator[](Column column) { return values_[static_cast<std::size_t>(column)]; }

private:
    std::array<std::string, columns_max> values_;
};

/// Splits a record of 16 to 21 columns; whether uniqueid or userfield stands alone, its form tells.
std::variant<Row, Rejection> read_row(std::string_view record);

/// The epoch in `[prefix-]1793602800.12`; nullopt when it is no unique id of Asterisk's form.
std::optional<base::UtcMillis> epoch_of(std::string_view uniqueid);

}  // namespace ingest::asterisk_cdr_csv
