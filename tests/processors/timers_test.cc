// Timers. Proved over a store in memory: they fire by instant and key, at or before log time, each
// once, as many at a time as asked for; whether they stand in the store or in the batch in hand,
// and whether they were taken back in either; what is put while others fire is not lost; and a
// store that is opened again goes on with what is left.

#include "processors/timers.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "store/rocks_view_store.h"

namespace processors {

namespace {

store::TimerKey timer(std::int64_t due, const std::string& subject) {
    return {.due = base::from_ms(due),
            .company = kpi::Company{1},
            .rule = store::TimerRule::case_expiry,
            .subject = subject};
}

class TimersTest : public testing::Test {
protected:
    void SetUp() override {
        store_ = store::open_rocks_in_memory().value();
        open();
    }
    void open() {
        rows_ = std::make_unique<store::WriteBack>(*store_);
        ASSERT_TRUE(rows_->open());
        timers_ = std::make_unique<Timers>(*store_, *rows_);
        ASSERT_TRUE(timers_->open());
    }
    void commit() {
        ASSERT_TRUE(rows_->commit());
        timers_->committed();
    }
    /// The subjects that fire, joined.
    std::string fire(std::int64_t log_time, std::size_t timers_max = 100) {
        std::string fired;
        EXPECT_TRUE(timers_->fire(base::from_ms(log_time), timers_max,
                                  [&](const store::TimerKey& one) -> base::Result<void> {
                                      fired += one.subject;
                                      if (one.subject == "again") {
                                          timers_->put(timer(5, "soon"));
                                      }
                                      return base::success();
                                  }));
        return fired;
    }

    std::shared_ptr<store::ViewStore> store_;
    std::unique_ptr<store::WriteBack> rows_;
    std::unique_ptr<Timers> timers_;
};

TEST_F(TimersTest, FireOnceInTheirOrderWhenTheyAreDue) {
    timers_->put(timer(30, "d"));
    timers_->put(timer(10, "b"));
    commit();
    timers_->put(timer(10, "a"));
    timers_->put(timer(20, "c"));
    EXPECT_FALSE(timers_->is_due(base::from_ms(9)));
    EXPECT_EQ(fire(9), "");
    EXPECT_TRUE(timers_->is_due(base::from_ms(10)));
    EXPECT_EQ(fire(20), "abc");
    EXPECT_EQ(fire(20), "");
    EXPECT_FALSE(timers_->is_due(base::from_ms(29)));
    commit();
    EXPECT_EQ(fire(1'000), "d");
    EXPECT_FALSE(timers_->is_due(base::for_ever));
}

TEST_F(TimersTest, AreTakenBackInTheStoreAndInTheBatch) {
    timers_->put(timer(10, "a"));
    timers_->put(timer(10, "b"));
    commit();
    timers_->erase(timer(10, "a"));
    timers_->put(timer(11, "c"));
    timers_->erase(timer(11, "c"));
    timers_->erase(timer(10, "b"));
    timers_->put(timer(10, "b"));
    EXPECT_EQ(fire(100), "b");
    commit();
    EXPECT_EQ(fire(100), "");
}

TEST_F(TimersTest, FireAsManyAsAskedForAndTheRestLater) {
    for (const char* subject : {"a", "b", "c", "d", "e"}) {
        timers_->put(timer(10, subject));
    }
    EXPECT_EQ(fire(10, 2), "ab");
    EXPECT_TRUE(timers_->is_due(base::from_ms(10)));
    commit();
    open();
    EXPECT_TRUE(timers_->is_due(base::from_ms(10)));
    EXPECT_EQ(fire(10, 2), "cd");
    EXPECT_EQ(fire(10, 2), "e");
    EXPECT_FALSE(timers_->is_due(base::from_ms(10)));
}

TEST_F(TimersTest, PutWhileOthersFireAreNotLost) {
    timers_->put(timer(10, "again"));
    EXPECT_EQ(fire(10), "again");
    EXPECT_TRUE(timers_->is_due(base::from_ms(10)));
    EXPECT_EQ(fire(10), "soon");
}

}  // namespace

}  // namespace processors
