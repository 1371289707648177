// Proves that damage is found and never answered from: a small log of a few segments is taken, one
// bit of it is flipped (in every third byte, one after the other), and it is opened and read.
// Either the error names the file, or the flipped byte belongs to the last group, which nobody can
// tell from a torn tail: it is cut and said so. In no case is a wrong record read. Swapped, foreign
// and shortened files follow.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/eventlog/log_support.h"

namespace eventlog {
namespace {

constexpr Partition zero{0};
constexpr std::uint64_t end = 150;
const std::string dir = "/data/log/0";

/// A disk with a closed log on it, as names and bytes.
using Image = std::map<std::string, std::string>;

std::unique_ptr<base::MemoryFiles> disk_of(const Image& image) {
    auto files = std::make_unique<base::MemoryFiles>();
    EXPECT_TRUE(base::make_dirs(*files, dir).has_value());
    for (const auto& [path, bytes] : image) {
        EXPECT_TRUE(files->create(path).value()->write_at(0, bytes).has_value());
    }
    return files;
}

SegmentLogOptions damage_options() {
    SegmentLogOptions options = small_options();
    options.segment_bytes = 4 << 10;
    options.zero_step = 1 << 10;
    options.group_bytes_max = 2 << 10;
    options.record_bytes_max = 1 << 10;
    return options;
}

Image image_of(base::MemoryFiles& files) {
    Image image;
    image["/data/VERSION"] = base::read_small_file(files, "/data/VERSION").value();
    const std::vector<std::string> names = files.list(dir).value();
    for (const std::string& name : names) {
        image[dir + "/" + name] = base::read_small_file(files, dir + "/" + name).value();
    }
    return image;
}

/// Where batches stand in a segment: position -> header.
std::map<std::uint64_t, BatchHeader> batches_of(const std::string& bytes) {
    std::map<std::uint64_t, BatchHeader> found;
    std::uint64_t position = file_header_bytes;
    while (const auto header = parse_batch_header(std::string_view(bytes).substr(position))) {
        found.emplace(position, *header);
        position += header->total_bytes();
    }
    return found;
}

std::uint64_t written_end(const std::string& bytes) {
    const auto last = *batches_of(bytes).rbegin();
    return last.first + last.second.total_bytes();
}

class DamageTest : public testing::Test {
protected:
    DamageTest() {
        base::MemoryFiles files;
        {
            const auto log = open_log(files, damage_options());
            while (log->durable_end(zero) < end) {
                EXPECT_TRUE(append(*log, 10).has_value());
            }
        }
        good_ = image_of(files);
        good_.erase(dir + "/" + std::string(spare_name));
        for (const auto& [path, bytes] : good_) {
            if (path.ends_with(".log")) {
                segments_.push_back(path);
            }
        }
        EXPECT_GE(segments_.size(), 3U);
    }

    /// Opens and reads all. Errors: the one of the open or of the read.
    static base::Result<std::vector<ReadRecord>> open_and_read(base::Files& files) {
        BOOST_OUTCOME_TRY(const auto log, SegmentLog::open(files, "/data", damage_options()));
        return read_all(*log);
    }

    base::Result<std::vector<ReadRecord>> read_flipped(const std::string& path,
                                                       std::size_t position, int bit) const {
        Image bad = good_;
        bad[path][position] = static_cast<char>(bad[path][position] ^ (1 << bit));
        return open_and_read(*disk_of(bad));
    }

