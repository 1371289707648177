#include "processors/watch_fold.h"

#include <algorithm>

#include "base/ensure.h"

namespace processors {

using base::UtcMillis;
using kpi::DeviationChange;
using kpi::DeviationJudge;
using kpi::Severity;
using store::EpisodeCause;
using store::EpisodeKey;
using store::EpisodeRow;
using store::EpisodeState;
using store::Family;
using store::WatchRow;

namespace {

constexpr base::Millis one_ms{1};
/// Rows held between commits: some kilobytes each.
constexpr std::size_t held_max = 4'000;
/// What comes late within so much log time is judged at once: a file that brings last week costs
/// no commit a row.
constexpr std::chrono::seconds late_together{10};

std::optional<kpi::Ratio> actual_of(const WatchRow::Period& period, const WatchRow::Norm& norm) {
    return store::amount_of(period.done, norm.segment, norm.kpi, norm.currency);
}

/// Whether the value of `kpi` is made of this measure.
bool is_part(kpi::Kpi kpi, store::Measure measure) {
    const auto is_of = [&](kpi::Kpi part) {
        const auto measures = store::measures_of(part);
        return measures && (measures->count == measure || measures->sum == measure);
    };
    switch (kpi::info(kpi).unit) {
        case kpi::Unit::cheque:
            return measure == store::Measure::paid_amount || measure == store::Measure::paid_count;
        case kpi::Unit::ratio: {
            const kpi::RatioParts parts = kpi::ratio_parts(kpi);
            return is_of(parts.numerator) || is_of(parts.denominator);
        }
        default: return is_of(kpi);
    }
}

/// What of `done` the value of this norm is made of.
store::KeptSums part_of(const store::KeptSums& done, const WatchRow::Norm& norm) {
    const auto is_asked = [&](kpi::Segment segment) {
        return norm.segment == kpi::Segment::none || segment == norm.segment;
    };
    store::KeptSums kept;
    std::copy_if(
        done.sums.begin(), done.sums.end(), std::back_inserter(kept.sums),
        [&](const auto& one) { return is_asked(one.segment) && is_part(norm.kpi, one.measure); });
    std::copy_if(done.members.begin(), done.members.end(), std::back_inserter(kept.members),
                 [&](const auto& one) { return is_asked(one.segment) && one.set == norm.kpi; });
    return kept;
}

/// The norms whose value these changes may move.
std::vector<WatchRow::Norm*> norms_moved_by(WatchRow& row,
                                            const std::vector<WatchRow::Change>& changes) {
    store::KeptSums all;
    for (const WatchRow::Change& change : changes) {
        all.add(change.done);
    }
    std::vector<WatchRow::Norm*> moved;
    for (WatchRow::Norm& norm : row.norms) {
        if (part_of(all, norm) != store::KeptSums()) {
            moved.push_back(&norm);
        }
    }
    return moved;
}

bool is_spread(kpi::Kpi kpi) {
    const kpi::Unit unit = kpi::info(kpi).unit;
    return unit != kpi::Unit::ratio && unit != kpi::Unit::cheque;
}

std::string silences_key(kpi::Company company) {
    store::KeyWriter name;
    name.raw("silences").u32(company.value());
    return store::meta_key(name.bytes());
}

EpisodeKey episode_of(kpi::Company company, kpi::Manager manager, const WatchRow::Norm& norm) {
    ENSURE(norm.opened_at);
    return {.company = company,
            .manager = manager,
            .opened_at = *norm.opened_at,
            .kpi = norm.kpi,
            .segment = norm.segment,
            .grain = norm.grain};
}

}  // namespace

base::Result<void> WatchFold::load() {
    std::vector<Whose> all;
    const std::string prefix(1, static_cast<char>(store::StateKind::watch));
    BOOST_OUTCOME_TRY(
        state_.store.scan(Family::state, prefix, store::prefix_end(prefix),
                          [&](std::string_view key, std::string_view) {
                              Whose whose;
                              if (store::read_watch_key(key, whose.company, whose.manager)) {
                                  all.push_back(whose);
                              }
                              return true;
                          }));
    BOOST_OUTCOME_TRY(const auto last, state_.store.last_key(Family::state, store::outbox_key(0),
                                                             store::outbox_key(UINT64_MAX)));
    told_ = last ? store::read_outbox_key(*last) : 0;
    BOOST_OUTCOME_TRY(load_silences());
    pending_.clear();
    for (const Whose& whose : all) {
        BOOST_OUTCOME_TRY(const Held* const held, hold(whose));
        const auto& late = held->row.late_until;
        if (held->row.is_stale || (late && *late <= state_.position.log_time)) {
            pending_.insert(whose);
        }
        if (held_.size() > held_max) {
            held_.clear();
        }
    }
    return base::success();
}

base::Result<void> WatchFold::load_silences() {
    for (const auto& [ordinal, company] : state_.companies) {
        BOOST_OUTCOME_TRY(const auto row,
                          state_.read<store::SilencesRow>(Family::state, silences_key(ordinal)));
        std::map<kpi::Source, UtcMillis> up_to;
        BOOST_OUTCOME_TRY(const auto sources, state_.sources_of(ordinal));
        for (const auto& [source, counts] : sources) {
            if (counts.up_to) {
                up_to.emplace(source, *counts.up_to);
            }
        }
        silences_[ordinal].restore(std::move(up_to), row ? row->over : kpi::Intervals());
    }
    return base::success();
}

void WatchFold::heard_from(kpi::Company company, kpi::Source source, UtcMillis up_to) {
    Silence& silence = silences_[company];
    if (silence.heard(source, up_to, state_.position.log_time)) {
        state_.write(Family::state, silences_key(company), store::SilencesRow{silence.over()});
    }
}

base::Result<WatchFold::Held*> WatchFold::hold(const Whose& whose) {
    const auto known = held_.find(whose);
    if (known != held_.end()) {
        return &known->second;
    }
    Held held;
    BOOST_OUTCOME_TRY(auto row, state_.read<WatchRow>(
                                    Family::state, store::watch_key(whose.company, whose.manager)));
    held.is_gone = !row;
    held.row = std::move(row).value_or(WatchRow{});
    const auto place = held_.emplace(whose, std::move(held)).first;
    if (!place->second.is_gone) {
        place->second.know_worked();
        note_reach(whose, place->second);
    }
    return &place->second;
}

/// Its row is to be written, and what rests on the row follows it.
void WatchFold::changed(const Whose& whose, Held& held) {
    if (!held.is_dirty) {
        held.is_dirty = true;
        dirty_.push_back(whose);
    }
    if (held.is_gone) {
        watched_.erase(whose);
        pending_.erase(whose);
    } else {
        note_reach(whose, held);
    }
}

void WatchFold::Held::know_worked() {
    worked.clear();
    for (const WatchRow::Period& period : row.periods) {
        worked.emplace_back(period.worked);
    }
}

void WatchFold::note_reach(const Whose& whose, const Held& held) {
    Reach reach{.from = base::for_ever,
                .newest_opened_at = held.row.newest_opened_at.value_or(base::since_ever)};
    for (const WatchRow::Period& period : held.row.periods) {
        reach.from = std::min(reach.from, period.time.from);
    }
    watched_[whose] = reach;
}

void WatchFold::flush() {
    for (const Whose& whose : dirty_) {
        Held& held = held_.at(whose);
        const store::Key key = store::watch_key(whose.company, whose.manager);
        if (held.is_gone) {
            state_.rows.erase(Family::state, key);
        } else {
            state_.write(Family::state, key, held.row);
        }
        held.is_dirty = false;
    }
    dirty_.clear();
    if (held_.size() > held_max) {
        held_.clear();
    }
}

void WatchFold::cell_changed(const store::CellKey& key, const store::CellRow& change,
                             UtcMillis at) {
    const Whose whose{key.company, kpi::Manager(key.level.subject)};
    if (concerns(whose, at)) {
        heard_[whose].push_back({.at = at, .done = {}});
        heard_[whose].back().done.add(key.segment, key.currency, change);
    }
}

void WatchFold::set_changed(const store::SetKey& key, std::uint64_t member, std::int64_t times,
                            UtcMillis at) {
    const Whose whose{key.company, kpi::Manager(key.level.subject)};
    if (concerns(whose, at)) {
        heard_[whose].push_back({.at = at, .done = {}});
        heard_[whose].back().done.add(key.segment, key.set, member, times);
    }
}

bool WatchFold::concerns(const Whose& whose, UtcMillis at) const {
    const auto known = watched_.find(whose);
    return known != watched_.end() &&
           (at >= known->second.from || at < known->second.newest_opened_at);
}

base::Result<void> WatchFold::take_heard() {
    if (heard_.empty()) {
        return base::success();
    }
    for (const auto& [whose, changes] : std::exchange(heard_, {})) {
        BOOST_OUTCOME_TRY(Held* const held, hold(whose));
        const UtcMillis now = state_.position.log_time + one_ms;
        const auto moved = norms_moved_by(held->row, changes);
        for (WatchRow::Norm* const norm : moved) {
            BOOST_OUTCOME_TRY(judge(whose, *held, *norm, now));
        }
        for (const Change& change : changes) {
            add(*held, change);
        }
        for (WatchRow::Norm* const norm : moved) {
            look_ahead(whose, *held, *norm);
        }
        set_timer(whose, *held);
        changed(whose, *held);
    }
    return base::success();
}

void WatchFold::add(Held& held, const Change& change) const {
    bool is_ahead = false;
    for (WatchRow::Period& period : held.row.periods) {
        if (period.time.from <= change.at && change.at < period.time.until) {
            period.done.add(change.done);
        }
        is_ahead = is_ahead || change.at >= period.time.until;
    }
    if (is_ahead) {
        held.row.ahead.push_back(change);
    }
    if (held.row.newest_opened_at && change.at < *held.row.newest_opened_at) {
        held.row.late.push_back(change);
        held.row.late_until =
            held.row.late_until.value_or(state_.position.log_time + late_together);
    }
}

kpi::DeviationRules WatchFold::rules(const Whose& whose) const {
    kpi::DeviationRules rules;
    rules.min_expected =
        state_.companies.at(whose.company).settings_at(state_.position.log_time).min_expected;
    return rules;
}

const WatchRow::Period& WatchFold::period_of(const Held& held, kpi::Grain grain) {
    const auto found =
        std::find_if(held.row.periods.begin(), held.row.periods.end(),
                     [&](const WatchRow::Period& one) { return one.grain == grain; });
    ENSURE(found != held.row.periods.end());
    return *found;
}

kpi::DeviationNorm WatchFold::norm_of(const Held& held, const WatchRow::Norm& norm) {
    const WatchRow::Period& period = period_of(held, norm.grain);
    const auto place = static_cast<std::size_t>(&period - held.row.periods.data());
    return {.period = period.time,
            .norm = norm.value,
            .polarity = norm.polarity,
            .is_spread = is_spread(norm.kpi),
            .scheduled = period.scheduled,
            .worked = &held.worked.at(place)};
}

base::Result<void> WatchFold::judge(const Whose& whose, Held& held, UtcMillis until) {
    for (WatchRow::Norm& norm : held.row.norms) {
        if (norm.next && *norm.next < until) {
            BOOST_OUTCOME_TRY(judge(whose, held, norm, until));
        }
    }
    return base::success();
}

base::Result<void> WatchFold::judge(const Whose& whose, Held& held, WatchRow::Norm& norm,
                                    UtcMillis until) {
    const WatchRow::Period& period = period_of(held, norm.grain);
    const UtcMillis end = std::min(until, period.time.until);
    if (norm.judged_until >= end) {
        return base::success();
    }
    const kpi::DeviationRules rules = this->rules(whose);
    const kpi::DeviationNorm judged = norm_of(held, norm);
    DeviationJudge judge(judged, rules, norm.state);
    const auto actual = actual_of(period, norm);
    for (const kpi::Interval& silence : silences_[whose.company].all()) {
        if (silence.from < end && norm.judged_until < silence.until) {
            judge.run(actual, norm.judged_until, silence.from);
            judge.pause();
            norm.judged_until = std::min(end, silence.until);
        }
    }
    judge.run(actual, norm.judged_until, end);
    norm.judged_until = end;
    if (end == period.time.until) {
        judge.end(end);
    }
    norm.state = judge.state();
    for (const DeviationChange& change : judge.take_changes()) {
        BOOST_OUTCOME_TRY(note(whose, held, norm, judge, change));
    }
    look_ahead(whose, held, norm);
    return base::success();
}

/// When the norm's deviation changes if nothing is done.
void WatchFold::look_ahead(const Whose& whose, const Held& held, WatchRow::Norm& norm) const {
    const WatchRow::Period& period = period_of(held, norm.grain);
    const kpi::DeviationRules rules = this->rules(whose);
    const kpi::DeviationNorm judged = norm_of(held, norm);
    DeviationJudge ahead(judged, rules, norm.state);
    ahead.run(actual_of(period, norm), norm.judged_until, period.time.until);
    if (norm.judged_until < period.time.until) {
        ahead.end(period.time.until);
    }
    const auto changes = ahead.take_changes();
    norm.next = changes.empty() ? std::nullopt
                                : std::optional(std::max(changes.front().at, norm.judged_until));
}

/// A change of a deviation becomes a step of its episode; the first one opens it.
base::Result<void> WatchFold::note(const Whose& whose, Held& held, WatchRow::Norm& norm,
                                   const DeviationJudge& judge, const DeviationChange& change) {
    const WatchRow::Period& period = period_of(held, norm.grain);
    EpisodeRow::Step step{.at = change.at,
                          .state = EpisodeState::open,
                          .severity = change.severity,
                          .actual = actual_of(period, norm),
                          .expected = judge.expected(change.at),
                          .cause = EpisodeCause::behind};
    if (change.severity == Severity::none) {
        step.state = EpisodeState::closed;
        step.cause =
            change.at == period.time.until ? EpisodeCause::period_ended : EpisodeCause::recovered;
        return end_episode(whose, norm, step);
    }
    if (norm.opened_at) {
        const store::Key key = store::episode_key(episode_of(whose.company, whose.manager, norm));
        BOOST_OUTCOME_TRY(auto row, state_.read<EpisodeRow>(Family::state, key));
        if (!row || row->history.empty()) {
            return base::Error(base::ErrorCode::corrupt, "an open episode has no row");
        }
        if (step.severity < row->last().severity) {
            step.cause = EpisodeCause::recovered;
        }
        row->history.push_back(step);
        write_episode(episode_of(whose.company, whose.manager, norm), *row);
        return base::success();
    }
    norm.opened_at = change.at;
    ++norm.episodes;
    held.row.newest_opened_at = std::max(held.row.newest_opened_at.value_or(change.at), change.at);
    const EpisodeRow row{.kpi = norm.kpi,
                         .segment = norm.segment,
                         .grain = norm.grain,
                         .period = period.time,
                         .number = norm.episodes,
                         .team = held.row.team,
                         .polarity = norm.polarity,
                         .currency = norm.currency,
                         .expected = step.expected,
                         .done = part_of(period.done, norm),
                         .history = {step}};
    write_episode(episode_of(whose.company, whose.manager, norm), row);
    return base::success();
}

base::Result<void> WatchFold::end_episode(const Whose& whose, WatchRow::Norm& norm,
                                          const EpisodeRow::Step& step) {
    if (!norm.opened_at) {
        return base::success();
    }
    const store::Key key = store::episode_key(episode_of(whose.company, whose.manager, norm));
    BOOST_OUTCOME_TRY(auto row, state_.read<EpisodeRow>(Family::state, key));
    if (!row) {
        return base::Error(base::ErrorCode::corrupt, "an open episode has no row");
    }
    row->history.push_back(step);
    write_episode(episode_of(whose.company, whose.manager, norm), *row);
    norm.opened_at.reset();
    return base::success();
}

/// With its newest step, which others are told of.
void WatchFold::write_episode(const EpisodeKey& key, const EpisodeRow& row) {
    state_.write(Family::state, store::episode_key(key), row);
    const store::OutboxRow told{.company = key.company,
                                .manager = key.manager,
                                .opened_at = key.opened_at,
                                .kpi = key.kpi,
                                .segment = key.segment,
                                .grain = key.grain,
                                .step = row.history.size() - 1,
                                .offset = state_.position.next_offset};
    state_.write(Family::state, store::outbox_key(++told_), told);
}

/// The timer stands at the first instant at which something changes if nothing is done.
void WatchFold::set_timer(const Whose& whose, Held& held) {
    std::optional<UtcMillis> due;
    if (!held.is_gone && !held.row.is_stale) {
        due = held.row.until;
        if (held.row.late_until && !pending_.contains(whose)) {
            due = std::min(*due, *held.row.late_until);
        }
        for (const WatchRow::Norm& norm : held.row.norms) {
            due = std::min(*due, norm.next.value_or(*due));
        }
    }
    if (due == held.row.due) {
        return;
    }
    const auto timer = [&](UtcMillis at) {
        return store::TimerKey{.due = at,
                               .company = whose.company,
                               .rule = store::TimerRule::watch,
                               .subject = store::KeyWriter().u32(whose.manager.value()).take()};
    };
    if (held.row.due) {
        timers_.erase(timer(*held.row.due));
    }
    if (due) {
        timers_.put(timer(*due));
    }
    held.row.due = due;
}

base::Result<void> WatchFold::fire(const store::TimerKey& timer) {
    store::KeyReader subject(timer.subject);
    const Whose whose{timer.company, kpi::Manager(subject.u32())};
    BOOST_OUTCOME_TRY(Held* const held, hold(whose));
    if (held->row.due != timer.due) {
        return base::success();
    }
    held->row.due.reset();
    BOOST_OUTCOME_TRY(judge(whose, *held, timer.due + one_ms));
    if (held->row.late_until && *held->row.late_until <= timer.due) {
        pending_.insert(whose);
    }
    if (timer.due >= held->row.until) {
        for (WatchRow::Norm& norm : held->row.norms) {
            BOOST_OUTCOME_TRY(judge(whose, *held, norm, timer.due));
        }
        BOOST_OUTCOME_TRY(look_up(whose, *held, timer.due));
        for (WatchRow::Norm& norm : held->row.norms) {
            look_ahead(whose, *held, norm);
        }
    }
    set_timer(whose, *held);
    changed(whose, *held);
    return base::success();
}

}  // namespace processors
