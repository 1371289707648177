#pragma once

#include <cstdint>
#include <string>

namespace base {

/// Sums of money: 2^63 minor units a document, any number of documents.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

inline std::string to_decimal(Int128 value) {
    const bool negative = value < 0;
    Uint128 rest =
        negative ? Uint128{0} - static_cast<Uint128>(value) : static_cast<Uint128>(value);
    // Most values fit into 64 bits, whose division is many times faster.
    char digits[40];
    char* first = digits + sizeof(digits);
    constexpr Uint128 narrow_max = ~std::uint64_t{0};
    while (rest > narrow_max) {
        *--first = static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    }
    auto narrow = static_cast<std::uint64_t>(rest);
    do {
        *--first = static_cast<char>('0' + narrow % 10);
        narrow /= 10;
    } while (narrow != 0);
    if (negative) {
        *--first = '-';
    }
    return {first, digits + sizeof(digits)};
}

}  // namespace base
