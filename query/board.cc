#include <algorithm>
#include <set>

#include "query/answers.h"
#include "query/entity_scan.h"
#include "query/meta.h"
#include "query/pace_rows.h"
#include "query/reading.h"
#include "query/roster.h"
#include "query/value_text.h"

namespace query {
namespace {

/// So many newest activities are looked at: what goes on or ended last is among them.
constexpr int activities_max = 32;

/// What a manager was last seen to do.
struct Seen {
    std::optional<base::UtcMillis> in_call_since;
    std::string call_id;
    base::UtcMillis last_end = base::since_ever;
};

/// What somebody is doing.
struct Doing {
    std::string_view state;
    std::optional<base::UtcMillis> since;
    std::string call_id;
};

class Board {
public:
    Board(Question& question, base::UtcMillis at, std::optional<base::UtcMillis> complete_until)
        : question_(question),
          at_(at),
          complete_until_(complete_until),
          times_(*question.company().directory) {}

    base::Result<Doing> doing(const RosterEntry& manager) {
        BOOST_OUTCOME_TRY(const Seen seen, last_seen(manager.manager));
        if (seen.in_call_since) {
            return Doing{"in_call", seen.in_call_since, seen.call_id};
        }
        const kpi::Zone& zone = times_.zone_of(manager.manager, at_);
        const kpi::Interval day = kpi::period_of(kpi::Grain::day, zone, at_);
        // Shifts go on after midnight: the days beside belong to it.
        const kpi::Interval days{day.from - std::chrono::days{1}, day.until + std::chrono::days{1}};
        const auto worked = times_.worked(manager.whom(), zone, days);
        if (worked == nullptr) {
            return Doing{"unknown", {}, {}};
        }
        if (!worked->holds(at_)) {
            return outside(*worked, day);
        }
        const auto& spans = worked->intervals();
        const auto span = std::find_if(spans.begin(), spans.end(), [this](const auto& one) {
            return one.from <= at_ && at_ < one.until;
        });
        // Silence proves nothing while a source may still deliver what he did.
        const base::Millis silence = question_.settings().idle;
        if (!complete_until_ || *complete_until_ < at_ - silence) {
            return Doing{"unknown", {}, {}};
        }
        return Doing{"idle", std::max(span->from, seen.last_end), {}};
    }

private:
    /// On break between two spans of one day, else off.
    Doing outside(const kpi::WorkingTime& worked, const kpi::Interval& day) const {
        std::optional<base::UtcMillis> since;
        bool comes_back = false;
        for (const kpi::Interval& span : worked.intervals()) {
            if (span.until <= at_) {
                since = span.until;
            } else {
                comes_back = comes_back || span.from < day.until;
            }
        }
        const bool was_here = since && *since > day.from;
        return {was_here && comes_back ? "break" : "off", since, {}};
    }

    base::Result<Seen> last_seen(kpi::Manager manager) {
        Seen seen;
        int looked_at = 0;
        const kpi::Company company = question_.company().ordinal;
        const auto look = [&](std::string_view bytes, std::string_view) -> base::Result<bool> {
            store::IndexKey key;
            if (!store::read_index_key(bytes, key)) {
                return base::Error(base::ErrorCode::corrupt, "a search key is damaged");
            }
            if (key.kind == store::kind_byte(events::Kind::call)) {
                BOOST_OUTCOME_TRY(look_at_call(key, manager, seen));
            } else {
                seen.last_end = std::max(seen.last_end, key.at);
            }
            return ++looked_at < activities_max && !seen.in_call_since;
        };
        BOOST_OUTCOME_TRY(scan_rows(question_.rows(), store::Family::index,
                                    store::index_lower(store::Index::manager, company,
                                                       manager.value(), at_ + base::Millis{1}),
                                    store::index_upper(store::Index::manager, company,
                                                       manager.value(), at_ - kpi::open_call_max),
                                    look));
        return seen;
    }

    base::Result<void> look_at_call(const store::IndexKey& key, kpi::Manager manager, Seen& seen) {
        BOOST_OUTCOME_TRY(const auto row,
                          read_row<store::CallRow>(question_.rows(), store::Family::entity,
                                                   store::entity_key(entity_of(key))));
        if (!row) {
            return base::success();
        }
        const kpi::AssembledCall& call = row->call;
        const bool is_over = kpi::is_unterminated(call) || (call.ended_at && *call.ended_at <= at_);
        if (is_over) {
            seen.last_end = std::max(seen.last_end, call.ended_at.value_or(call.started_at));
        } else if (const auto since = talks_since(*row, manager)) {
            seen.in_call_since = since;
            BOOST_OUTCOME_TRY(seen.call_id, shown_id(question_, key, nullptr));
        }
        return base::success();
    }

    /// Since when the manager is connected in a call; nullopt when he is not, at this instant.
    std::optional<base::UtcMillis> talks_since(const store::CallRow& row,
                                               kpi::Manager manager) const {
        if (!question_.ports().timeline) {
            return std::nullopt;
        }
        std::optional<base::UtcMillis> since;
        for (const Step& step :
             question_.ports().timeline(row, question_.view(), question_.company())) {
            if (step.manager != manager || step.at > at_) {
                continue;
            }
            if (step.what == "end") {
                since.reset();
            } else if (step.what != "ring" && !since) {
                since = step.at;
            }
        }
        return since;
    }

    Question& question_;
    base::UtcMillis at_;
    std::optional<base::UtcMillis> complete_until_;
    kpi::WorkedTime times_;
};

}  // namespace

base::Result<std::string> board(const store::ReadView& view, const Params& params,
                                const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question,
                      Question::open(view, params, ports, {"at", "manager", "team", "kpi", "tz"}));
    BOOST_OUTCOME_TRY(const PaceSelection asked, PaceSelection::read(question));
    BOOST_OUTCOME_TRY(const auto rows, pace_rows(question, asked.at, asked.managers, asked.names));
    BOOST_OUTCOME_TRY(const auto complete, complete_until(question));
    Board states(question, asked.at, complete);
    base::JsonWriter out;
    out.begin_object().key("at");
    write_instant(out, asked.at, asked.tz);
    out.key("rows").begin_array();
    auto row = rows.begin();
    for (const RosterEntry& manager : asked.managers) {
        BOOST_OUTCOME_TRY(const Doing doing, states.doing(manager));
        BOOST_OUTCOME_TRY(const auto team, question.names().text(store::Table::team, manager.team));
        out.begin_object().member("manager", manager.id).key("team");
        write_text(out, team);
        out.member("state", doing.state).key("since");
        write_instant(out, doing.since, asked.tz);
        out.key("call_id");
        write_word(out, doing.call_id);
        out.key("pace").begin_array();
        for (; row != rows.end() && row->manager == manager.manager; ++row) {
            if (row->norm->per == kpi::Grain::day) {
                BOOST_OUTCOME_TRY(write_pace_row(out, question, *row));
            }
        }
        out.end_array().end_object();
    }
    out.end_array();
    BOOST_OUTCOME_TRY(write_meta(out, question));
    out.end_object();
    return out.take();
}

}  // namespace query
