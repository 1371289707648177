#include <map>

#include "tests/scenarios/answer_words.h"
#include "tests/scenarios/expectations.h"

// What must come out of missed cases, norms and the board.

namespace scenarios {
namespace {

namespace json = boost::json;

/// A selector of the words that scenarios use for members of answers.
using Members = std::map<std::string, std::string, std::less<>>;

const Members& case_members() {
    static const Members members{
        {"client", "client.id"},           {"number", "client.number"},
        {"owner", "missed_owner.manager"}, {"owner-team", "missed_owner.team"},
        {"attempt", "attempt_seconds"},    {"contact", "contact_seconds"}};
    return members;
}

}  // namespace

void Checker::check_cases(Words& words) {
    const long long wanted = words.number("how many");
    expect("the number of cases", std::to_string(oldest_cases().size()), std::to_string(wanted));
}

void Checker::check_case(Words& words) {
    const auto number = static_cast<std::size_t>(words.number("which, from the oldest"));
    const json::array cases = oldest_cases();
    if (number == 0 || number > cases.size()) {
        words.wrong("there are " + std::to_string(cases.size()) + " cases");
        return;
    }
    const json::value& found = cases[number - 1];
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        const auto member = case_members().find(word);
        if (member != case_members().end()) {
            expect(word, word_of(at_path(found, member->second)), without_unit(words.next(word)));
        } else if (word == "calls") {
            expect(word, std::to_string(at_path(found, word).as_array().size()), words.next(word));
        } else if (word == "attempted-at") {
            expect_instant(word, word_of(at_path(found, "attempted_at")), words);
        } else if (word == "resolved-at") {
            expect_instant(word, word_of(at_path(found, "resolved_at")), words);
        } else {
            expect("the state", word_of(at_path(found, "state")), word);
        }
    }
}

void Checker::check_pace(Words& words) {
    static const Members members{{"norm", "norm"},
                                 {"expected", "expected_to_date"},
                                 {"attainment", "attainment"},
                                 {"actual", "actual"},
                                 {"pace", "pace"},
                                 {"projected", "projected"},
                                 {"deviation", "deviation"},
                                 {"required", "required_rate"},
                                 {"status", "status"},
                                 {"segment", "segment"},
                                 {"per", "period"}};
    query::Params params{{"manager", words.next("a manager")}};
    words.take("at");
    params["at"] =
        kpi::render(times_.instant(words.next("an instant")).value_or(base::UtcMillis{}));
    params["kpi"] = words.next("a KPI");
    const json::value answered = answer(pipeline_.pace(params));
    const json::value& rows = at_path(answered, "rows");
    if (!rows.is_array() || rows.as_array().size() != 1) {
        words.wrong("not one norm is in force");
        return;
    }
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        const auto member = members.find(word);
        if (member == members.end()) {
            words.wrong("pace has no `" + word + "`");
            return;
        }
        expect(word, word_of(at_path(rows.as_array().front(), member->second)),
               without_unit(words.next("its value")));
    }
}

void Checker::check_board(Words& words) {
    query::Params params{{"manager", words.next("a manager")}};
    words.take("at");
    params["at"] =
        kpi::render(times_.instant(words.next("an instant")).value_or(base::UtcMillis{}));
    const json::value answered = answer(pipeline_.board(params));
    const json::value& rows = at_path(answered, "rows");
    if (!rows.is_array() || rows.as_array().size() != 1) {
        words.wrong("not one manager is in force");
        return;
    }
    const json::value& row = rows.as_array().front();
    expect("the state", word_of(at_path(row, "state")), words.next("a state"));
    if (words.take("since")) {
        expect_instant("since", word_of(at_path(row, "since")), words);
    }
}

}  // namespace scenarios
