#include "eventlog/kafka_record.h"

#include <array>
#include <charconv>
#include <cstring>

#include "events/event.h"

namespace eventlog {
namespace {

constexpr const char* origin_header = "normwatch_origin";
constexpr const char* received_header = "normwatch_received_at";
constexpr std::size_t number_bytes = 8;
constexpr std::size_t origin_bytes = 16 + 2 * number_bytes;

void add(rd_kafka_headers_t* headers, const char* name, std::string_view value) {
    rd_kafka_header_add(headers, name, -1, value.data(), static_cast<ssize_t>(value.size()));
}

void append(std::string& bytes, std::uint64_t number) {
    for (std::size_t i = 0; i < number_bytes; ++i) {
        bytes.push_back(static_cast<char>(number >> (56 - 8 * i) & 0xff));
    }
}

std::uint64_t number_in(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes.substr(0, number_bytes)) {
        number = number << 8 | static_cast<unsigned char>(byte);
    }
    return number;
}

std::string origin_value(const LogId& log_id, std::uint64_t offset, std::uint64_t begin) {
    std::string bytes(log_id.begin(), log_id.end());
    append(bytes, offset);
    append(bytes, begin);
    return bytes;
}

Origin origin_of(std::string_view bytes) {
    Origin origin;
    std::memcpy(origin.log_id.data(), bytes.data(), origin.log_id.size());
    bytes.remove_prefix(origin.log_id.size());
    origin.offset = number_in(bytes);
    origin.begin = number_in(bytes.substr(number_bytes));
    return origin;
}

std::optional<std::string_view> header(const rd_kafka_headers_t* headers, const char* name) {
    const void* value = nullptr;
    std::size_t size = 0;
    if (headers == nullptr ||
        rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return std::nullopt;
    }
    return std::string_view(static_cast<const char*>(value), size);
}

base::Error flawed(const rd_kafka_message_t& message, const char* name) {
    return base::Error(base::ErrorCode::corrupt,
                       "kafka: partition " + std::to_string(message.partition) + ", offset " +
                           std::to_string(message.offset) + ": the header " + name +
                           " is missing or not ours: who wrote this message?");
}

}  // namespace

KafkaRecord to_kafka(const ReadRecord& record, const LogId& log_id, std::uint64_t begin) {
    constexpr std::size_t headers_at_first = 8;
    KafkaRecord made{.key = {}, .headers = KafkaHeaders(rd_kafka_headers_new(headers_at_first))};
    rd_kafka_headers_t* const headers = made.headers.get();
    if (const auto event = events::decode(record.bytes)) {
        const events::pb::Event& head = event.value().head;
        made.key = head.company();
        add(headers, "ce_specversion", "1.0");
        add(headers, "ce_id", head.id());
        add(headers, "ce_source", head.source());
        add(headers, "ce_type", head.type());
    }
    add(headers, "content-type", "application/protobuf");
    add(headers, origin_header, origin_value(log_id, record.offset, begin));
    add(headers, received_header, std::to_string(base::to_ms(record.received_at)));
    return made;
}

base::Result<ReadRecord> from_kafka(const rd_kafka_message_t& message) {
    rd_kafka_headers_t* headers = nullptr;
    static_cast<void>(rd_kafka_message_headers(&message, &headers));
    const auto origin = header(headers, origin_header);
    if (!origin || origin->size() != origin_bytes) {
        return flawed(message, origin_header);
    }
    const auto received = header(headers, received_header);
    std::int64_t ms = 0;
    if (!received ||
        std::from_chars(received->data(), received->data() + received->size(), ms).ptr !=
            received->data() + received->size()) {
        return flawed(message, received_header);
    }
    ReadRecord record;
    record.offset = static_cast<std::uint64_t>(message.offset);
    record.received_at = base::from_ms(ms);
    record.bytes.assign(static_cast<const char*>(message.payload), message.len);
    record.origin = origin_of(*origin);
    return record;
}

}  // namespace eventlog
