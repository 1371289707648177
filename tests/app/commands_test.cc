// Proves the command line end to end without a server: each test has a data directory of its own,
// runs commands one after the other as processes would, and reads what they print.
#include "app/commands.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "eventlog/data_dir.h"
#include "store/rocks_view_store.h"
#include "store/rows.h"
#include "tests/app/program.h"
#include "tests/support/owned_change.h"

namespace app {
namespace {

namespace json = boost::json;
using Words = std::vector<std::string>;

constexpr const char* directory = R"(teams:    [{id: north, name: North}]
managers: [{id: m-bob, name: Bob, team: north, from: 2020-01-01}]
endpoints:
  - {kind: extension, address: "101", manager: m-bob}
  - {kind: queue, address: "600", team: north}
clients:
  - {id: c-17, name: Romashka, owner: m-bob, phones: ["+74951234567"], from: 2020-01-01}
)";

std::string call_event(int number) {
    const std::string n = std::to_string(number);
    const std::string at = "2024-11-0" + n + "T07:00:00Z";
    return R"({"specversion": "1.0", "id": "e)" + n +
           R"(", "source": "/crm", "type": "normwatch.call.v1", "time": ")" + at +
           R"(", "data": {"call_id": "k)" + n +
           R"(", "direction": "outbound", "from": "101", "to": "+74951234567", "started_at": ")" +
           at + R"(", "answered_at": ")" + at + R"(", "ended_at": "2024-11-0)" + n +
           R"(T07:01:10Z"}})" + "\n";
}

class Commands : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "normwatch-commands-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
        configure("");
        write("directory.yaml", directory);
        write("events.jsonl", call_event(1) + call_event(2) + "{broken\n");
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }

    std::string path(const std::string& name) const { return dir_ + "/" + name; }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream(path(name)).rdbuf();
        return text.str();
    }
    void configure(const std::string& rest) const {
        write("n.yaml", "data_dir: " + path("data") +
                            "\ncompany: {id: acme, timezone: Europe/Moscow, region: RU}\n"
                            "server: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n"
                            "sources: [{id: crm, kind: cloudevents}]\n" +
                            rest);
    }

    /// `words` with --config; the first one or two are the command.
    CommandResult run(const Words& words) const { return run_program(words, path("n.yaml")); }
    json::object ask(const Words& words, int exit_code = 0) const {
        return ask_program(words, path("n.yaml"), exit_code);
    }
    void prepare() const {
        ask({"directory", "apply", "--wait", path("directory.yaml")});
        ask({"import", "--source", "crm", "--wait", path("events.jsonl")});
    }

    std::string dir_;
};

const Words november = {"report", "--month", "2024-11", "--kpi", "calls_out,calls_qualified"};

TEST_F(Commands, DirectoryAndEventsBecomeAReport) {
    prepare();
    const json::object report = ask(november);
    ASSERT_EQ(report.at("rows").as_array().size(), 1U) << json::serialize(report);
    const json::object& row = report.at("rows").as_array().front().as_object();
    EXPECT_EQ(row.at("manager"), json::value("m-bob"));
    EXPECT_EQ(row.at("values").as_object().at("calls_out"), json::value(2));
    EXPECT_EQ(row.at("values").as_object().at("calls_qualified"), json::value(2));
    EXPECT_EQ(report.at("tz"), json::value("Europe/Moscow"));
    EXPECT_EQ(ask({"explain", "--kpi", "calls_out", "--month", "2024-11"}).at("value"),
              json::value(2));
}

TEST_F(Commands, ReportsAreTablesAndCsvToo) {
    prepare();
    const CommandResult table = run(november);
    EXPECT_NE(table.out.find("m-bob"), std::string::npos) << table.out;
    EXPECT_NE(table.out.find("calls: 2 = managers 2 - shared 0 + unattributed 0 ✓"),
              std::string::npos)
        << table.out;
    Words csv = november;
    csv.insert(csv.end(), {"-o", "csv"});
    EXPECT_TRUE(run(csv).out.starts_with("manager,")) << run(csv).out;
}

TEST_F(Commands, ImportCountsWhatItCouldNotRead) {
    const json::object first = ask({"import", "--source", "crm", "--wait", path("events.jsonl")});
    EXPECT_EQ(first.at("read"), json::value(3));
    EXPECT_EQ(first.at("accepted"), json::value(2));
    EXPECT_EQ(first.at("duplicates"), json::value(0));
    EXPECT_EQ(first.at("quarantined"), json::value(1));
    const json::object again = ask({"import", "--source", "crm", "--wait", path("events.jsonl")});
    EXPECT_EQ(again.at("accepted"), json::value(0));
    EXPECT_EQ(again.at("duplicates"), json::value(2));
    EXPECT_TRUE(
        ask({"import", "--source", "crm", path("events.jsonl")}).at("duplicates").is_null());
    ask({"import", "--source", "crm", "--strict", path("events.jsonl")}, 1);
    EXPECT_EQ(ask({"import", "--source", "crm", "--skip", "2", path("events.jsonl")}).at("read"),
              json::value(1));
    const json::object list = ask({"quarantine", "list"});
    EXPECT_EQ(list.at("items").as_array().front().as_object().at("reason"),
              json::value("malformed"));
}

