#include "kpi/money.h"

#include <algorithm>

namespace kpi {

int decimals_of(std::string_view currency) {
    constexpr std::string_view none[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                         "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                         "VND", "VUV", "XAF", "XOF", "XPF"};
    constexpr std::string_view three[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    return std::ranges::count(none, currency) != 0    ? 0
           : std::ranges::count(three, currency) != 0 ? 3
                                                      : 2;
}

}  // namespace kpi
