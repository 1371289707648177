#include <algorithm>
#include <set>

#include "query/answers.h"
#include "query/meta.h"
#include "query/pace_rows.h"
#include "query/roster.h"
#include "query/value_text.h"

namespace query {

base::Result<PaceSelection> PaceSelection::read(Question& question) {
    PaceSelection asked;
    BOOST_OUTCOME_TRY(asked.at, question.moment_or_now("at"));
    BOOST_OUTCOME_TRY(const auto manager, question.filter("manager", store::Table::manager));
    BOOST_OUTCOME_TRY(const auto team, question.filter("team", store::Table::team));
    BOOST_OUTCOME_TRY(asked.kpis, question.asked_kpis());
    if (!question.param("kpi").empty()) {
        for (const AskedKpi& one : asked.kpis) {
            asked.names.insert(one.id);
        }
    }
    BOOST_OUTCOME_TRY(asked.tz, question.tz());
    std::optional<kpi::Manager> only;
    if (manager) {
        only = kpi::Manager(*manager);
    }
    BOOST_OUTCOME_TRY(asked.managers,
                      managers_between(question, {asked.at, asked.at + base::Millis(1)}, only));
    std::erase_if(asked.managers,
                  [&](const RosterEntry& one) { return team && one.team.value() != *team; });
    return asked;
}

base::Result<std::string> pace(const store::ReadView& view, const Params& params,
                               const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question,
                      Question::open(view, params, ports, {"at", "manager", "team", "kpi", "tz"}));
    BOOST_OUTCOME_TRY(const PaceSelection asked, PaceSelection::read(question));
    BOOST_OUTCOME_TRY(const auto rows, pace_rows(question, asked.at, asked.managers, asked.names));
    base::JsonWriter out;
    out.begin_object().key("at");
    write_instant(out, asked.at, asked.tz);
    out.key("rows").begin_array();
    for (const PaceRow& row : rows) {
        BOOST_OUTCOME_TRY(write_pace_row(out, question, row));
    }
    out.end_array();
    BOOST_OUTCOME_TRY(write_meta(out, question, asked.kpis));
    out.end_object();
    return out.take();
}

}  // namespace query
