// Log time. Proved: a tick moves it and nothing else; an open call is given up on twelve hours
// after its last record, at the first record whose log time has reached that, counts from then on
// with its durations unknown, and is corrected when its end comes after all. Whatever the batches,
// the rows are the same, and doctor folds them too. How: events through the real pipeline, its
// clock set.
#include <gtest/gtest.h>

#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "base/json.h"
#include "kpi/local_time.h"
#include "tests/scenarios/answer_words.h"
#include "tests/support/pipeline.h"

namespace scenarios {
namespace {

namespace json = boost::json;

base::UtcMillis instant(std::string_view text) {
    return kpi::parse_instant(text).value();
}

class LogTime : public testing::Test {
protected:
    LogTime() {
        auto opened = support::Pipeline::open({});
        EXPECT_TRUE(opened);
        pipeline_ = std::move(opened).value();
        EXPECT_TRUE(pipeline_->apply_directory(
            "teams: [{id: north, name: North}]\n"
            "managers: [{id: m-bob, name: Bob, team: north, from: 2020-01-01}]\n"
            "endpoints: [{kind: extension, address: '101', manager: m-bob}]\n"));
    }
    ~LogTime() override {
        const base::Uint128 digest = pipeline_->digest();
        for (const std::size_t records : {1U, 2U, 1000U}) {
            const auto again = pipeline_->refold(records);
            EXPECT_TRUE(again && again.value() == digest) << "batches of " << records;
        }
        const auto diagnosis = pipeline_->doctor();
        EXPECT_TRUE(diagnosis && diagnosis.value().differences.empty());
    }

    void at(std::string_view clock) { pipeline_->set_clock(instant(clock)); }
    void tick(std::string_view clock) {
        at(clock);
        ASSERT_TRUE(pipeline_->tick());
    }
    /// normwatch.call.v1 with these members beside its id.
    void call(const std::string& delivery, const std::string& members) {
        const std::string line =
            R"({"specversion":"1.0","id":")" + delivery +
            R"(","source":"/crm","type":"normwatch.call.v1","data":{"call_id":"k1",)" + members +
            "}}\n";
        ASSERT_TRUE(pipeline_->import_events("crm", line));
    }
    void outbound(const std::string& delivery, const std::string& more) {
        call(delivery, R"("direction":"outbound","from":"101","to":"+74951234567",)"
                       R"("started_at":"2026-11-20T11:00:00Z",)"
                       R"("answered_at":"2026-11-20T11:00:10Z","manager":"m-bob")" +
                           more);
    }
    std::string total(const std::string& kpi) {
        return word_of(at_path(read(pipeline_->kpis({{"kpi", kpi}})), "totals." + kpi));
    }
    std::string of_call(std::string_view member) {
        const json::value calls = read(pipeline_->calls({}));
        return word_of(at_path(at_path(calls, "calls").as_array().front(), member));
    }
    static json::value read(const base::Result<std::string>& answer) {
        EXPECT_TRUE(answer);
        return base::parse_json(answer.value()).value();
    }

    std::unique_ptr<support::Pipeline> pipeline_;
};

TEST_F(LogTime, ATickMovesItAndNothingElse) {
    const base::Uint128 digest = pipeline_->digest();
    const std::uint64_t applied = pipeline_->ledger().applied;
    tick("2026-11-20T13:00:00Z");
    EXPECT_EQ(pipeline_->digest(), digest);
    EXPECT_EQ(pipeline_->ledger().applied, applied + 1);
    EXPECT_EQ(pipeline_->view().position.log_time, instant("2026-11-20T13:00:00Z"));
    EXPECT_EQ(pipeline_->view().companies.size(), 1U);
}

TEST_F(LogTime, ACallThatNeverEndsIsGivenUpOn) {
    outbound("1", "");
    EXPECT_EQ(pipeline_->view().next_timer, instant("2026-11-21T00:00:00Z"));
    tick("2026-11-20T23:59:59.999Z");
    EXPECT_EQ(total("calls_out"), "0");
    tick("2026-11-21T00:00:00Z");
    EXPECT_EQ(total("calls_out"), "1");
    EXPECT_EQ(total("calls_out_answered"), "1");
    EXPECT_EQ(total("contacts_unique"), "1");
    EXPECT_EQ(total("talk_seconds"), "0");
    EXPECT_EQ(total("calls_qualified"), "0");
    EXPECT_EQ(of_call("disposition"), "answered");
    EXPECT_EQ(of_call("ended_at") + of_call("talk_seconds"), "--");
    const json::value calls = read(pipeline_->calls({}));
    EXPECT_EQ(base::JsonWriter()
                  .json(at_path(at_path(calls, "calls").as_array().front(), "quality"))
                  .take(),
              R"(["unterminated"])");
    EXPECT_EQ(pipeline_->view().next_timer, std::nullopt);
}

TEST_F(LogTime, ALateEndCorrectsIt) {
    outbound("1", "");
    tick("2026-11-21T06:00:00Z");
    EXPECT_EQ(total("talk_seconds"), "0");
    outbound("2", R"(,"ended_at":"2026-11-20T11:02:10Z","revision":2)");
    EXPECT_EQ(total("calls_out"), "1");
    EXPECT_EQ(total("talk_seconds"), "120");
    EXPECT_EQ(total("calls_qualified"), "1");
    EXPECT_EQ(of_call("talk_seconds"), "120");
}

TEST_F(LogTime, AnEndInTimeTakesTheTimerBack) {
    outbound("1", "");
    outbound("2", R"(,"ended_at":"2026-11-20T11:02:10Z","revision":2)");
    tick("2026-11-21T06:00:00Z");
    EXPECT_EQ(total("talk_seconds"), "120");
    EXPECT_EQ(pipeline_->view().next_timer, std::nullopt);
}

TEST_F(LogTime, ALaterDeliveryGivesItMoreTime) {
    outbound("1", "");
    at("2026-11-20T18:00:00Z");
    outbound("again", "");
    EXPECT_EQ(pipeline_->ledger().duplicate, 1U);
    tick("2026-11-21T05:59:59Z");
    EXPECT_EQ(total("calls_out"), "0");
    tick("2026-11-21T06:00:00Z");
    EXPECT_EQ(total("calls_out"), "1");
}

TEST_F(LogTime, WhoWasNotAnsweredIsMissedThen) {
    call("1", R"("direction":"inbound","from":"+74951234567","to":"101",)"
              R"("started_at":"2026-11-20T11:00:00Z")");
    EXPECT_EQ(total("calls_missed"), "0");
    tick("2026-11-21T00:00:01Z");
    EXPECT_EQ(total("calls_missed"), "1");
    EXPECT_EQ(total("missed_cases"), "1");
    EXPECT_EQ(of_call("short_abandon"), "no");
    EXPECT_EQ(of_call("wait_seconds"), "-");
}

}  // namespace
}  // namespace scenarios
