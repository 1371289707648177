// Proves that a data directory belongs to one process, one log and one number of partitions, and
// that each refusal says so in one line: the directory is opened twice, changed, and opened
// wrongly.
#include "eventlog/data_dir.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/memory_files.h"

namespace eventlog {
namespace {

class DataDirTest : public testing::Test {
protected:
    base::Error error_of(std::uint32_t partitions,
                         DataDir::Missing missing = DataDir::Missing::create) {
        const auto dir = DataDir::open(files_, "/srv/data", partitions, missing);
        EXPECT_TRUE(dir.has_error());
        return dir.error();
    }

    void write_version(const std::string& text) {
        EXPECT_TRUE(base::write_small_file(files_, "/srv/data/VERSION", text).has_value());
    }

    base::MemoryFiles files_;
};

TEST_F(DataDirTest, AMissingOneIsMadeDurably) {
    LogId id{};
    {
        const auto dir = DataDir::open(files_, "/srv/data", 3);
        ASSERT_TRUE(dir.has_value()) << dir.error().context();
        id = dir.value().log_id();
        EXPECT_EQ(dir.value().partition_dir(2), "/srv/data/log/2");
    }
    files_.power_cut();
    const auto dir = DataDir::open(files_, "/srv/data", 3, DataDir::Missing::refuse);
    ASSERT_TRUE(dir.has_value()) << dir.error().context();
    EXPECT_EQ(dir.value().log_id(), id);
    EXPECT_EQ(files_.list("/srv/data/log").value(), (std::vector<std::string>{"0", "1", "2"}));
}

TEST_F(DataDirTest, EachHasItsOwnLogId) {
    const auto first = DataDir::open(files_, "/srv/data", 1).value();
    const auto second = DataDir::open(files_, "/srv/other", 1).value();
    EXPECT_NE(first.log_id(), second.log_id());
}

TEST_F(DataDirTest, AHeldOneIsRefusedWithThePid) {
    const auto held = DataDir::open(files_, "/srv/data", 1);
    ASSERT_TRUE(held.has_value());
    const base::Error error = error_of(1);
    EXPECT_EQ(error.code(), base::ErrorCode::already_exists);
    EXPECT_EQ(error.context(), "/srv/data is in use by process " + std::to_string(::getpid()));
    EXPECT_EQ(read_version(files_, "/srv/data").value().log_id, held.value().log_id())
        << "VERSION can be read without the lock";
}

TEST_F(DataDirTest, AnotherNumberOfPartitionsIsRefused) {
    ASSERT_TRUE(DataDir::open(files_, "/srv/data", 3).has_value());
    const base::Error error = error_of(4);
    EXPECT_EQ(error.code(), base::ErrorCode::invalid);
    EXPECT_EQ(error.context(), "/srv/data has 3 partitions, the configuration says 4");
    EXPECT_TRUE(DataDir::open(files_, "/srv/data", 3).has_value());
}

TEST_F(DataDirTest, AnotherFormatIsRefused) {
    ASSERT_TRUE(DataDir::open(files_, "/srv/data", 1).has_value());
    write_version("format 2\nanything\n");
    const base::Error error = error_of(1);
    EXPECT_EQ(error.code(), base::ErrorCode::invalid);
    EXPECT_EQ(error.context(), "/srv/data/VERSION: data format 2, this program reads 1");
}

TEST_F(DataDirTest, AMissingOneCanBeRefused) {
    EXPECT_EQ(error_of(1, DataDir::Missing::refuse).code(), base::ErrorCode::not_found);
    EXPECT_FALSE(files_.exists("/srv/data").value());
}

TEST_F(DataDirTest, ALogWithoutItsVersionIsDamage) {
    ASSERT_TRUE(DataDir::open(files_, "/srv/data", 1).has_value());
    ASSERT_TRUE(files_.unlink("/srv/data/VERSION").has_value());
    EXPECT_EQ(error_of(1).code(), base::ErrorCode::corrupt);
}

TEST_F(DataDirTest, AVersionComesBackAndGarbageDoesNot) {
    ASSERT_TRUE(DataDir::open(files_, "/srv/data", 1).has_value());
    const DataVersion version{1, LogId{0xAB, 1}, 12};
    const std::string good = encode(version);
    EXPECT_EQ(good, "format 1\nlog_id ab010000000000000000000000000000\npartitions 12\n");
    write_version(good);
    EXPECT_EQ(read_version(files_, "/srv/data").value().log_id, version.log_id);
    EXPECT_EQ(read_version(files_, "/srv/data").value().partitions, 12U);
    const std::vector<std::string> garbage{
        "",
        good.substr(0, good.size() - 1),
        good + "x",
        "format 1\nlog_id ab01\npartitions 12\n",
        "format 1\nlog_id ab01000000000000000000000000000X\npartitions 12\n",
        "format 1\nlog_id ab010000000000000000000000000000\npartitions 0\n",
        "format\nlog_id ab010000000000000000000000000000\npartitions 1\n"};
    for (const std::string& text : garbage) {
        write_version(text);
        EXPECT_EQ(read_version(files_, "/srv/data").error().code(), base::ErrorCode::corrupt)
            << text;
    }
}

}  // namespace
}  // namespace eventlog
