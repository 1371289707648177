#include "tests/scenarios/expectations.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "base/json.h"
#include "query/csv.h"
#include "tests/scenarios/answer_words.h"

namespace scenarios {
namespace {

namespace json = boost::json;

bool has_word(const json::value& list, const std::string& word) {
    return list.is_array() && std::ranges::any_of(list.as_array(), [&](const json::value& one) {
               return word_of(one) == word;
           });
}

/// A selector of the words that scenarios use for members of calls and participations.
using Members = std::map<std::string, std::string, std::less<>>;

const Members& call_members() {
    static const Members members{{"talk", "talk_seconds"},
                                 {"wait", "wait_seconds"},
                                 {"ivr", "ivr_seconds"},
                                 {"client", "client.id"},
                                 {"number", "client.number"},
                                 {"anonymous", "client.anonymous"},
                                 {"segment", "segment"},
                                 {"missed", "missed"},
                                 {"dialled", "dialled"},
                                 {"owner", "missed_owner.manager"},
                                 {"owner-team", "missed_owner.team"},
                                 {"short-abandon", "short_abandon"}};
    return members;
}

const Members& part_members() {
    static const Members members{{"talk", "talk_seconds"},   {"ring", "ring_seconds"},
                                 {"hold", "hold_seconds"},   {"consult", "consult_seconds"},
                                 {"qualified", "qualified"}, {"endpoint", "endpoint"}};
    return members;
}

std::string count_word(std::size_t count) {
    return std::to_string(count);
}

}  // namespace

std::vector<std::string> Checker::check(const std::vector<Line>& expectations) {
    for (const Line& line : expectations) {
        if (line.words.front() != "part") {
            finish_parts();
        }
        line_ = line.number;
        Words words(line);
        check_line(line, words);
        if (const auto mistake = words.mistake()) {
            problems_.push_back(std::to_string(line_) + ": " + *mistake);
        }
    }
    finish_parts();
    return std::move(problems_);
}

void Checker::check_line(const Line& line, Words& words) {
    const std::string word = words.next("an expectation");
    constexpr std::array<std::string_view, 6> kpi_words{"kpi",  "team", "total",
                                                        "hour", "day",  "hours"};
    if (word == "calls") {
        check_calls(words);
    } else if (word == "call") {
        check_call(words);
    } else if (word == "cases") {
        check_cases(words);
    } else if (word == "case") {
        check_case(words);
    } else if (word == "part") {
        check_part(words);
    } else if (std::ranges::find(kpi_words, word) != kpi_words.end()) {
        check_kpi(words, word);
    } else if (word == "reconcile") {
        check_reconciliation(words);
    } else if (word == "pace") {
        check_pace(words);
    } else if (word == "board") {
        check_board(words);
    } else if (word == "explain") {
        check_explain(words);
    } else if (word == "ledger") {
        check_ledger(words);
    } else if (word == "quarantine") {
        check_quarantine(words);
    } else if (word == "limits") {
        check_limits(words);
    } else if (word == "drill-down") {
        check_drill_down(words);
    } else if (word == "doctor") {
        doctor_ = words.next("equal or unknown");
    } else {
        words.wrong("no expectation begins with `" + line.words.front() + "`");
    }
}

void Checker::expect(const std::string& what, const std::string& found, const std::string& wanted) {
    if (found != wanted) {
        problems_.push_back(std::to_string(line_) + ": " + what + " is " + found + ", not " +
                            wanted);
    }
}

void Checker::expect_instant(const std::string& what, const std::string& found, Words& words) {
    const std::string word = words.next("an instant");
    const auto at = times_.instant(word);
    expect(what, found, at ? kpi::render(*at) : word);
}

json::value Checker::answer(base::Result<std::string> text) {
    if (!text) {
        problems_.push_back(std::to_string(line_) + ": " + text.error().context());
        return json::object();
    }
    auto read = base::parse_json(text.value());
    return read ? std::move(read).value() : json::value(json::object());
}

// --- calls ---------------------------------------------------------------------------------------

json::array Checker::oldest_first() {
    const json::value listed = answer(pipeline_.calls({}));
    json::array calls =
        at_path(listed, "calls").is_array() ? at_path(listed, "calls").as_array() : json::array();
    std::ranges::reverse(calls);
    return calls;
}

void Checker::check_calls(Words& words) {
    const long long wanted = words.number("how many");
    expect("the number of calls", count_word(oldest_first().size()), std::to_string(wanted));
}

void Checker::check_call(Words& words) {
    const auto number = static_cast<std::size_t>(words.number("which, from the oldest"));
    const json::array calls = oldest_first();
    call_ = json::object();
    if (number == 0 || number > calls.size()) {
        words.wrong("there are " + std::to_string(calls.size()) + " calls");
        return;
    }
    call_ = calls[number - 1];
    while (!words.at_end()) {
        check_call_word(call_, words.next("a word"), words);
    }
}

void Checker::check_call_word(const json::value& call, const std::string& word, Words& words) {
    constexpr std::array<std::string_view, 4> directions{"inbound", "outbound", "internal",
                                                         "transit"};
    if (const auto member = call_members().find(word); member != call_members().end()) {
        expect(word, word_of(at_path(call, member->second)), without_unit(words.next(word)));
    } else if (word == "quality" || word == "native") {
        const std::string wanted = words.next(word);
        const std::string& list = word == "native" ? "native_ids" : word;
        expect(word + " " + wanted, has_word(at_path(call, list), wanted) ? "there" : "missing",
               "there");
    } else if (word == "without") {
        const std::string wanted = words.next("a quality flag");
        expect(wanted, has_word(at_path(call, "quality"), wanted) ? "there" : "missing", "missing");
    } else if (word == "parts") {
        expect(word, count_word(at_path(call, "participations").as_array().size()),
               without_unit(words.next(word)));
    } else if (word == "leg-to") {  // as its source wrote it
        const std::string id = word_of(at_path(call, "call_id"));
        const json::value legs = at_path(answer(pipeline_.call(id)), "legs");
        const bool has_any = legs.is_array() && !legs.as_array().empty();
        expect(word, has_any ? word_of(at_path(legs.as_array().front(), "to")) : "-",
               words.next(word));
    } else if (word == "started" || word == "ended") {
        expect_instant(word, word_of(at_path(call, word + "_at")), words);
    } else if (std::ranges::find(directions, word) != directions.end()) {
        expect("the direction", word_of(at_path(call, "direction")), word);
    } else {
        expect("the disposition", word_of(at_path(call, "disposition")), word);
    }
}

void Checker::check_part(Words& words) {
    const std::string manager = words.next("a manager, or nobody");
    const json::value& parts = at_path(call_, "participations");
    const std::size_t index = next_part_.value_or(0);
    next_part_ = index + 1;
    if (!parts.is_array() || index >= parts.as_array().size()) {
        words.wrong("the call has no such participation");
        return;
    }
    const json::value& part = parts.as_array()[index];
    expect("the manager", word_of(at_path(part, "manager")), manager == "nobody" ? "-" : manager);
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        const auto member = part_members().find(word);
        if (member != part_members().end()) {
            expect(manager + "'s " + word, word_of(at_path(part, member->second)),
                   without_unit(words.next(word)));
        } else {
            expect(manager + "'s result", word_of(at_path(part, "result")), word);
        }
    }
}

