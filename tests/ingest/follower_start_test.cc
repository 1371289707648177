// The same over starts: whatever was done to the file while nobody looked, and with the power cut
// in any call, each line stands in the log once. The log and the cursor lie in a file system that
// can lose its power.
#include <gtest/gtest.h>

#include <functional>

#include "ingest/follow/cursor.h"
#include "ingest/follow/follower.h"

#include "following.h"

namespace ingest::follow {
namespace {

class FollowerStart : public Following {};

TEST_F(FollowerStart, GoesOnWhereItWasAfterAStart) {
    append("Master.csv", rows(0, 3) + row(3).substr(0, 7));
    run();
    restart();
    append("Master.csv", row(3).substr(7) + rows(4, 6));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 6)));
}

TEST_F(FollowerStart, FindsTheRenamedFileAndThoseInBetweenAfterAStart) {
    append("Master.csv.3", "older\n");
    append("Master.csv", rows(0, 2));
    run();
    follower_.reset();
    append("Master.csv", rows(2, 3));
    rename("Master.csv", "Master.csv.2");
    append("Master.csv.1", rows(3, 5));
    append("Master.csv.1.gz", "compressed\n");
    append("Master.csv", rows(5, 6));
    append("Master.csvx", "another\n");
    restart();
    run();
    EXPECT_EQ(followed(), imported(rows(0, 6)));
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerStart, FindsTheCopyAndThoseInBetweenAfterAStart) {
    append("Master.csv.3", rows(0, 2));
    append("Master.csv", rows(0, 2));
    run();
    follower_.reset();
    append("Master.csv", rows(2, 3));
    copy("Master.csv", "Master.csv-20261101");
    truncate("Master.csv");
    append("Master.csv", rows(3, 9));
    copy("Master.csv", "Master.csv-20261102");
    truncate("Master.csv");
    append("Master.csv", rows(9, 10));
    restart();
    run();
    EXPECT_EQ(followed(), imported(rows(0, 10)));
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerStart, ReadsTheCopyOfAFileOfWhichNothingWasRead) {
    append("Master.csv", rows(0, 2));
    run();
    truncate("Master.csv");
    run();
    append("Master.csv", rows(2, 3));
    copy("Master.csv", "Master.csv.1");
    truncate("Master.csv");
    append("Master.csv", rows(3, 4));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 4)));
    truncate("Master.csv");
    run();
    follower_.reset();
    append("Master.csv", rows(4, 5));
    copy("Master.csv", "Master.csv.2");
    truncate("Master.csv");
    append("Master.csv", rows(5, 6));
    rename("Master.csv", "Master.csv.3");
    append("Master.csv", rows(6, 7));
    restart();
    run();
    EXPECT_EQ(followed(), imported(rows(0, 7)));
}

TEST_F(FollowerStart, ReadsARenamedFileOfWhichNothingWasRead) {
    append("Master.csv", "");
    run();
    follower_.reset();
    append("Master.csv", rows(0, 1));
    rename("Master.csv", "Master.csv.2");
    append("Master.csv.1", rows(1, 2));
    append("Master.csv", rows(2, 3));
    restart();
    run();
    EXPECT_EQ(followed(), imported(rows(0, 3)));
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerStart, ReadsWhatWasWrittenAndCopiedAfterATruncation) {
    append("Master.csv", rows(0, 2));
    run();
    for (int first = 2; first < 6; first += 2) {
        truncate("Master.csv");
        append("Master.csv", rows(first, first + 1));
        copy("Master.csv", "Master.csv." + std::to_string(first));
        truncate("Master.csv");
        append("Master.csv", rows(first + 1, first + 2));
        run();
        EXPECT_EQ(followed(), imported(rows(0, first + 2)));
        follower_.reset();  // the second time while nobody looks
    }
}

TEST_F(FollowerStart, ReadsTheFilesBehindOneThatIsGone) {
    append("Master.csv", rows(0, 2));
    run();
    follower_.reset();
    fs::remove(path("Master.csv"));
    append("Master.csv.1", rows(2, 3));
    restart();
    run();
    append("Master.csv", rows(3, 4));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 4)));
    EXPECT_EQ(notes_, Lines{"file_gone"});
}

TEST_F(FollowerStart, SaysWhenTheRestOfAFileIsGone) {
    append("Master.csv", rows(0, 2));
    run();
    fs::remove(path("Master.csv"));
    append("Master.csv", rows(2, 9));  // perhaps with the same inode
    restart();
    run();
    EXPECT_EQ(followed(), imported(rows(0, 9)));
    EXPECT_TRUE(notes_ == Lines{"file_gone"} || notes_ == Lines{"file_truncated"}) << notes_.at(0);
}

