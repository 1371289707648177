// Missed cases. Proved: seeded worlds of calls, mails, voids, revisions, clients, calendars and
// settings that arrive late give the same cases, numbers and explanations in any order of arrival,
// the same rows in any cut of batches, and what doctor folds. Expiry is judged by log time: a case
// expires at the first record that is received when it is due, whichever that is, and more than one
// write's worth of them at one record all do.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/value.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "kpi/local_time.h"
#include "processors/fold.h"
#include "tests/scenarios/answer_words.h"
#include "tests/scenarios/facts.h"
#include "tests/scenarios/other_orders.h"
#include "tests/scenarios/scenario.h"
#include "tests/support/pipeline.h"

namespace scenarios {

namespace {

namespace json = boost::json;

const std::string directory =
    "company Europe/Moscow RU\n"
    "team north\nteam south\n"
    "manager m-bob north 101 bob@acme.example\n"
    "manager m-dina south 201 dina@acme.example\n"
    "queue 600 team north\nqueue 700 team south\ntrunk trunk\n"
    "client c-1 +74951234501 one@client.example owner m-bob\n"
    "client c-2 +74951234502 two@client.example owner m-dina\n"
    "day 2026-11-02\n";

base::UtcMillis instant(std::string_view text) {
    return *kpi::parse_instant(text);
}

/// A pipeline to which facts, one a line, are brought.
class Desk {
public:
    Desk() : facts_(kpi::Zone::find("Europe/Moscow").value()) {
        auto opened = support::Pipeline::open({});
        EXPECT_TRUE(opened);
        pipeline_ = std::move(opened).value();
        bring(directory);
    }

    support::Pipeline& pipeline() { return *pipeline_; }

    std::vector<Delivery> read(const std::string& text) {
        const auto scenario = read_scenario("# facts\n" + text + "----\ncalls 0\n", "facts");
        EXPECT_TRUE(scenario) << scenario.error().context();
        auto deliveries = facts_.read(scenario.value().stages.front().facts);
        EXPECT_TRUE(deliveries) << deliveries.error().context();
        return std::move(deliveries).value();
    }
    void bring(const std::string& text) {
        for (const Delivery& one : read(text)) {
            bring(one);
        }
    }
    void bring(const Delivery& one) {
        const auto brought = deliver(*pipeline_, one);
        EXPECT_TRUE(brought) << brought.error().context();
    }
    void bring_at(std::string_view time, const std::string& text) {
        pipeline_->set_clock(instant(time));
        bring(text);
    }

    std::vector<std::string> states() {
        std::vector<std::string> found;
        const auto answered = base::parse_json(pipeline_->missed({}).value());
        for (const json::value& one : at_path(answered.value(), "cases").as_array()) {
            found.push_back(word_of(at_path(one, "state")));
        }
        return found;
    }
    std::string total(const std::string& kpi) {
        const auto answered = base::parse_json(pipeline_->kpis({{"kpi", kpi}}).value());
        return word_of(at_path(answered.value(), "totals." + kpi));
    }
    void expect_proved() {
        const auto diagnosis = pipeline_->doctor();
        ASSERT_TRUE(diagnosis) << diagnosis.error().context();
        EXPECT_EQ(diagnosis.value().result, processors::Diagnosis::Result::equal)
            << diagnosis.value().reason;
        for (const std::size_t batch : {1U, 7U, 100'000U}) {
            const auto again = pipeline_->refold(batch);
            ASSERT_TRUE(again) << again.error().context();
            EXPECT_TRUE(again.value() == pipeline_->digest()) << "batches of " << batch;
        }
    }

private:
    FactReader facts_;
    std::unique_ptr<support::Pipeline> pipeline_;
};

/// Facts of three weeks about a few parties, from one seed; some are revised, some taken back.
class Happenings {
public:
    explicit Happenings(unsigned seed) : chance_(seed) {}

