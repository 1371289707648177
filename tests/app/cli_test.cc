// Proves that a command line is read as documented: what lands where, and that every mistake is one
// line with exit code 2 and a way to the help.
#include "app/cli.h"

#include <gtest/gtest.h>

namespace app {
namespace {

using Words = std::vector<std::string>;

CommandLine good(const Words& words) {
    const ParsedLine parsed = parse_command_line(words);
    EXPECT_TRUE(parsed.line.has_value()) << parsed.err;
    return parsed.line.value_or(CommandLine{});
}

TEST(CommandLine, TakesFlagsInAnyPlace) {
    const CommandLine line = good({"import", "--config", "n.yaml", "--source", "pbx-1", "--format",
                                   "cloudevents", "--wait", "a.csv", "b.csv", "-o", "json"});
    EXPECT_EQ(line.command, Command::import);
    EXPECT_EQ(line.config, "n.yaml");
    EXPECT_EQ(line.source, "pbx-1");
    EXPECT_EQ(line.format, "cloudevents");
    EXPECT_TRUE(line.wait);
    EXPECT_FALSE(line.strict);
    EXPECT_EQ(line.files, (Words{"a.csv", "b.csv"}));
    EXPECT_EQ(line.output, Output::json);
}

TEST(CommandLine, TurnsFiltersIntoParameters) {
    const CommandLine line =
        good({"calls", "--config", "n", "--from", "2026-11-02T00:00:00Z", "--talk-min", "5",
              "--segment", "none", "--reveal", "--reason", "complaint 7", "--number", "-"});
    EXPECT_EQ(line.command, Command::calls);
    EXPECT_EQ(line.params,
              (std::map<std::string, std::string>{
                  {"from", "2026-11-02T00:00:00Z"}, {"talk_min", "5"}, {"segment", "none"}}));
    EXPECT_TRUE(line.reveal);
    EXPECT_EQ(line.reason, "complaint 7");
    EXPECT_TRUE(line.number_on_stdin);
    EXPECT_EQ(line.output, Output::table);
}

TEST(CommandLine, KnowsCommandsOfTwoWords) {
    EXPECT_EQ(good({"directory", "apply", "--config", "n", "--prune", "d.yaml"}).command,
              Command::directory_apply);
    EXPECT_EQ(good({"directory", "export", "--config", "n"}).command, Command::directory_export);
    EXPECT_EQ(good({"quarantine", "show", "--config", "n", "0-17"}).files, Words{"0-17"});
    EXPECT_EQ(
        good({"quarantine", "list", "--config", "n", "--reason", "conflict"}).params.at("reason"),
        "conflict");
    EXPECT_EQ(good({"quarantine", "redrive", "--config", "n", "0-17", "0-18"}).files,
              (Words{"0-17", "0-18"}));
    EXPECT_TRUE(good({"quarantine", "redrive", "--config", "n", "--all", "--replace"}).replace);
    EXPECT_EQ(good({"quarantine", "discard", "--config", "n", "--source", "s", "--because", "b c"})
                  .because,
              "b c");
    EXPECT_EQ(good({"config", "check", "--config", "n"}).command, Command::config_check);
    EXPECT_EQ(good({"replay", "--config", "n", "--until", "7", "--into", "d"}).until, 7U);
}

struct Mistake {
    std::string name;
    Words words;
    std::string line;
};
class CommandLineMistake : public testing::TestWithParam<Mistake> {};

TEST_P(CommandLineMistake, IsOneLineWithExitTwo) {
    const ParsedLine parsed = parse_command_line(GetParam().words);
    EXPECT_FALSE(parsed.line.has_value());
    EXPECT_EQ(parsed.exit_code, 2);
    EXPECT_EQ(parsed.err, GetParam().line);
    EXPECT_EQ(parsed.out, "");
}

INSTANTIATE_TEST_SUITE_P(
    Cli, CommandLineMistake,
    testing::Values(
        Mistake{"nothing", {}, "a command is needed; see normwatch --help"},
        Mistake{"unknown_command",
                {"repot"},
                "The following argument was not expected: repot; see normwatch --help"},
        Mistake{"half_a_command",
                {"quarantine"},
                "a command is needed; see normwatch quarantine --help"},
        Mistake{"unknown_flag",
                {"report", "--config", "n", "--dey", "2026-11-02"},
                "The following arguments were not expected: 2026-11-02 --dey; see normwatch report "
                "--help"},
        Mistake{"no_config", {"report"}, "--config is required; see normwatch report --help"},
        Mistake{"no_file",
                {"directory", "apply", "--config", "n"},
                "FILE is required; see normwatch directory apply --help"},
        Mistake{
            "number_in_argv",
            {"calls", "--config", "n", "--number", "+74951234567"},
            "--number: give the number on standard input: --number -; see normwatch calls --help"},
        Mistake{"reveal_without_reason",
                {"calls", "--config", "n", "--reveal"},
                "--reveal requires --reason; see normwatch calls --help"},
        Mistake{"skip_of_two",
                {"import", "--config", "n", "--source", "s", "--skip", "3", "a", "b"},
                "--skip goes with one PATH; see normwatch import --help"},
        Mistake{"redrive_of_nothing",
                {"quarantine", "redrive", "--config", "n"},
                "name the items one way: ID..., --reason and --source, or --all; "
                "see normwatch quarantine redrive --help"},
        Mistake{"redrive_two_ways",
                {"quarantine", "redrive", "--config", "n", "--all", "0-17"},
                "name the items one way: ID..., --reason and --source, or --all; "
                "see normwatch quarantine redrive --help"},
        Mistake{"discard_without_because",
                {"quarantine", "discard", "--config", "n", "0-17"},
                "--because is required; see normwatch quarantine discard --help"},
        Mistake{"until_without_into",
                {"replay", "--config", "n", "--until", "7"},
                "--until requires --into; see normwatch replay --help"}),
    [](const auto& tested) { return tested.param.name; });

TEST(CommandLine, HelpHasAnExamplePerCommand) {
    for (const Words& command : {Words{"serve"},
                                 {"collect"},
                                 {"process"},
                                 {"query"},
                                 {"import"},
                                 {"directory", "apply"},
                                 {"directory", "diff"},
                                 {"directory", "export"},
                                 {"report"},
                                 {"calls"},
                                 {"explain"},
                                 {"quarantine", "list"},
                                 {"quarantine", "show"},
                                 {"quarantine", "redrive"},
                                 {"quarantine", "discard"},
                                 {"replay"},
                                 {"doctor"},
                                 {"config", "check"},
                                 {"config", "show"}}) {
        Words words = command;
        words.emplace_back("--help");
        const ParsedLine parsed = parse_command_line(words);
        EXPECT_EQ(parsed.exit_code, 0);
        EXPECT_NE(parsed.out.find("Example:\n  normwatch " + command.front()), std::string::npos)
            << parsed.out;
    }
}

TEST(CommandLine, VersionNamesTheCommit) {
    const ParsedLine parsed = parse_command_line({"--version"});
    EXPECT_EQ(parsed.exit_code, 0);
    EXPECT_TRUE(parsed.out.starts_with("normwatch 0.1.0 (")) << parsed.out;
}

}  // namespace
}  // namespace app
