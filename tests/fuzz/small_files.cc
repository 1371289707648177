// What stands beside the log on disk: the cursor of a followed file, VERSION, the names of
// segments. The first byte chooses. What is read is written so that it reads back equal.
#include <string>

#include "base/ensure.h"
#include "base/memory_files.h"
#include "eventlog/data_dir.h"
#include "eventlog/segment_format.h"
#include "ingest/follow/cursor.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {
namespace {

bool is_refusal(const base::Error& error) {
    return error.code() == base::ErrorCode::corrupt || error.code() == base::ErrorCode::invalid;
}

void check_cursor(std::string_view text) {
    const auto cursor = ingest::follow::decode_cursor(text);
    if (!cursor) {
        ENSURE(is_refusal(cursor.error()));
        return;
    }
    const auto again = ingest::follow::decode_cursor(ingest::follow::encode(cursor.value()));
    ENSURE(again && again.value() == cursor.value());
}

void check_version(std::string_view text) {
    base::MemoryFiles files;
    ENSURE(files.make_dir("/data"));
    ENSURE(base::write_small_file(files, "/data/VERSION", text));
    const auto version = eventlog::read_version(files, "/data");
    if (!version) {
        ENSURE(is_refusal(version.error()));
        return;
    }
    ENSURE(base::write_small_file(files, "/data/VERSION", eventlog::encode(version.value())));
    const auto again = eventlog::read_version(files, "/data");
    ENSURE(again && again.value().log_id == version.value().log_id);
    ENSURE(again.value().partitions == version.value().partitions);
}

void check_segment_name(std::string_view name) {
    if (const auto base_offset = eventlog::segment_base(name)) {
        ENSURE(eventlog::segment_name(*base_offset) == name);
    }
}

}  // namespace

void run(std::string_view bytes) {
    Input input(bytes);
    switch (input.byte()) {
        case 'c': return check_cursor(input.rest());
        case 'v': return check_version(input.rest());
        default: return check_segment_name(input.rest());
    }
}

}  // namespace fuzz
