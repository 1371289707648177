// Proves that the real file system and the one in memory keep the same contract, and that the one
// in memory forgets in a power cut exactly what was not synced: one table of contract tests runs on
// both, then each way of losing data has its own test on MemoryFiles.
#include "base/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/crc32c.h"
#include "base/memory_files.h"

namespace base {
namespace {

std::string read_all(Files& files, const std::string& path) {
    return read_small_file(files, path).value();
}

void write_all(Files& files, const std::string& path, std::string_view bytes) {
    auto file = files.create(path);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file.value()->write_at(0, bytes).has_value());
}

struct Case {
    std::string name;
    std::function<std::unique_ptr<Files>()> make;
    friend std::ostream& operator<<(std::ostream& out, const Case& tested) {
        return out << tested.name;
    }
};

class FilesTest : public testing::TestWithParam<Case> {
protected:
    FilesTest() : files_(GetParam().make()) {
        std::string pattern = testing::TempDir() + "files_XXXXXX";
        root_ = ::mkdtemp(pattern.data());
        EXPECT_TRUE(make_dirs(*files_, root_).has_value());
    }
    ~FilesTest() override { std::filesystem::remove_all(root_); }

    std::string path(const std::string& name) const { return root_ + "/" + name; }

    std::unique_ptr<Files> files_;
    std::string root_;
};

TEST_P(FilesTest, WritesBeyondTheEndLeaveZeros) {
    auto file = files_->create(path("a")).value();
    ASSERT_TRUE(file->write_at(4, "tail").has_value());
    ASSERT_TRUE(file->sync_data().has_value());
    EXPECT_EQ(file->size().value(), 8U);
    EXPECT_EQ(read_all(*files_, path("a")), std::string("\0\0\0\0tail", 8));
}

TEST_P(FilesTest, ReadsStopAtTheEnd) {
    write_all(*files_, path("a"), "abc");
    std::string bytes(8, '?');
    const auto file = files_->open_readonly(path("a")).value();
    EXPECT_EQ(file->read_at(1, bytes).value(), 2U);
    EXPECT_EQ(bytes.substr(0, 2), "bc");
    EXPECT_EQ(file->read_at(3, bytes).value(), 0U);
}

TEST_P(FilesTest, ReadonlyFilesRefuseToWrite) {
    write_all(*files_, path("a"), "abc");
    const auto file = files_->open_readonly(path("a")).value();
    EXPECT_TRUE(file->write_at(0, "x").has_error());
    EXPECT_EQ(read_all(*files_, path("a")), "abc");
}

TEST_P(FilesTest, TruncateCutsAndGrows) {
    write_all(*files_, path("a"), "abcdef");
    const auto file = files_->open(path("a")).value();
    ASSERT_TRUE(file->truncate(2).has_value());
    ASSERT_TRUE(file->truncate(4).has_value());
    EXPECT_EQ(read_all(*files_, path("a")), std::string("ab\0\0", 4));
}

TEST_P(FilesTest, ErrorsSayWhatTheCallerMayDo) {
    write_all(*files_, path("a"), "abc");
    EXPECT_EQ(files_->create(path("a")).error().code(), ErrorCode::already_exists);
    EXPECT_EQ(files_->open(path("none")).error().code(), ErrorCode::not_found);
    EXPECT_EQ(files_->unlink(path("none")).error().code(), ErrorCode::not_found);
    EXPECT_EQ(files_->list(path("none")).error().code(), ErrorCode::not_found);
    EXPECT_EQ(files_->create(path("none/a")).error().code(), ErrorCode::not_found);
    EXPECT_EQ(files_->make_dir(root_).error().code(), ErrorCode::already_exists);
    EXPECT_EQ(read_small_file(*files_, path("a"), 2).error().code(), ErrorCode::invalid);
    EXPECT_NE(files_->open(path("none")).error().context().find(path("none")), std::string::npos);
}

TEST_P(FilesTest, RenameReplacesAndListIsSorted) {
    write_all(*files_, path("b"), "new");
    write_all(*files_, path("a"), "old");
    write_all(*files_, path("c"), "c");
    EXPECT_EQ(files_->list(root_).value(), (std::vector<std::string>{"a", "b", "c"}));
    ASSERT_TRUE(files_->rename(path("b"), path("a")).has_value());
    EXPECT_EQ(files_->list(root_).value(), (std::vector<std::string>{"a", "c"}));
    EXPECT_EQ(read_all(*files_, path("a")), "new");
    ASSERT_TRUE(files_->unlink(path("a")).has_value());
    EXPECT_FALSE(files_->exists(path("a")).value());
}

TEST_P(FilesTest, AnUnlinkedFileStaysReadableWhileItIsOpen) {
    write_all(*files_, path("a"), "abc");
    const auto file = files_->open_readonly(path("a")).value();
    ASSERT_TRUE(files_->unlink(path("a")).has_value());
    std::string bytes(3, '?');
    EXPECT_EQ(file->read_at(0, bytes).value(), 3U);
    EXPECT_EQ(bytes, "abc");
}

TEST_P(FilesTest, SmallFilesAreReplacedWhole) {
    ASSERT_TRUE(write_small_file(*files_, path("a"), "a long first version").has_value());
    write_all(*files_, path("a.tmp"), "left over by a crash");
    ASSERT_TRUE(write_small_file(*files_, path("a"), "second").has_value());
    EXPECT_EQ(read_all(*files_, path("a")), "second");
    EXPECT_EQ(files_->list(root_).value(), (std::vector<std::string>{"a"}));
}

TEST_P(FilesTest, DirectoriesAreMadeWithTheirParents) {
    ASSERT_TRUE(make_dirs(*files_, path("x/y/z")).has_value());
    ASSERT_TRUE(make_dirs(*files_, path("x/y/z")).has_value());
    write_all(*files_, path("x/y/z/a"), "abc");
    EXPECT_EQ(files_->list(path("x/y")).value(), (std::vector<std::string>{"z"}));
}

TEST_P(FilesTest, ALockHasOneHolderWhoNamesHimself) {
    auto lock = files_->lock(path("LOCK"), "4711");
    ASSERT_TRUE(lock.has_value());
    const auto second = files_->lock(path("LOCK"), "4712");
    ASSERT_TRUE(second.has_error());
    EXPECT_EQ(second.error().code(), ErrorCode::already_exists);
    EXPECT_EQ(second.error().context(), "4711");
    lock.value().reset();
    EXPECT_TRUE(files_->lock(path("LOCK"), "4712").has_value());
}

INSTANTIATE_TEST_SUITE_P(
    Both, FilesTest,
    testing::Values(Case{"posix", [] { return std::make_unique<PosixFiles>(); }},
                    Case{"memory", [] { return std::make_unique<MemoryFiles>(); }}),
    [](const auto& tested) { return tested.param.name; });

TEST(ParentDir, IsThePathWithoutItsLastName) {
    EXPECT_EQ(parent_dir("/a/b"), "/a");
    EXPECT_EQ(parent_dir("/a//b/"), "/a");
    EXPECT_EQ(parent_dir("/a"), "/");
    EXPECT_EQ(parent_dir("/"), "/");
    EXPECT_EQ(parent_dir("a"), ".");
    EXPECT_EQ(parent_dir("a/b"), "a");
}

TEST(MemoryFiles, APowerCutForgetsUnsyncedBytes) {
    MemoryFiles files;
    auto file = files.create("/a").value();
    ASSERT_TRUE(file->write_at(0, "synced bytes").has_value());
    ASSERT_TRUE(file->sync_data().has_value());
    ASSERT_TRUE(files.sync_dir("/").has_value());
    ASSERT_TRUE(file->write_at(0, "changed").has_value());
    ASSERT_TRUE(file->write_at(2000, "grown").has_value());
    files.power_cut();
    EXPECT_EQ(read_all(files, "/a"), "synced bytes");
    EXPECT_TRUE(file->write_at(0, "x").has_error()) << "an open file survived the power cut";
}

TEST(MemoryFiles, APowerCutForgetsUnsyncedNames) {
    MemoryFiles files;
    auto file = files.create("/a").value();
    ASSERT_TRUE(file->write_at(0, "abc").has_value());
    ASSERT_TRUE(file->sync_data().has_value());
    files.power_cut();
    EXPECT_FALSE(files.exists("/a").value()) << "the sync of a file kept its name";

    write_all(files, "/b", "");
    ASSERT_TRUE(files.sync_dir("/").has_value());
    ASSERT_TRUE(files.rename("/b", "/c").has_value());
    ASSERT_TRUE(files.make_dir("/d").has_value());
    files.power_cut();
    EXPECT_EQ(files.list("/").value(), (std::vector<std::string>{"b"}));

    ASSERT_TRUE(files.unlink("/b").has_value());
    files.power_cut();
    EXPECT_TRUE(files.exists("/b").value());
}

TEST(MemoryFiles, AFailedSyncLeavesBytesThatReadWellAndAreNotOnDisk) {
    MemoryFiles files;
    auto file = files.create("/a").value();
    ASSERT_TRUE(files.sync_dir("/").has_value());
    ASSERT_TRUE(file->write_at(0, "abc").has_value());
    files.fail_call(files.calls() + 1, Error(ErrorCode::unavailable, "EIO"));
    EXPECT_TRUE(file->sync_data().has_error());
    EXPECT_TRUE(file->sync_data().has_value()) << "the second sync reports success, as Linux does";
    EXPECT_EQ(read_all(files, "/a"), "abc");
    files.power_cut();
    EXPECT_NE(read_all(files, "/a"), "abc");
}

TEST(MemoryFiles, BytesWrittenAgainAfterAFailedSyncCanBeSynced) {
    MemoryFiles files;
    auto file = files.create("/a").value();
    ASSERT_TRUE(files.sync_dir("/").has_value());
    ASSERT_TRUE(file->write_at(0, "abc").has_value());
    files.fail_call(files.calls() + 1, Error(ErrorCode::unavailable, "EIO"));
    EXPECT_TRUE(file->sync_data().has_error());
    ASSERT_TRUE(file->write_at(0, "abc").has_value());
    ASSERT_TRUE(file->sync_data().has_value());
    files.power_cut();
    EXPECT_EQ(read_all(files, "/a"), "abc");
}

TEST(MemoryFiles, ASeededPowerCutKeepsSomeUnsyncedSectors) {
    MemoryFiles files;
    auto file = files.create("/a").value();
    ASSERT_TRUE(file->write_at(0, std::string(512 * 64, 'o')).has_value());
    ASSERT_TRUE(file->sync_data().has_value());
    ASSERT_TRUE(files.sync_dir("/").has_value());
    ASSERT_TRUE(file->write_at(0, std::string(512 * 64, 'n')).has_value());
    files.power_cut(7);
    const std::string bytes = read_all(files, "/a");
    EXPECT_NE(bytes.find('o'), std::string::npos);
    EXPECT_NE(bytes.find('n'), std::string::npos);
}

TEST(MemoryFiles, AFullDiskWritesWhatFitsAndSaysSo) {
    MemoryFiles files;
    files.set_capacity(6);
    auto file = files.create("/a").value();
    ASSERT_TRUE(file->write_at(0, "abcd").has_value());
    EXPECT_EQ(file->write_at(4, "efgh").error().code(), ErrorCode::exhausted);
    EXPECT_TRUE(file->write_at(0, "ABCDEF").has_value()) << "overwriting needs no space";
    EXPECT_EQ(file->size().value(), 6U);
    ASSERT_TRUE(files.unlink("/a").has_value());
    auto other = files.create("/b").value();
    EXPECT_TRUE(other->write_at(0, "abcdef").has_value());
}

TEST(MemoryFiles, ACutAtACallLeavesEverythingOffUntilPowerIsBack) {
    MemoryFiles files;
    files.cut_power_at(2);
    auto file = files.create("/a").value();
    EXPECT_TRUE(file->write_at(0, "abc").has_error());
    EXPECT_TRUE(files.is_off());
    EXPECT_TRUE(files.list("/").has_error());
    files.power_on();
    EXPECT_TRUE(files.list("/").value().empty());
}

TEST(MemoryFiles, AHookCanTearAWrite) {
    MemoryFiles files;
    auto file = files.create("/a").value();
    files.set_fault([](const MemoryFiles::Call& call) -> std::optional<MemoryFiles::Fault> {
        if (call.kind != MemoryFiles::Kind::write) {
            return std::nullopt;
        }
        return MemoryFiles::Fault{Error(ErrorCode::unavailable, "EIO"), 2};
    });
    EXPECT_TRUE(file->write_at(0, "abcd").has_error());
    files.clear_faults();
    EXPECT_EQ(read_all(files, "/a"), "ab");
}

TEST(Crc32c, KnownValues) {
    EXPECT_EQ(crc32c(""), 0U);
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
    EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
}

TEST(Crc32c, BothWaysAgreeAndGoOnAnywhere) {
    std::string bytes;
    for (int index = 0; index < 100; ++index) {
        bytes.push_back(static_cast<char>(index * 37));
    }
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        const std::string_view front = std::string_view(bytes).substr(0, cut);
        const std::string_view back = std::string_view(bytes).substr(cut);
        EXPECT_EQ(crc32c(front), crc32c_by_tables(front));
        EXPECT_EQ(crc32c(back, crc32c(front)), crc32c(bytes));
        EXPECT_EQ(crc32c_by_tables(back, crc32c_by_tables(front)), crc32c(bytes));
    }
}

}  // namespace
}  // namespace base
