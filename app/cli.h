#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/workload.h"

namespace app {

/// Every command of this version.
enum class Command {
    serve,
    collect,
    process,
    query,
    import,
    directory_apply,
    directory_diff,
    directory_export,
    report,
    calls,
    explain,
    pace,
    board,
    quarantine_list,
    quarantine_show,
    quarantine_redrive,
    quarantine_discard,
    replay,
    doctor,
    config_check,
    config_show,
    generate,
};

/// How an answer is printed.
enum class Output { table, json, csv };

/// A parsed command line.
struct CommandLine {
    Command command{};
    std::string config;
    Output output = Output::table;
    /// Parameters of the question, named as in HTTP: `from`, `by`, `talk_min` ...
    std::map<std::string, std::string> params;
    std::vector<std::string> files;  ///< PATH..., FILE, ID
    std::string source;
    std::string format;
    std::uint64_t skip = 0;
    bool wait = false;
    bool strict = false;
    bool prune = false;
    bool number_on_stdin = false;
    bool reveal = false;
    std::string reason;    ///< of `--reveal`
    bool all = false;      ///< every open item of the quarantine
    bool replace = false;  ///< a re-driven item wins its conflict
    std::string because;   ///< why items are re-driven or discarded
    std::optional<std::uint64_t> until;
    std::string into;
    WorkloadOptions workload;  ///< of `generate`
    std::string views;         ///< answer from these views instead of the data directory's
};

/// A command line, or what to print instead and how to exit.
struct ParsedLine {
    std::optional<CommandLine> line;
    int exit_code = 0;
    std::string out;  ///< help, version
    std::string err;  ///< one line
};

/// Reads the arguments behind the program's name. Never exits, never prints.
ParsedLine parse_command_line(std::vector<std::string> arguments);

}  // namespace app
