#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace app {

/// Which answer of docs/http_api.md a JSON object is.
enum class AnswerKind {
    report,
    calls,
    explain,
    pace,
    board,
    quarantine,
    quarantine_item,
    quarantine_work,
    managers,
    sources,
    doctor,
    directory,
    imported,
    replay,
};

/// The answer as text for a terminal: numbers to the right, durations as h:mm:ss, money with
/// separators, unknown as `-`; at most 120 columns where names allow it. Ends with a newline.
///
/// Invariants: never shows what the JSON does not hold, so masked stays masked.
std::string answer_table(AnswerKind kind, const boost::json::value& answer);

}  // namespace app