TEST_F(Commands, QuarantineShowsTheRawBytes) {
    prepare();
    const json::object list = ask({"quarantine", "list"});
    const std::string id(list.at("items").as_array().front().as_object().at("id").as_string());
    EXPECT_EQ(ask({"quarantine", "show", id}).at("raw_base64"), json::value("e2Jyb2tlbg=="));
    EXPECT_EQ(run({"quarantine", "show", "0-999"}).exit_code, 2);
}

TEST_F(Commands, EmptyDirectoryAnswersWithConfiguredValuesAndAppendsNothing) {
    EXPECT_EQ(ask(november).at("tz"), json::value("Europe/Moscow"));
    const json::object doctor = ask({"doctor"});
    EXPECT_EQ(doctor.at("partitions").as_array().front().as_object().at("offset"), json::value(0));
}

TEST_F(Commands, SettingsAreDeclaredOnceAndAgainWhenTheyChange) {
    const auto offset = [&] {
        return ask({"import", "--source", "crm", "--wait", path("events.jsonl")})
            .at("position")
            .as_object()
            .at("offset")
            .to_number<int>();
    };
    EXPECT_EQ(offset(), 4);  // the declaration, three lines
    EXPECT_EQ(offset(), 7);
    configure("kpis: {qualified_seconds: 90}\n");
    EXPECT_EQ(offset(), 11);
    EXPECT_EQ(ask(november).at("totals").as_object().at("calls_qualified"),
              json::value(2));  // the past stays
}

TEST_F(Commands, DirectoryIsAppliedOnce) {
    const json::object first = ask({"directory", "apply", "--wait", path("directory.yaml")});
    EXPECT_EQ(first.at("changes").as_array().size(), 5U);
    EXPECT_EQ(first.at("applied"), json::value(true));
    const json::object again = ask({"directory", "apply", "--wait", path("directory.yaml")});
    EXPECT_EQ(again.at("changes").as_array().size(), 0U) << json::serialize(again);
    EXPECT_EQ(again.at("position"), first.at("position"));
    ask({"directory", "diff", path("directory.yaml")});
}

TEST_F(Commands, RemovingNeedsPruneAndMovesHistory) {
    prepare();
    write("fewer.yaml", "endpoints: [{kind: queue, address: \"600\", team: north}]\n");
    for (const char* verb : {"diff", "apply"}) {
        const json::object refused = ask({"directory", verb, path("fewer.yaml")}, 1);
        ASSERT_EQ(refused.at("changes").as_array().size(), 1U);
        EXPECT_EQ(refused.at("changes").as_array().front().as_object().at("change"),
                  json::value("remove"));
        EXPECT_EQ(refused.at("applied"), json::value(false));
    }
    const auto of_bob = [&] {
        return ask({"report", "--month", "2024-11", "--kpi", "calls_out", "--manager", "m-bob"})
            .at("totals")
            .as_object()
            .at("calls_out")
            .to_number<int>();
    };
    EXPECT_EQ(of_bob(), 2);
    EXPECT_EQ(ask({"directory", "apply", "--prune", "--wait", path("fewer.yaml")}).at("applied"),
              json::value(true));
    EXPECT_EQ(of_bob(), 0);
    EXPECT_EQ(
        ask({"directory", "apply", "--wait", path("fewer.yaml")}).at("changes").as_array().size(),
        0U);
    ask({"directory", "apply", "--wait", path("directory.yaml")});
    EXPECT_EQ(of_bob(), 2);  // declared again, it holds again
}

TEST_F(Commands, ExportReadsBackAsNoDifference) {
    prepare();
    write("export.yaml", run({"directory", "export"}).out);
    EXPECT_NE(read("export.yaml").find("m-bob"), std::string::npos);
    EXPECT_EQ(ask({"directory", "diff", path("export.yaml")}).at("changes").as_array().size(), 0U);
}

TEST_F(Commands, ReplayGivesTheSameDigest) {
    prepare();
    const json::object before = ask({"doctor"});
    EXPECT_EQ(before.at("result"), json::value("equal"));
    const json::object replayed = ask({"replay"});
    EXPECT_EQ(replayed.at("digest"), before.at("digest"));
    EXPECT_EQ(replayed.at("changed"), json::value(false));
    EXPECT_EQ(replayed.at("partitions").as_array().front().as_object().at("generation"),
              json::value(2));
    EXPECT_EQ(ask({"doctor"}).at("digest"), before.at("digest"));
    EXPECT_FALSE(std::filesystem::exists(path("data/views/0/1")));
}

