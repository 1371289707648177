// One subject, one normal form: the spellings of golden case 17 of domain.md fall together or stay
// apart as defined there; mail addresses and message ids likewise; masks show no more than they
// may.
#include "events/normal_form.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace events {
namespace {

constexpr const char* anonymous = nullptr;

struct NumberCase {
    const char* name;
    const char* raw;
    const char* region;
    const char* prefix;
    const char* normal;  ///< nullptr: anonymous
};

class NormalNumber : public testing::TestWithParam<NumberCase> {};

TEST_P(NormalNumber, IsAsDefined) {
    const NumberCase& row = GetParam();
    const auto normal = normal_number(row.raw, {row.region, row.prefix});
    EXPECT_EQ(normal,
              row.normal == nullptr ? std::nullopt : std::optional<std::string>(row.normal));
    EXPECT_EQ(normal_number(row.raw, {row.region, row.prefix}), normal) << "asked again";
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, NormalNumber,
    testing::Values(
        NumberCase{"trunk_8", "8 (812) 123-45-67", "RU", "", "+78121234567"},
        NumberCase{"international", "+78121234567", "RU", "", "+78121234567"},
        NumberCase{"without_plus", "7-812-123-45-67", "RU", "", "+78121234567"},
        NumberCase{"with_00", "0078121234567", "RU", "", "+78121234567"},
        NumberCase{"with_00_spaced", "00 7 812 123-45-67", "RU", "", "+78121234567"},
        NumberCase{"with_810", "81078121234567", "RU", "810", "+78121234567"},
        NumberCase{"with_810_spaced", "8 10 7 812 123 45 67", "RU", "810", "+78121234567"},
        NumberCase{"with_810_unset", "81078121234567", "US", "", "+78121234567"},
        NumberCase{"own_number_first", "81078121234567", "DE", "", "+4981078121234567"},
        NumberCase{"own_prefix", "01178121234567", "DE", "011", "+78121234567"},
        NumberCase{"national_zero", "+44 (0)20 7946 0958", "RU", "", "+442079460958"},
        NumberCase{"kazakhstan", "+77012345678", "RU", "", "+77012345678"},
        NumberCase{"kazakhstan_8", "8 701 234 56 78", "KZ", "", "+77012345678"},
        NumberCase{"extension", "8 (812) 123-45-67 доб. 12", "RU", "", "+78121234567"},
        NumberCase{"extension_latin", "+7 812 123-45-67 ext. 12", "RU", "", "+78121234567"},
        NumberCase{"internal", "101", "RU", "", "101"},
        NumberCase{"internal_spelled", "1-01", "RU", "", "101"},
        NumberCase{"six_digits", "123456", "RU", "", "123456"},
        NumberCase{"service", "*98", "RU", "", "98"},
        NumberCase{"no_number", "1234567", "RU", "", "1234567"},
        NumberCase{"no_number_plus", "+1234567", "RU", "", "+1234567"},
        NumberCase{"short_plus", "+101", "RU", "", "+101"},
        NumberCase{"no_region", "84951234567", "", "", "+84951234567"},
        NumberCase{"no_region_international", "+74951234567", "", "", "+74951234567"},
        NumberCase{"sip", "sip:+74951234567@example.com;user=phone", "RU", "", "+74951234567"},
        NumberCase{"sips", "SIPS:84951234567@example.com", "RU", "", "+74951234567"},
        NumberCase{"sip_user", "sip:alice@example.com", "RU", "", "alice"},
        NumberCase{"sip_anonymous", "sip:anonymous@anonymous.invalid", "RU", "", anonymous},
        NumberCase{"name", "alice", "RU", "", "alice"},
        NumberCase{"start_of_dial_plan", "s", "RU", "", "s"},
        NumberCase{"empty", "", "RU", "", anonymous},
        NumberCase{"blank", "  ", "RU", "", anonymous},
        NumberCase{"dash", "-", "RU", "", anonymous},
        NumberCase{"word", "Anonymous", "RU", "", anonymous},
        NumberCase{"bracketed", "<unknown>", "RU", "", anonymous},
        NumberCase{"restricted", " restricted ", "RU", "", anonymous},
        NumberCase{"private_word", "private", "RU", "", anonymous},
        NumberCase{"unavailable", "<Unavailable>", "RU", "", anonymous},
        NumberCase{"full_width", "＋７４９５１２３４５６７", "RU", "", "+74951234567"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(NormalNumberTest, TakesLongAndBrokenTexts) {
    const std::string digits(1'000'000, '7');
    EXPECT_EQ(normal_number(digits, {"RU", ""}), digits);
    EXPECT_TRUE(normal_number("\xFF\xFE 7495", {"RU", ""}));
    EXPECT_TRUE(normal_number(std::string("8\0"
                                          "495",
                                          5),
                              {"RU", ""}));
}

TEST(NormalNumberTest, AnswersManyThreadsAlike) {
    std::vector<int> wrong(4, 0);
    {
        std::vector<std::jthread> threads;
        for (std::size_t t = 0; t < wrong.size(); ++t) {
            threads.emplace_back([&wrong, t] {
                for (int n = 0; n < 2000; ++n) {
                    const std::string last = std::to_string(1000000 + n % 500);
                    wrong[t] += normal_number("8495" + last, {"RU", ""}) != "+7495" + last ? 1 : 0;
                }
            });
        }
    }
    EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

TEST(NormalMail, IsTheAddressInLowerCase) {
    EXPECT_EQ(normal_mail("Ivanov <IVANOV@Acme.Example>"), "ivanov@acme.example");
    EXPECT_EQ(normal_mail("  Buyer@Romashka.example "), "buyer@romashka.example");
    EXPECT_EQ(normal_mail("\"a <b>\" < c@d > "), "c@d");
    EXPECT_EQ(normal_mail("<a> b"), "<a> b");
    EXPECT_EQ(normal_mail("a>"), "a>");
    EXPECT_EQ(normal_mail("<>"), "");
    EXPECT_EQ(normal_mail(">"), ">");
    EXPECT_EQ(normal_mail(""), "");
}

TEST(NormalMessageId, HasNoBracketsAndNoWhiteSpace) {
    EXPECT_EQ(normal_message_id(" <17@x>\r\n"), "17@x");
    EXPECT_EQ(normal_message_id("17 @ x"), "17@x");
    EXPECT_EQ(normal_message_id("< <a@b> >"), "a@b");
}

TEST(MaskedNumber, ShowsTwoCharactersAndTheLastFour) {
    EXPECT_EQ(masked_number("+74951234567"), "+7 *** ***-45-67");
    EXPECT_EQ(masked_number("84951234567"), "84 *** ***-45-67");
    EXPECT_EQ(masked_number("101"), "101");
    EXPECT_EQ(masked_number("+101"), "+101");
    EXPECT_EQ(masked_number("alice"), "al ***");
    EXPECT_EQ(masked_number("Анна"), "А ***");
    EXPECT_EQ(masked_number(""), "");
}

}  // namespace
}  // namespace events
