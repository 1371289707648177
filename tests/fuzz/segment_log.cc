// A log of three segments on a disk in memory, harmed by the steps of the input: bytes flipped,
// zeroed, copied elsewhere, files cut, stretched, removed, exchanged. Then it is opened. Either it
// refuses, or what it gives are the records that were appended, each at its offset, without a gap
// from its first offset to its end; it takes more, and gives that after another start too.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "base/memory_files.h"
#include "eventlog/segment_log.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {
namespace {

using eventlog::SegmentLog;

constexpr eventlog::Partition zero{0};
constexpr std::uint64_t records_count = 100;
const std::string dir = "/data/log/0";

/// What stands on a disk: bytes by path.
using Image = std::map<std::string, std::string>;

eventlog::SegmentLogOptions options() {
    eventlog::SegmentLogOptions made;
    made.segment_bytes = 2 << 10;
    made.zero_step = 1 << 10;
    made.group_bytes_max = 1 << 10;
    made.batch_bytes_max = 512;
    made.record_bytes_max = 256;
    made.compress = false;
    return made;
}

eventlog::Record record(std::uint64_t number) {
    std::string bytes = "record " + std::to_string(number) + ":";
    bytes.resize(bytes.size() + number * 7 % 50, static_cast<char>('a' + number % 26));
    return {std::move(bytes), base::from_ms(1'700'000'000'000 + static_cast<std::int64_t>(number))};
}

std::vector<eventlog::Record> records(std::uint64_t first, std::uint64_t count) {
    std::vector<eventlog::Record> made;
    for (std::uint64_t number = first; number < first + count; ++number) {
        made.push_back(record(number));
    }
    return made;
}

Image healthy_image() {
    base::MemoryFiles files;
    {
        const auto log = SegmentLog::open(files, "/data", options());
        ENSURE(log);
        for (std::uint64_t first = 0; first < records_count; first += 5) {
            ENSURE(eventlog::append_and_wait(*log.value(), zero, records(first, 5)));
        }
    }
    Image image;
    const std::vector<std::string> names = files.list(dir).value();
    for (const std::string& name : names) {
        image[dir + "/" + name] = base::read_small_file(files, dir + "/" + name).value();
    }
    image.erase(dir + "/" + std::string(eventlog::spare_name));
    ENSURE(image.size() >= 3);
    image["/data/VERSION"] = base::read_small_file(files, "/data/VERSION").value();
    return image;
}

/// Takes one step of harm from the input.
void harm(Input& input, std::vector<std::string*>& segments) {
    std::string& bytes = *segments[input.byte() % segments.size()];
    const std::size_t step = input.byte() % 7;
    const std::size_t at = bytes.empty() ? 0 : input.number() % bytes.size();
    switch (step) {
        case 0:
            if (!bytes.empty()) {
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << input.byte() % 8));
            }
            return;
        case 1: {
            const std::size_t size = std::min(input.number(), bytes.size() - at);
            bytes.replace(at, size, size, '\0');
            return;
        }
        case 2: {
            const std::string& source = *segments[input.byte() % segments.size()];
            const std::size_t from = source.empty() ? 0 : input.number() % source.size();
            const std::string copied = source.substr(from, input.number());
            bytes.replace(at, copied.size(), copied);
            return;
        }
        case 3: bytes.resize(at); return;
        case 4: bytes.resize(bytes.size() + input.number() % 4096, '\0'); return;
        case 5: {
            const std::string_view given = input.take(input.byte());
            bytes.replace(at, given.size(), given);
            return;
        }
        default: std::swap(bytes, *segments[input.byte() % segments.size()]); return;
    }
}

void put_image(base::MemoryFiles& files, const Image& image) {
    ENSURE(base::make_dirs(files, dir));
    for (const auto& [path, bytes] : image) {
        const auto file = files.create(path);
        ENSURE(file && file.value()->write_at(0, bytes));
    }
}

/// Reads all. Returns: whether no damage was found on the way.
bool read_all(SegmentLog& log, std::uint64_t end) {
    std::uint64_t offset = log.first_offset(zero);
    while (offset < end) {
        const auto some = log.read(zero, offset, 7, 300);
        if (!some) {
            ENSURE(some.error().code() != base::ErrorCode::not_found);
            return false;
        }
        ENSURE(!some.value().empty());
        for (const eventlog::ReadRecord& one : some.value()) {
            const eventlog::Record expected = record(offset);
            ENSURE(one.offset == offset && one.bytes == expected.bytes);
            ENSURE(one.received_at == expected.received_at);
            ++offset;
        }
    }
    return true;
}

}  // namespace

void run(std::string_view bytes) {
    static const Image healthy = healthy_image();
    Image image = healthy;
    std::vector<std::string*> segments;
    for (auto& [path, content] : image) {
        if (path.ends_with(".log")) {
            segments.push_back(&content);
        }
    }
    Input input(bytes);
    const std::size_t removed = input.byte();
    while (!input.is_empty()) {
        harm(input, segments);
    }
    if (removed > 0 && removed <= segments.size()) {
        image.erase(std::next(image.begin(), static_cast<std::ptrdiff_t>(removed)));
    }
    base::MemoryFiles files;
    put_image(files, image);
    std::uint64_t end = 0;
    bool is_whole = false;
    {
        const auto log = SegmentLog::open(files, "/data", options());
        if (!log) {
            ENSURE(log.error().context().find('/') != std::string::npos);
            return;
        }
        end = log.value()->durable_end(zero);
        ENSURE(end <= records_count);
        is_whole = read_all(*log.value(), end);
        ENSURE(eventlog::append_and_wait(*log.value(), zero, records(end, 3)));
        ENSURE(read_all(*log.value(), end + 3) == is_whole);
    }
    const auto again = SegmentLog::open(files, "/data", options());
    ENSURE(again && again.value()->durable_end(zero) == end + 3);
    ENSURE(read_all(*again.value(), end + 3) == is_whole);
}

}  // namespace fuzz
