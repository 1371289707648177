#include "eventlog/segment_format.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/crc32c.h"
#include "base/ensure.h"

namespace eventlog {
namespace {

constexpr std::string_view file_magic = "NWSEGM01";
constexpr std::uint32_t batch_magic = 0x4257'4E01;  // bytes 01 'N' 'W' 'B'
constexpr std::size_t file_crc_position = 60;
constexpr std::size_t batch_crc_position = 60;
constexpr int zstd_level = 1;

void put(std::string& bytes, std::uint64_t value, std::size_t size) {
    for (std::size_t index = 0; index < size; ++index) {
        bytes.push_back(static_cast<char>(value >> (8 * index)));
    }
}

void put_u32(std::string& bytes, std::uint32_t value) {
    put(bytes, value, 4);
}
void put_u64(std::string& bytes, std::uint64_t value) {
    put(bytes, value, 8);
}
void put_time(std::string& bytes, base::UtcMillis at) {
    put(bytes, static_cast<std::uint64_t>(base::to_ms(at)), 8);
}

std::uint64_t load(std::string_view bytes, std::size_t position, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t index = size; index > 0; --index) {
        value = value << 8 | static_cast<unsigned char>(bytes[position + index - 1]);
    }
    return value;
}

base::UtcMillis load_time(std::string_view bytes, std::size_t position) {
    return base::from_ms(static_cast<std::int64_t>(load_u64(bytes, position)));
}

bool is_zero(std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

void put_varint(std::string& bytes, std::uint64_t value) {
    while (value >= 0x80) {
        bytes.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    bytes.push_back(static_cast<char>(value));
}

/// Takes a varint from the front of `bytes`. Returns: false when there is none.
bool take_varint(std::string_view& bytes, std::uint64_t& value) {
    value = 0;
    for (std::size_t index = 0; index < bytes.size() && index < 10; ++index) {
        const auto byte = static_cast<unsigned char>(bytes[index]);
        value |= std::uint64_t{byte & 0x7FU} << (7 * index);
        if (byte < 0x80) {
            bytes.remove_prefix(index + 1);
            return true;
        }
    }
    return false;
}

std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

/// `later` - `earlier`, and `earlier` + `delta`, defined for every pair of instants.
std::int64_t difference(base::UtcMillis later, base::UtcMillis earlier) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(base::to_ms(later)) -
                                     static_cast<std::uint64_t>(base::to_ms(earlier)));
}

base::UtcMillis moved(base::UtcMillis earlier, std::int64_t delta) {
    return base::from_ms(static_cast<std::int64_t>(
        static_cast<std::uint64_t>(base::to_ms(earlier)) + static_cast<std::uint64_t>(delta)));
}

std::string frame(std::span<const Record> records) {
    std::size_t size = 0;
    for (const Record& record : records) {
        size += framed_bytes_max(record);
    }
    std::string payload;
    payload.reserve(size);
    for (const Record& record : records) {
        put_varint(payload, record.bytes.size());
        put_varint(payload, zigzag(difference(record.received_at, records.front().received_at)));
        payload += record.bytes;
    }
    return payload;
}

/// `payload` packed, or nothing when that does not make it smaller.
std::optional<std::string> packed(std::string_view payload) {
    struct FreeContext {
        void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    };
    // One a thread: making a context costs more than packing a small batch.
    thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    std::string smaller(ZSTD_compressBound(payload.size()), '\0');
    const std::size_t size = ZSTD_compressCCtx(context.get(), smaller.data(), smaller.size(),
                                               payload.data(), payload.size(), zstd_level);
    if (ZSTD_isError(size) != 0 || size >= payload.size()) {
        return std::nullopt;
    }
    smaller.resize(size);
    return smaller;
}

base::Result<std::string> unpacked(std::string_view payload) {
    const auto size = ZSTD_getFrameContentSize(payload.data(), payload.size());
    if (size > payload_bytes_max) {  // the two error values are the largest numbers
        return base::Error(base::ErrorCode::corrupt, "the packed payload has no valid size");
    }
    std::string bytes(static_cast<std::size_t>(size), '\0');
    const std::size_t done =
        ZSTD_decompress(bytes.data(), bytes.size(), payload.data(), payload.size());
    if (ZSTD_isError(done) != 0 || done != bytes.size()) {
        return base::Error(base::ErrorCode::corrupt, "the packed payload does not unpack");
    }
    return bytes;
}

std::string encode(const BatchHeader& header) {
    std::string bytes;
    bytes.reserve(batch_header_bytes);
    put_u32(bytes, batch_magic);
    put_u32(bytes, header.payload_bytes);
    put_u64(bytes, header.base_offset);
    put_u32(bytes, header.count);
    put(bytes, static_cast<std::uint64_t>(header.codec), 4);  // codec and three zeros
    put_u64(bytes, header.durable_end);
    put_time(bytes, header.first);
    put_time(bytes, header.last);
    bytes.append(header.log_id.begin(), header.log_id.end());
    put_u32(bytes, 0);
    put_u32(bytes, header.crc);
    ENSURE(bytes.size() == batch_header_bytes);
    return bytes;
}

std::uint32_t batch_crc(std::string_view bytes, std::size_t payload_bytes) {
    constexpr std::string_view no_crc("\0\0\0\0", 4);
    const std::uint32_t front = base::crc32c(bytes.substr(0, batch_crc_position));
    return base::crc32c(bytes.substr(batch_header_bytes, payload_bytes),
                        base::crc32c(no_crc, front));
}

void store_u32(std::string& bytes, std::size_t position, std::uint32_t value) {
    for (std::size_t index = 0; index < 4; ++index) {
        bytes[position + index] = static_cast<char>(value >> (8 * index));
    }
}

std::size_t padded(std::size_t size) {
    return (size + batch_alignment - 1) / batch_alignment * batch_alignment;
}

}  // namespace

