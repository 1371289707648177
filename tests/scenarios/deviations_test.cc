// Deviations. Proved: one opens at the instant at which a manager has been behind for ten minutes,
// whenever log time passes it; it worsens, eases and ends where his share turns; before one action
// is expected there is none; late data that shows that it never was take it back, once; days of
// silence give each day its own. Whatever the batches, the rows are the same, doctor folds them
// too, and random days open what a judge finds that is shown what came when. How: calls through the
// real pipeline, its clock set.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/value.hpp>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "kpi/deviation.h"
#include "kpi/local_time.h"
#include "tests/scenarios/answer_words.h"
#include "tests/support/pipeline.h"

namespace scenarios {
namespace {

namespace json = boost::json;
using base::UtcMillis;

UtcMillis instant(std::string_view text) {
    return kpi::parse_instant(text).value();
}

constexpr std::string_view staff =
    "teams: [{id: north, name: North}]\n"
    "managers:\n"
    "  - {id: m-bob, name: Bob, team: north, from: 2020-01-01}\n"
    "  - {id: m-eve, name: Eve, team: north, from: 2020-01-01}\n"
    "endpoints:\n"
    "  - {kind: extension, address: '101', manager: m-bob}\n"
    "  - {kind: extension, address: '102', manager: m-eve}\n"
    "calendars: [{id: std, weekdays: {mon-fri: ['09:00-13:00', '14:00-18:00']}}]\n";

/// Instants of the history of one manager, as `judged` shows them.
std::string instants_of(const json::array& newest_first) {
    std::string out;
    for (auto one = newest_first.rbegin(); one != newest_first.rend(); ++one) {
        for (const json::value& step : at_path(*one, "history").as_array()) {
            out += word_of(at_path(step, "at")) + " " + word_of(at_path(step, "severity")) + "\n";
        }
    }
    return out;
}

/// A company in UTC, whose clock begins on Friday 2026-11-20 at noon.
class Deviations : public testing::Test {
protected:
    Deviations() {
        auto opened = support::Pipeline::open({.zone = "UTC"});
        EXPECT_TRUE(opened);
        pipeline_ = std::move(opened).value();
        at("2026-11-20T12:00:01Z");
    }
    ~Deviations() override {
        const base::Uint128 digest = pipeline_->digest();
        for (const std::size_t records : {1U, 2U, 1000U}) {
            const auto again = pipeline_->refold(records);
            EXPECT_TRUE(again && again.value() == digest) << "batches of " << records;
        }
        const auto diagnosis = pipeline_->doctor();
        EXPECT_TRUE(diagnosis && diagnosis.value().differences.empty());
    }

