// Proves that an item of the quarantine becomes one event, however often it is re-driven, and that
// what cannot become one is told why and stays. How: a data directory of its own, items refused
// because of the configuration, commands as processes would run them, and the ledger counted
// afterwards.
#include "app/quarantine.h"
#include "tests/app/program.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace app {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

constexpr const char* calls_refused = "{id: crm, kind: cloudevents, types: [email]}";
constexpr const char* calls_taken = "{id: crm, kind: cloudevents, types: [email, call*]}";

std::string call_line(const std::string& id, const std::string& end = "07:01:10") {
    return R"({"specversion": "1.0", "id": ")" + id + end +
           R"(", "source": "/crm", "type": "normwatch.call.v1", "data": {"call_id": ")" + id +
           R"(", "direction": "outbound", "from": "101", "to": "+74951234567", )" +
           R"("started_at": "2024-11-02T07:00:00Z", "answered_at": "2024-11-02T07:00:00Z", )" +
           R"("ended_at": "2024-11-02T)" + end + "Z\"}}\n";
}

QuarantineRequest everything(QuarantineWork work) {
    QuarantineRequest request;
    request.company = "acme";
    request.work = work;
    request.all = true;
    return request;
}

class Quarantine : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "normwatch-quarantine-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
        write("directory.yaml",
              "managers: [{id: m-bob, name: Bob}]\n"
              "endpoints: [{kind: extension, address: \"101\", manager: m-bob}]\n");
        configure(calls_taken);
        ask({"directory", "apply", path("directory.yaml")});
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }

    std::string path(const std::string& name) const { return dir_ + "/" + name; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    void configure(const std::string& sources) const {
        write("n.yaml", "data_dir: " + path("data") +
                            "\ncompany: {id: acme, timezone: Europe/Moscow, region: RU}\n"
                            "server: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
                            "sources: [" +
                            sources + "]\n");
    }
    CommandResult run(const Words& words) const { return run_program(words, path("n.yaml")); }
    json::object ask(const Words& words, int exit_code = 0) const {
        return ask_program(words, path("n.yaml"), exit_code);
    }
    void import(const std::string& text, const std::string& source = "crm",
                const Words& more = {}) const {
        write("items", text);
        Words words{"import", "--source", source};
        words.insert(words.end(), more.begin(), more.end());
        words.push_back(path("items"));
        ask(words);
    }
    /// `state reason` of each item of an answer.
    static Words outcomes(const json::object& answer) {
        Words shown;
        for (const json::value& item : answer.at("items").as_array()) {
            const json::value& reason = item.at("reason");
            shown.push_back(std::string(item.at("state").as_string()) + " " +
                            (reason.is_null() ? "-" : std::string(reason.as_string())));
        }
        return shown;
    }
    json::object ledger() const {
        ask({"calls"});  // folds; a doctor folds nothing
        const json::object doctor = ask({"doctor"});
        EXPECT_EQ(doctor.at("result"), json::value("equal"));
        return doctor.at("partitions").as_array()[0].at("ledger").as_object();
    }
    json::value calls_out() const {
        return ask({"report", "--month", "2024-11", "--kpi", "calls_out"})
            .at("totals")
            .as_object()
            .at("calls_out");
    }
    Words ids() const {
        Words found;
        const json::object list = ask({"quarantine", "list"});
        for (const json::value& item : list.at("items").as_array()) {
            found.emplace_back(item.at("id").as_string());
        }
        return found;
    }

    std::string dir_;
};

TEST_F(Quarantine, AMendedSourceMakesEachItemOneEvent) {
    configure(calls_refused);
    import(call_line("a") + "{broken\n" + call_line("b"));
    configure(calls_taken);
    EXPECT_EQ(calls_out(), json::value(0));
    const json::object before = ledger();
    const json::object first = ask({"quarantine", "redrive", "--all"}, 1);
    EXPECT_EQ(outcomes(first), (Words{"redriven -", "open malformed", "redriven -"}));
    EXPECT_EQ(first.at("next_cursor"), json::value());
    EXPECT_EQ(calls_out(), json::value(2));
    const json::object after = ledger();
    EXPECT_EQ(after.at("quarantined"), before.at("quarantined"));
    // Each of the two: its event, and the record that closes it.
    EXPECT_EQ(after.at("applied").as_int64(), before.at("applied").as_int64() + 4);
    const json::object second = ask({"quarantine", "redrive", "--all"}, 1);
    EXPECT_EQ(outcomes(second), Words{"open malformed"});
    const Words all = ids();
    const json::object named = ask({"quarantine", "redrive", all[0], all[2], all[0]});
    EXPECT_EQ(outcomes(named), (Words{"redriven -", "redriven -"}));
    EXPECT_EQ(ledger(), after);
    EXPECT_EQ(ask({"calls"}).at("calls").as_array().size(), 2U);
}

