#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "eventlog/segment_format.h"

namespace eventlog {

/// What `VERSION` of a data directory says.
struct DataVersion {
    std::uint32_t format = 1;
    LogId log_id{};
    std::uint32_t partitions = 0;
};

/// The 32 hexadecimal digits of `id`.
std::string to_hex(const LogId& id);
/// The id that `to_hex` wrote; nullopt of any other text.
std::optional<LogId> log_id_of_hex(std::string_view text);

/// The text of a `VERSION` file: three lines, `format N`, `log_id HEX`, `partitions N`.
std::string encode(const DataVersion& version);

/// Reads `VERSION` of the directory `path`, without its lock.
///
/// Errors: not_found - there is none. corrupt - it is not one. invalid - of a later format.
base::Result<DataVersion> read_version(base::Files& files, const std::string& path);

/// A data directory in the hands of this process: `LOCK`, `VERSION`, `log/<partition>/`.
///
/// Lifetime: the lock is held until the last copy of it is gone. Threads: any.
class DataDir {
public:
    enum class Missing { create, refuse };

    /// Takes `LOCK` and reads `VERSION`; makes what is missing when told to.
    ///
    /// Errors: already_exists - another process holds it; its pid is named (exit 3).
    ///         invalid   - another format, or another number of partitions (exit 2).
    ///         not_found - no data directory, and `refuse`.
    ///         corrupt   - the log is there and `VERSION` is not, or cannot be read.
    static base::Result<DataDir> open(base::Files& files, const std::string& path,
                                      std::uint32_t partitions, Missing missing = Missing::create);

    const std::string& path() const { return path_; }
    const DataVersion& version() const { return version_; }
    const LogId& log_id() const { return version_.log_id; }
    /// `log/<partition>` in it.
    std::string partition_dir(std::uint32_t partition) const;

private:
    DataDir(std::string path, const DataVersion& version, std::shared_ptr<base::FileLock> lock)
        : path_(std::move(path)), version_(version), lock_(std::move(lock)) {}

    std::string path_;
    DataVersion version_;
    std::shared_ptr<base::FileLock> lock_;
};

}  // namespace eventlog
