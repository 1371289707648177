// A followed file gives the log exactly what one import of its bytes gives, each line once: while
// it grows, when it is renamed, copied and truncated, or truncated. Real files in a folder of its
// own, their times set by hand; the follower driven step by step.
#include "ingest/follow/follower.h"

#include <gtest/gtest.h>

#include "following.h"

namespace ingest::follow {
namespace {

class FollowerTest : public Following {};

TEST_F(FollowerTest, TakesLinesAsTheyComeAndAwaitsTheEndOfTheLast) {
    append("Master.csv", rows(0, 3) + row(3).substr(0, 50));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 3)));
    EXPECT_EQ(follower_->health(), Health::behind);
    EXPECT_EQ(follower_->lag_bytes(), 50U);
    append("Master.csv", row(3).substr(50) + "broken\n");
    run();
    EXPECT_EQ(followed(), imported(rows(0, 4) + "broken\n"));
    EXPECT_EQ(follower_->health(), Health::ok);
    EXPECT_EQ(follower_->lag_bytes(), 0U);
    EXPECT_EQ(received_, 5U);
    EXPECT_EQ(rejected_, Lines{"malformed"});
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerTest, TellsWhereALineStood) {
    append("Master.csv", "\n" + rows(0, 1));
    run();
    append("Master.csv", rows(1, 2));
    restart();
    run();
    const auto all = events();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].head.origin().file(), "Master.csv");
    EXPECT_EQ(all[1].head.origin().line(), 3U);
    EXPECT_EQ(all[1].head.origin().byte(), 1 + row(0).size());
}

TEST_F(FollowerTest, GivesOfALargeFileWhatAnImportGives) {
    const std::string bytes = rows(0, 6000) + "\"open\n" + rows(6000, 6010);
    ASSERT_GT(bytes.size(), std::size_t{1} << 20);
    append("Master.csv", bytes);
    run();
    EXPECT_EQ(followed(), imported(bytes));
}

TEST_F(FollowerTest, AwaitsAFileAndItsFolder) {
    source_.path = path("later/Master.csv");
    run();
    EXPECT_EQ(follower_->health(), Health::failed);
    EXPECT_TRUE(follower_->is_missing());
    EXPECT_EQ(notes_, Lines{"file_missing"});  // once, not at every step
    fs::create_directory(path("later"));
    run();
    append("later/Master.csv", rows(0, 2));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 2)));
    EXPECT_FALSE(follower_->is_missing());
    EXPECT_EQ(follower_->health(), Health::ok);
}

TEST_F(FollowerTest, RefusesWhatIsNoPlainFile) {
    fs::create_directory(path("Master.csv"));
    run();
    EXPECT_EQ(follower_->health(), Health::failed);
    EXPECT_EQ(notes_, Lines{"file_unreadable"});
}

TEST_F(FollowerTest, ReadsARenamedFileToItsEndThenTheNewOne) {
    append("Master.csv", rows(0, 2));
    run();
    rename("Master.csv", "Master.csv.1");
    append("Master.csv.1", rows(2, 3));  // who writes has not noticed
    run();
    EXPECT_EQ(followed(), imported(rows(0, 3)));
    append("Master.csv", rows(4, 5));
    append("Master.csv.1", row(3).substr(0, row(3).size() - 1));  // nor now, and no line feed
    run();
    EXPECT_EQ(followed(), imported(rows(0, 5)));
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerTest, LeavesARenamedFileOnlyWhenItIsQuiet) {
    append("Master.csv", rows(0, 1));
    run();
    rename("Master.csv", "Master.csv.1");
    append("Master.csv", rows(9, 10));
    for (int number = 1; number < 4; ++number) {
        for (int step = 1; step < Follower::quiet_steps_max; ++step) {
            EXPECT_EQ(follower_->step(), Step::idle);
        }
        append("Master.csv.1", row(number));
        EXPECT_EQ(follower_->step(), Step::progressed);
    }
    run();
    EXPECT_EQ(followed(), imported(rows(0, 4) + rows(9, 10)));
}

TEST_F(FollowerTest, ReadsTheCopyThatWasMadeBeforeATruncation) {
    append("Master.csv", rows(0, 2));
    run();
    append("Master.csv", rows(2, 3) + row(3).substr(0, row(3).size() - 1));
    copy("Master.csv", "Master.csv.1");
    truncate("Master.csv");
    append("Master.csv", rows(4, 5));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 5)));
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerTest, ReadsTheCopyThatWasMadeBeforeTheFirstRead) {
    append("Master.csv", rows(0, 3));
    restart();
    EXPECT_EQ(follower_->step(), Step::progressed);  // has found the file, and read nothing of it
    EXPECT_EQ(followed(), Lines{});
    copy("Master.csv", "Master.csv.1");
    truncate("Master.csv");
    append("Master.csv", rows(3, 4));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 4)));
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerTest, BeginsATruncatedFileAnew) {
    append("Master.csv", rows(0, 3) + row(3).substr(0, 60));
    run();
    truncate("Master.csv");
    append("Master.csv", rows(4, 5));
    run();
    // Of the last line there will never be more.
    EXPECT_EQ(followed(), imported(rows(0, 3) + row(3).substr(0, 60) + "\n" + rows(4, 5)));
    EXPECT_EQ(notes_, Lines{"file_truncated"});
}

