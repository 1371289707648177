// Proves that companies are spread as Kafka's default partitioner spreads keys: the known vectors
// of org.apache.kafka.common.utils.UtilsTest, and the sign bit that is cut off before the modulus.
#include "app/partition.h"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(Murmur2, GivesKafkasKnownVectors) {
    EXPECT_EQ(static_cast<std::int32_t>(murmur2("21")), -973932308);
    EXPECT_EQ(static_cast<std::int32_t>(murmur2("foobar")), -790332482);
    EXPECT_EQ(static_cast<std::int32_t>(murmur2("a-little-bit-long-string")), -985981536);
    EXPECT_EQ(static_cast<std::int32_t>(murmur2("a-little-bit-longer-string")), -1486304829);
    EXPECT_EQ(
        static_cast<std::int32_t>(murmur2("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")),
        -58897971);
    EXPECT_EQ(static_cast<std::int32_t>(murmur2("abc")), 479470107);
}

TEST(Partition, CutsTheSignBeforeTheModulus) {
    EXPECT_EQ(partition_of("foobar", 10),
              (static_cast<std::uint32_t>(-790332482) & 0x7fffffff) % 10);
    EXPECT_EQ(partition_of("anything", 1), 0U);
}

}  // namespace
}  // namespace app
