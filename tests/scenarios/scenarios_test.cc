// Proves the golden cases through the real pipeline, text in and answers out: each file of this
// folder says in plain words what happens and what must come out. Whatever the file is about, at
// its end the ledger balances, doctor finds the rows equal to the log, folding anew in batches of
// 1, 7 and 100,000 gives the same digest, the answers do not contradict themselves, and the same
// facts in other orders give the same answers.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/scenarios/expectations.h"
#include "tests/scenarios/facts.h"
#include "tests/scenarios/other_orders.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/pipeline.h"

namespace scenarios {

namespace {

std::vector<std::string> scenario_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(NORMWATCH_SCENARIOS)) {
        if (entry.path().extension() == ".txt" && entry.path().stem() != "CMakeLists") {
            names.push_back(entry.path().stem());
        }
    }
    std::ranges::sort(names);
    return names;
}

class ScenarioTest : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        file_ = GetParam() + ".txt";
        std::ostringstream text;
        text << std::ifstream(std::string(NORMWATCH_SCENARIOS) + "/" + file_).rdbuf();
        auto read = read_scenario(text.str(), file_);
        ASSERT_TRUE(read) << read.error().context();
        scenario_ = std::move(read).value();
    }

    std::unique_ptr<support::Pipeline> open() const {
        auto opened =
            support::Pipeline::open({scenario_.zone, scenario_.region, scenario_.small_segments});
        EXPECT_TRUE(opened) << opened.error().context();
        return opened ? std::move(opened).value() : nullptr;
    }

    /// False when the pipeline refused it.
    bool deliver_all(support::Pipeline& pipeline, const std::vector<Delivery>& deliveries,
                     store::Ledger& ledger) const {
        for (const Delivery& one : deliveries) {
            const auto came_of_it = deliver(pipeline, one);
            EXPECT_TRUE(came_of_it)
                << file_ << ":" << one.line << ": " << came_of_it.error().context();
            if (!came_of_it) {
                return false;
            }
            ledger.applied += came_of_it.value().applied;
            ledger.duplicate += came_of_it.value().duplicate;
            ledger.stale += came_of_it.value().stale;
            ledger.quarantined += came_of_it.value().quarantined;
        }
        return true;
    }

    void check_proofs(const support::Pipeline& pipeline, const std::string& doctor) const;
    void check_other_orders(const support::Pipeline& pipeline,
                            const std::vector<Delivery>& deliveries) const;

    std::string file_;
    Scenario scenario_;
};

void ScenarioTest::check_proofs(const support::Pipeline& pipeline,
                                const std::string& doctor) const {
    using Result = processors::Diagnosis::Result;
    EXPECT_EQ(pipeline.ledger().sum(), pipeline.records_count());
    const auto diagnosis = pipeline.doctor();
    ASSERT_TRUE(diagnosis) << diagnosis.error().context();
    const Result result = diagnosis.value().result;
    EXPECT_EQ(result == Result::equal     ? "equal"
              : result == Result::differs ? "differs"
                                          : "unknown",
              doctor)
        << diagnosis.value().reason;
    for (const std::size_t batch : {1U, 7U, 100'000U}) {
        if (doctor == "equal") {
            const auto again = pipeline.refold(batch);
            ASSERT_TRUE(again) << again.error().context();
            EXPECT_TRUE(again.value() == pipeline.digest()) << "batches of " << batch;
        }
    }
    const auto found = contradictions(pipeline);
    ASSERT_TRUE(found) << found.error().context();
    for (const std::string& one : found.value()) {
        ADD_FAILURE() << file_ << ": " << one;
    }
}

void ScenarioTest::check_other_orders(const support::Pipeline& pipeline,
                                      const std::vector<Delivery>& deliveries) const {
    const auto wanted = answers_of(pipeline);
    ASSERT_TRUE(wanted) << wanted.error().context();
    for (const Order& order : other_orders(deliveries)) {
        const auto other = open();
        store::Ledger ledger;
        ASSERT_TRUE(other && deliver_all(*other, order.deliveries, ledger));
        const auto found = answers_of(*other);
        ASSERT_TRUE(found) << found.error().context();
        ASSERT_EQ(found.value().size(), wanted.value().size()) << file_ << ": " << order.name;
        for (std::size_t i = 0; i < wanted.value().size(); ++i) {
            EXPECT_EQ(found.value()[i], wanted.value()[i]) << file_ << ": " << order.name;
        }
    }
}

TEST_P(ScenarioTest, HoldsAndIsAFunctionOfItsFacts) {
    const auto zone = kpi::Zone::find(scenario_.zone);
    ASSERT_TRUE(zone) << zone.error().context();
    FactReader facts(zone.value());
    const auto pipeline = open();
    ASSERT_NE(pipeline, nullptr);
    store::Ledger ledger;
    Checker checker(*pipeline, facts, ledger);
    std::vector<Delivery> all;
    for (const Stage& stage : scenario_.stages) {
        const auto deliveries = facts.read(stage.facts);
        ASSERT_TRUE(deliveries) << file_ << ":" << deliveries.error().context();
        ASSERT_TRUE(deliver_all(*pipeline, deliveries.value(), ledger));
        for (const std::string& problem : checker.check(stage.expectations)) {
            ADD_FAILURE() << file_ << ":" << problem;
        }
        all.insert(all.end(), deliveries.value().begin(), deliveries.value().end());
    }
    check_proofs(*pipeline, checker.doctor());
    if (!scenario_.order_matters) {
        check_other_orders(*pipeline, all);
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, ScenarioTest, testing::ValuesIn(scenario_names()),
                         [](const auto& tested) { return tested.param; });

}  // namespace

}  // namespace scenarios