    std::string facts(std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            text += one_of(i);
        }
        return text +
               "event client {\"id\": \"c-3\", \"owner\": \"m-dina\", \"phones\": "
               "[\"+74951234503\"], \"from\": \"2026-11-05\"}\n"
               "event calendar {\"id\": \"std\", \"weekdays\": {\"mon-sat\": "
               "[\"09:00-18:00\"]}, \"from\": \"2026-11-03\"}\n"
               "event calendar {\"id\": \"south\", \"weekdays\": {\"mon-fri\": "
               "[\"10:00-12:00\", \"13:00-23:00\"]}, \"for\": {\"team\": \"south\"}}\n"
               "event manager {\"id\": \"m-dina\", \"team\": \"north\", \"from\": "
               "\"2026-11-12\"}\n"
               "event settings {\"from\": \"2026-11-09\", \"kpis\": "
               "{\"callback_window_working_hours\": 6}}\n"
               "event payment {\"payment_id\": \"p1\", \"ledger\": \"1c\", \"client\": "
               "\"c-1\", \"received_at\": \"2026-11-06T10:00:00+03:00\", \"amount\": "
               "{\"minor\": 100, \"currency\": \"RUB\"}, \"kind\": \"payment\"}\n";
    }

private:
    std::size_t pick(std::size_t count) { return chance_() % count; }

    std::string time(std::size_t minute) {
        const auto at = instant("2026-11-02T05:00:00Z") + std::chrono::minutes(minute);
        return kpi::render(at);
    }

    std::string one_of(std::size_t number) {
        constexpr std::size_t minutes = 16 * 24 * 60;
        const std::string id = std::to_string(number);
        const std::size_t start = pick(minutes / 5) * 5;
        if (pick(6) == 0) {
            return mail(id, time(start));
        }
        const std::size_t length = 1 + pick(9);
        std::string text = call(id, start, length, "");
        if (pick(6) == 0) {  // what was told first is not how it was
            text += call(id, pick(minutes / 5) * 5, length, " revision 2");
        } else if (pick(8) == 0) {
            text += "event void {\"kind\": \"call\", \"entity_id\": \"k" + id + "\"}\n";
        }
        return text;
    }

    std::string call(const std::string& id, std::size_t start, std::size_t length,
                     const std::string& revision) {
        const std::string number = "+7495123450" + std::to_string(1 + pick(4));
        const std::string ended = " ended " + time(start + length);
        const std::string began = " at " + time(start);
        const std::string answer = " answered " + time(start + pick(length));
        const std::string manager = pick(2) == 0 ? "m-bob" : "m-dina";
        const std::string extension = manager == "m-bob" ? "101" : "201";
        std::string text = "crm-call k" + id;
        switch (pick(5)) {
            case 0:
            case 1:
                text += " inbound from " + number + (pick(2) == 0 ? " to 600" : " to 700") + began +
                        ended + " disposition no_answer";
                break;
            case 2:
                text += " inbound from " + number + " to " + extension + began + answer + ended +
                        " manager " + manager;
                break;
            case 3:
                text += " outbound from " + extension + " to " + number + began + answer + ended +
                        " manager " + manager;
                break;
            default:
                text += " outbound from " + extension + " to " + number + began + ended +
                        " disposition no_answer manager " + manager;
        }
        return text + revision + "\n";
    }

    std::string mail(const std::string& id, const std::string& at) {
        const std::string client = pick(2) == 0 ? "one@client.example" : "two@client.example";
        const std::string manager = pick(2) == 0 ? "bob@acme.example" : "dina@acme.example";
        const bool is_sent = pick(2) == 0;
        return "mail <" + id + "@x> at " + at + " from " + (is_sent ? manager : client) + " to " +
               (is_sent ? client : manager) + (pick(5) == 0 ? " class auto" : "") + "\n";
    }

