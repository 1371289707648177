// The bytes of a segment. The first byte chooses: a file header, a batch whose checksum is made
// right, so that what lies behind it is reached, or records that are written, read, and of which
// one bit is flipped.
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "base/ensure.h"
#include "eventlog/segment_format.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {
namespace {

constexpr std::size_t crc_position = 60;
constexpr eventlog::BatchPlace place{.base_offset = 40, .durable_end = 30, .log_id = {1, 2, 3}};

void put_u32(std::string& bytes, std::size_t position, std::size_t value) {
    for (std::size_t n = 0; n < 4; ++n) {
        bytes[position + n] = static_cast<char>(value >> (8 * n) & 0xFF);
    }
}

void check_file_header(std::string_view input) {
    std::string bytes(input.substr(0, crc_position));
    bytes.resize(eventlog::file_header_bytes, '\0');
    put_u32(bytes, crc_position, base::crc32c(std::string_view(bytes).substr(0, crc_position)));
    const auto header = eventlog::decode_file_header(bytes);
    if (header) {
        // What stands in reserved places is not read.
        constexpr std::size_t read_bytes = 48;
        ENSURE(eventlog::encode(header.value()).substr(0, read_bytes) ==
               bytes.substr(0, read_bytes));
    }
}

std::vector<eventlog::Record> records_of(const eventlog::DecodedBatch& batch) {
    std::vector<eventlog::Record> records;
    for (const eventlog::RecordSlice& slice : batch.slices) {
        ENSURE(slice.position <= batch.payload.size());
        ENSURE(slice.size <= batch.payload.size() - slice.position);
        records.push_back({batch.payload.substr(slice.position, slice.size), slice.received_at});
    }
    return records;
}

void expect_equal(const std::vector<eventlog::Record>& one,
                  const std::vector<eventlog::Record>& other) {
    ENSURE(one.size() == other.size());
    for (std::size_t n = 0; n < one.size(); ++n) {
        ENSURE(one[n].bytes == other[n].bytes && one[n].received_at == other[n].received_at);
    }
}

/// `records` written and read; gives their bytes.
std::string check_written(const std::vector<eventlog::Record>& records, bool compress) {
    std::string bytes = eventlog::encode_batch(records, place, compress);
    const auto header = eventlog::parse_batch_header(bytes);
    ENSURE(header && header->total_bytes() == bytes.size());
    ENSURE(header->next_offset() == place.base_offset + records.size());
    ENSURE(eventlog::batch_flaw(bytes, *header).empty());
    const auto batch = eventlog::decode_batch(bytes, *header);
    ENSURE(batch && batch.value().base_offset == place.base_offset);
    expect_equal(records_of(batch.value()), records);
    return bytes;
}

/// 64 bytes of a header and a payload, with magic, size and checksum made right.
void check_batch(std::string_view input) {
    const std::string magic("\1NWB", 4);
    std::string bytes(input);
    bytes.resize(std::max(bytes.size(), eventlog::batch_header_bytes), '\0');
    bytes.replace(0, magic.size(), magic);
    put_u32(bytes, magic.size(), bytes.size() - eventlog::batch_header_bytes);
    put_u32(bytes, crc_position, 0);
    put_u32(bytes, crc_position, base::crc32c(bytes));
    const auto header = eventlog::parse_batch_header(bytes);
    if (!header) {
        return;
    }
    bytes.resize(header->total_bytes(), '\0');
    ENSURE(eventlog::batch_flaw(bytes, *header).empty());
    const auto batch = eventlog::decode_batch(bytes, *header);
    if (!batch) {
        ENSURE(batch.error().code() == base::ErrorCode::corrupt);
        return;
    }
    ENSURE(batch.value().slices.size() == header->count);
    check_written(records_of(batch.value()), false);
}

void check_records(std::string_view bytes) {
    Input input(bytes);
    const bool compress = input.byte() % 2 == 1;
    const std::size_t flipped = input.number();
    std::vector<eventlog::Record> records;
    do {
        const auto at = static_cast<std::int64_t>(input.number()) - 1000;
        const std::size_t size = input.byte();
        records.push_back({std::string(input.take(size)), base::from_ms(at * at * at)});
    } while (!input.is_empty());
    std::string written = check_written(records, compress);
    char& byte = written[flipped / 8 % written.size()];
    byte = static_cast<char>(byte ^ (1 << flipped % 8));
    const auto header = eventlog::parse_batch_header(written);
    ENSURE(!header || header->total_bytes() != written.size() ||
           !eventlog::batch_flaw(written, *header).empty());
}

}  // namespace

void run(std::string_view bytes) {
    Input input(bytes);
    switch (input.byte() % 3) {
        case 0: return check_file_header(input.rest());
        case 1: return check_batch(input.rest());
        default: return check_records(input.rest());
    }
}

}  // namespace fuzz