TEST_F(Commands, ViewsOfAnEarlierOffsetAnswerBesideTheLiveOnes) {
    prepare();
    const json::object all = ask(november);
    const auto end = all.at("meta").as_object().at("applied_offset").to_number<int>();
    ask({"replay", "--until", std::to_string(end - 2), "--into",
         path("then")});  // one call, one broken line less
    Words then = november;
    then.insert(then.end(), {"--views", path("then")});
    EXPECT_EQ(ask(then).at("totals").as_object().at("calls_out"), json::value(1));
    EXPECT_EQ(ask(november).at("totals").as_object().at("calls_out"), json::value(2));
    EXPECT_EQ(run({"replay", "--into", path("then")}).exit_code, 2);  // not empty
    EXPECT_EQ(run({"report", "--views", path("nowhere")}).exit_code, 3);
}

TEST_F(Commands, ViewsOfAnotherVersionAreFoldedAnew) {
    prepare();
    const json::value totals = ask(november).at("totals");
    const std::string views = path("data/views/0/1");
    {
        auto rows = std::move(store::open_rocks(views)).value();
        store::ValueWriter version;
        version.u(1);
        ASSERT_TRUE(tests::write_all(
            *rows, {{store::Family::state, store::meta_key("fold_version"), version.take()}}));
    }
    EXPECT_EQ(ask(november).at("totals"), totals);
    EXPECT_FALSE(std::filesystem::exists(views));
    EXPECT_EQ(ask({"doctor"}).at("result"), json::value("equal"));
}

TEST_F(Commands, NumbersAreMaskedUnlessRevealedAndAudited) {
    prepare();
    const auto number = [](const json::object& calls) {
        return std::string(calls.at("calls")
                               .as_array()
                               .front()
                               .as_object()
                               .at("client")
                               .as_object()
                               .at("number")
                               .as_string());
    };
    EXPECT_EQ(number(ask({"calls"})).find("4951234567"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(path("data/audit.jsonl")));
    EXPECT_EQ(number(ask({"calls", "--reveal", "--reason", "complaint 7"})), "+74951234567");
    const std::string audit = read("data/audit.jsonl");
    EXPECT_NE(audit.find("\"reason\":\"complaint 7\""), std::string::npos) << audit;
    EXPECT_EQ(audit.find("4951234567"), std::string::npos);
}

TEST_F(Commands, HeldDirectoryIsExitThreeWithThePid) {
    base::PosixFiles files;
    const auto held = eventlog::DataDir::open(files, path("data"), 1);
    ASSERT_TRUE(held.has_value());
    const CommandResult result = run(november);
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_NE(result.err.find(std::to_string(::getpid())), std::string::npos) << result.err;
}

struct Failure {
    std::string name;
    Words words;
    int exit_code;
    std::string part;  ///< of the line
};
class CommandFailure : public Commands, public testing::WithParamInterface<Failure> {};

TEST_P(CommandFailure, IsOneClearLine) {
    Words words = GetParam().words;
    const CommandResult result = run(words);
    EXPECT_EQ(result.exit_code, GetParam().exit_code);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(GetParam().part), std::string::npos) << result.err;
    EXPECT_EQ(result.err.find('\n'), std::string::npos) << result.err;
}

INSTANTIATE_TEST_SUITE_P(
    Cli, CommandFailure,
    testing::Values(
        Failure{
            "missing_file", {"import", "--source", "crm", "none.csv"}, 3, "none.csv: No such file"},
        Failure{"folder", {"import", "--source", "crm", "/tmp"}, 3, "/tmp: Is a directory"},
        Failure{"unknown_source",
                {"import", "--source", "fax", "/dev/null"},
                2,
                "there is no source fax"},
        Failure{"missing_directory", {"directory", "apply", "none.yaml"}, 3, "none.yaml"},
        Failure{"bad_day", {"report", "--day", "2026-13-01"}, 2, "day"},
        Failure{"unknown_kpi", {"report", "--kpi", "smiles"}, 2, "smiles"},
        Failure{"unknown_company", {"report", "--company", "other"}, 2, "other"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(Commands, AnotherNumberOfPartitionsIsExitTwo) {
    ask(november);
    configure("log: {partitions: 2}\n");
    const CommandResult result = run(november);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_NE(result.err.find("partitions"), std::string::npos) << result.err;
}

TEST_F(Commands, ConfigIsCheckedAndShown) {
    EXPECT_EQ(run({"config", "check"}).out, "ok\n");
    EXPECT_NE(run({"config", "show"}).out.find("qualified_seconds: 60"), std::string::npos);
    configure("colour: red\nlog: {partitions: x}\n");
    const CommandResult broken = run({"config", "check"});
    EXPECT_EQ(broken.exit_code, 2);
    EXPECT_NE(broken.err.find("n.yaml:5: unknown key colour\n"), std::string::npos) << broken.err;
    EXPECT_NE(broken.err.find("log.partitions"), std::string::npos) << broken.err;
    EXPECT_EQ(run(november).exit_code, 2);
}

}  // namespace
}  // namespace app
