// What an answer is given from is a plain value: a ReadView holds the rows of its commit for as
// long as it lives, whatever is written after it.

#include "store/read_view.h"

#include <gtest/gtest.h>

#include "store/rocks_view_store.h"

namespace {

TEST(ReadView, AnswersFromItsOwnCommit) {
    auto opened = store::open_rocks_in_memory();
    ASSERT_TRUE(opened);
    store::ViewStore& rows = *opened.value();
    const store::Change before[] = {{store::Family::state, "k", "old"}};
    ASSERT_TRUE(rows.write(before));
    store::ReadView view;
    view.rows = rows.snapshot();
    const store::Change after[] = {{store::Family::state, "k", "new"}};
    ASSERT_TRUE(rows.write(after));
    opened.value().reset();
    EXPECT_EQ(view.rows->get(store::Family::state, "k").value(), "old");
}

}  // namespace
