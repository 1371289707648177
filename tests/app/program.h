#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "app/cli.h"
#include "app/commands.h"

namespace app {

/// Runs a command line as the program does; `words` begin with the command of one or two words, and
/// get `--config` behind it.
inline CommandResult run_program(std::vector<std::string> words, const std::string& config) {
    const bool is_pair =
        words[0] == "directory" || words[0] == "quarantine" || words[0] == "config";
    words.insert(words.begin() + (is_pair ? 2 : 1), {"--config", config});
    const ParsedLine parsed = parse_command_line(words);
    return parsed.line ? run_command(*parsed.line, {})
                       : CommandResult{parsed.exit_code, "", parsed.err};
}

/// Its answer as JSON. Fails the test when it exits otherwise or complains.
inline boost::json::object ask_program(std::vector<std::string> words, const std::string& config,
                                       int exit_code) {
    words.insert(words.end(), {"-o", "json"});
    const CommandResult result = run_program(std::move(words), config);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out.empty() ? boost::json::object() : boost::json::parse(result.out).as_object();
}

}  // namespace app
