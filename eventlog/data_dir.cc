#include "eventlog/data_dir.h"

#include <unistd.h>

#include <charconv>
#include <optional>
#include <random>
#include <string_view>
#include <utility>

namespace eventlog {
namespace {

constexpr std::uint32_t data_format = 1;
constexpr std::string_view hex_digits = "0123456789abcdef";

LogId random_log_id() {
    std::random_device device;
    LogId id{};
    for (unsigned char& byte : id) {
        byte = static_cast<unsigned char>(device());
    }
    return id;
}

}  // namespace

std::optional<LogId> log_id_of_hex(std::string_view text) {
    LogId id{};
    if (text.size() != 2 * id.size()) {
        return std::nullopt;
    }
    for (std::size_t index = 0; index < text.size(); ++index) {
        const std::size_t digit = hex_digits.find(text[index]);
        if (digit == std::string_view::npos) {
            return std::nullopt;
        }
        id[index / 2] = static_cast<unsigned char>(id[index / 2] * 16U + digit);
    }
    return id;
}

namespace {

/// Takes the line `name VALUE` from the front of `text`. Returns: the value.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos || line.size() <= name.size() || !line.starts_with(name) ||
        line[name.size()] != ' ') {
        return std::nullopt;
    }
    text.remove_prefix(end + 1);
    return line.substr(name.size() + 1);
}

std::optional<std::uint32_t> to_number(std::optional<std::string_view> text) {
    std::uint32_t value = 0;
    if (!text) {
        return std::nullopt;
    }
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (failed != std::errc() || end != text->data() + text->size()) {
        return std::nullopt;
    }
    return value;
}

base::Result<DataVersion> decode_version(std::string_view text, const std::string& path) {
    const auto format = to_number(take_line(text, "format"));
    if (format && *format != data_format) {
        return base::Error(base::ErrorCode::invalid,
                           path + ": data format " + std::to_string(*format) +
                               ", this program reads " + std::to_string(data_format));
    }
    const auto log_id = take_line(text, "log_id");
    const auto id = log_id ? log_id_of_hex(*log_id) : std::nullopt;
    const auto partitions = to_number(take_line(text, "partitions"));
    if (!format || !id || !partitions || *partitions == 0 || !text.empty()) {
        return base::Error(base::ErrorCode::corrupt, path + ": not a VERSION file");
    }
    return DataVersion{*format, *id, *partitions};
}

base::Result<std::shared_ptr<base::FileLock>> take_lock(base::Files& files,
                                                        const std::string& path) {
    base::Result<std::unique_ptr<base::FileLock>> lock =
        files.lock(path + "/LOCK", std::to_string(::getpid()) + "\n");
    if (lock.has_error() && lock.error().code() == base::ErrorCode::already_exists) {
        const std::string& holder = lock.error().context();
        return base::Error(base::ErrorCode::already_exists,
                           path + " is in use by process " + holder.substr(0, holder.find('\n')));
    }
    if (lock.has_error()) {
        return lock.error();
    }
    return std::shared_ptr<base::FileLock>(std::move(lock).value());
}

/// Writes `VERSION` of a new directory. Refused when a log stands there without one.
base::Result<DataVersion> make_version(base::Files& files, const std::string& path,
                                       std::uint32_t partitions) {
    BOOST_OUTCOME_TRY(const bool has_log, files.exists(path + "/log"));
    if (has_log) {
        return base::Error(base::ErrorCode::corrupt,
                           path + ": log/ is there and VERSION is missing");
    }
    const DataVersion version{data_format, random_log_id(), partitions};
    BOOST_OUTCOME_TRY(base::write_small_file(files, path + "/VERSION", encode(version)));
    return version;
}

}  // namespace

std::string to_hex(const LogId& id) {
    std::string text;
    for (const unsigned char byte : id) {
        text.push_back(hex_digits[byte >> 4]);
        text.push_back(hex_digits[byte & 15]);
    }
    return text;
}

std::string encode(const DataVersion& version) {
    return "format " + std::to_string(version.format) + "\nlog_id " + to_hex(version.log_id) +
           "\npartitions " + std::to_string(version.partitions) + "\n";
}

base::Result<DataVersion> read_version(base::Files& files, const std::string& path) {
    const std::string file = path + "/VERSION";
    BOOST_OUTCOME_TRY(const std::string text, base::read_small_file(files, file));
    return decode_version(text, file);
}

base::Result<DataDir> DataDir::open(base::Files& files, const std::string& path,
                                    std::uint32_t partitions, Missing missing) {
    if (partitions == 0) {
        return base::Error(base::ErrorCode::invalid, "there is at least one partition");
    }
    if (missing == Missing::create) {
        BOOST_OUTCOME_TRY(base::make_dirs(files, path));
    }
    BOOST_OUTCOME_TRY(const bool is_there, files.exists(path));
    if (!is_there) {
        return base::Error(base::ErrorCode::not_found, path + ": no data directory");
    }
    BOOST_OUTCOME_TRY(std::shared_ptr<base::FileLock> lock, take_lock(files, path));
    base::Result<DataVersion> version = read_version(files, path);
    if (version.has_error() && version.error().code() == base::ErrorCode::not_found &&
        missing == Missing::create) {
        version = make_version(files, path, partitions);
    }
    BOOST_OUTCOME_TRY(const DataVersion& found, version);
    if (found.partitions != partitions) {
        return base::Error(base::ErrorCode::invalid,
                           path + " has " + std::to_string(found.partitions) +
                               " partitions, the configuration says " + std::to_string(partitions));
    }
    DataDir dir(path, found, std::move(lock));
    for (std::uint32_t partition = 0; partition < partitions; ++partition) {
        BOOST_OUTCOME_TRY(base::make_dirs(files, dir.partition_dir(partition)));
    }
    return dir;
}

std::string DataDir::partition_dir(std::uint32_t partition) const {
    return path_ + "/log/" + std::to_string(partition);
}

}  // namespace eventlog