/// Whoever names one participation names all.
void Checker::finish_parts() {
    if (next_part_) {
        const json::value& parts = at_path(call_, "participations");
        const std::size_t count = parts.is_array() ? parts.as_array().size() : 0;
        expect("the number of participations", count_word(count), count_word(*next_part_));
    }
    next_part_.reset();
}

// --- missed cases --------------------------------------------------------------------------------

json::array Checker::oldest_cases() {
    const json::value listed = answer(pipeline_.missed({}));
    const json::value& cases = at_path(listed, "cases");
    json::array found = cases.is_array() ? cases.as_array() : json::array();
    std::ranges::reverse(found);
    return found;
}

// --- numbers -------------------------------------------------------------------------------------

bool Checker::take_filter(Words& words, query::Params& params) {
    if (words.take("on")) {
        params["day"] = words.next("a date");
    } else if (words.take("segment")) {
        const std::string segment = words.next("new, existing or nobody's");
        params["segment"] = segment == "-" ? "none" : segment;
    } else if (words.take("in")) {
        params["tz"] = words.next("a zone");
    } else {
        return false;
    }
    return true;
}

void Checker::check_values(Words& words, const json::value& values) {
    while (!words.at_end()) {
        const std::string kpi = words.next("a KPI");
        const json::value& value = at_path(values, kpi);
        const std::string wanted = without_unit(words.next("its value"));
        // What nobody contributed to stands in no row: that is 0.
        const bool is_absent = value.is_null() && at_path(values, "none").is_bool();
        expect(kpi, is_absent ? "0" : word_of(value), wanted);
    }
}

