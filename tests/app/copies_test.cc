// Proves that a manifest of a copy is read as it was written, and that none leads out of its
// folder.
#include "app/copies.h"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(CopyManifest, IsReadAsItWasWritten) {
    const CopyManifest manifest{.id = "17-1",
                                .offset = 12345678901,
                                .files = {{"CURRENT", 16}, {"000012.sst", 67'108'864}}};
    const auto read = decode_copy_manifest(encode(manifest));
    ASSERT_TRUE(read.has_value()) << read.error().context();
    EXPECT_EQ(read.value().id, manifest.id);
    EXPECT_EQ(read.value().offset, manifest.offset);
    ASSERT_EQ(read.value().files.size(), 2U);
    EXPECT_EQ(read.value().files[1].name, "000012.sst");
    EXPECT_EQ(read.value().files[1].bytes, 67'108'864U);
}

TEST(CopyManifest, OfNothingElse) {
    for (const char* const text :
         {"", "[]", "{}", R"({"id":"1","offset":2})", R"({"id":"..","offset":2,"files":[]})",
          R"({"id":"a/b","offset":2,"files":[]})", R"({"id":"1","offset":"2","files":[]})",
          R"({"id":"1","offset":2,"files":[{"name":"../x","bytes":1}]})",
          R"({"id":"1","offset":2,"files":[{"name":"","bytes":1}]})",
          R"({"id":"1","offset":2,"files":[{"name":"x"}]})"}) {
        EXPECT_FALSE(decode_copy_manifest(text).has_value()) << text;
    }
}

}  // namespace
}  // namespace app