    void norms(const std::string& yaml) {
        ASSERT_TRUE(pipeline_->apply_directory(std::string(staff) + "norms: [" + yaml + "]\n"));
    }
    void at(std::string_view clock) { pipeline_->set_clock(instant(clock)); }
    void tick(std::string_view clock) {
        at(clock);
        ASSERT_TRUE(pipeline_->tick());
    }
    void heartbeat(std::string_view clock) {
        at(clock);
        const std::string line = R"({"specversion":"1.0","id":"h)" + std::string(clock) +
                                 R"(","source":"/crm","type":"normwatch.heartbeat.v1","data":{)" +
                                 R"("up_to":")" + std::string(clock) + "\"}}\n";
        ASSERT_TRUE(pipeline_->import_events("crm", line));
    }
    /// An outbound call of a minute by an extension, received at its end or at `received`.
    void call(const std::string& from, UtcMillis start, std::optional<UtcMillis> received = {}) {
        const UtcMillis end = start + std::chrono::minutes(1);
        pipeline_->set_clock(received.value_or(end));
        const std::string id = std::to_string(++calls_count_);
        const std::string line =
            R"({"specversion":"1.0","id":")" + id +
            R"(","source":"/crm","type":"normwatch.call.v1","data":{"call_id":")" + id +
            R"(","direction":"outbound","from":")" + from + R"(","to":"+74951234567",)" +
            R"("started_at":")" + kpi::render(start) + R"(","answered_at":")" + kpi::render(start) +
            R"(","ended_at":")" + kpi::render(end) + "\"}}\n";
        ASSERT_TRUE(pipeline_->import_events("crm", line));
    }
    void call(std::string_view start) { call("101", instant(start)); }
    void calls(int count, std::string_view start) {
        for (int i = 0; i < count; ++i) {
            call("101", instant(start) + std::chrono::seconds(i));
        }
    }

    json::array found(const query::Params& params = {}) const {
        const auto answer = pipeline_->deviations(params);
        EXPECT_TRUE(answer) << (answer ? "" : answer.error().context());
        return at_path(base::parse_json(answer.value()).value(), "deviations").as_array();
    }
    /// Every deviation, the oldest first: who, what it is, and its history as instants with what it
    /// became.
    std::string story(const query::Params& params = {}) const {
        std::string out;
        json::array all = found(params);
        for (auto one = all.rbegin(); one != all.rend(); ++one) {
            out += word_of(at_path(*one, "manager")) + " " + word_of(at_path(*one, "rule"));
            for (const json::value& step : at_path(*one, "history").as_array()) {
                const std::string severity = word_of(at_path(step, "severity"));
                out += ", " + word_of(at_path(step, "at")).substr(5) + " " +
                       (severity == "-" ? word_of(at_path(step, "state")) : severity) + " " +
                       word_of(at_path(step, "cause"));
            }
            out += "\n";
        }
        return out;
    }

    /// The same of one day by the judge alone, shown each step when it came.
    static std::string judged(UtcMillis midnight, bool is_lower,
                              const std::vector<UtcMillis>& steps) {
        const int weekday = static_cast<int>((base::to_ms(midnight) / 86'400'000 + 3) % 7);
        const auto hour = [&](int count) { return midnight + std::chrono::hours(count); };
        const kpi::WorkingTime worked(
            weekday < 5 ? kpi::Intervals{{hour(9), hour(13)}, {hour(14), hour(18)}}
                        : kpi::Intervals{});
        kpi::DeviationNorm norm;
        norm.period = {midnight, hour(24)};
        norm.norm = {is_lower ? 6 : 20, 1};
        norm.polarity = is_lower ? kpi::Polarity::lower : kpi::Polarity::higher;
        norm.scheduled = worked.total();
        norm.worked = &worked;
        const kpi::DeviationRules rules;
        kpi::DeviationJudge judge(norm, rules, {});
        UtcMillis from = midnight;
        int done = 0;
        for (const UtcMillis step : steps) {
            if (midnight <= step && step < hour(24)) {
                const UtcMillis next = step + base::Millis(1);
                judge.run(kpi::Ratio{done++, 1}, from, next);
                from = next;
            }
        }
        judge.run(kpi::Ratio{done, 1}, from, hour(24));
        judge.end(hour(24));
        std::string out;
        for (const kpi::DeviationChange& change : judge.take_changes()) {
            out += kpi::render(change.at) + " " +
                   (change.severity == kpi::Severity::none
                        ? "-"
                        : std::string(kpi::to_string(change.severity))) +
                   "\n";
        }
        return out;
    }

    std::unique_ptr<support::Pipeline> pipeline_;
    int calls_count_ = 0;
};

TEST_F(Deviations, OpenWhenSomebodyHasBeenBehindForTenMinutes) {
    tick("2026-11-22T12:00:00Z");
    norms("{kpi: calls_out, per: day, value: 32, manager: m-bob}");
    // On Monday one call is expected after a quarter of an hour; nobody looks until noon.
    tick("2026-11-23T09:24:59.999Z");
    EXPECT_EQ(story(), "");
    tick("2026-11-23T12:00:00Z");
    EXPECT_EQ(story(), "m-bob calls_out:all:day, 11-23T09:25:00.000Z breach behind\n");
    const json::value open = found().front();
    EXPECT_EQ(word_of(at_path(open, "state")), "open");
    EXPECT_EQ(word_of(at_path(open, "team")), "north");
    EXPECT_EQ(word_of(at_path(open, "period.from")), "2026-11-23T00:00:00.000Z");
    EXPECT_EQ(word_of(at_path(at_path(open, "history").as_array().front(), "expected_to_date")),
              "1.6667");
    EXPECT_EQ(word_of(at_path(at_path(open, "history").as_array().front(), "actual")), "0");
}