void Checker::check_kpi(Words& words, const std::string& word) {
    static const Members dimensions{
        {"kpi", "manager"}, {"team", "team"}, {"hour", "hour"}, {"day", "day"}};
    query::Params params;
    std::string subject;
    const auto dimension = dimensions.find(word);
    if (dimension != dimensions.end()) {
        subject = words.next("of whom or when");
        params["by"] = dimension->second;
    }
    while (take_filter(words, params)) {
    }
    if (word == "hours") {
        params["by"] = "hour";
        const json::value answered = answer(pipeline_.kpis(params));
        const json::value& rows = at_path(answered, "rows");
        const std::size_t count = rows.is_array() ? rows.as_array().size() : 0;
        expect("the number of hours", count_word(count), std::to_string(words.number("how many")));
        return;
    }
    const json::value answered = answer(pipeline_.kpis(params));
    if (dimension == dimensions.end()) {
        check_values(words, at_path(answered, "totals"));
        return;
    }
    const json::value& rows = at_path(answered, "rows");
    const std::string wanted = subject == "nobody" ? "-" : subject;
    for (const json::value& row : rows.is_array() ? rows.as_array() : json::array()) {
        if (word_of(at_path(row, dimension->second)) == wanted) {
            check_values(words, at_path(row, "values"));
            return;
        }
    }
    check_values(words, json::object{{"none", true}});
}

void Checker::check_reconciliation(Words& words) {
    const std::string identity = words.next("calls, answered or missed");
    query::Params params;
    while (take_filter(words, params)) {
    }
    const json::value answered = answer(pipeline_.kpis(params));
    const json::value& found = at_path(answered, "reconciliation." + identity);
    std::map<std::string, long long> values;
    for (const std::string part : {"managers", "shared", "unattributed", "department"}) {
        const std::string named = words.next(part);
        if (named != part) {
            words.wrong("expected " + part);
        }
        values[part] = words.number(part);
        expect(part, word_of(at_path(found, part)), std::to_string(values[part]));
    }
    if (values["managers"] - values["shared"] + values["unattributed"] != values["department"]) {
        words.wrong("managers - shared + unattributed must be department");
    }
}

