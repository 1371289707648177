#include "tests/scenarios/norm_facts.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace scenarios {
namespace {

/// `a,b` as a YAML list of texts.
std::string texts_of(const std::string& list) {
    std::string yaml = "[\"";
    for (const char c : list) {
        yaml += c == ',' ? std::string("\", \"") : std::string(1, c);
    }
    return yaml + "\"]";
}

}  // namespace

std::string calendar_yaml(Words& words) {
    const std::string days = words.next("days of the week");
    const std::string hours = words.next("their hours");
    std::string rest;
    while (!words.at_end()) {
        const std::string word = words.next("team or holiday");
        if (word == "team") {
            rest += ", for: {team: " + words.next("the team") + "}";
        } else if (word == "holiday") {
            rest += ", holidays: [" + words.next("a date") + "]";
        } else {
            words.wrong("a calendar has no `" + word + "`");
        }
    }
    return "{id: std, weekdays: {" + days + ": " + texts_of(hours) + "}" + rest + "}";
}

std::string absence_yaml(Words& words) {
    std::string yaml = "{manager: " + words.next("the manager");
    for (const std::string border : {"from", "until"}) {
        words.take(border);
        yaml += ", " + border + ": " + words.next("a date");
    }
    return yaml + "}";
}

std::string norm_yaml(Words& words) {
    constexpr std::array<std::string_view, 8> members{"per",  "segment",  "team", "manager",
                                                      "role", "polarity", "from", "until"};
    std::string yaml = "{kpi: " + words.next("a KPI");
    yaml += ", value: " + words.next("its value");
    while (!words.at_end()) {
        const std::string word = words.next("a word");
        if (word == "class") {
            yaml += ", client_class: " + words.next("a class");
        } else if (std::ranges::find(members, word) != members.end()) {
            yaml += ", " + word + ": " + words.next(word);
        } else {
            words.wrong("a norm has no `" + word + "`");
        }
    }
    return yaml + "}";
}

}  // namespace scenarios