TEST_F(Quarantine, FiltersChooseOpenItems) {
    configure(std::string(calls_refused) + ", {id: other, kind: cloudevents, types: [email]}");
    import(call_line("a") + "{broken\n");
    import(call_line("b"), "other");
    configure(std::string(calls_taken) + ", {id: other, kind: cloudevents}");
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--source", "nobody"})), Words{});
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--reason", "impossible"})), Words{});
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--source", "other"})), Words{"redriven -"});
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--reason", "refused_type"})),
              Words{"redriven -"});
    EXPECT_EQ(calls_out(), json::value(2));
}

TEST_F(Quarantine, RowsOfAFileComeThroughTheirOwnMapper) {
    const std::string row =
        R"("","101","84951234567","default","","PJSIP/101-01","PJSIP/trunk-02","Dial","",)"
        R"("2024-11-02 10:00:00","2024-11-02 10:00:05","2024-11-02 10:00:25",25,20,"ANSWERED",)"
        R"("DOCUMENTATION","1730530800.1","","","1730530800.1",1)";
    configure("{id: pbx, kind: cloudevents, types: [email]}");
    // Neither line is what it was imported as; the kind of the source is mended for the first.
    import(row + "\n", "pbx");
    import(call_line("a"), "pbx", {"--format", "cloudevents"});
    configure("{id: pbx, kind: asterisk-cdr-csv}");
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--all"}, 1)),
              (Words{"open malformed", "redriven -"}));
    EXPECT_EQ(calls_out(), json::value(1));
}

TEST_F(Quarantine, AConflictIsReplacedOnlyWhenAskedFor) {
    import(call_line("a") + call_line("a", "07:02:10"));
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--all"}, 1)), Words{"open conflict"});
    const json::object before = ledger();
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--all", "--replace"})), Words{"redriven -"});
    EXPECT_EQ(ledger().at("applied").as_int64(), before.at("applied").as_int64() + 2);
    const json::object totals =
        ask({"report", "--month", "2024-11", "--kpi", "calls_out,talk_seconds"})
            .at("totals")
            .as_object();
    EXPECT_EQ(totals.at("calls_out"), json::value(1));
    EXPECT_EQ(totals.at("talk_seconds"), json::value(130));
}

TEST_F(Quarantine, DiscardClosesWithoutAnEvent) {
    import("{broken\n{torn\n");
    const Words all = ids();
    const json::object before = ledger();
    EXPECT_EQ(outcomes(ask({"quarantine", "discard", "--because", "a test", all[0]})),
              Words{"discarded -"});
    EXPECT_EQ(ledger().at("applied").as_int64(), before.at("applied").as_int64() + 1);
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", all[0]})), Words{"discarded -"});
    EXPECT_EQ(ask({"quarantine", "list", "--state", "open"}).at("items").as_array().size(), 1U);
    std::ostringstream audit;
    audit << std::ifstream(path("data/audit.jsonl")).rdbuf();
    EXPECT_NE(audit.str().find(R"("command":"quarantine discard","reason":"a test")"),
              std::string::npos)
        << audit.str();
}

TEST_F(Quarantine, WhatCannotBeMappedIsToldWhy) {
    import("{\"a\": \"" + std::string(1 << 20, 'x') + "\"}\n");
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--all"}, 1)), Words{"open too_large"});
    configure("{id: other, kind: cloudevents}");
    EXPECT_EQ(outcomes(ask({"quarantine", "redrive", "--all"}, 1)), Words{"open unknown_source"});
}