std::uint32_t load_u32(std::string_view bytes, std::size_t position) {
    return static_cast<std::uint32_t>(load(bytes, position, 4));
}

std::uint64_t load_u64(std::string_view bytes, std::size_t position) {
    return load(bytes, position, 8);
}

std::string encode(const FileHeader& header) {
    std::string bytes(file_magic);
    put_u32(bytes, segment_format_version);
    put_u32(bytes, header.partition);
    bytes.append(header.log_id.begin(), header.log_id.end());
    put_u64(bytes, header.base_offset);
    put_time(bytes, header.created);
    bytes.resize(file_crc_position, '\0');
    put_u32(bytes, base::crc32c(bytes));
    ENSURE(bytes.size() == file_header_bytes);
    return bytes;
}

base::Result<FileHeader> decode_file_header(std::string_view bytes) {
    if (bytes.size() < file_header_bytes || !bytes.starts_with(file_magic)) {
        return base::Error(base::ErrorCode::corrupt, "no segment header");
    }
    if (base::crc32c(bytes.substr(0, file_crc_position)) != load_u32(bytes, file_crc_position)) {
        return base::Error(base::ErrorCode::corrupt, "the segment header is damaged");
    }
    if (load_u32(bytes, 8) != segment_format_version) {
        return base::Error(
            base::ErrorCode::invalid,
            "segment format " + std::to_string(load_u32(bytes, 8)) + " is not supported");
    }
    FileHeader header;
    header.partition = load_u32(bytes, 12);
    std::memcpy(header.log_id.data(), bytes.data() + 16, header.log_id.size());
    header.base_offset = load_u64(bytes, 32);
    header.created = load_time(bytes, 40);
    return header;
}

std::size_t BatchHeader::total_bytes() const {
    return padded(batch_header_bytes + payload_bytes);
}

