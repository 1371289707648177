#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "eventlog/log.h"

/// The bytes of a segment file; grammar and rules: docs/segment_format.md. Pure: no file is
/// touched.
namespace eventlog {

inline constexpr std::uint32_t segment_format_version = 1;
inline constexpr std::size_t file_header_bytes = 64;
inline constexpr std::size_t batch_header_bytes = 64;
inline constexpr std::size_t batch_alignment = 8;
/// No payload is larger, packed or not: what a reader allocates for a batch is bounded by it.
inline constexpr std::size_t payload_bytes_max = std::size_t{16} << 20;
/// What a record takes in a payload beside its bytes: two varints of 10 bytes at most.
inline constexpr std::size_t record_overhead_bytes_max = record_frame_bytes_max;

/// Little-endian numbers.
std::uint32_t load_u32(std::string_view bytes, std::size_t position);
std::uint64_t load_u64(std::string_view bytes, std::size_t position);

/// The first 64 bytes of a segment file.
struct FileHeader {
    std::uint32_t partition = 0;
    LogId log_id{};
    std::uint64_t base_offset = 0;
    base::UtcMillis created{};  ///< `received_at` of the first record
};

std::string encode(const FileHeader& header);

/// Errors: corrupt - not a header, or changed. invalid - a later format.
base::Result<FileHeader> decode_file_header(std::string_view bytes);

/// How the payload of a batch is packed. The values are on disk: do not renumber.
enum class Codec : std::uint8_t { none = 0, zstd = 1 };

/// The 64 bytes in front of a payload.
struct BatchHeader {
    std::uint32_t payload_bytes = 0;
    std::uint64_t base_offset = 0;
    std::uint32_t count = 0;
    Codec codec = Codec::none;
    std::uint64_t durable_end = 0;  ///< what was acknowledged before this batch was written
    base::UtcMillis first{};        ///< `received_at` of the first record
    base::UtcMillis last{};         ///< the largest `received_at`
    std::array<unsigned char, 8> log_id{};
    std::uint32_t crc = 0;

    std::uint64_t next_offset() const { return base_offset + count; }
    /// Header, payload and the zeros up to the next multiple of 8.
    std::size_t total_bytes() const;
};

/// What a batch is made of, beside its records.
struct BatchPlace {
    std::uint64_t base_offset = 0;
    std::uint64_t durable_end = 0;
    LogId log_id{};
};

/// Packs `records` into one batch, padded. `compress` packs the payload when that makes it smaller.
/// The records together are at most `payload_bytes_max` with their overhead.
std::string encode_batch(std::span<const Record> records, const BatchPlace& place, bool compress);

/// True when `bytes` begin with zeros where a batch has its magic: the written part ends here.
bool is_end_of_written(std::string_view bytes);

/// The header at the front of `bytes`, by its form alone. Returns: nothing when that is no header.
std::optional<BatchHeader> parse_batch_header(std::string_view bytes);

/// Why the batch `bytes` (whole, padded) with the header `header` is not intact; empty when it is.
std::string_view batch_flaw(std::string_view bytes, const BatchHeader& header);

/// One record inside an unpacked payload.
struct RecordSlice {
    std::size_t position = 0;
    std::size_t size = 0;
    base::UtcMillis received_at{};
};

/// A batch, ready to be read: `payload` unpacked, one slice a record.
struct DecodedBatch {
    std::uint64_t base_offset = 0;
    std::string payload;
    std::vector<RecordSlice> slices;
};

/// Unpacks an intact batch. Errors: corrupt - its payload contradicts itself.
base::Result<DecodedBatch> decode_batch(std::string_view bytes, const BatchHeader& header);

/// An upper bound of the payload that `record` takes.
inline std::size_t framed_bytes_max(const Record& record) {
    return record.bytes.size() + record_overhead_bytes_max;
}

/// An upper bound of what a batch takes in the file beside its payload.
inline constexpr std::size_t batch_overhead_bytes_max = batch_header_bytes + batch_alignment;

/// The file that becomes the next segment.
inline constexpr std::string_view spare_name = "spare";

/// "00000000000000000042.log", and back. Returns: nothing for another name.
std::string segment_name(std::uint64_t base_offset);
std::optional<std::uint64_t> segment_base(std::string_view name);

}  // namespace eventlog
