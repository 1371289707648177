#include "query/pace_rows.h"

#include <algorithm>

#include "query/value_text.h"

namespace query {
namespace {

bool is_spread(const std::optional<kpi::Kpi>& kpi) {
    const kpi::Unit unit = kpi ? kpi::info(*kpi).unit : kpi::Unit::count;
    return unit != kpi::Unit::ratio && unit != kpi::Unit::cheque;
}

bool is_money(const PaceRow& row) {
    if (!row.kpi) {
        return row.norm->currency.has_value();
    }
    const kpi::Unit unit = kpi::info(*row.kpi).unit;
    return unit == kpi::Unit::money || unit == kpi::Unit::cheque;
}

/// Norms by whom they are for: managers of one role and team without a norm of their own share
/// them.
class NormsInForce {
public:
    NormsInForce(const kpi::Norms& norms, base::UtcMillis at) : norms_(norms), at_(at) {}
    const std::vector<const kpi::NormEntry*>& of(const RosterEntry& manager) {
        const kpi::Manager own = norms_.has_own(manager.manager) ? manager.manager : kpi::Manager();
        const auto [place, is_new] = known_.try_emplace({own, manager.role, manager.team});
        if (is_new) {
            place->second = norms_.in_force({own, manager.role, manager.team}, at_);
        }
        return place->second;
    }

private:
    const kpi::Norms& norms_;
    base::UtcMillis at_;
    std::map<std::tuple<kpi::Manager, std::string, kpi::Team>, std::vector<const kpi::NormEntry*>>
        known_;
};

/// What has been done in the periods of an answer, each read once.
class PeriodActuals {
public:
    PeriodActuals(Question& question, base::UtcMillis at, std::optional<kpi::Manager> only)
        : question_(question), at_(at), only_(only) {}

    void want(const PaceRow& row) {
        if (row.kpi) {
            wanted_[{row.period, row.norm->client_class}].kpis.insert(*row.kpi);
        }
    }
    base::Result<void> read() {
        for (auto& [what, one] : wanted_) {
            std::vector<AskedKpi> asked;
            for (const kpi::Kpi kpi : one.kpis) {
                asked.push_back({std::string(kpi::info(kpi).id), kpi});
            }
            const Range range{what.first.from, std::min(what.first.until, at_)};
            BOOST_OUTCOME_TRY(one.actuals,
                              Actuals::gather(question_, range, asked, only_, what.second));
        }
        return base::success();
    }
    /// Rows of one manager stand together, so his sums are made once.
    std::optional<kpi::Ratio> of(const PaceRow& row) {
        const auto found = wanted_.find({row.period, row.norm->client_class});
        if (!row.kpi || found == wanted_.end()) {
            return std::nullopt;
        }
        One& one = found->second;
        if (one.sums_of != row.manager) {
            one.sums.clear();
            one.sums_of = row.manager;
        }
        const auto [sum, is_new] = one.sums.try_emplace(row.norm->segment);
        if (is_new) {
            sum->second = one.actuals.of(row.manager.value(), row.norm->segment);
        }
        const kpi::Currency currency = row.norm->currency.value_or(question_.settings().currency);
        return store::amount_of(sum->second, *row.kpi, currency);
    }

private:
    struct One {
        std::set<kpi::Kpi> kpis;
        Actuals actuals;
        kpi::Manager sums_of;
        std::map<kpi::NormSegment, Tally> sums;
    };
    Question& question_;
    base::UtcMillis at_;
    std::optional<kpi::Manager> only_;
    std::map<std::pair<kpi::Interval, std::string>, One> wanted_;
};

/// Fills in what rows say; those of one manager stand together.
class Judge {
public:
    Judge(Question& question, kpi::WorkedTime& times, PeriodActuals& actuals, base::UtcMillis at)
        : directory_(*question.company().directory),
          min_expected_(question.settings().min_expected),
          times_(times),
          actuals_(actuals),
          at_(at) {}

