#include <algorithm>

#include "processors/period_sums.h"
#include "processors/watch_fold.h"

// Against which norms a manager is watched, what he did before he was, and what late data change.

namespace processors {

using base::UtcMillis;
using store::EpisodeCause;
using store::EpisodeKey;
using store::EpisodeRow;
using store::EpisodeState;
using store::Family;
using store::WatchRow;

namespace {

constexpr base::Millis one_ms{1};
/// No period is longer.
constexpr std::chrono::days period_max{32};

WatchRow::Norm watched_norm(const kpi::NormEntry& entry, kpi::Kpi kpi, const kpi::Ratio& share,
                            const kpi::Currency& of_company) {
    const kpi::Unit unit = kpi::info(kpi).unit;
    const bool is_money = unit == kpi::Unit::money || unit == kpi::Unit::cheque;
    return {.kpi = kpi,
            .segment = entry.segment.value_or(kpi::Segment::none),
            .grain = entry.per,
            .value = {entry.value.num * share.num, entry.value.den * share.den},
            .polarity = entry.polarity,
            .currency = is_money ? entry.currency.value_or(of_company) : kpi::Currency{},
            .state = {},
            .judged_until = {},
            .episodes = 0,
            .opened_at = {},
            .next = {}};
}

/// What `norms` and `periods` of a row are when they are looked up at an instant.
struct Lookup {
    std::vector<WatchRow::Period> periods;
    std::vector<WatchRow::Norm> norms;
    UtcMillis until{};
};

/// `entry`: in force at `at`; nullptr: he has no norms then.
Lookup looked_up(const CompanyState& company, const kpi::ManagerEntry* entry, UtcMillis at) {
    const kpi::Directory& directory = company.directory;
    Lookup found;
    found.until = kpi::period_of(kpi::Grain::day, directory.zone(), at).until;
    if (entry == nullptr) {
        return found;
    }
    const kpi::Whom whom{entry->manager, entry->role, entry->team};
    const UtcMillis employed_since = directory.employed(entry->manager).front().from;
    kpi::WorkedTime times(directory);
    const kpi::Zone& zone = times.zone_of(entry->manager, at);
    found.until = std::min(found.until, kpi::period_of(kpi::Grain::day, zone, at).until);
    for (const kpi::NormEntry* const norm : directory.norms().in_force(whom, at)) {
        const auto kpi = kpi::kpi_of_id(norm->kpi);
        if (!kpi || !norm->client_class.empty()) {
            continue;
        }
        found.norms.push_back(watched_norm(*norm, *kpi, norm->share(employed_since, at),
                                           company.settings_at(at).currency));
        const auto is_there =
            std::any_of(found.periods.begin(), found.periods.end(),
                        [&](const WatchRow::Period& one) { return one.grain == norm->per; });
        if (is_there) {
            continue;
        }
        WatchRow::Period period{.grain = norm->per,
                                .time = kpi::period_of(norm->per, zone, at),
                                .scheduled = {},
                                .worked = {},
                                .done = {}};
        if (const auto scheduled = times.scheduled(whom, zone, period.time)) {
            period.scheduled = scheduled->total();
            period.worked = times.worked(whom, zone, period.time)->intervals();
        }
        found.until = std::min(found.until, period.time.until);
        found.periods.push_back(std::move(period));
    }
    std::sort(found.periods.begin(), found.periods.end(),
              [](const auto& a, const auto& b) { return a.grain < b.grain; });
    const auto rank = [](const WatchRow::Norm& one) {
        return std::tuple(one.kpi, one.segment, one.grain);
    };
    std::sort(found.norms.begin(), found.norms.end(),
              [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    return found;
}

bool is_same(const WatchRow::Norm& a, const WatchRow::Norm& b) {
    return a.kpi == b.kpi && a.segment == b.segment && a.grain == b.grain;
}

}  // namespace

base::Result<void> WatchFold::directory_changed(const CompanyState& company,
                                                const DirectoryEntry& entry) {
    kpi::Manager only;
    if (const auto* manager = std::get_if<kpi::ManagerEntry>(&entry)) {
        only = manager->manager;
    } else if (const auto* absence = std::get_if<kpi::AbsenceEntry>(&entry)) {
        only = absence->manager;
    } else if (const auto* norm = std::get_if<kpi::NormEntry>(&entry)) {
        only = norm->aim.manager;
    } else if (const auto* calendar = std::get_if<kpi::CalendarEntry>(&entry)) {
        only = calendar->aim.manager;
    } else if (!std::holds_alternative<kpi::SettingsEntry>(entry)) {
        return base::success();
    }
    if (only) {
        return mark(company, only);
    }
    std::set<kpi::Manager> managers;
    for (const kpi::ManagerEntry* const one : company.directory.managers()) {
        managers.insert(one->manager);
    }
    for (const auto& [whose, reach] : watched_) {
        if (whose.company == company.ordinal) {
            managers.insert(whose.manager);
        }
    }
    for (const kpi::Manager manager : managers) {
        BOOST_OUTCOME_TRY(mark(company, manager));
    }
    return base::success();
}

base::Result<void> WatchFold::mark(const CompanyState& company, kpi::Manager manager) {
    const Whose whose{company.ordinal, manager};
    const bool is_watched = watched_.contains(whose);
    if (!is_watched && company.directory.norms().is_empty()) {
        return base::success();
    }
    BOOST_OUTCOME_TRY(Held* const held, hold(whose));
    pending_.insert(whose);
    if (!held->row.is_stale || held->is_gone) {
        held->row.is_stale = true;
        held->is_gone = false;
        changed(whose, *held);
    }
    return base::success();
}

base::Result<void> WatchFold::look_up(const Whose& whose, Held& held, UtcMillis at) {
    const CompanyState& company = state_.companies.at(whose.company);
    const kpi::ManagerEntry* const entry = company.directory.manager(whose.manager, at);
    held.row.team = entry == nullptr ? kpi::Team() : entry->team;
    Lookup found = looked_up(company, entry, at);
    const auto same_period = [](auto& periods, const WatchRow::Period& wanted) {
        return std::find_if(periods.begin(), periods.end(), [&](const WatchRow::Period& one) {
            return one.grain == wanted.grain && one.time == wanted.time;
        });
    };
    for (WatchRow::Period& period : found.periods) {
        const auto old = same_period(held.row.periods, period);
        if (old != held.row.periods.end()) {
            period.done = old->done;
            continue;
        }
        for (const Change& change : held.row.ahead) {
            if (period.time.from <= change.at && change.at < period.time.until) {
                period.done.add(change.done);
            }
        }
    }
    for (WatchRow::Norm& norm : found.norms) {
        norm.judged_until = at;
        for (WatchRow::Norm& old : held.row.norms) {
            const bool goes_on =
                is_same(norm, old) &&
                same_period(found.periods, period_of(held, old.grain)) != found.periods.end();
            if (goes_on) {
                norm.state = old.state;
                norm.judged_until = old.judged_until;
                norm.episodes = old.episodes;
                norm.opened_at = std::exchange(old.opened_at, std::nullopt);
            }
        }
    }
    BOOST_OUTCOME_TRY(end_gone(whose, held, at));
    held.row.periods = std::move(found.periods);
    held.row.norms = std::move(found.norms);
    held.row.until = found.until;
    held.know_worked();
    std::erase_if(held.row.ahead, [&](const Change& change) {
        return std::all_of(held.row.periods.begin(), held.row.periods.end(),
                           [&](const auto& period) { return change.at < period.time.until; });
    });
    const auto employed = company.directory.employed(whose.manager);
    const bool may_have_norms = !company.directory.norms().is_empty() &&
                                company.directory.is_declared(whose.manager) && !employed.empty() &&
                                employed.back().until > at;
    held.is_gone = held.row.norms.empty() && !may_have_norms;
    changed(whose, held);
    return base::success();
}

/// Episodes of norms that are in force no longer.
base::Result<void> WatchFold::end_gone(const Whose& whose, Held& held, UtcMillis at) {
    for (WatchRow::Norm& norm : held.row.norms) {
        const WatchRow::Period& period = period_of(held, norm.grain);
        const kpi::DeviationNorm gone = norm_of(held, norm);
        const kpi::DeviationRules rules = this->rules(whose);
        const kpi::DeviationJudge judge(gone, rules, norm.state);
        BOOST_OUTCOME_TRY(end_episode(
            whose, norm,
            {.at = at,
             .state = EpisodeState::closed,
             .severity = {},
             .actual = store::amount_of(period.done, norm.segment, norm.kpi, norm.currency),
             .expected = judge.expected(at),
             .cause = EpisodeCause::norm_changed}));
    }
    return base::success();
}

base::Result<void> WatchFold::work(std::size_t managers_max) {
    for (; managers_max != 0 && !pending_.empty(); --managers_max) {
        const Whose whose = *pending_.begin();
        pending_.erase(pending_.begin());
        BOOST_OUTCOME_TRY(Held* const held, hold(whose));
        const UtcMillis now = state_.position.log_time + one_ms;
        for (WatchRow::Norm& norm : held->row.norms) {
            BOOST_OUTCOME_TRY(judge(whose, *held, norm, now));
        }
        BOOST_OUTCOME_TRY(judge_late(whose, *held));
        if (held->row.is_stale) {
            BOOST_OUTCOME_TRY(look_up(whose, *held, now));
            BOOST_OUTCOME_TRY(
                read_period_sums(state_.store, whose.company, whose.manager, held->row.periods));
            held->row.is_stale = false;
        }
        for (WatchRow::Norm& norm : held->row.norms) {
            look_ahead(whose, *held, norm);
        }
        set_timer(whose, *held);
        changed(whose, *held);
    }
    return base::success();
}

base::Result<void> WatchFold::judge_late(const Whose& whose, Held& held) {
    held.row.late_until.reset();
    const auto all = std::exchange(held.row.late, {});
    for (const Change& late : all) {
        std::vector<EpisodeKey> keys;
        const store::Key from =
            store::episodes_from(whose.company, whose.manager, late.at + one_ms);
        const store::Key until =
            store::episodes_from(whose.company, whose.manager, late.at + period_max);
        BOOST_OUTCOME_TRY(state_.store.scan(Family::state, from, until,
                                            [&](std::string_view bytes, std::string_view) {
                                                EpisodeKey key;
                                                if (store::read_episode_key(bytes, key)) {
                                                    keys.push_back(key);
                                                }
                                                return true;
                                            }));
        for (const EpisodeKey& key : keys) {
            BOOST_OUTCOME_TRY(judge_late(whose, held, key, late));
        }
    }
    return base::success();
}

/// An episode that would not have opened with what is known now never was.
base::Result<void> WatchFold::judge_late(const Whose& whose, Held& held, const EpisodeKey& key,
                                         const Change& late) {
    const store::Key bytes = store::episode_key(key);
    BOOST_OUTCOME_TRY(auto row, state_.read<EpisodeRow>(Family::state, bytes));
    const bool is_meant =
        row && !row->history.empty() && row->period.from <= late.at && late.at < row->period.until;
    if (!is_meant || row->last().state == EpisodeState::retracted) {
        return base::success();
    }
    row->done.add(late.done);
    const auto actual = store::amount_of(row->done, row->segment, row->kpi, row->currency);
    const auto share =
        actual ? kpi::deviation_share(row->polarity, *actual, row->expected) : std::nullopt;
    if (!kpi::is_below(share, rules(whose).warn)) {
        row->history.push_back({.at = state_.position.log_time,
                                .state = EpisodeState::retracted,
                                .severity = {},
                                .actual = actual,
                                .expected = row->expected,
                                .cause = EpisodeCause::late_data});
        for (WatchRow::Norm& norm : held.row.norms) {
            if (norm.opened_at == key.opened_at && norm.kpi == key.kpi &&
                norm.segment == key.segment && norm.grain == key.grain) {
                norm.opened_at.reset();
                norm.state = {};
            }
        }
    }
    if (row->last().state == EpisodeState::retracted) {
        write_episode(key, *row);
    } else {
        state_.write(Family::state, bytes, *row);
    }
    return base::success();
}

}  // namespace processors
