// Proves that bytes come back from base64 and base64url, and that broken text is refused.
#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

TEST(Base64, ReadsBackWhatItWrote) {
    const std::pair<std::string, const char*> rows[] = {
        {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xff\xfe\xfd", "//79"}};
    for (const auto& [bytes, text] : rows) {
        EXPECT_EQ(base::base64(bytes), text);
        EXPECT_EQ(base::from_base64(text), bytes);
        EXPECT_EQ(base::from_base64url(base::base64url(bytes)), bytes);
    }
    for (const char* broken : {"Zg==", "Z", "Zh", "Zm9v\n", "//79"}) {
        EXPECT_EQ(base::from_base64url(broken), std::nullopt) << broken;
    }
}

TEST(Base64, RefusesWhatIsNoWholeGroup) {
    for (const char* broken : {"Zg=", "Zg", "Z===", "Zm-v", "Zm9v\n", "====", "Zg==Zg=="}) {
        EXPECT_EQ(base::from_base64(broken), std::nullopt) << broken;
    }
}

}  // namespace