TEST_F(Deviations, WorsenEaseAndEnd) {
    tick("2026-11-22T12:00:00Z");
    norms("{kpi: calls_out, per: day, value: 32, manager: m-bob}");
    calls(12, "2026-11-23T09:10:00Z");
    // Twelve calls are three hours' worth: less than 0.9 of the expected after three hours and
    // twenty minutes, less than 0.75 after four, and then it is lunch, which is no working time.
    tick("2026-11-23T14:30:00Z");
    EXPECT_EQ(story(),
              "m-bob calls_out:all:day, 11-23T12:30:00.001Z warn behind, "
              "11-23T14:10:00.001Z breach behind\n");
    // At 15:00 twenty are expected: 16 are 0.8, as much as ends a breach; 20 are 1, and the
    // deviation is over.
    calls(4, "2026-11-23T14:58:00Z");
    calls(4, "2026-11-23T14:59:00Z");
    tick("2026-11-23T15:10:00Z");
    const std::string history = story();
    EXPECT_NE(history.find("T14:59:03.001Z warn recovered, "), std::string::npos) << history;
    EXPECT_NE(history.find("T15:00:03.001Z closed recovered\n"), std::string::npos) << history;
    EXPECT_EQ(word_of(at_path(found().front(), "severity")), "breach");
    EXPECT_EQ(found({{"state", "open"}}).size(), 0U);
    EXPECT_EQ(found({{"state", "closed"}}).size(), 1U);
    // What is behind again at the end of the day ends with it.
    tick("2026-11-24T00:00:00Z");
    EXPECT_NE(story().find("11-24T00:00:00.000Z closed period_ended\n"), std::string::npos)
        << story();
}

TEST_F(Deviations, AreTakenBackByWhatCameLater) {
    tick("2026-11-22T12:00:00Z");
    norms("{kpi: calls_out, per: day, value: 32, manager: m-bob}");
    tick("2026-11-23T09:40:00Z");
    ASSERT_EQ(found({{"state", "open"}}).size(), 1U);
    // He was on the phone: a call from 09:05 comes at 09:41. 1 of 1.6667 is still a breach.
    call("101", instant("2026-11-23T09:05:00Z"), instant("2026-11-23T09:41:00Z"));
    EXPECT_EQ(found({{"state", "open"}}).size(), 1U);
    // Another one, and he never was behind.
    call("101", instant("2026-11-23T09:06:00Z"), instant("2026-11-23T09:42:00Z"));
    // Ten seconds after the first of them were over before the second was recorded.
    EXPECT_EQ(story(),
              "m-bob calls_out:all:day, 11-23T09:25:00.000Z breach behind, "
              "11-23T09:42:00.000Z retracted late_data\n");
    call("101", instant("2026-11-23T09:07:00Z"), instant("2026-11-23T09:43:00Z"));
    tick("2026-11-23T09:43:10Z");
    EXPECT_EQ(at_path(found().front(), "history").as_array().size(), 2U);
    // A day that is over is judged again, too.
    tick("2026-11-24T12:00:00Z");
    const std::size_t standing = found({{"state", "open,closed"}}).size();
    for (int i = 0; i < 30; ++i) {
        call("101", instant("2026-11-23T09:50:00Z") + std::chrono::seconds(i),
             instant("2026-11-24T13:00:00Z"));
    }
    tick("2026-11-24T13:00:10Z");
    EXPECT_LT(found({{"state", "open,closed"}}).size(), standing) << story();
}