std::string encode_batch(std::span<const Record> records, const BatchPlace& place, bool compress) {
    ENSURE(!records.empty());
    std::string payload = frame(records);
    ENSURE(payload.size() <= payload_bytes_max);
    BatchHeader header;
    if (compress) {
        if (auto smaller = packed(payload)) {
            payload = std::move(*smaller);
            header.codec = Codec::zstd;
        }
    }
    header.payload_bytes = static_cast<std::uint32_t>(payload.size());
    header.base_offset = place.base_offset;
    header.count = static_cast<std::uint32_t>(records.size());
    header.durable_end = place.durable_end;
    header.first = records.front().received_at;
    header.last = header.first;
    for (const Record& record : records) {
        header.last = std::max(header.last, record.received_at);
    }
    std::copy_n(place.log_id.begin(), header.log_id.size(), header.log_id.begin());
    std::string bytes = encode(header);
    bytes.reserve(header.total_bytes());
    bytes += payload;
    store_u32(bytes, batch_crc_position, batch_crc(bytes, payload.size()));
    bytes.resize(header.total_bytes(), '\0');
    return bytes;
}

bool is_end_of_written(std::string_view bytes) {
    return load_u32(bytes, 0) == 0;
}

std::optional<BatchHeader> parse_batch_header(std::string_view bytes) {
    if (bytes.size() < batch_header_bytes || load_u32(bytes, 0) != batch_magic) {
        return std::nullopt;
    }
    BatchHeader header;
    header.payload_bytes = load_u32(bytes, 4);
    header.base_offset = load_u64(bytes, 8);
    header.count = load_u32(bytes, 16);
    const auto codec = static_cast<unsigned char>(bytes[20]);
    if (header.payload_bytes > payload_bytes_max || header.count == 0 || codec > 1) {
        return std::nullopt;
    }
    header.codec = static_cast<Codec>(codec);
    header.durable_end = load_u64(bytes, 24);
    header.first = load_time(bytes, 32);
    header.last = load_time(bytes, 40);
    std::memcpy(header.log_id.data(), bytes.data() + 48, header.log_id.size());
    header.crc = load_u32(bytes, batch_crc_position);
    return header;
}

std::string_view batch_flaw(std::string_view bytes, const BatchHeader& header) {
    ENSURE(bytes.size() == header.total_bytes());
    if (batch_crc(bytes, header.payload_bytes) != header.crc) {
        return "the checksum is wrong";
    }
    if (!is_zero(bytes.substr(batch_header_bytes + header.payload_bytes))) {
        return "the padding is not zero";
    }
    return {};
}

base::Result<DecodedBatch> decode_batch(std::string_view bytes, const BatchHeader& header) {
    DecodedBatch batch;
    batch.base_offset = header.base_offset;
    const std::string_view payload = bytes.substr(batch_header_bytes, header.payload_bytes);
    if (header.codec == Codec::zstd) {
        BOOST_OUTCOME_TRY(batch.payload, unpacked(payload));
    } else {
        batch.payload = payload;
    }
    std::string_view rest = batch.payload;
    batch.slices.reserve(std::min<std::size_t>(header.count, rest.size()));
    for (std::uint32_t index = 0; index < header.count; ++index) {
        std::uint64_t size = 0;
        std::uint64_t delta = 0;
        if (!take_varint(rest, size) || !take_varint(rest, delta) || size > rest.size()) {
            return base::Error(base::ErrorCode::corrupt, "a record is longer than its batch");
        }
        batch.slices.push_back(
            {batch.payload.size() - rest.size(), size, moved(header.first, unzigzag(delta))});
        rest.remove_prefix(size);
    }
    if (!rest.empty()) {
        return base::Error(base::ErrorCode::corrupt, "bytes are left over behind the records");
    }
    return batch;
}

std::string segment_name(std::uint64_t base_offset) {
    const std::string digits = std::to_string(base_offset);
    return std::string(20 - digits.size(), '0') + digits + ".log";
}

std::optional<std::uint64_t> segment_base(std::string_view name) {
    if (name.size() != 24 || !name.ends_with(".log")) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char digit : name.substr(0, 20)) {
        const auto add = static_cast<std::uint64_t>(digit - '0');
        if (digit < '0' || digit > '9' || value > (UINT64_MAX - add) / 10) {
            return std::nullopt;
        }
        value = value * 10 + add;
    }
    return value;
}

}  // namespace eventlog
