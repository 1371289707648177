#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "query/ports.h"
#include "store/rows.h"
#include "tests/scenarios/facts.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/pipeline.h"

namespace scenarios {

/// Holds the expectations of a stage against the answers of the pipeline.
class Checker {
public:
    /// `ledger`: what became of the records of facts so far. All outlive the checker.
    Checker(const support::Pipeline& pipeline, const FactReader& times, const store::Ledger& ledger)
        : pipeline_(pipeline), times_(times), ledger_(ledger) {}

    /// Returns: `LINE: what` for each expectation that does not hold, or cannot be read.
    std::vector<std::string> check(const std::vector<Line>& expectations);
    /// The word that doctor is expected to say of the whole scenario.
    const std::string& doctor() const { return doctor_; }

private:
    void check_line(const Line& line, Words& words);
    void check_calls(Words& words);
    boost::json::array oldest_cases();
    void check_cases(Words& words);
    void check_case(Words& words);
    void check_call(Words& words);
    void check_call_word(const boost::json::value& call, const std::string& word, Words& words);
    void check_part(Words& words);
    void finish_parts();
    void check_kpi(Words& words, const std::string& word);
    void check_values(Words& words, const boost::json::value& values);
    void check_reconciliation(Words& words);
    void check_explain(Words& words);
    void check_pace(Words& words);
    void check_board(Words& words);
    void check_ledger(Words& words);
    void check_quarantine(Words& words);
    void check_limits(Words& words);
    void check_drill_down(Words& words);
    bool take_filter(Words& words, query::Params& params);
    void expect(const std::string& what, const std::string& found, const std::string& wanted);
    void expect_instant(const std::string& what, const std::string& found, Words& words);
    boost::json::value answer(base::Result<std::string> text);
    boost::json::array oldest_first();

    const support::Pipeline& pipeline_;
    const FactReader& times_;
    const store::Ledger& ledger_;
    std::string doctor_ = "equal";
    std::size_t line_ = 0;
    std::vector<std::string> problems_;
    boost::json::value call_;               ///< the call that `part` lines speak of
    std::optional<std::size_t> next_part_;  ///< its next participation, once one was named
};

}  // namespace scenarios
