#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "kpi/local_time.h"
#include "store/watch_rows.h"

namespace query {

/// What a deviation's ordinals stand for.
struct DeviationNames {
    std::string company;
    std::string manager;
    std::optional<std::string> team;
};

std::string_view to_string(store::EpisodeState state);

/// `calls_out:all:day`
std::string rule_of(const store::EpisodeRow& row);

/// The same for the same deviation in whatever views: of its rule, its subject, its period and its
/// number.
std::string deviation_id(const DeviationNames& names, const store::EpisodeRow& row);

/// The object of one deviation, as far as `row.history` goes.
void write_deviation(base::JsonWriter& out, const DeviationNames& names,
                     const store::EpisodeRow& row, const std::optional<kpi::Zone>& zone);

}  // namespace query
