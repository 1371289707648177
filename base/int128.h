#pragma once

#include <string>

namespace base {

/// Sums of money: 2^63 minor units a document, any number of documents.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

inline std::string to_decimal(Int128 value) {
    const bool negative = value < 0;
    Uint128 rest =
        negative ? Uint128{0} - static_cast<Uint128>(value) : static_cast<Uint128>(value);
    std::string digits;
    do {
        digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
        rest /= 10;
    } while (rest != 0);
    return negative ? "-" + digits : digits;
}

}  // namespace base