    Image good_;
    std::vector<std::string> segments_;
};

TEST_F(DamageTest, TheUnharmedLogReadsWell) {
    expect_numbered(open_and_read(*disk_of(good_)).value(), 0, end);
}

TEST_F(DamageTest, AFlippedBitInASealedSegmentIsFoundAndNamed) {
    const std::string& path = segments_.front();
    for (std::size_t position = 0; position < written_end(good_[path]); position += 3) {
        const auto read = read_flipped(path, position, static_cast<int>(position % 8));
        ASSERT_TRUE(read.has_error()) << position;
        const std::string& context = read.error().context();
        ASSERT_NE(context.find(path), std::string::npos) << context;
        if (position >= file_header_bytes) {
            ASSERT_EQ(read.error().code(), base::ErrorCode::corrupt) << context;
            const auto batches = batches_of(good_[path]);
            const auto batch = std::prev(batches.upper_bound(position));
            const std::string place = "byte " + std::to_string(batch->first) + ", offset " +
                                      std::to_string(batch->second.base_offset) + ":";
            ASSERT_NE(context.find(place), std::string::npos) << context << " / " << place;
        }
    }
}

TEST_F(DamageTest, AFlippedBitInTheLastSegmentIsFoundOrCutsItsLastGroup) {
    const std::string& path = segments_.back();
    const auto batches = batches_of(good_[path]);
    const std::uint64_t last_group = batches.rbegin()->second.durable_end;
    ASSERT_GT(last_group, batches.begin()->second.base_offset) << "there are several groups";
    for (std::size_t position = 0; position < written_end(good_[path]); position += 3) {
        const auto read = read_flipped(path, position, static_cast<int>(position % 8));
        const auto batch = batches.upper_bound(position);
        const bool in_last_group =
            batch != batches.begin() && std::prev(batch)->second.base_offset >= last_group;
        ASSERT_EQ(read.has_value(), in_last_group) << position;
        if (read.has_error()) {
            const std::string& context = read.error().context();
            ASSERT_NE(context.find(path + ": byte "), std::string::npos) << context;
            continue;
        }
        ASSERT_GE(read.value().size(), last_group);
        ASSERT_LT(read.value().size(), end);
        ASSERT_NO_FATAL_FAILURE(expect_numbered(read.value(), 0, read.value().size()));
    }
}

TEST_F(DamageTest, ACutTailIsSaidAndTheLogGoesOnThere) {
    const std::string& path = segments_.back();
    Image bad = good_;
    const auto [position, header] = *batches_of(good_[path]).rbegin();
    bad[path][position + batch_header_bytes] ^= 1;
    const auto files = disk_of(bad);
    {
        const auto log = open_log(*files, damage_options());
        ASSERT_EQ(log->recovery_notes().size(), 1U);
        const std::string place = path + ": byte " + std::to_string(position) + ", offset " +
                                  std::to_string(header.base_offset) + ": a torn tail was cut";
        EXPECT_EQ(log->recovery_notes()[0].substr(0, place.size()), place);
        EXPECT_EQ(log->durable_end(zero), header.base_offset);
        EXPECT_TRUE(append(*log, 3).has_value());
    }
    const auto log = open_log(*files, damage_options());
    EXPECT_TRUE(log->recovery_notes().empty());
    expect_numbered(read_all(*log).value(), 0, header.base_offset + 3);
}

TEST_F(DamageTest, ALostMiddleOfTheLastSegmentIsNotTakenForItsEnd) {
    const std::string& path = segments_.back();
    Image bad = good_;
    const auto [position, header] = *batches_of(good_[path]).begin();
    bad[path].replace(position, header.total_bytes(), header.total_bytes(), '\0');
    const auto read = open_and_read(*disk_of(bad));
    ASSERT_TRUE(read.has_error());
    EXPECT_EQ(read.error().code(), base::ErrorCode::corrupt);
    EXPECT_NE(read.error().context().find("byte 64"), std::string::npos);
}

TEST_F(DamageTest, BehindACutTailNothingOldComesBack) {
    // The first batch of the last group is torn, the second is whole: new records of the same size
    // must not be followed by it.
    base::MemoryFiles files;
    const auto big = [](std::uint64_t number) { return record(number, 900); };
    {
        const auto log = open_log(files, damage_options());
        ASSERT_TRUE(append_and_wait(*log, zero, {big(0)}).has_value());
        ASSERT_TRUE(append_and_wait(*log, zero, {big(1), big(2)}).has_value());
    }
    Image image = image_of(files);
    const std::string path = dir + "/" + segment_name(0);
    const auto batches = batches_of(image[path]);
    ASSERT_EQ(batches.size(), 3U);
    image[path][std::next(batches.begin())->first + batch_header_bytes] ^= 1;
    const auto disk = disk_of(image);
    {
        const auto log = open_log(*disk, damage_options());
        ASSERT_EQ(log->durable_end(zero), 1U);
        ASSERT_TRUE(append_and_wait(*log, zero, {big(7)}).has_value());
    }
    const auto log = open_log(*disk, damage_options());
    EXPECT_EQ(log->durable_end(zero), 2U);
}

TEST_F(DamageTest, AMissingSegmentIsFound) {
    Image bad = good_;
    bad.erase(segments_[1]);
    const auto read = open_and_read(*disk_of(bad));
    ASSERT_TRUE(read.has_error());
    EXPECT_EQ(read.error().code(), base::ErrorCode::corrupt);
}

TEST_F(DamageTest, SwappedAndRenamedSegmentsAreFound) {
    Image swapped = good_;
    std::swap(swapped[segments_[0]], swapped[segments_[1]]);
    EXPECT_EQ(open_and_read(*disk_of(swapped)).error().code(), base::ErrorCode::corrupt);

    Image renamed = good_;
    renamed[dir + "/" + segment_name(end + 1000)] = renamed[segments_.back()];
    renamed.erase(segments_.back());
    const auto files = disk_of(renamed);
    EXPECT_EQ(open_and_read(*files).error().code(), base::ErrorCode::corrupt);
    EXPECT_TRUE(files->exists(dir + "/" + segment_name(end + 1000)).value()) << "it was removed";
}

TEST_F(DamageTest, AShortenedSegmentIsFound) {
    Image bad = good_;
    bad[segments_[0]].resize(written_end(bad[segments_[0]]) - 20);
    EXPECT_EQ(open_and_read(*disk_of(bad)).error().code(), base::ErrorCode::corrupt);
}

TEST_F(DamageTest, FilesOfAnotherLogAreRefused) {
    Image foreign = good_;
    const DataVersion other{1, LogId{9, 9, 9}, 1};
    foreign["/data/VERSION"] = encode(other);
    const auto files = disk_of(foreign);
    const auto read = open_and_read(*files);
    ASSERT_TRUE(read.has_error());
    EXPECT_EQ(read.error().code(), base::ErrorCode::invalid);
    EXPECT_NE(read.error().context().find("another log"), std::string::npos);
    for (const std::string& path : segments_) {
        EXPECT_TRUE(files->exists(path).value()) << path;
    }
}

TEST_F(DamageTest, ASpareAndAnEmptySegmentOfAStoppedRollAreRemoved) {
    Image stopped = good_;
    stopped[dir + "/spare"] = std::string(2048, 'x');
    stopped[dir + "/" + segment_name(end)] = std::string(2048, '\0');
    const auto files = disk_of(stopped);
    const auto log = open_log(*files, damage_options());
    expect_numbered(read_all(*log).value(), 0, end);
    EXPECT_FALSE(files->exists(dir + "/" + segment_name(end)).value());
    ASSERT_TRUE(append(*log, 5).has_value());
    expect_numbered(read_all(*log).value(), 0, end + 5);
}

}  // namespace
}  // namespace eventlog
