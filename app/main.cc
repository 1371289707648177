#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "app/cli.h"
#include "app/commands.h"

/// Read by jemalloc when it is linked: memory of a spent batch goes back to the system within
/// seconds, also from threads that then sleep. Source: jemalloc(3), "TUNING".
extern "C" const char* malloc_conf;
extern "C" const char* malloc_conf =
    "background_thread:true,narenas:4,dirty_decay_ms:2000,muzzy_decay_ms:0";

namespace {

void say(std::FILE* where, const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), where);
}

/// Each line of `text` with the program's name.
void complain(const std::string& text) {
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        say(stderr, "normwatch: " + text.substr(from, end - from) + "\n");
        from = end + 1;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const app::ParsedLine parsed =
        app::parse_command_line(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
    say(stdout, parsed.out);
    complain(parsed.err);
    if (!parsed.line) {
        return parsed.exit_code;
    }
    const app::CommandResult result = app::run_command(*parsed.line, app::read_environment());
    say(stdout, result.out);
    complain(result.err);
    return std::fflush(stdout) == 0 ? result.exit_code : 3;
}
