#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "query/ports.h"
#include "store/read_view.h"

/// Answers: one state of the views x parameters -> the JSON object that HTTP and the command line
/// print.
///
/// Source:  the fields are docs/http_api.md and openapi.yaml.
/// Errors:  invalid   - the question cannot be asked (an unknown word, a bad date); say so, do not
/// retry.
///          not_found - nothing has this id.
///          corrupt, unavailable - of the store.
/// Threads: any; pure but for the ports.
namespace query {

/// Rows of KPI values. Parameters: day | week | month | from, until; by, kpi, manager, team,
/// segment, tz, company, limit, cursor, count.
base::Result<std::string> kpis(const store::ReadView& view, const Params& params,
                               const Ports& ports);

/// Assembled calls, newest first. Parameters: a range as in `kpis`; manager, team, client,
/// direction, disposition, segment, talk_min, talk_max, wait_min, recording, tag, reviewed, sort,
/// tz, company, limit, cursor, count; and `number`, a telephone number in normal form (never taken
/// from a URL).
base::Result<std::string> calls(const store::ReadView& view, const Params& params, const Who& who,
                                const Ports& ports);

/// One call with its legs, steps, contributions and events. `call_id`: any id that it ever had.
/// Parameters: tz, company.
base::Result<std::string> call(const store::ReadView& view, std::string_view call_id,
                               const Params& params, const Who& who, const Ports& ports);

/// Missed cases and what became of them, newest first missed call first. Parameters: a range as in
/// `kpis`, of the first missed call; state (several by comma), manager and team that own the miss,
/// tz, company, limit, cursor, count.
base::Result<std::string> missed(const store::ReadView& view, const Params& params, const Who& who,
                                 const Ports& ports);

/// The entities and events behind a number. Parameters: kpi (one), a range, manager, team, segment,
/// received_after, company, limit, cursor, count.
base::Result<std::string> explain(const store::ReadView& view, const Params& params,
                                  const Ports& ports);

/// Managers against their norms at `at` (an instant or a local date; now). Parameters: at, manager,
/// team, kpi, company.
base::Result<std::string> pace(const store::ReadView& view, const Params& params,
                               const Ports& ports);

/// What each manager is doing at `at` (now) - in a call, idle, on break, off, or unknown while a
/// source is silent - and his pace of that day. Parameters: as of pace.
base::Result<std::string> board(const store::ReadView& view, const Params& params,
                                const Ports& ports);

/// Deviations of managers from their norms that stood at some time of a range, newest first, with
/// their history; also those that late data took back. Parameters: a range as in `kpis`; state
/// (several by comma), manager, team, kpi, tz, company, limit, cursor, count.
base::Result<std::string> deviations(const store::ReadView& view, const Params& params,
                                     const Ports& ports);

/// The managers in force at `at` (an instant or a local date; now). Parameters: at, company.
base::Result<std::string> managers(const store::ReadView& view, const Params& params,
                                   const Ports& ports);

/// Where the clients stand at `at` (an instant or a local date; the view's log time): what happened
/// before it decides. Parameters: state (several by comma, `existing` for all four of it), owner,
/// class, at, sort, company, limit, cursor, count.
base::Result<std::string> clients(const store::ReadView& view, const Params& params,
                                  const Ports& ports);

/// What a client and the company did, newest first. Parameters: a range as in `kpis`; company,
/// limit, cursor, count.
base::Result<std::string> client_timeline(const store::ReadView& view, std::string_view client_id,
                                          const Params& params, const Ports& ports);

/// The configured sources and what came of them. Parameters: company.
base::Result<std::string> sources(const store::ReadView& view, const Params& params,
                                  const Ports& ports);

/// What could not be used, in offset order. Parameters: reason, source, state, company, limit,
/// cursor, count.
base::Result<std::string> quarantine(const store::ReadView& view, const Params& params,
                                     const Ports& ports);

/// One item with its raw bytes. `id`: `<partition>-<offset>`. Parameters: company.
base::Result<std::string> quarantine_item(const store::ReadView& view, std::string_view id,
                                          const Params& params, const Ports& ports);

}  // namespace query
