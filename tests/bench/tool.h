#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <string>

namespace bench {

/// A part that fails ends the process: there is no number without a measure.
[[noreturn]] inline void fail(const std::string& text) {
    fmt::print(stderr, "normwatch_bench: {}\n", text);
    std::exit(1);
}

}  // namespace bench
