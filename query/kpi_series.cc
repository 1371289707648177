#include "query/kpi_series.h"

#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "kpi/money.h"
#include "query/actuals.h"
#include "query/pace_rows.h"
#include "query/question.h"
#include "query/reading.h"
#include "query/roster.h"
#include "store/measures.h"
#include "store/watch_rows.h"

namespace query {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// KPI, segment, grain: what a norm is told apart by within its manager.
using Rule = std::tuple<std::string, std::string_view, kpi::Grain>;

bool is_sum_of_segments(kpi::Unit unit) {
    return unit != kpi::Unit::contacts && unit != kpi::Unit::ratio && unit != kpi::Unit::cheque;
}

/// A part of the clients, or all of them.
struct Part {
    std::optional<kpi::Segment> segment;
    std::string_view label;
};
constexpr std::array<Part, 4> parts{{{kpi::Segment::fresh, "new"},
                                     {kpi::Segment::existing, "existing"},
                                     {kpi::Segment::none, "none"},
                                     {std::nullopt, "all"}}};

bool is_shown(const Part& part, kpi::Unit unit, const kpi::Ratio& value) {
    if (!part.segment) {
        return !is_sum_of_segments(unit);
    }
    return *part.segment != kpi::Segment::none || (is_sum_of_segments(unit) && value.num != 0);
}

/// In the unit that people draw: seconds, the major unit of money.
double drawn(const kpi::Ratio& value, kpi::Unit unit, const kpi::Currency& currency) {
    double factor = 1;
    if (unit == kpi::Unit::money || unit == kpi::Unit::cheque) {
        for (int digit = 0; digit < kpi::decimals_of({currency.data(), currency.size()}); ++digit) {
            factor *= 10;
        }
    }
    return static_cast<double>(value.num) / static_cast<double>(value.den) / factor;
}

class Series {
public:
    Series(Question& question, base::UtcMillis at, const KpiSeriesLimits& limits)
        : question_(question), at_(at), limits_(limits), company_(question.company().id) {}

    base::Result<KpiSeries> take() {
        for (const std::string& id : limits_.kpis) {
            asked_.push_back({id, kpi::kpi_of_id(id)});
        }
        const kpi::Interval day =
            kpi::period_of(kpi::Grain::day, question_.company().directory->zone(), at_);
        const Range today{day.from, day.until};
        BOOST_OUTCOME_TRY(const auto roster,
                          managers_between(question_, {at_, at_ + base::Millis(1)}));
        BOOST_OUTCOME_TRY(add_teams(roster, today));
        if (limits_.has_managers) {
            BOOST_OUTCOME_TRY(add_managers(roster, today));
        }
        series_.company = company_;
        return std::move(series_);
    }

private:
    void gauge(std::vector<base::Sample>& out, const char* name, const char* help, Labels labels,
               double value) const {
        Labels all;
        all.reserve(labels.size() + 1);
        all.emplace_back("company", company_);
        std::move(labels.begin(), labels.end(), std::back_inserter(all));
        out.push_back({.name = name,
                       .help = help,
                       .kind = base::Sample::Kind::gauge,
                       .labels = std::move(all),
                       .value = value,
                       .buckets = {}});
    }

    /// All of somebody, or nothing of him and of whoever comes behind.
    void keep(std::vector<base::Sample> samples) {
        const std::size_t taken = series_.samples.size();
        if (series_.dropped > 0 || taken + samples.size() > limits_.series_max) {
            series_.dropped += samples.size();
        } else {
            std::move(samples.begin(), samples.end(), std::back_inserter(series_.samples));
        }
    }

    /// All KPIs of one manager or team.
    void add_values(std::vector<base::Sample>& out, const char* name, const char* help,
                    const std::pair<std::string, std::string>& whose, const Actuals& actuals,
                    std::uint32_t subject) const {
        const kpi::Currency& currency = question_.settings().currency;
        for (const Part& part : parts) {
            const Tally sums = actuals.of(subject, part.segment);
            for (const AskedKpi& asked : asked_) {
                const kpi::Unit unit = kpi::info(*asked.kpi).unit;
                const auto value = store::amount_of(sums, *asked.kpi, currency);
                if (value && is_shown(part, unit, *value)) {
                    gauge(out, name, help,
                          {whose,
                           {"kpi", asked.id},
                           {"segment", std::string(part.label)},
                           {"window", "day"}},
                          drawn(*value, unit, currency));
                }
            }
        }
    }

