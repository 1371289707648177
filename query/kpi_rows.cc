#include "query/kpi_rows.h"

#include <algorithm>
#include <array>

#include "store/bytes.h"

namespace query {
namespace {

struct DimensionWord {
    Dimension dimension;
    std::string_view word;
};

constexpr std::array words{
    DimensionWord{Dimension::company, "company"}, DimensionWord{Dimension::team, "team"},
    DimensionWord{Dimension::manager, "manager"}, DimensionWord{Dimension::segment, "segment"},
    DimensionWord{Dimension::hour, "hour"},       DimensionWord{Dimension::day, "day"},
    DimensionWord{Dimension::week, "week"},       DimensionWord{Dimension::month, "month"}};

bool is_time(Dimension dimension) {
    return dimension >= Dimension::hour;
}

}  // namespace

std::string_view to_string(Dimension dimension) {
    return words[static_cast<std::size_t>(dimension)].word;
}

base::Result<std::vector<Dimension>> dimensions_of(std::string_view by) {
    std::vector<Dimension> found;
    for (const std::string& word : words_of(by)) {
        const auto* const known = std::find_if(
            words.begin(), words.end(), [&](const DimensionWord& one) { return one.word == word; });
        if (known == words.end()) {
            return bad_question("by: no such dimension: " + word);
        }
        if (std::find(found.begin(), found.end(), known->dimension) != found.end()) {
            return bad_question("by: twice " + word);
        }
        found.push_back(known->dimension);
    }
    if (found.empty()) {
        found.push_back(Dimension::manager);
    }
    return found;
}

KpiRows::KpiRows(Question& question, std::vector<Dimension> by, kpi::Zone zone)
    : question_(&question), by_(std::move(by)), zone_(zone) {
}

bool KpiRows::is_by(Dimension dimension) const {
    return std::find(by_.begin(), by_.end(), dimension) != by_.end();
}

bool KpiRows::is_by_time() const {
    return std::any_of(by_.begin(), by_.end(), is_time);
}

bool KpiRows::is_one_time(base::UtcMillis first, base::UtcMillis last) {
    return time_parts(first) == time_parts(last);
}

KpiRows::Part KpiRows::text_part(std::optional<std::string> name) {
    store::KeyWriter bytes;
    bytes.u8(name ? 0 : 1);
    if (name) {
        bytes.text(*name);
    }
    return {std::move(name), bytes.take()};
}

KpiRows::Part KpiRows::time_part(Dimension dimension, base::UtcMillis at) const {
    if (dimension == Dimension::hour) {
        const std::string hour = kpi::render_hour(at, zone_);
        const base::UtcMillis start = kpi::parse_instant(hour).value_or(at);
        return {hour, store::KeyWriter().u8(0).i64(base::to_ms(start)).take()};
    }
    std::chrono::year_month_day date = zone_.day_of(at);
    if (dimension == Dimension::week) {
        date = kpi::week_first(date);
    } else if (dimension == Dimension::month) {
        date = kpi::month_first(date);
    }
    return text_part(kpi::to_string(date));
}

const std::vector<KpiRows::Part>& KpiRows::time_parts(base::UtcMillis at) {
    const auto [place, is_new] = times_.try_emplace(base::to_ms(at));
    if (is_new) {
        for (const Dimension dimension : by_) {
            if (is_time(dimension)) {
                place->second.push_back(time_part(dimension, at));
            }
        }
    }
    return place->second;
}

base::Result<KpiRows::Part> KpiRows::part(Dimension dimension, kpi::Manager manager, kpi::Team team,
                                          kpi::Segment segment) {
    switch (dimension) {
        case Dimension::company: return text_part(question_->company().id);
        case Dimension::manager: {
            BOOST_OUTCOME_TRY(auto name, question_->names().text(store::Table::manager, manager));
            return text_part(std::move(name));
        }
        case Dimension::team: {
            BOOST_OUTCOME_TRY(auto name, question_->names().text(store::Table::team, team));
            return text_part(std::move(name));
        }
        default: break;
    }
    if (segment == kpi::Segment::none) {
        return text_part(std::nullopt);
    }
    return text_part(std::string(kpi::to_string(segment)));
}

bool KpiRows::is_last(kpi::Manager manager, kpi::Team team, kpi::Segment segment,
                      base::UtcMillis at) const {
    return last_.row != nullptr && last_.manager == manager && last_.team == team &&
           last_.segment == segment && (last_.at == at || !is_by_time());
}

base::Result<KpiRow*> KpiRows::row(kpi::Manager manager, kpi::Team team, kpi::Segment segment,
                                   base::UtcMillis at) {
    if (is_last(manager, team, segment, at)) {
        return last_.row;
    }
    const std::vector<Part>& times = time_parts(at);
    auto time = times.begin();
    std::string position;
    std::vector<std::optional<std::string>> names;
    for (const Dimension dimension : by_) {
        if (is_time(dimension)) {
            position += time->bytes;
            names.push_back(time->name);
            ++time;
            continue;
        }
        BOOST_OUTCOME_TRY(Part one, part(dimension, manager, team, segment));
        position += one.bytes;
        names.push_back(std::move(one.name));
    }
    KpiRow& row = rows_[position];
    row.names = std::move(names);
    last_ = {manager, team, segment, at, &row};
    return &row;
}

KpiRow& KpiRows::single(const std::string& name) {
    Part one = text_part(name);
    KpiRow& row = rows_[one.bytes];
    row.names = {std::move(one.name)};
    return row;
}

}  // namespace query
