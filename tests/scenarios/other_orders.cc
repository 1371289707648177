#include "tests/scenarios/other_orders.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <random>

#include "base/json.h"
#include "kpi/kpi.h"
#include "tests/scenarios/answer_words.h"

namespace scenarios {
namespace {

namespace json = boost::json;

/// KPIs that are sums of whole things: every part of a whole adds up to it.
constexpr std::string_view additive[] = {
    "calls_in",          "calls_missed",     "calls_out",
    "talk_seconds",      "missed_cases",     "callbacks_returned",
    "callbacks_expired", "callback_seconds", "callbacks_recovered",
    "emails_sent",       "touches"};

/// Nothing known adds nothing.
double number_of(const json::value& value) {
    return value.is_null() ? 0 : value.to_number<double>();
}

double sum_of(const json::value& list, std::string_view path) {
    double sum = 0;
    for (const json::value& item : list.as_array()) {
        sum += number_of(at_path(item, path));
    }
    return sum;
}

}  // namespace

base::Result<std::vector<std::string>> answers_of(const support::Pipeline& pipeline) {
    std::vector<std::string> answers;
    const auto add = [&](base::Result<std::string> answer) -> base::Result<void> {
        BOOST_OUTCOME_TRY(const std::string text, std::move(answer));
        BOOST_OUTCOME_TRY(const json::value read, base::parse_json(text));
        answers.push_back(facts_of(read));
        return base::success();
    };
    BOOST_OUTCOME_TRY(const std::string calls, pipeline.calls({}));
    BOOST_OUTCOME_TRY(const json::value list, base::parse_json(calls));
    answers.push_back(facts_of(list));
    for (const json::value& call : at_path(list, "calls").as_array()) {
        BOOST_OUTCOME_TRY(add(pipeline.call(word_of(at_path(call, "call_id")))));
    }
    BOOST_OUTCOME_TRY(add(pipeline.missed({})));
    for (const char* by : {"manager,segment,hour", "team,segment,day", "manager", "company,week"}) {
        BOOST_OUTCOME_TRY(add(pipeline.kpis({{"by", by}})));
    }
    for (const kpi::KpiInfo& info : kpi::all_kpis()) {
        BOOST_OUTCOME_TRY(add(pipeline.explain({{"kpi", std::string(info.id)}})));
    }
    return answers;
}

std::vector<Order> other_orders(const std::vector<Delivery>& deliveries) {
    std::vector<Delivery> directory;
    std::vector<Delivery> facts;
    for (const Delivery& one : deliveries) {
        (one.kind == Delivery::Kind::directory ? directory : facts).push_back(one);
    }
    Order backwards{"backwards, the directory last", {facts.rbegin(), facts.rend()}};
    backwards.deliveries.insert(backwards.deliveries.end(), directory.begin(), directory.end());
    constexpr unsigned seed = 7;
    Order shuffled{"shuffled with seed 7, the directory first", directory};
    std::ranges::shuffle(facts, std::mt19937(seed));
    shuffled.deliveries.insert(shuffled.deliveries.end(), facts.begin(), facts.end());
    return {backwards, shuffled};
}

base::Result<std::vector<std::string>> contradictions(const support::Pipeline& pipeline) {
    std::vector<std::string> found;
    BOOST_OUTCOME_TRY(const std::string hours_text, pipeline.kpis({{"by", "hour"}}));
    BOOST_OUTCOME_TRY(const json::value hours, base::parse_json(hours_text));
    for (const std::string_view kpi : additive) {
        const std::string name(kpi);
        const double total = number_of(at_path(hours, "totals." + name));
        if (const double sum = sum_of(at_path(hours, "rows"), "values." + name); sum != total) {
            found.push_back(name + ": the hours give " + std::to_string(sum) + ", the total is " +
                            std::to_string(total));
        }
        BOOST_OUTCOME_TRY(const std::string text, pipeline.explain({{"kpi", name}}));
        BOOST_OUTCOME_TRY(const json::value explained, base::parse_json(text));
        const double behind = sum_of(at_path(explained, "contributions"), "value");
        if (behind != total || number_of(at_path(explained, "value")) != total) {
            found.push_back(name + ": what is behind it gives " + std::to_string(behind) +
                            ", the total is " + std::to_string(total));
        }
    }
    return found;
}

}  // namespace scenarios
