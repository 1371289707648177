#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "query/answers.h"
#include "query/deviation_json.h"
#include "query/meta.h"
#include "query/reading.h"
#include "query/value_text.h"
#include "store/bytes.h"
#include "store/watch_rows.h"

namespace query {
namespace {

using store::EpisodeKey;
using store::EpisodeRow;
using store::EpisodeState;

/// No deviation lasts longer: it ends with its period.
constexpr std::chrono::days deviation_max{32};

std::optional<EpisodeState> episode_state_of(std::string_view word) {
    for (const EpisodeState state :
         {EpisodeState::open, EpisodeState::closed, EpisodeState::retracted}) {
        if (word == to_string(state)) {
            return state;
        }
    }
    return std::nullopt;
}

struct DeviationFilter {
    Range range;  ///< it stood at some time of it
    std::optional<std::uint32_t> manager;
    std::optional<std::uint32_t> team;
    std::set<kpi::Kpi> kpis;        ///< empty: all
    std::set<EpisodeState> states;  ///< empty: all

    bool takes(const EpisodeRow& row) const {
        const EpisodeRow::Step& last = row.last();
        const bool has_ended = last.state != EpisodeState::open;
        return (!team || row.team.value() == *team) && (kpis.empty() || kpis.contains(row.kpi)) &&
               (states.empty() || states.contains(last.state)) &&
               (!has_ended || last.at > range.from);
    }
};

base::Result<DeviationFilter> read_filter(Question& question) {
    DeviationFilter filter;
    BOOST_OUTCOME_TRY(filter.range, question.range());
    BOOST_OUTCOME_TRY(filter.manager, question.filter("manager", store::Table::manager));
    BOOST_OUTCOME_TRY(filter.team, question.filter("team", store::Table::team));
    if (!question.param("kpi").empty()) {
        BOOST_OUTCOME_TRY(const auto asked, question.asked_kpis());
        for (const AskedKpi& one : asked) {
            filter.kpis.insert(one.kpi.value_or(kpi::Kpi{}));
        }
    }
    for (const std::string& word : words_of(question.param("state"))) {
        const auto state = episode_state_of(word);
        if (!state) {
            return bad_question("state: open, closed, retracted");
        }
        filter.states.insert(*state);
    }
    return filter;
}

struct Hit {
    std::string manager;  ///< his id
    EpisodeRow row;
};
/// By their place in the answer: newest first, then by manager and rule.
using Hits = std::map<std::string, Hit>;

/// All that the filter takes: of each manager those that opened in the range, or up to a month
/// before it.
base::Result<Hits> gather(Question& question, const DeviationFilter& filter) {
    Hits hits;
    const kpi::Company company = question.company().ordinal;
    const base::UtcMillis lower = filter.range.from < base::since_ever + deviation_max
                                      ? base::since_ever
                                      : filter.range.from - deviation_max;
    std::optional<base::Error> failure;
    const auto begin_of = [&](kpi::Manager manager) {
        return std::string(store::episodes_from(company, manager, lower).bytes());
    };
    const auto visit = [&](std::string_view bytes, std::string_view value) {
        EpisodeKey key;
        auto row = store::decode<EpisodeRow>(value);
        if (!store::read_episode_key(bytes, key) || !row || row.value().history.empty()) {
            failure = base::Error(base::ErrorCode::corrupt, "a deviation is damaged");
            return store::Next::end();
        }
        if (key.opened_at < lower) {
            return store::Next::from(begin_of(key.manager));
        }
        if (key.opened_at >= filter.range.until) {
            return store::Next::from(begin_of(kpi::Manager(key.manager.value() + 1)));
        }
        if (!filter.takes(row.value())) {
            return store::Next::row();
        }
        const auto id = question.names().text(store::Table::manager, key.manager);
        if (!id) {
            failure = id.error();
            return store::Next::end();
        }
        std::string place = store::KeyWriter()
                                .descending(base::to_ms(key.opened_at))
                                .text(id.value().value_or(""))
                                .text(rule_of(row.value()))
                                .take();
        hits.emplace(std::move(place), Hit{id.value().value_or(""), std::move(row).value()});
        return store::Next::row();
    };
    const kpi::Manager first(filter.manager.value_or(0));
    const std::string end =
        filter.manager
            ? std::string(
                  store::episodes_from(company, kpi::Manager(*filter.manager), base::for_ever)
                      .bytes())
            : std::string(store::episodes_from(
                              company, kpi::Manager(std::numeric_limits<std::uint32_t>::max()),
                              base::for_ever)
                              .bytes());
    BOOST_OUTCOME_TRY(question.rows().leap(store::Family::state, begin_of(first), end, visit));
    if (failure) {
        return *failure;
    }
    return hits;
}

}  // namespace

base::Result<std::string> deviations(const store::ReadView& view, const Params& params,
                                     const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question,
                      Question::open(view, params, ports,
                                     {"day", "week", "month", "from", "until", "state", "manager",
                                      "team", "kpi", "tz", "limit", "cursor", "count"}));
    BOOST_OUTCOME_TRY(const DeviationFilter filter, read_filter(question));
    BOOST_OUTCOME_TRY(const auto zone, question.tz());
    BOOST_OUTCOME_TRY(const Page page, question.page("deviations"));
    BOOST_OUTCOME_TRY(const Hits hits, gather(question, filter));
    base::JsonWriter out;
    out.begin_object().key("deviations").begin_array();
    std::string cursor;
    std::string_view last;
    std::uint64_t shown = 0;
    for (auto hit = hits.upper_bound(page.after); hit != hits.end(); ++hit) {
        if (page.limit && shown == *page.limit) {
            cursor = question.cursor("deviations", last);
            break;
        }
        const EpisodeRow& row = hit->second.row;
        BOOST_OUTCOME_TRY(const auto team, question.names().text(store::Table::team, row.team));
        write_deviation(out, {question.company().id, hit->second.manager, team}, row, zone);
        last = hit->first;
        ++shown;
    }
    out.end_array().key("next_cursor");
    write_word(out, cursor);
    if (page.count_exact) {
        out.member("total", hits.size());
    }
    BOOST_OUTCOME_TRY(write_meta(out, question));
    out.end_object();
    return out.take();
}

}  // namespace query
