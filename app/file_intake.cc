#include "app/file_intake.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "ingest/file_import.h"
#include "store/bytes.h"
#include "store/keys.h"
#include "store/rows.h"

namespace app {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

base::Error of_file(const std::string& path, int number) {
    return base::Error(base::ErrorCode::unavailable, path + ": " + std::strerror(number));
}

}  // namespace

std::string file_name_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

base::Result<void> import_file(Node& node, const SourceConfig& source, const FileToImport& file,
                               ingest::ImportTotals& totals,
                               const std::function<void()>& progress) {
    struct stat about{};
    if (::stat(file.path.c_str(), &about) != 0) {
        return of_file(file.path, errno);
    }
    if (S_ISDIR(about.st_mode)) {
        return of_file(file.path, EISDIR);
    }
    std::ifstream input(file.path, std::ios::binary);
    if (!input) {
        return of_file(file.path, errno);
    }
    const std::optional<ingest::LineFormat> format = ingest::line_format_of(file.format);
    if (!format) {
        return base::Error(base::ErrorCode::invalid, file.format + " is no format of files");
    }
    ingest::MapContext context = map_context(node.config(), source, node.clock().now());
    if (!ingest::can_map(*format, context)) {
        return base::Error(base::ErrorCode::invalid,
                           "--format " + file.format + ": source " + source.id + " has no columns");
    }
    ingest::FileMapper mapper(*format, std::move(context), file_name_of(file.path), file.skip);
    ingest::GroupAppender appender(node.log(), totals, progress);
    std::string chunk(chunk_bytes, '\0');
    for (bool at_end = false; !at_end;) {
        input.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        if (input.bad()) {
            return of_file(file.path, EIO);
        }
        const auto size = static_cast<std::size_t>(input.gcount());
        at_end = size < chunk.size();
        mapper.set_received_at(node.clock().now());
        mapper.feed(std::string_view(chunk).substr(0, size));
        if (at_end) {
            mapper.finish();
        }
        for (const ingest::FileItem& item : mapper.take()) {
            BOOST_OUTCOME_TRY(appender.add(item));
        }
    }
    return appender.flush();
}

base::Result<std::uint64_t> duplicates_of(const store::ReadView& view, const SourceConfig& source) {
    const auto company = view.companies.find(source.company);
    if (company == view.companies.end()) {
        return std::uint64_t{0};
    }
    const kpi::Company ordinal = company->second.ordinal;
    BOOST_OUTCOME_TRY(const auto name,
                      view.rows->get(store::Family::state,
                                     store::name_key(ordinal, store::Table::source, source.id)));
    if (!name) {
        return std::uint64_t{0};
    }
    const kpi::Source number(static_cast<std::uint32_t>(store::ValueReader(*name).u()));
    BOOST_OUTCOME_TRY(const auto bytes,
                      view.rows->get(store::Family::state, store::source_key(ordinal, number)));
    if (!bytes) {
        return std::uint64_t{0};
    }
    BOOST_OUTCOME_TRY(const store::SourceRow row, store::decode<store::SourceRow>(*bytes));
    return row.duplicate;
}

}  // namespace app