    void fill(PaceRow& row, const RosterEntry& manager) {
        if (manager_ != &manager) {
            manager_ = &manager;
            employed_since_ = directory_.employed(manager.manager).front().from;
            his_times_.clear();
        }
        const auto [time, is_new] = his_times_.try_emplace(row.period);
        if (is_new) {
            time->second = times_.in_period(manager.whom(), row.period, at_);
        }
        row.actual = actuals_.of(row);
        const kpi::Ratio share = row.norm->share(employed_since_, at_);
        row.pace = kpi::pace_of(
            {.actual = row.actual,
             .norm = {row.norm->value.num * share.num, row.norm->value.den * share.den},
             .polarity = row.norm->polarity,
             .is_spread = is_spread(row.kpi),
             .time = time->second,
             .min_expected = min_expected_});
    }

private:
    const kpi::Directory& directory_;
    kpi::Ratio min_expected_;
    kpi::WorkedTime& times_;
    PeriodActuals& actuals_;
    base::UtcMillis at_;
    const RosterEntry* manager_ = nullptr;
    base::UtcMillis employed_since_{};
    std::map<kpi::Interval, std::optional<kpi::PeriodTime>> his_times_;
};

}  // namespace

base::Result<std::vector<PaceRow>> pace_rows(Question& question, base::UtcMillis at,
                                             const std::vector<RosterEntry>& managers,
                                             const std::set<std::string>& names) {
    const kpi::Directory& directory = *question.company().directory;
    NormsInForce norms(directory.norms(), at);
    kpi::WorkedTime times(directory);
    PeriodActuals actuals(
        question, at,
        managers.size() == 1 ? std::optional(managers.front().manager) : std::nullopt);
    std::vector<PaceRow> rows;
    std::map<std::pair<std::string, kpi::Grain>, kpi::Interval> periods;
    for (const RosterEntry& manager : managers) {
        const kpi::Zone& zone = times.zone_of(manager.manager, at);
        for (const kpi::NormEntry* const norm : norms.of(manager)) {
            if (!names.empty() && !names.contains(norm->kpi)) {
                continue;
            }
            const auto [period, is_new] = periods.try_emplace({zone.name(), norm->per});
            if (is_new) {
                period->second = kpi::period_of(norm->per, zone, at);
            }
            PaceRow row{.manager = manager.manager,
                        .manager_id = manager.id,
                        .team = manager.team,
                        .norm = norm,
                        .kpi = kpi::kpi_of_id(norm->kpi),
                        .period = period->second,
                        .actual = {},
                        .pace = {}};
            actuals.want(row);
            rows.push_back(std::move(row));
        }
    }
    BOOST_OUTCOME_TRY(actuals.read());
    Judge judge(question, times, actuals, at);
    auto manager = managers.begin();
    for (PaceRow& row : rows) {
        while (manager->manager != row.manager) {
            ++manager;
        }
        judge.fill(row, *manager);
    }
    return rows;
}

base::Result<void> write_pace_row(base::JsonWriter& out, Question& question, const PaceRow& row) {
    BOOST_OUTCOME_TRY(const auto team, question.names().text(store::Table::team, row.team));
    std::optional<kpi::Currency> currency;
    if (is_money(row)) {
        currency = row.norm->currency.value_or(question.settings().currency);
    }
    out.begin_object().member("manager", row.manager_id).key("team");
    write_text(out, team);
    out.member("kpi", row.norm->kpi).member("segment", kpi::to_string(row.norm->segment));
    out.member("period", kpi::to_string(row.norm->per));
    const auto amount = [&](std::string_view name, const std::optional<kpi::Ratio>& value) {
        out.key(name);
        write_amount(out, value, currency);
    };
    const auto ratio = [&](std::string_view name, const std::optional<kpi::Ratio>& value) {
        out.key(name);
        write_amount(out, value, {});
    };
    amount("actual", row.actual);
    amount("norm", row.pace.norm);
    amount("expected_to_date", row.pace.expected);
    ratio("attainment", row.pace.attainment);
    ratio("pace", row.pace.pace);
    amount("projected", row.pace.projected);
    amount("required_rate", row.pace.required_rate);
    amount("deviation", row.pace.deviation);
    out.member("status", kpi::to_string(row.pace.status)).key("client_class");
    write_word(out, row.norm->client_class);
    out.key("plan").value(row.norm->is_plan);
    out.end_object();
    return base::success();
}

}  // namespace query
