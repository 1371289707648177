#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "store/rows.h"
#include "store/view_store.h"

namespace query {

/// The decoded row of a key; nullopt when there is none.
template <class Row>
base::Result<std::optional<Row>> read_row(const store::ViewReader& rows, store::Family family,
                                          std::string_view key) {
    BOOST_OUTCOME_TRY(const auto bytes, rows.get(family, key));
    if (!bytes) {
        return std::optional<Row>();
    }
    BOOST_OUTCOME_TRY(auto row, store::decode<Row>(*bytes));
    return std::optional<Row>(std::move(row));
}

/// A scan whose visitor may fail: `visit(key, value)` gives Result<bool>, false ends the scan.
template <class Visit>
base::Result<void> scan_rows(const store::ViewReader& rows, store::Family family,
                             std::string_view from, std::string_view until, Visit visit) {
    std::optional<base::Error> failure;
    BOOST_OUTCOME_TRY(
        rows.scan(family, from, until, [&](std::string_view key, std::string_view value) {
            base::Result<bool> more = visit(key, value);
            if (!more) {
                failure = more.error();
                return false;
            }
            return more.value();
        }));
    if (failure) {
        return *failure;
    }
    return base::success();
}

}  // namespace query
