// Proves that the bytes of a segment stay what docs/segment_format.md says: a one-batch segment is
// compared with golden bytes, byte by byte, and everything else about a batch by taking it apart
// again and by changing each of its bytes. UPDATE_GOLDEN=1 rewrites the golden bytes.
#include "eventlog/segment_format.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/eventlog/log_support.h"

namespace eventlog {
namespace {

constexpr LogId known_id{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// Offset and 16 bytes a line; runs of zero lines are left out.
std::string hex_dump(std::string_view bytes) {
    std::string text;
    for (std::size_t begin = 0; begin < bytes.size(); begin += 16) {
        const std::string_view row = bytes.substr(begin, 16);
        if (row.find_first_not_of('\0') == std::string_view::npos) {
            continue;
        }
        char cell[32];
        std::snprintf(&cell[0], sizeof cell, "%06zx ", begin);
        text += &cell[0];
        for (const char byte : row) {
            std::snprintf(&cell[0], sizeof cell, " %02x",
                          static_cast<unsigned>(static_cast<unsigned char>(byte)));
            text += &cell[0];
        }
        text += '\n';
    }
    return text;
}

void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(NORMWATCH_GOLDEN) + "/" + name;
    if (::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path) << text;
    }
    std::stringstream golden;
    golden << std::ifstream(path).rdbuf();
    EXPECT_EQ(text, golden.str()) << path;
}

std::string a_batch(bool compress = false) {
    return encode_batch(records(40, 5), BatchPlace{40, 32, known_id}, compress);
}

TEST(SegmentFormat, AOneBatchSegmentHasItsGoldenBytes) {
    base::MemoryFiles files;
    ASSERT_TRUE(files.make_dir("/data").has_value());
    const DataVersion version{1, known_id, 1};
    ASSERT_TRUE(base::write_small_file(files, "/data/VERSION", encode(version)).has_value());
    {
        const auto log = open_log(files, small_options());
        const std::vector<Record> two{{"first event", instant(0)}, {"second", instant(70'000)}};
        ASSERT_TRUE(append_and_wait(*log, Partition{0}, two).has_value());
    }
    const std::string path = "/data/log/0/00000000000000000000.log";
    const std::string bytes = base::read_small_file(files, path).value();
    EXPECT_EQ(bytes.size(), 8U << 10) << "zeros stand one step ahead of what is written";
    expect_golden("one_batch.hex", hex_dump(bytes));
}

TEST(SegmentFormat, AFileHeaderComesBack) {
    const FileHeader header{7, known_id, 1'234'567, instant(9)};
    const FileHeader back = decode_file_header(encode(header)).value();
    EXPECT_EQ(back.partition, header.partition);
    EXPECT_EQ(back.log_id, header.log_id);
    EXPECT_EQ(back.base_offset, header.base_offset);
    EXPECT_EQ(back.created, header.created);
}

TEST(SegmentFormat, EveryChangedByteOfAFileHeaderIsFound) {
    const std::string good = encode(FileHeader{7, known_id, 1'234'567, instant(9)});
    for (std::size_t index = 0; index < good.size(); ++index) {
        std::string bad = good;
        bad[index] = static_cast<char>(bad[index] ^ 1);
        EXPECT_TRUE(decode_file_header(bad).has_error()) << index;
    }
}

TEST(SegmentFormat, ABatchComesBack) {
    for (const bool compress : {false, true}) {
        const std::string bytes = a_batch(compress);
        EXPECT_EQ(bytes.size() % batch_alignment, 0U);
        const BatchHeader header = parse_batch_header(bytes).value();
        EXPECT_EQ(header.base_offset, 40U);
        EXPECT_EQ(header.next_offset(), 45U);
        EXPECT_EQ(header.durable_end, 32U);
        EXPECT_EQ(header.first, instant(40));
        EXPECT_EQ(header.last, instant(44));
        EXPECT_EQ(header.codec, compress ? Codec::zstd : Codec::none);
        EXPECT_EQ(batch_flaw(bytes, header), "");
        const DecodedBatch batch = decode_batch(bytes, header).value();
        ASSERT_EQ(batch.slices.size(), 5U);
        for (std::uint64_t index = 0; index < 5; ++index) {
            const RecordSlice& slice = batch.slices[index];
            EXPECT_EQ(batch.payload.substr(slice.position, slice.size), record(40 + index).bytes);
            EXPECT_EQ(slice.received_at, instant(40 + index));
        }
    }
}

TEST(SegmentFormat, EveryChangedBitOfABatchIsFound) {
    const std::string good = a_batch();
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        const auto header = parse_batch_header(bad);
        if (header && header->total_bytes() == bad.size()) {
            EXPECT_NE(batch_flaw(bad, *header), "") << bit;
        }
    }
}

TEST(SegmentFormat, CompressionIsLeftOutWhereItDoesNotHelp) {
    const std::string bytes = encode_batch(records(0, 1), BatchPlace{0, 0, known_id}, true);
    EXPECT_EQ(parse_batch_header(bytes)->codec, Codec::none);
}

TEST(SegmentFormat, APayloadThatContradictsItselfIsRefused) {
    std::string bytes = a_batch();
    BatchHeader header = parse_batch_header(bytes).value();
    ++header.count;
    EXPECT_TRUE(decode_batch(bytes, header).has_error());
    header.count -= 2;
    EXPECT_TRUE(decode_batch(bytes, header).has_error());
    ++header.count;
    header.codec = Codec::zstd;
    EXPECT_TRUE(decode_batch(bytes, header).has_error());
    header.codec = Codec::none;
    EXPECT_TRUE(decode_batch(bytes, header).has_value());
}

TEST(SegmentFormat, NamesOfSegmentsAreTheirOffsets) {
    EXPECT_EQ(segment_name(42), "00000000000000000042.log");
    EXPECT_EQ(segment_base("00000000000000000042.log"), 42U);
    EXPECT_EQ(segment_base(segment_name(UINT64_MAX)), UINT64_MAX);
    EXPECT_EQ(segment_base("99999999999999999999.log"), std::nullopt);
    EXPECT_EQ(segment_base("0000000000000000004x.log"), std::nullopt);
    EXPECT_EQ(segment_base("42.log"), std::nullopt);
    EXPECT_EQ(segment_base("spare"), std::nullopt);
}

}  // namespace
}  // namespace eventlog