TEST_F(Deviations, OfDaysInSilenceStandOnTheirDays) {
    tick("2026-11-22T12:00:00Z");
    norms("{kpi: calls_out, per: day, value: 32, manager: m-bob}");
    // Two weeks later somebody else calls.
    call("102", instant("2026-12-04T16:00:00Z"));
    std::string expected;
    for (const std::string_view day :
         {"11-23", "11-24", "11-25", "11-26", "11-27", "11-30", "12-01", "12-02", "12-03"}) {
        const std::string next(
            kpi::render(instant("2026-" + std::string(day) + "T00:00:00Z") + std::chrono::days(1))
                .substr(5));
        expected += "m-bob calls_out:all:day, " + std::string(day) +
                    "T09:25:00.000Z breach behind, " + next + " closed period_ended\n";
    }
    expected += "m-bob calls_out:all:day, 12-04T09:25:00.000Z breach behind\n";
    EXPECT_EQ(story(), expected);
    std::set<std::string> ids;
    for (const json::value& one : found()) {
        ids.insert(word_of(at_path(one, "id")));
    }
    EXPECT_EQ(ids.size(), 10U);
    EXPECT_EQ(found({{"day", "2026-11-25"}}).size(), 1U);
    EXPECT_EQ(found({{"manager", "m-eve"}}).size(), 0U);
    EXPECT_EQ(found({{"limit", "3"}}).size(), 3U);
}

TEST_F(Deviations, OfNobodyOpenWhileASourceIsSilent) {
    tick("2026-11-22T12:00:00Z");
    norms("{kpi: calls_out, per: day, value: 32}");
    heartbeat("2026-11-23T09:00:00Z");
    heartbeat("2026-11-23T09:13:00Z");
    // Behind since 09:15, silent from 09:18 on; at 09:25 it would have been a breach.
    for (const std::string_view hour : {"10", "12", "14"}) {
        tick("2026-11-23T" + std::string(hour) + ":30:00Z");
        EXPECT_EQ(story(), "");
    }
    // Back at 15:00; ten minutes later everybody has been behind for ten minutes.
    heartbeat("2026-11-23T15:00:00Z");
    heartbeat("2026-11-23T15:04:00Z");
    heartbeat("2026-11-23T15:08:00Z");
    heartbeat("2026-11-23T15:12:00Z");
    EXPECT_EQ(story(),
              "m-eve calls_out:all:day, 11-23T15:10:00.001Z breach behind\n"
              "m-bob calls_out:all:day, 11-23T15:10:00.001Z breach behind\n");
    // What stands stays while it is silent again, and ends with the day.
    tick("2026-11-24T00:00:00Z");
    EXPECT_EQ(found({{"state", "closed"}}).size(), 2U) << story();
}

TEST_F(Deviations, FollowTheNormsThatAreInForce) {
    calls(3, "2026-11-23T09:10:00Z");
    tick("2026-11-23T10:00:00Z");
    // A norm that comes in the middle of a day knows what was done before.
    norms(
        "{kpi: calls_out, per: day, value: 24}, {kpi: calls_missed, per: day, value: 1, "
        "polarity: lower}");
    tick("2026-11-23T10:20:00Z");
    EXPECT_EQ(story(),
              "m-eve calls_out:all:day, 11-23T10:10:00.001Z breach behind\n"
              "m-bob calls_out:all:day, 11-23T10:16:40.001Z warn behind\n");
    // With a lower one he is not behind; without any nothing stands.
    norms("{kpi: calls_out, per: day, value: 8}");
    tick("2026-11-23T10:21:00Z");
    EXPECT_EQ(found({{"state", "open"}, {"manager", "m-bob"}}).size(), 0U) << story();
    norms("");
    tick("2026-11-23T10:22:00Z");
    EXPECT_EQ(found({{"state", "open"}}).size(), 0U) << story();
    // What was expected of him when the norm went: 8 a day, a call an hour.
    const json::value gone = at_path(found({{"manager", "m-eve"}}).front(), "history");
    EXPECT_EQ(word_of(at_path(gone.as_array().back(), "cause")), "norm_changed");
    EXPECT_EQ(word_of(at_path(gone.as_array().back(), "expected_to_date")), "1.35");
}