TEST_F(FollowerStart, AwaitsARenamedFileWhoseSuccessorIsNotThere) {
    append("Master.csv", rows(0, 2));
    run();
    rename("Master.csv", "Master.csv.1");
    append("Master.csv.1", rows(2, 3));
    restart();
    run();
    EXPECT_EQ(followed(), imported(rows(0, 3)));
    fs::remove(path("Master.csv.1"));
    restart();
    run();
    EXPECT_TRUE(follower_->is_missing());
    append("Master.csv", rows(3, 4));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 4)));
}

TEST_F(FollowerStart, AppendsNothingTwiceThatItsCursorDoesNotKnow) {
    append("Master.csv", rows(0, 2));
    run();
    files_->set_fault([](const base::MemoryFiles::Call& call) {
        return call.path.find("/cursors/") == std::string::npos
                   ? std::nullopt
                   : std::optional(base::MemoryFiles::Fault{
                         base::Error(base::ErrorCode::exhausted, "no space"), 0});
    });
    append("Master.csv", rows(2, 4) + "broken\n");
    run();
    EXPECT_EQ(notes_, Lines{"cursor_unwritable"});
    files_->clear_faults();
    restart();
    append("Master.csv", "broken\n" + rows(4, 5));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 4) + "broken\nbroken\n" + rows(4, 5)));
}

TEST_F(FollowerStart, ReadsFromTheStartWhenTheCursorIsNotOfThisLog) {
    append("Master.csv", rows(0, 2));
    run();
    base::Result<std::optional<Cursor>> cursor = load_cursor(*files_, source_.cursor_path);
    ASSERT_TRUE(cursor && cursor.value());
    Cursor changed = *cursor.value();
    changed.log_id = "another";
    ASSERT_TRUE(save_cursor(*files_, source_.cursor_path, changed));
    restart();
    run();
    EXPECT_EQ(followed().size(), 4U);
    changed = *cursor.value();
    changed.offset = 1000;  // a log that was restored from before
    ASSERT_TRUE(save_cursor(*files_, source_.cursor_path, changed));
    restart();
    run();
    EXPECT_EQ(followed().size(), 6U);
    EXPECT_EQ(notes_, (Lines{"cursor_of_another_log", "cursor_of_another_log"}));
    ASSERT_TRUE(base::write_small_file(*files_, source_.cursor_path, "format 1\nrubbish\n"));
    restart();
    run();
    EXPECT_EQ(followed().size(), 8U);
    EXPECT_EQ(notes_.back(), "cursor_damaged");
}

TEST_F(FollowerStart, LosesAndRepeatsNothingWhereverThePowerIsCut) {
    const std::string half = row(5).substr(0, 40);
    const std::vector<std::function<void()>> actions = {
        [&] { append("Master.csv", rows(0, 3) + "broken\n"); },
        [&] { append("Master.csv", rows(3, 5) + half); },
        [&] { append("Master.csv", row(5).substr(40)); },
        [&] {
            rename("Master.csv", "Master.csv.1");
            append("Master.csv", rows(6, 8));
        },
        [&] {
            append("Master.csv", "broken\n" + rows(8, 9));
            copy("Master.csv", "Master.csv.2");
            truncate("Master.csv");
            append("Master.csv", rows(9, 11));
        },
        [&] { append("Master.csv", rows(11, 12)); }};
    const Lines expected =
        imported(rows(0, 3) + "broken\n" + rows(3, 8) + "broken\n" + rows(8, 12));
    std::uint64_t number = 1;
    for (bool was_cut = true; was_cut; ++number) {
        TearDown();
        SetUp();
        cuts_ = 0;
        files_->cut_power_at(number, number);
        for (const auto& action : actions) {
            action();
            run();
        }
        was_cut = cuts_ > 0;
        ASSERT_EQ(followed(), expected) << "power cut in call " << number;
    }
    EXPECT_GT(number, 50U);
}

TEST(CursorText, ReadsBackTheSame) {
    Cursor cursor;
    cursor.log_id = "00ff";
    cursor.offset = 12;
    cursor.file = {{1, UINT64_MAX}, 5, -7};
    cursor.place = {3, 40};
    cursor.mark = {44, UINT64_MAX, 9};
    cursor.header = "a,b\n\"c\"";
    const std::string text = encode(cursor);
    ASSERT_TRUE(decode_cursor(text));
    EXPECT_EQ(decode_cursor(text).value(), cursor);
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(decode_cursor(text.substr(0, size))) << size;
    }
    EXPECT_FALSE(decode_cursor(text + "more\n"));
    EXPECT_EQ(decode_cursor("format 2\n").error().code(), base::ErrorCode::invalid);
}

}  // namespace
}  // namespace ingest::follow
