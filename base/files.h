#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace base {

/// An open file. Closed by its destructor at the latest.
///
/// Errors:  exhausted   - no space, or a quota is reached.
///          not_found   - a name on the path is missing.
///          unavailable - everything else that the system reports (EIO, EROFS, EACCES ...).
///          Every error names the call and the path.
/// Threads: `read_at` and `size` any; the others one at a time.
class File {
public:
    virtual ~File() = default;

    /// Reads up to `bytes.size()` bytes at `position`. Returns: how many; fewer only at the end.
    virtual Result<std::size_t> read_at(std::uint64_t position, std::span<char> bytes) const = 0;
    /// Writes all of `bytes` at `position`. After an error, part of them may be written.
    virtual Result<void> write_at(std::uint64_t position, std::string_view bytes) = 0;
    virtual Result<std::uint64_t> size() const = 0;
    /// Makes what was written durable, and the size; not the name. After an error nothing is known
    /// about the unsynced bytes, whatever a later call says.
    virtual Result<void> sync_data() = 0;
    virtual Result<void> truncate(std::uint64_t size) = 0;
    /// Closes the file; later calls fail. The destructor does the same and drops the error.
    virtual Result<void> close() = 0;
};

/// A held lock; given back by the destructor.
class FileLock {
public:
    virtual ~FileLock() = default;
};

/// The file system: PosixFiles, or MemoryFiles for tests.
///
/// Invariants: what `create`, `rename`, `unlink` and `make_dir` did to a directory is durable only
///             after `sync_dir` of that directory.
/// Errors:     as of File, and already_exists where said.
/// Threads:    any.
class Files {
public:
    virtual ~Files() = default;

    /// Opens for reading and writing. Errors: not_found.
    virtual Result<std::unique_ptr<File>> open(const std::string& path) = 0;
    /// Opens for reading alone; the writing calls fail. Errors: not_found.
    virtual Result<std::unique_ptr<File>> open_readonly(const std::string& path) = 0;
    /// Makes an empty file. Errors: already_exists.
    virtual Result<std::unique_ptr<File>> create(const std::string& path) = 0;
    /// Replaces `target` when it is there. Both stand in one directory.
    virtual Result<void> rename(const std::string& source, const std::string& target) = 0;
    /// Errors: not_found.
    virtual Result<void> unlink(const std::string& path) = 0;
    /// Names in a directory, sorted, without "." and "..". Errors: not_found.
    virtual Result<std::vector<std::string>> list(const std::string& path) const = 0;
    /// Errors: already_exists; not_found when the parent is missing.
    virtual Result<void> make_dir(const std::string& path) = 0;
    virtual Result<void> sync_dir(const std::string& path) = 0;
    virtual Result<bool> exists(const std::string& path) const = 0;
    /// Takes the lock that `path` stands for, and writes `holder` into the file.
    /// Errors: already_exists - somebody holds it; the context is what the holder wrote.
    virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path,
                                                   std::string_view holder) = 0;
};

/// The file system of the machine.
class PosixFiles final : public Files {
public:
    Result<std::unique_ptr<File>> open(const std::string& path) override;
    Result<std::unique_ptr<File>> open_readonly(const std::string& path) override;
    Result<std::unique_ptr<File>> create(const std::string& path) override;
    Result<void> rename(const std::string& source, const std::string& target) override;
    Result<void> unlink(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& path) const override;
    Result<void> make_dir(const std::string& path) override;
    Result<void> sync_dir(const std::string& path) override;
    Result<bool> exists(const std::string& path) const override;
    Result<std::unique_ptr<FileLock>> lock(const std::string& path,
                                           std::string_view holder) override;
};

/// The whole of a small file. Errors: not_found; invalid - larger than `size_bytes_max`.
Result<std::string> read_small_file(Files& files, const std::string& path,
                                    std::size_t size_bytes_max = std::size_t{1} << 20);

/// Replaces or makes `path` so that a power cut leaves the old bytes or the new ones: writes
/// `path`.tmp, syncs it, renames it, syncs the directory.
Result<void> write_small_file(Files& files, const std::string& path, std::string_view bytes);

/// Makes `path` and every missing parent, durably. Not an error when it is there.
Result<void> make_dirs(Files& files, const std::string& path);

/// The directory part of `path`: "/" for "/a", "." for "a".
std::string parent_dir(const std::string& path);

}  // namespace base