TEST_F(Quarantine, AnUnknownIdChangesNothing) {
    import("{broken\n");
    const std::string id = ids().front();
    for (const std::string& other : {std::string("0-999"), std::string("1-") + id.substr(2),
                                     std::string("0"), std::string("0-" + id)}) {
        const CommandResult result = run({"quarantine", "discard", "--because", "b", id, other});
        EXPECT_EQ(result.exit_code, 2);
        EXPECT_EQ(result.err, "no such item in quarantine: " + other);
    }
    EXPECT_EQ(run({"quarantine", "discard", "--because", "  ", id}).exit_code, 2);
    EXPECT_EQ(ask({"quarantine", "list", "--state", "open"}).at("items").as_array().size(), 1U);
}

TEST_F(Quarantine, PagesTogetherAreTheWhole) {
    configure(calls_refused);
    std::string lines;
    for (int n = 0; n < 7; ++n) {
        lines += call_line("k" + std::to_string(n));
    }
    import(lines + "{broken\n");
    configure(calls_taken);
    const base::Result<Config> config = load_config(path("n.yaml"), {});
    const base::SystemClock clock;
    auto node = std::move(Node::open(config.value(), clock)).value();
    QuarantineRequest request = everything(QuarantineWork::redrive);
    request.limit = 3;
    int pages = 0;
    const auto page = [&](const QuarantineRequest& wanted) -> base::Result<std::string> {
        ++pages;
        BOOST_OUTCOME_TRY(node->fold_to_end());
        return change_quarantine(*node, wanted, [] { return false; });
    };
    const json::value answer = json::parse(all_pages(request, page).value());
    EXPECT_EQ(pages, 3);
    EXPECT_EQ(outcomes(answer.as_object()),
              (Words{"redriven -", "redriven -", "redriven -", "redriven -", "redriven -",
                     "redriven -", "redriven -", "open malformed"}));
    node.reset();
    EXPECT_EQ(calls_out(), json::value(7));
}

TEST_F(Quarantine, AStoppingServerBreaksOffBetweenAppends) {
    import("{broken\n");
    const base::Result<Config> config = load_config(path("n.yaml"), {});
    const base::SystemClock clock;
    auto node = std::move(Node::open(config.value(), clock)).value();
    ASSERT_TRUE(node->fold_to_end());
    QuarantineRequest request = everything(QuarantineWork::discard);
    request.because = "b";
    const std::uint64_t end = node->log().durable_end(eventlog::Partition(0));
    const auto answer = change_quarantine(*node, request, [] { return true; });
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), base::ErrorCode::unavailable);
    EXPECT_EQ(node->log().durable_end(eventlog::Partition(0)), end);
}

TEST(QuarantineRequest, ComesBackFromItsJson) {
    const QuarantineRequest request{.company = "acme",
                                    .work = QuarantineWork::discard,
                                    .ids = {"0-1", "0-2"},
                                    .reason = "malformed",
                                    .source = "crm",
                                    .all = true,
                                    .replace = true,
                                    .because = "b",
                                    .by = {},
                                    .cursor = "0-1",
                                    .limit = 7};
    const QuarantineRequest again = read_quarantine_request(to_json(request)).value();
    EXPECT_EQ(to_json(again), to_json(request));
    EXPECT_EQ(again.ids, request.ids);
    EXPECT_EQ(again.limit, 7U);
    EXPECT_EQ(again.work, QuarantineWork::discard);
}

TEST(QuarantineRequest, MistakesAreNamed) {
    for (const auto& [body, mistake] : std::vector<std::pair<std::string, std::string>>{
             {"[]", "the body is no object"},
             {"{}", "action: expected redrive or discard"},
             {R"({"action": "keep"})", "action: expected redrive or discard"},
             {R"({"action": "redrive", "ids": "0-1"})", "ids: expected a list of ids"},
             {R"({"action": "redrive", "ids": [1]})", "ids: expected a list of ids"},
             {R"({"action": "redrive", "all": 1})", "all: expected true or false"},
             {R"({"action": "redrive", "source": 1})", "source: expected a text"},
             {R"({"action": "redrive", "limit": 0})", "limit: expected a whole number above 0"},
             {R"({"action": "redrive", "al": true})", "unknown member al"}}) {
        const auto read = read_quarantine_request(body);
        ASSERT_FALSE(read) << body;
        EXPECT_EQ(read.error().context(), mistake);
    }
}

}  // namespace
}  // namespace app