    std::mt19937 chance_;
};

/// Where the first answers that differ do; empty when none does.
std::string difference(const std::vector<std::string>& found,
                       const std::vector<std::string>& wanted) {
    constexpr std::size_t shown = 400;
    for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i) {
        const auto [here, there] = std::ranges::mismatch(found[i], wanted[i]);
        if (here != found[i].end() || there != wanted[i].end()) {
            const auto at = static_cast<std::size_t>(here - found[i].begin());
            const std::size_t from = at - std::min(at, shown);
            return found[i].substr(from, 2 * shown) + "\nnot\n" + wanted[i].substr(from, 2 * shown);
        }
    }
    return found.size() == wanted.size() ? "" : "another number of answers";
}

class MissedCases : public testing::TestWithParam<unsigned> {};

TEST_P(MissedCases, AreAFunctionOfTheFactsWhateverTheOrder) {
    constexpr std::size_t facts_count = 90;
    const std::string text = Happenings(GetParam()).facts(facts_count);
    std::vector<std::string> wanted;
    for (unsigned order = 0; order < 4; ++order) {
        Desk desk;
        std::vector<Delivery> deliveries = desk.read(text);
        if (order == 1) {
            std::ranges::reverse(deliveries);
        } else if (order > 1) {
            std::ranges::shuffle(deliveries, std::mt19937(order));
        }
        // The clock goes on while they arrive, over days in which cases fall due.
        auto now = instant("2026-11-20T12:00:00Z");
        for (const Delivery& one : deliveries) {
            desk.bring(one);
            desk.pipeline().set_clock(now += std::chrono::minutes(order == 3 ? 3 : 1));
        }
        desk.pipeline().set_clock(instant("2026-11-25T12:00:00Z"));
        desk.bring("event heartbeat {\"up_to\": \"2026-11-20T00:00:00Z\"}\n");
        auto found = answers_of(desk.pipeline());
        ASSERT_TRUE(found) << found.error().context();
        if (order == 0) {
            wanted = found.value();
        }
        EXPECT_EQ(difference(found.value(), wanted), "") << "order " << order;
        desk.expect_proved();
        const auto wrong = contradictions(desk.pipeline());
        ASSERT_TRUE(wrong) << wrong.error().context();
        EXPECT_EQ(wrong.value(), std::vector<std::string>{});
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MissedCases, testing::Range(1U, 9U));

constexpr std::string_view around_the_clock =
    R"(event calendar {"id": "std", "weekdays": {"mon-sun": ["00:00-24:00"]}, )"
    R"("from": "2026-01-01"})"
    "\n";

TEST(ExpiryOfMissedCases, IsAtTheFirstRecordReceivedWhenTheyAreDue) {
    Desk desk;
    desk.bring_at("2026-11-21T09:00:00Z", std::string(around_the_clock));
    desk.bring_at("2026-11-21T10:02:00Z",
                  "crm-call k1 inbound from +79161110001 to 600 at 2026-11-21T10:00:00Z ended "
                  "2026-11-21T10:01:00Z disposition no_answer\n");
    EXPECT_EQ(desk.states(), std::vector<std::string>{"open"});
    desk.bring_at("2026-11-22T10:00:59Z",
                  "event heartbeat {\"up_to\": \"2026-11-21T10:00:00Z\"}\n");
    EXPECT_EQ(desk.states(), std::vector<std::string>{"open"});
    EXPECT_EQ(desk.total("callbacks_expired"), "0");
    desk.bring_at("2026-11-22T10:01:00Z",
                  "event heartbeat {\"up_to\": \"2026-11-21T10:10:00Z\"}\n");
    EXPECT_EQ(desk.states(), std::vector<std::string>{"expired"});
    EXPECT_EQ(desk.total("callbacks_expired"), "1");
    // The callback was in time after all: its record came late.
    desk.bring_at("2026-11-22T11:00:00Z",
                  "crm-call k2 outbound from 101 to +79161110001 at 2026-11-22T10:00:00Z answered "
                  "2026-11-22T10:01:00Z ended 2026-11-22T10:05:00Z manager m-bob\n");
    EXPECT_EQ(desk.states(), std::vector<std::string>{"returned"});
    EXPECT_EQ(desk.total("callbacks_expired"), "0");
    desk.expect_proved();
}

TEST(ExpiryOfMissedCases, OfMoreThanOneWriteTakesIsWholeAtItsRecord) {
    constexpr std::size_t cases_count = processors::Fold::inline_entities_max + 500;
    Desk desk;
    desk.bring_at("2026-11-21T09:00:00Z", std::string(around_the_clock));
    desk.pipeline().set_clock(instant("2026-11-21T10:02:00Z"));
    std::string lines;
    for (std::size_t i = 0; i < cases_count; ++i) {
        const std::string number = std::to_string(9'160'000'000 + i);
        lines += R"({"specversion":"1.0","type":"normwatch.call.v1","source":"/crm","id":"x)" +
                 std::to_string(i) + R"(","data":{"call_id":"m)" + std::to_string(i) +
                 R"(","direction":"inbound","from":"+7)" + number +
                 R"(","to":"600","started_at":"2026-11-21T10:00:00Z",)"
                 R"("ended_at":"2026-11-21T10:01:00Z","disposition":"no_answer"}})"
                 "\n";
    }
    ASSERT_TRUE(desk.pipeline().import_events("crm", lines));
    EXPECT_EQ(desk.total("missed_cases"), std::to_string(cases_count));
    EXPECT_EQ(desk.total("callbacks_expired"), "0");
    desk.bring_at("2026-11-22T10:01:00Z",
                  "event heartbeat {\"up_to\": \"2026-11-21T10:10:00Z\"}\n");
    EXPECT_EQ(desk.total("callbacks_expired"), std::to_string(cases_count));
    EXPECT_FALSE(desk.pipeline().view().reattributing);
    desk.expect_proved();
}

TEST(AListOfMissedCases, ShowsTheCallOfACaseThatWasReturnedAtOnce) {
    Desk desk;
    desk.bring(
        "crm-call k1 inbound from +79161110001 to 600 at 10:00:00 ended 10:00:00 disposition "
        "no_answer\n"
        "crm-call k2 outbound from 101 to +79161110001 at 10:00:00 answered 10:00:00 ended "
        "10:05:00 manager m-bob\n");
    EXPECT_EQ(desk.states(), std::vector<std::string>{"returned"});
    const auto answered = desk.pipeline().missed({});
    ASSERT_TRUE(answered);
    const json::value found = base::parse_json(answered.value()).value();
    const json::value first = at_path(found, "cases").as_array().front();
    EXPECT_EQ(at_path(first, "calls").as_array().size(), 1U);
}

TEST(AListOfMissedCases, HasFiltersAndPages) {
    Desk desk;
    for (int i = 0; i < 5; ++i) {
        const std::string n = std::to_string(i);
        desk.bring("crm-call k" + n + " inbound from +7916111000" + n + " to 600 at 10:0" + n +
                   ":00 ended 10:0" + n + ":30 disposition no_answer\n");
    }
    desk.bring(
        "crm-call k9 outbound from 101 to +79161110002 at 11:00:00 answered 11:00:05 ended "
        "11:01:00 manager m-bob\n");
    const auto ask = [&](const query::Params& params) {
        const auto answered = desk.pipeline().missed(params);
        EXPECT_TRUE(answered) << answered.error().context();
        return base::parse_json(answered.value()).value();
    };
    const auto count = [&](const query::Params& params) {
        return at_path(ask(params), "cases").as_array().size();
    };
    EXPECT_EQ(count({}), 5U);
    EXPECT_EQ(count({{"state", "open"}}), 4U);
    EXPECT_EQ(count({{"state", "open,returned"}}), 5U);
    EXPECT_EQ(count({{"team", "north"}}), 5U);
    EXPECT_EQ(count({{"team", "south"}}), 0U);
    EXPECT_EQ(count({{"manager", "none"}}), 5U);
    EXPECT_EQ(count({{"manager", "m-bob"}}), 0U);  // the delay is the owner's, not the caller's
    EXPECT_EQ(
        count({{"from", "2026-11-02T10:01:00+03:00"}, {"until", "2026-11-02T10:03:00+03:00"}}), 2U);
    EXPECT_FALSE(desk.pipeline().missed({{"state", "lost"}}));
    std::string pages;
    query::Params params{{"limit", "2"}};
    do {
        const json::value page = ask(params);
        for (const json::value& one : at_path(page, "cases").as_array()) {
            pages += word_of(at_path(one, "client.number")).back();
        }
        const json::value& cursor = at_path(page, "next_cursor");
        params["cursor"] = cursor.is_null() ? "" : word_of(cursor);
    } while (!params["cursor"].empty());
    EXPECT_EQ(pages, "43210");
}

}  // namespace

}  // namespace scenarios
