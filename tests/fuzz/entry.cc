// What libFuzzer calls, and replay.cc.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(data, data + size);
    fuzz::run(input);
    return 0;
}
