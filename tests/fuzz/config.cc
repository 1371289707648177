// A normwatch.yaml: any text behind lines `NORMWATCH_...=VALUE`, which are the environment. A
// mistake is told as lines that begin with their place; what is accepted is shown as a
// configuration that is the same.
#include "app/config.h"

#include <string>

#include "base/ensure.h"
#include "tests/fuzz/fuzz.h"

void fuzz::run(std::string_view bytes) {
    Input input(bytes);
    app::Environment environment;
    while (input.rest().starts_with("NORMWATCH_")) {
        const std::string_view line = input.line();
        const std::size_t sign = line.find('=');
        environment[std::string(line.substr(0, sign))] =
            sign == std::string_view::npos ? "" : line.substr(sign + 1);
    }
    const auto config = app::parse_config(input.rest(), "n.yaml", environment);
    if (!config) {
        ENSURE(config.error().code() == base::ErrorCode::invalid);
        Input lines(config.error().context());
        ENSURE(!lines.is_empty());
        while (!lines.is_empty()) {
            const std::string_view line = lines.line();
            ENSURE(line.starts_with("n.yaml:") || line.starts_with("NORMWATCH_"));
        }
        return;
    }
    const std::string shown = app::show_config(config.value());
    const auto again = app::parse_config(shown, "n.yaml", {});
    ENSURE(again && app::show_config(again.value()) == shown);
}
