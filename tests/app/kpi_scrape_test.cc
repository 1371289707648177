// Proves what Prometheus reads of people: every value is that of /v1/kpis, of new and existing
// clients, and of all where the whole is no sum; norms, pace and the state of the deviation stand
// beside it; managers for whom there is no room are left out whole and counted. How: a server in
// this process, whose clock is set.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "tests/app/serving.h"

namespace app {
namespace {

namespace json = boost::json;

class KpiScrapeTest : public test::Serving {
protected:
    void begin_with(const std::string& metrics) {
        configure("metrics: " + metrics + "\n");
        begin();
        send("/v1/directory?mode=apply&wait=true", "application/yaml",
             "teams: [{id: north, name: North}]\n"
             "managers: [{id: m-ann, name: Ann, team: north, from: 2020-01-01},\n"
             "           {id: m-bob, name: \"Bob \\\"B\\\"\", team: north, from: 2020-01-01}]\n"
             "endpoints: [{kind: extension, address: 101, manager: m-ann},\n"
             "            {kind: extension, address: 102, manager: m-bob}]\n"
             "clients: [{id: c-1, name: One, owner: m-bob, phones: ['+74951234567']}]\n"
             "calendars: [{id: std, weekdays: {mon-sun: ['09:00-17:00']}}]\n"
             "norms: [{kpi: calls_out, per: day, value: 80},\n"
             "        {kpi: payments_amount, per: week, value: {minor: 700000, currency: RUB}}]\n",
             200);
    }
    void send(const std::string& target, const std::string& type, const std::string& body,
              int status) {
        const auto taken = client().post(target, type, body);
        ASSERT_TRUE(taken && taken.value().status == status) << taken.value().body;
        ASSERT_TRUE(node_->wait_applied(0, std::chrono::minutes(1)));
    }
    void event(const std::string& id, const std::string& type, const std::string& data) {
        send("/v1/events", "application/cloudevents+json",
             R"({"specversion":"1.0","id":")" + id + R"(","source":"/crm","type":"normwatch.)" +
                 type + R"(.v1","data":)" + data + "}",
             202);
    }
    void call(const std::string& from, const std::string& to, const std::string& at) {
        event(from + to + at, "call",
              R"({"call_id":")" + from + to + at + R"(","direction":"outbound","from":")" + from +
                  R"(","to":")" + to + R"(","started_at":")" + at + R"(","answered_at":")" + at +
                  R"(","ended_at":"2026-11-23T09:59:00Z"})");
    }
    /// Two of Bob's calls go to a client who had paid, one of his and one of Ann's to nobody known.
    void fill() {
        event("i", "invoice",
              R"({"invoice_id":"i-1","ledger":"l","client":"c-1","manager":"m-bob",)"
              R"("status":"issued","issued_at":"2026-11-02",)"
              R"("amount":{"minor":100050,"currency":"RUB"}})");
        for (const char* day : {"2026-11-03", "2026-11-23"}) {
            event(std::string("p") + day, "payment",
                  std::string(R"({"payment_id":"p-)") + day +
                      R"(","ledger":"l","invoice_id":"i-1","client":"c-1","kind":"payment",)"
                      R"("received_at":")" +
                      day + R"(","amount":{"minor":100050,"currency":"RUB"}})");
        }
        clock_.set(kpi::parse_instant("2026-11-23T10:00:00Z").value());
        call("102", "+74951234567", "2026-11-23T09:10:00Z");
        call("102", "+74951234567", "2026-11-23T09:20:00Z");
        call("102", "+74957654321", "2026-11-23T09:30:00Z");
        call("101", "+74957654321", "2026-11-23T09:40:00Z");
        event("nobody", "call",
              R"({"call_id":"nobody","direction":"inbound","from":"anonymous","to":"102",)"
              R"("manager":"m-bob","started_at":"2026-11-23T09:50:00Z",)"
              R"("answered_at":"2026-11-23T09:50:10Z","ended_at":"2026-11-23T09:51:00Z"})");
    }
    base::HttpResponse scrape(const std::string& query = "") const {
        auto metrics = std::move(base::HttpClient::open("http://" + server_->address(1))).value();
        return metrics.get("/metrics/kpi" + query).value();
    }
    /// The series of a scrape with their values.
    std::map<std::string, std::string> series() const {
        const base::HttpResponse response = scrape();
        EXPECT_EQ(response.status, 200) << response.body;
        std::map<std::string, std::string> found;
        std::istringstream lines(response.body);
        for (std::string line; std::getline(lines, line);) {
            if (!line.starts_with('#')) {
                const std::size_t split = line.rfind(' ');
                EXPECT_TRUE(found.emplace(line.substr(0, split), line.substr(split + 1)).second)
                    << line;
            }
        }
        return found;
    }
    static std::string of_bob(const std::string& family, const std::string& rest) {
        return "normwatch_" + family + R"({company="acme",manager="m-bob",)" + rest + "}";
    }
    json::array rows(const std::string& by) const {
        const auto answer = client().get("/v1/kpis?day=2026-11-23&kpi=calls_out&by=" + by);
        return json::parse(answer.value().body).at("rows").as_array();
    }
};

