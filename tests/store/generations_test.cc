// Directories of views. Proved: the first opening makes generation 1, a later generation answers
// only once it is made current, and a state that nobody can explain is `corrupt`, not a choice.

#include "store/generations.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support.h"

namespace {

namespace fs = std::filesystem;
using store_test::failure_of;

class Generations : public testing::Test {
protected:
    std::uint64_t current() {
        const auto opened = store::open_current(path_);
        EXPECT_TRUE(opened) << failure_of(opened);
        return opened ? opened.value().number : 0;
    }
    std::string text_of_current() {
        std::ifstream file(path_ / "CURRENT");
        return {std::istreambuf_iterator<char>(file), {}};
    }

    store_test::TempDirectory directory_;
    fs::path path_ = directory_.path() / "views" / "0";
};

TEST_F(Generations, BeginWithOne) {
    const auto opened = store::open_current(path_);
    ASSERT_TRUE(opened) << failure_of(opened);
    EXPECT_EQ(opened.value().number, 1U);
    EXPECT_EQ(opened.value().directory, path_ / "1");
    EXPECT_TRUE(fs::is_directory(path_ / "1"));
    EXPECT_EQ(text_of_current(), "1\n");
    EXPECT_EQ(current(), 1U);
}

TEST_F(Generations, NextAnswersOnlyOnceItIsCurrent) {
    EXPECT_EQ(current(), 1U);
    const auto next = store::begin_next(path_);
    ASSERT_TRUE(next);
    EXPECT_EQ(next.value().number, 2U);
    EXPECT_TRUE(fs::is_empty(next.value().directory));
    EXPECT_EQ(current(), 1U);
    ASSERT_TRUE(store::make_current(path_, 2));
    EXPECT_EQ(current(), 2U);
    EXPECT_EQ(text_of_current(), "2\n");
    EXPECT_FALSE(fs::exists(path_ / "CURRENT.tmp"));
}

TEST_F(Generations, NumbersAreNotUsedTwice) {
    EXPECT_EQ(store::begin_next(path_).value().number, 2U);
    EXPECT_EQ(store::begin_next(path_).value().number, 3U);
    ASSERT_TRUE(store::make_current(path_, 3));
    ASSERT_TRUE(store::remove_others(path_));
    EXPECT_EQ(store::begin_next(path_).value().number, 4U);
}

TEST_F(Generations, RemoveKeepsTheCurrentOneAndOtherFiles) {
    ASSERT_TRUE(store::begin_next(path_));
    ASSERT_TRUE(store::make_current(path_, 2));
    std::ofstream(path_ / "1" / "000004.sst") << "rows";
    fs::create_directories(path_ / "1.aside");
    ASSERT_TRUE(store::remove_others(path_));
    EXPECT_FALSE(fs::exists(path_ / "1"));
    EXPECT_TRUE(fs::exists(path_ / "2"));
    EXPECT_TRUE(fs::exists(path_ / "1.aside"));
    EXPECT_EQ(current(), 2U);
}

TEST_F(Generations, ThatDoNotExistDoNotBecomeCurrent) {
    EXPECT_EQ(current(), 1U);
    const auto made = store::make_current(path_, 7);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), base::ErrorCode::not_found);
    EXPECT_EQ(current(), 1U);
}

TEST_F(Generations, OneMadeByACrashedFirstStartIsTaken) {
    fs::create_directories(path_ / "1");
    std::ofstream(path_ / "CURRENT.tmp") << "1";
    EXPECT_EQ(current(), 1U);
}

TEST_F(Generations, WithoutCurrentAreNotChosenFrom) {
    EXPECT_EQ(current(), 1U);
    ASSERT_TRUE(store::begin_next(path_));
    fs::remove(path_ / "CURRENT");
    const auto opened = store::open_current(path_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), base::ErrorCode::corrupt) << failure_of(opened);
    EXPECT_TRUE(fs::exists(path_ / "1"));
    EXPECT_TRUE(fs::exists(path_ / "2"));
}

struct BadText {
    std::string name;
    std::string text;
};
class BadCurrent : public testing::TestWithParam<BadText> {};

TEST_P(BadCurrent, IsCorrupt) {
    const store_test::TempDirectory directory;
    fs::create_directories(directory.path() / "1");
    std::ofstream(directory.path() / "CURRENT") << GetParam().text;
    const auto opened = store::open_current(directory.path());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), base::ErrorCode::corrupt) << failure_of(opened);
}
INSTANTIATE_TEST_SUITE_P(Texts, BadCurrent,
                         testing::Values(BadText{"empty", ""}, BadText{"word", "one\n"},
                                         BadText{"zero", "0\n"}, BadText{"padded", "01\n"},
                                         BadText{"path", "../1\n"},
                                         BadText{"too_large", "99999999999999999999\n"}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