void Checker::check_explain(Words& words) {
    query::Params params{{"kpi", words.next("a KPI")}};
    if (words.take("of")) {
        const std::string manager = words.next("a manager, or nobody");
        params["manager"] = manager == "nobody" ? "none" : manager;
    }
    while (take_filter(words, params)) {
    }
    const json::value answered = answer(pipeline_.explain(params));
    const json::value& listed = at_path(answered, "contributions");
    const json::array items = listed.is_array() ? listed.as_array() : json::array();
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        if (word == "value") {
            expect(word, word_of(at_path(answered, "value")), without_unit(words.next(word)));
        } else if (word == "entities") {
            expect(word, count_word(items.size()), words.next(word));
        } else if (word == "events") {
            std::size_t count = 0;
            for (const json::value& item : items) {
                count += at_path(item, "events").as_array().size();
            }
            expect(word, count_word(count), words.next(word));
        } else {
            words.wrong("nothing is explained by `" + word + "`");
        }
    }
}

void Checker::check_ledger(Words& words) {
    const std::map<std::string, std::uint64_t> counts{{"applied", ledger_.applied},
                                                      {"duplicate", ledger_.duplicate},
                                                      {"stale", ledger_.stale},
                                                      {"quarantined", ledger_.quarantined}};
    while (!words.at_end()) {
        const std::string verdict = words.next("a verdict");
        const auto found = counts.find(verdict);
        if (found == counts.end()) {
            words.wrong("there is no verdict `" + verdict + "`");
            return;
        }
        expect(verdict, std::to_string(found->second), words.next("how many"));
    }
}

void Checker::check_quarantine(Words& words) {
    query::Params params;
    const long long wanted = words.number("how many");
    if (!words.at_end()) {
        params["reason"] = words.next("a reason");
    }
    const json::value listed = answer(pipeline_.quarantine(params));
    const json::value& items = at_path(listed, "items");
    expect("the number of items", count_word(items.is_array() ? items.as_array().size() : 0),
           std::to_string(wanted));
}

/// Pages of every size give the rows of the whole and its totals.
void Checker::check_limits(Words& words) {
    query::Params params{{"by", "manager"}, {"kpi", words.next("KPIs")}};
    const json::value whole = answer(pipeline_.kpis(params));
    while (!words.at_end()) {
        params["limit"] = std::to_string(words.number("a limit"));
        params.erase("cursor");
        json::array rows;
        do {
            const json::value page = answer(pipeline_.kpis(params));
            if (!at_path(page, "rows").is_array()) {
                return;
            }
            for (const json::value& row : at_path(page, "rows").as_array()) {
                rows.push_back(row);
            }
            expect("limit " + params["limit"] + ": the totals", word_of(at_path(page, "totals")),
                   word_of(at_path(whole, "totals")));
            const json::value& cursor = at_path(page, "next_cursor");
            params["cursor"] = cursor.is_null() ? "" : word_of(cursor);
        } while (!params["cursor"].empty());
        expect("limit " + params["limit"] + ": the rows", word_of(rows),
               word_of(at_path(whole, "rows")));
    }
}

/// The screen, its CSV and what is listed behind it give one number.
void Checker::check_drill_down(Words& words) {
    const std::string kpi = words.next("a KPI");
    const std::string wanted = std::to_string(words.number("its total"));
    const base::Result<std::string> screen = pipeline_.kpis({{"by", "manager"}, {"kpi", kpi}});
    const json::value shown = answer(screen);
    expect("the screen", word_of(at_path(shown, "totals." + kpi)), wanted);
    long long of_csv = 0;
    if (const auto csv = query::csv(screen ? screen.value() : std::string())) {
        std::istringstream lines(csv.value());
        std::string line;
        std::getline(lines, line);  // the names
        while (std::getline(lines, line)) {
            of_csv += std::stoll(line.substr(line.rfind(',') + 1));
        }
    }
    expect("the CSV", std::to_string(of_csv), wanted);
    double behind = 0;
    const json::value explained = answer(pipeline_.explain({{"kpi", kpi}}));
    if (at_path(explained, "contributions").is_array()) {
        for (const json::value& one : at_path(explained, "contributions").as_array()) {
            behind += at_path(one, "value").to_number<double>();
        }
    }
    expect("the drill-down", std::to_string(static_cast<long long>(behind)), wanted);
}

}  // namespace scenarios
