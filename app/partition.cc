#include "app/partition.h"

namespace app {
namespace {

constexpr std::uint32_t seed = 0x9747b28c;
constexpr std::uint32_t factor = 0x5bd1e995;

std::uint32_t byte_at(std::string_view bytes, std::size_t n) {
    return static_cast<unsigned char>(bytes[n]);
}

}  // namespace

std::uint32_t murmur2(std::string_view bytes) {
    std::uint32_t hash = seed ^ static_cast<std::uint32_t>(bytes.size());
    std::size_t n = 0;
    for (; n + 4 <= bytes.size(); n += 4) {
        std::uint32_t word = byte_at(bytes, n) | byte_at(bytes, n + 1) << 8 |
                             byte_at(bytes, n + 2) << 16 | byte_at(bytes, n + 3) << 24;
        word *= factor;
        word ^= word >> 24;
        word *= factor;
        hash *= factor;
        hash ^= word;
    }
    if (n < bytes.size()) {
        for (std::size_t rest = bytes.size(); rest > n; --rest) {
            hash ^= byte_at(bytes, rest - 1) << (8 * (rest - 1 - n));
        }
        hash *= factor;
    }
    hash ^= hash >> 13;
    hash *= factor;
    return hash ^ hash >> 15;
}

std::uint32_t partition_of(std::string_view company, std::uint32_t partitions) {
    return (murmur2(company) & 0x7fffffff) % partitions;
}

}  // namespace app