TEST_F(KpiScrapeTest, TellsWhatTheAnswersTell) {
    begin_with("{}");
    fill();
    auto found = series();
    EXPECT_EQ(found[of_bob("manager_info", R"(name="Bob \"B\"",team="north")")], "1");
    const std::string existing = R"(segment="existing",window="day")";
    const std::string fresh = R"(segment="new",window="day")";
    EXPECT_EQ(found[of_bob("manager_kpi", R"(kpi="calls_out",)" + existing)], "2");
    EXPECT_EQ(found[of_bob("manager_kpi", R"(kpi="calls_out",)" + fresh)], "1");
    EXPECT_FALSE(
        found.contains(of_bob("manager_kpi", R"(kpi="calls_out",segment="all",window="day")")));
    EXPECT_EQ(found[of_bob("manager_kpi", R"(kpi="talk_seconds",)" + fresh)], "1740");
    EXPECT_EQ(found[of_bob("manager_kpi", R"(kpi="contacts_unique",segment="all",window="day")")],
              "2");
    EXPECT_EQ(found[of_bob("manager_kpi", R"(kpi="payments_amount",)" + existing)], "1000.5");
    EXPECT_EQ(found[of_bob("manager_kpi", R"(kpi="calls_missed",)" + fresh)], "0");
    const std::string nobody = R"(segment="none",window="day")";
    EXPECT_EQ(found[of_bob("manager_kpi", R"(kpi="calls_in_answered",)" + nobody)], "1");
    EXPECT_FALSE(found.contains(of_bob("manager_kpi", R"(kpi="calls_out",)" + nobody)));
    const std::string team = R"(normwatch_team_kpi{company="acme",team="north",)";
    EXPECT_EQ(found[team + R"(kpi="calls_out",)" + fresh + "}"], "2");
    EXPECT_EQ(found[team + R"(kpi="contacts_unique",segment="all",window="day"})"], "2")
        << "one of the three contacts is of both";
    const json::array told = rows("manager,segment");
    EXPECT_EQ(told.size(), 3U);
    for (const json::value& row : told) {
        const std::string key = R"(normwatch_manager_kpi{company="acme",manager=")" +
                                std::string(row.at("manager").as_string()) +
                                R"(",kpi="calls_out",segment=")" +
                                std::string(row.at("segment").as_string()) + R"(",window="day"})";
        EXPECT_EQ(found[key], json::serialize(row.at("values").at("calls_out")));
    }
    EXPECT_EQ(found[R"(normwatch_kpi_series{company="acme"})"], std::to_string(found.size() - 2));
    EXPECT_EQ(found[R"(normwatch_kpi_series_dropped_total{company="acme"})"], "0");
}

TEST_F(KpiScrapeTest, TellsNormsAndHowSomebodyStandsToThem) {
    begin_with("{kpis: [calls_out]}");
    fill();
    auto found = series();
    const std::string day = R"(kpi="calls_out",segment="all",window="day")";
    EXPECT_EQ(found[of_bob("manager_norm", day)], "80");
    EXPECT_EQ(found[of_bob("manager_pace_ratio", day)], "0.3");  // 3 of 10
    EXPECT_EQ(found[of_bob("manager_deviation_status", day)], "2");
    const std::string week = R"(kpi="payments_amount",segment="all",window="week")";
    EXPECT_EQ(found[of_bob("manager_norm", week)], "7000");
    EXPECT_EQ(found[of_bob("manager_deviation_status", week)], "0");  // 1000.5 of 125
}

TEST_F(KpiScrapeTest, LeavesManagersOutForWhomThereIsNoRoom) {
    begin_with("{series_max: 17, kpis: [calls_out, contacts_unique]}");
    fill();
    auto found = series();
    EXPECT_TRUE(found.contains(
        R"(normwatch_manager_info{company="acme",manager="m-ann",name="Ann",team="north"})"));
    for (const auto& [name, value] : found) {
        EXPECT_EQ(name.find("m-bob"), std::string::npos) << name;
    }
    const std::string dropped = R"(normwatch_kpi_series_dropped_total{company="acme"})";
    const int once = std::stoi(found[dropped]);
    EXPECT_EQ(once, 12);  // who he is, two KPIs of two segments and one of all, two norms of three
    EXPECT_EQ(series()[dropped], std::to_string(2 * once));
}

TEST_F(KpiScrapeTest, LeavesTeamsOutForWhichThereIsNoRoom) {
    begin_with("{kpi: per_team, series_max: 1, kpis: [calls_out]}");
    const auto found = series();
    EXPECT_EQ(found, (std::map<std::string, std::string>{
                         {R"(normwatch_kpi_series{company="acme"})", "0"},
                         {R"(normwatch_kpi_series_dropped_total{company="acme"})", "2"}}));
}

TEST_F(KpiScrapeTest, IsOfTeamsAloneOrOff) {
    begin_with("{kpi: per_team, kpis: [calls_out]}");
    fill();
    for (const auto& [name, value] : series()) {
        EXPECT_EQ(name.find("manager"), std::string::npos) << name;
    }
    EXPECT_EQ(scrape("?company=nobody").status, 400);
    end();
    configure("metrics: {kpi: off}\n");
    begin();
    EXPECT_EQ(scrape().status, 404);
}

}  // namespace
}  // namespace app
