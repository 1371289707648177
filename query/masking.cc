#include "query/masking.h"

#include <vector>

namespace query {
namespace {

/// Where the characters of UTF-8 text begin, and its end.
std::vector<std::size_t> character_starts(std::string_view text) {
    std::vector<std::size_t> starts;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
            starts.push_back(i);
        }
    }
    starts.push_back(text.size());
    return starts;
}

}  // namespace

std::string masked(std::string_view number) {
    constexpr std::size_t internal_max = 6;
    const std::vector<std::size_t> starts = character_starts(number);
    const std::size_t count = starts.size() - 1;
    if (count <= internal_max) {
        return std::string(number);
    }
    const auto part = [&](std::size_t first, std::size_t last) {
        return std::string(number.substr(starts[first], starts[last] - starts[first]));
    };
    return part(0, 2) + " *** ***-" + part(count - 4, count - 2) + "-" + part(count - 2, count);
}

}  // namespace query
