#pragma once

#include <string>

#include "app/cli.h"
#include "app/config.h"
#include "base/error.h"

namespace app {

/// What a command leaves: text for stdout, one line for stderr, the exit code of the contract.
struct CommandResult {
    int exit_code = 0;
    std::string out;
    std::string err;  ///< without the program's name; empty: nothing to say
};

/// Runs one command to its end; `serve` runs until it is told to stop. Progress of an import goes
/// to stderr when that is a terminal.
CommandResult run_command(const CommandLine& line, const Environment& environment);

/// 2 what the caller can mend (usage, configuration), 3 everything else.
int exit_code_of(const base::Error& error);

}  // namespace app