    base::Result<void> add_teams(const std::vector<RosterEntry>& roster, const Range& today) {
        BOOST_OUTCOME_TRY(const Actuals actuals, Actuals::gather_teams(question_, today, asked_));
        std::map<std::string, kpi::Team> teams;  // by id
        for (const RosterEntry& entry : roster) {
            BOOST_OUTCOME_TRY(const auto id,
                              question_.names().text(store::Table::team, entry.team));
            if (id) {
                teams.emplace(*id, entry.team);
            }
        }
        for (const auto& [id, team] : teams) {
            std::vector<base::Sample> its;
            add_values(its, "team_kpi", "What a team did so far in the window.", {"team", id},
                       actuals, team.value());
            keep(std::move(its));
        }
        return base::success();
    }

    base::Result<void> add_managers(const std::vector<RosterEntry>& roster, const Range& today) {
        BOOST_OUTCOME_TRY(const Actuals actuals, Actuals::gather(question_, today, asked_, {}, {}));
        BOOST_OUTCOME_TRY(const auto rows, pace_rows(question_, at_, roster, {}));
        auto row = rows.begin();
        for (const RosterEntry& manager : roster) {
            std::vector<base::Sample> his;
            BOOST_OUTCOME_TRY(const auto team,
                              question_.names().text(store::Table::team, manager.team));
            gauge(his, "manager_info", "Who a manager is.",
                  {{"manager", manager.id}, {"name", manager.name}, {"team", team.value_or("")}},
                  1);
            add_values(his, "manager_kpi", "What a manager did so far in the window.",
                       {"manager", manager.id}, actuals, manager.manager.value());
            BOOST_OUTCOME_TRY(const auto severities, severities_of(manager.manager));
            for (; row != rows.end() && row->manager == manager.manager; ++row) {
                add_norm(his, *row, severities);
            }
            keep(std::move(his));
        }
        return base::success();
    }

    /// How he stands to each of his norms, as deviations have it.
    base::Result<std::map<Rule, kpi::Severity>> severities_of(kpi::Manager manager) {
        std::map<Rule, kpi::Severity> severities;
        BOOST_OUTCOME_TRY(
            const auto watch,
            read_row<store::WatchRow>(question_.rows(), store::Family::state,
                                      store::watch_key(question_.company().ordinal, manager)));
        if (watch) {
            for (const store::WatchRow::Norm& norm : watch->norms) {
                const bool is_all = norm.segment == kpi::Segment::none;
                severities[{std::string(kpi::info(norm.kpi).id),
                            is_all ? "all" : kpi::to_string(norm.segment), norm.grain}] =
                    norm.state.severity;
            }
        }
        return severities;
    }

    void add_norm(std::vector<base::Sample>& out, const PaceRow& row,
                  const std::map<Rule, kpi::Severity>& severities) const {
        if (!row.kpi || !row.norm->client_class.empty()) {
            return;
        }
        const kpi::Unit unit = kpi::info(*row.kpi).unit;
        const std::string_view segment = kpi::to_string(row.norm->segment);
        const Labels labels{{"manager", row.manager_id},
                            {"kpi", row.norm->kpi},
                            {"segment", std::string(segment)},
                            {"window", std::string(kpi::to_string(row.norm->per))}};
        if (row.pace.norm) {
            const auto currency = row.norm->currency.value_or(question_.settings().currency);
            gauge(out, "manager_norm", "The norm of the whole window, absences taken off.", labels,
                  drawn(*row.pace.norm, unit, currency));
        }
        if (row.pace.pace) {
            gauge(out, "manager_pace_ratio", "What is done, of what is expected by now.", labels,
                  drawn(*row.pace.pace, kpi::Unit::ratio, {}));
        }
        const auto known = severities.find({row.norm->kpi, segment, row.norm->per});
        const kpi::Severity severity =
            known == severities.end() ? kpi::Severity::none : known->second;
        const bool is_early =
            severity == kpi::Severity::none && row.pace.status == kpi::Status::insufficient;
        gauge(out, "manager_deviation_status",
              "-1 too early to say, 0 ok, 1 warn, 2 breach; has lasted for ten minutes.", labels,
              is_early ? -1 : static_cast<double>(severity));
    }

    Question& question_;
    base::UtcMillis at_;
    const KpiSeriesLimits& limits_;
    std::string company_;
    std::vector<AskedKpi> asked_;
    KpiSeries series_;
};

}  // namespace

base::Result<KpiSeries> kpi_series(const store::ReadView& view, const Params& params,
                                   const Ports& ports, const KpiSeriesLimits& limits) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports, {}));
    BOOST_OUTCOME_TRY(const base::UtcMillis at, question.moment_or_now("at"));
    return Series(question, at, limits).take();
}

}  // namespace query
