#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ingest::follow {

/// Which file it is, whatever its name.
struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
};

/// A file as the directory shows it now.
struct FileState {
    FileId id;
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    friend bool operator==(const FileState&, const FileState&) = default;
};

/// The file that has this name now.
///
/// Errors: not_found - none, or its directory is missing. unavailable - it cannot be looked at.
base::Result<FileState> state_of(const std::string& path);

/// A file of somebody else, open for reading. Keeps what it reads although the name goes away.
///
/// Errors: unavailable - of the system, with the path.
class FollowedFile {
public:
    /// Errors: not_found; unavailable - also of what is no plain file.
    static base::Result<FollowedFile> open(const std::string& path);
    FollowedFile(FollowedFile&& other) noexcept;
    FollowedFile& operator=(FollowedFile&& other) noexcept;
    FollowedFile(const FollowedFile&) = delete;
    FollowedFile& operator=(const FollowedFile&) = delete;
    ~FollowedFile();

    const std::string& path() const { return path_; }
    base::Result<FileState> state() const;
    /// Returns: how many bytes; fewer than asked only at the end.
    base::Result<std::size_t> read_at(std::uint64_t position, std::span<char> bytes) const;

private:
    FollowedFile(std::string path, int descriptor)
        : path_(std::move(path)), descriptor_(descriptor) {}

    std::string path_;
    int descriptor_;
};

/// What is remembered of the bytes before a place, to know the file again: its head and the bytes
/// just before the place, at most `mark_bytes` of each.
struct Mark {
    std::uint64_t byte = 0;
    std::uint64_t head = 0;  ///< XXH3-64
    std::uint64_t tail = 0;
    friend bool operator==(const Mark&, const Mark&) = default;
};
inline constexpr std::size_t mark_bytes = 1024;

Mark mark_of(std::uint64_t byte, std::string_view head, std::string_view tail);

/// Whether the file holds the marked bytes where they were.
bool holds(const FollowedFile& file, const Mark& mark);

/// A file that stands beside `path` under its name and a suffix: what rotation made of it.
struct Sibling {
    std::string path;
    FileState state;
};

/// The plain files `NAME.*` and `NAME-*` beside `path`, the oldest first, then by name from the
/// last on. What is compressed is left out, and so is what cannot be looked at.
std::vector<Sibling> siblings_of(const std::string& path);

}  // namespace ingest::follow
