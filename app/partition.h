#pragma once

#include <cstdint>
#include <string_view>

namespace app {

/// murmur2 as Kafka's clients compute it (seed 0x9747b28c).
std::uint32_t murmur2(std::string_view bytes);

/// The partition in which a company lives: Kafka's default partitioner over the company id, also
/// for the embedded log, so that moving to Kafka moves no company.
std::uint32_t partition_of(std::string_view company, std::uint32_t partitions);

}  // namespace app