TEST_F(Deviations, OfRandomDaysAreWhatAJudgeFinds) {
    std::mt19937_64 random(11);
    std::vector<UtcMillis> steps;
    tick("2026-11-22T12:00:00Z");
    norms(
        "{kpi: calls_out, per: day, value: 20, manager: m-bob}, "
        "{kpi: calls_out_answered, per: day, value: 6, polarity: lower, manager: m-bob}");
    for (int day = 0; day < 15; ++day) {
        const UtcMillis midnight = instant("2026-11-23T00:00:00Z") + std::chrono::days(day);
        UtcMillis now = midnight + std::chrono::hours(8);
        const auto busy = 5 + random() % 60;
        while ((now += std::chrono::seconds(random() % (60 * busy))) <
               midnight + std::chrono::hours(19)) {
            if (random() % 3 == 0) {
                pipeline_->set_clock(now);
                ASSERT_TRUE(pipeline_->tick());
            } else {
                call("101", now, now);  // known when it begins: nothing comes late
                steps.push_back(now);
            }
        }
        tick(kpi::render(midnight + std::chrono::hours(24)));
    }
    EXPECT_EQ(found({{"state", "retracted"}}).size(), 0U);
    std::string expected;
    for (const bool is_lower : {false, true}) {
        for (int day = 0; day < 15; ++day) {
            expected +=
                judged(instant("2026-11-23T00:00:00Z") + std::chrono::days(day), is_lower, steps);
        }
    }
    const std::string got = instants_of(found({{"kpi", "calls_out"}})) +
                            instants_of(found({{"kpi", "calls_out_answered"}}));
    EXPECT_EQ(got, expected);
    EXPECT_GT(std::count(got.begin(), got.end(), '\n'), 40);
}

TEST_F(Deviations, OfADayOfFiftyManagersStandWhereTheyShouldAndDoNotFlap) {
    constexpr int managers = 50;
    std::string yaml =
        "teams: [{id: north, name: North}]\n"
        "calendars: [{id: std, weekdays: {mon-fri: ['09:00-13:00', '14:00-18:00']}}]\n"
        "norms: [{kpi: calls_out, per: day, value: 20}]\nmanagers:\n";
    std::string endpoints = "endpoints:\n";
    for (int i = 0; i < managers; ++i) {
        const std::string extension = std::to_string(201 + i);
        yaml += "  - {id: m-" + extension + ", name: M, team: north, from: 2020-01-01}\n";
        endpoints +=
            "  - {kind: extension, address: '" + extension + "', manager: m-" + extension + "}\n";
    }
    tick("2026-11-22T12:00:00Z");
    ASSERT_TRUE(pipeline_->apply_directory(yaml + endpoints));
    std::mt19937_64 random(5);
    std::map<int, std::vector<UtcMillis>> steps;
    const UtcMillis midnight = instant("2026-11-23T00:00:00Z");
    // The source says every minute that it is there; some managers call ten times as much.
    for (int second = 8 * 3600; second < 18 * 3600; second += 10) {
        const UtcMillis now = midnight + std::chrono::seconds(second);
        if (second % 60 == 0) {
            heartbeat(kpi::render(now));
        } else {
            tick(kpi::render(now));
        }
        const int caller = static_cast<int>(random() % managers);
        if (random() % (caller % 5 == 0 ? 2 : 6) == 0) {
            const UtcMillis at = now + base::Millis(1 + random() % 9'000);
            call(std::to_string(201 + caller), at, at);
            steps[caller].push_back(at);
        }
    }
    tick("2026-11-24T00:00:00Z");
    int opened = 0;
    for (int i = 0; i < managers; ++i) {
        const json::array all = found({{"manager", "m-" + std::to_string(201 + i)}});
        EXPECT_EQ(instants_of(all), judged(midnight, false, steps[i])) << i;
        std::optional<UtcMillis> closed_at;
        for (auto one = all.rbegin(); one != all.rend(); ++one) {
            const UtcMillis at = instant(word_of(at_path(*one, "opened_at")));
            EXPECT_TRUE(!closed_at || at - *closed_at >= std::chrono::minutes(10));
            closed_at = instant(word_of(at_path(*one, "closed_at")));
            const json::value first = at_path(*one, "history").as_array().front();
            EXPECT_GE(std::stod(word_of(at_path(first, "expected_to_date"))), 1.0);
            ++opened;
        }
    }
    EXPECT_GT(opened, managers);
}

}  // namespace
}  // namespace scenarios
