#pragma once

namespace base {

/// Prints the broken expectation with its place and aborts the process.
[[noreturn]] void ensure_failed(const char* condition, const char* file, int line);

}  // namespace base

/// States what the program itself guarantees; always on. Never used on input.
#define ENSURE(condition)                                          \
    do {                                                           \
        if (!(condition)) {                                        \
            ::base::ensure_failed(#condition, __FILE__, __LINE__); \
        }                                                          \
    } while (false)
