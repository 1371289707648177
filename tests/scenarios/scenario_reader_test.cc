// Proves that a scenario that cannot be read says where and why: each row is a small file and the
// one line that a person gets to see.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kpi/local_time.h"
#include "tests/scenarios/facts.h"
#include "tests/scenarios/scenario.h"

namespace scenarios {

namespace {

struct Case {
    std::string name;
    std::string text;
    std::string error;
};

/// The error of reading the file, or of reading its facts.
std::string error_of(const std::string& text) {
    const auto scenario = read_scenario(text, "f.txt");
    if (!scenario) {
        return scenario.error().context();
    }
    FactReader facts(kpi::Zone::utc());
    for (const Stage& stage : scenario.value().stages) {
        if (const auto read = facts.read(stage.facts); !read) {
            return "f.txt:" + read.error().context();
        }
    }
    return "";
}

class ScenarioReaderTest : public testing::TestWithParam<Case> {};

TEST_P(ScenarioReaderTest, SaysWhereAndWhy) {
    EXPECT_EQ(error_of(GetParam().text), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, ScenarioReaderTest,
    testing::Values(
        Case{"none", "# words\nteam north\n----\ncalls 0\n", ""},
        Case{"no_plain_words", "team north\n----\ncalls 0\n",
             "f.txt:1: say first in plain words (#) what happens and what must come out"},
        Case{"no_expectations", "# words\nteam north\n",
             "f.txt:2: facts without expectations: ---- is missing"},
        Case{"nothing_expected", "# words\n----\n", "f.txt:2: nothing is expected"},
        Case{"open_quote", "# words\nteam \"north\n----\n", "f.txt:2: a quote is left open"},
        Case{"late_setting", "# words\nteam north\norder matters\n----\ncalls 0\n",
             "f.txt:3: order belongs to the top, before any fact"},
        Case{"unknown_fact", "# words\nfax north\nlunch 12:00\n----\ncalls 0\n",
             "f.txt:3: no fact begins with `lunch`"},
        Case{"word_too_many", "# words\nteam north south\n----\ncalls 0\n",
             "f.txt:2: `south` is one word too many"},
        Case{"word_missing", "# words\nmanager m-bob\n----\ncalls 0\n",
             "f.txt:2: expected the team behind `m-bob`"},
        Case{"time_without_day", "# words\ncrm-call k1 inbound at 10:00\n----\ncalls 0\n",
             "f.txt:2: at: `10:00` is no time (10:00, 10:00:05, 2026-11-02T10:00), or there is no "
             "line `day` before it"},
        Case{"no_json", "# words\nevent meeting {uid\n----\ncalls 0\n",
             "f.txt:2: behind the type stands the JSON of its data"},
        Case{"forgets_nothing", "# words\nteam north\nforget team south\n----\ncalls 0\n",
             "f.txt:3: no line of the directory reads like this"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace

}  // namespace scenarios