TEST_F(FollowerTest, SeesATruncationAlsoWhenTheFileHasGrownBeyondIt) {
    append("Master.csv", rows(0, 2));
    run();
    truncate("Master.csv");
    append("Master.csv", rows(10, 48));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 2) + rows(10, 48)));
    // And when the same size stands there again.
    truncate("Master.csv");
    append("Master.csv", rows(50, 88));
    ASSERT_EQ(rows(50, 88).size(), rows(10, 48).size());
    run();
    EXPECT_EQ(followed(), imported(rows(0, 2) + rows(10, 48) + rows(50, 88)));
}

TEST_F(FollowerTest, FindsTheCopyOfAFileThatWasRenamedAfterIt) {
    append("Master.csv", rows(0, 2));
    run();
    append("Master.csv", rows(2, 3));
    copy("Master.csv", "Master.csv.2");
    truncate("Master.csv");
    append("Master.csv", rows(3, 4));
    rename("Master.csv", "Master.csv.1");
    append("Master.csv", rows(4, 5));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 5)));
    EXPECT_EQ(notes_, Lines{});
}

TEST_F(FollowerTest, KeepsItsPlaceWhileTheLogRefuses) {
    append("Master.csv", rows(0, 3));
    run();
    gate_->is_shut = true;
    append("Master.csv", rows(3, 6));
    run();
    EXPECT_EQ(follower_->health(), Health::failed);
    EXPECT_EQ(follower_->lag_bytes(), rows(3, 6).size());
    EXPECT_GT(gate_->refused, 1);
    EXPECT_EQ(notes_, Lines{"log_refuses"});
    append("Master.csv", rows(6, 7));
    gate_->is_shut = false;
    run();
    EXPECT_EQ(followed(), imported(rows(0, 7)));
    EXPECT_EQ(follower_->health(), Health::ok);
}

TEST_F(FollowerTest, AwaitsTheEndOfARowOfSeveralLines) {
    RowText text;
    text.userfield = "first\nsecond";
    const std::string two = text.text() + "\n";
    append("Master.csv", rows(0, 1) + two.substr(0, two.find('\n') + 1));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 1)));
    restart();
    append("Master.csv", two.substr(two.find('\n') + 1));
    run();
    EXPECT_EQ(followed(), imported(rows(0, 1) + two));
}

TEST_F(FollowerTest, AwaitsTheRestOfAnOpenQuoteNotForEver) {
    append("Master.csv", "\"broken\n" + rows(0, 2));
    run();
    EXPECT_EQ(followed(), Lines{});
    for (int step = 0; step < Follower::open_steps_max; ++step) {
        EXPECT_EQ(follower_->step(), Step::idle);
    }
    EXPECT_EQ(followed(), imported("\"broken\n" + rows(0, 2)));
    append("Master.csv", rows(2, 3));
    restart();
    run();
    EXPECT_EQ(followed(), imported("\"broken\n" + rows(0, 3)));
}

TEST_F(FollowerTest, KnowsTheHeaderOfTheFilesBefore) {
    cdr_csv::Mapping mapping;
    mapping.header = true;
    mapping.time = cdr_csv::TimeFormat::parse("%Y-%m-%d %H:%M:%S").value();
    mapping.column(cdr_csv::Field::call_id) = cdr_csv::Column{0, "id"};
    mapping.column(cdr_csv::Field::from) = cdr_csv::Column{0, "from"};
    mapping.column(cdr_csv::Field::to) = cdr_csv::Column{0, "to"};
    mapping.column(cdr_csv::Field::started_at) = cdr_csv::Column{0, "start"};
    mapping.column(cdr_csv::Field::duration) = cdr_csv::Column{0, "seconds"};
    source_.context.columns = std::make_shared<const cdr_csv::Mapping>(mapping);
    source_.format = LineFormat::cdr_csv;
    const std::string header = "id,from,to,start,seconds\n";
    const auto call = [](int id) {
        return std::to_string(id) + ",101,84951234567,2026-11-02 10:00:00," + std::to_string(id) +
               "\n";
    };
    append("Master.csv", header + call(1));
    run();
    rename("Master.csv", "Master.csv.1");
    append("Master.csv", header + call(2));
    run();
    restart();
    append("Master.csv", call(3));
    run();
    truncate("Master.csv");  // who writes there goes on without a header
    append("Master.csv", call(4));
    restart();
    run();
    EXPECT_EQ(followed(), imported(header + call(1) + call(2) + call(3) + call(4),
                                   LineFormat::cdr_csv, source_.context));
}

}  // namespace
}  // namespace ingest::follow
