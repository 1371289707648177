// Text helpers agree with Unicode where ASCII is not enough: white space that is no blank, letters
// of two bytes, bytes that are no UTF-8.
#include "events/text.h"

#include <gtest/gtest.h>

namespace events {
namespace {

TEST(Text, TrimsUnicodeWhiteSpaceAtBothEnds) {
    EXPECT_EQ(trimmed(" \t\r\n a b \v\f"), "a b");
    EXPECT_EQ(trimmed("\u00A0\u2003a\u3000\u2028"), "a");
    EXPECT_EQ(trimmed("\u00A0"), "");
    EXPECT_EQ(trimmed("\u00E9"), "\u00E9");
    EXPECT_TRUE(is_blank(""));
    EXPECT_FALSE(is_blank("\u200B"));  // a zero-width space is no white space
}

TEST(Text, LeavesBrokenBytesAlone) {
    EXPECT_EQ(trimmed("\x85"), "\x85");
    EXPECT_EQ(trimmed("\xC2"), "\xC2");
    EXPECT_EQ(trimmed(" \xA0 "), "\xA0");
    EXPECT_EQ(lower_case("A\xC0Z"), "a\xC0z");
    EXPECT_EQ(code_points("\xFF\xFE"), 2U);
}

TEST(Text, LowersLatinAndCyrillicLetters) {
    EXPECT_EQ(lower_case("Ivanov@ACME.Example"), "ivanov@acme.example");
    EXPECT_EQ(lower_case("ПОЧТА@Ёлка.РФ"), "почта@ёлка.рф");
    EXPECT_EQ(lower_case("ÀÖ×ØÞß"), "àö×øþß");
}

TEST(Text, CountsCodePoints) {
    EXPECT_EQ(code_points("RUB"), 3U);
    EXPECT_EQ(code_points("руб"), 3U);
    EXPECT_EQ(code_points("\U0001F600"), 1U);
}

TEST(Text, RemovesWhiteSpaceInside) {
    EXPECT_EQ(without_white_space(" <a@\r\n\tb\u00A0> "), "<a@b>");
}

}  // namespace
}  // namespace events
