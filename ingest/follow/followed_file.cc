#include "ingest/follow/followed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

namespace ingest::follow {
namespace {

constexpr std::array<std::string_view, 6> compressed = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z"};

base::Error failed(const std::string& path, int number) {
    const bool is_missing = number == ENOENT || number == ENOTDIR;
    return base::Error(is_missing ? base::ErrorCode::not_found : base::ErrorCode::unavailable,
                       path + ": " + std::error_code(number, std::generic_category()).message());
}

FileState shown(const struct stat& about) {
    FileState state;
    state.id = {static_cast<std::uint64_t>(about.st_dev), static_cast<std::uint64_t>(about.st_ino)};
    state.size = static_cast<std::uint64_t>(about.st_size);
    state.modified_ns =
        std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + std::int64_t{about.st_mtim.tv_nsec};
    return state;
}

}  // namespace

base::Result<FileState> state_of(const std::string& path) {
    struct stat about{};
    if (::stat(path.c_str(), &about) != 0) {
        return failed(path, errno);
    }
    return shown(about);
}

base::Result<FollowedFile> FollowedFile::open(const std::string& path) {
    // Not waiting: whoever puts a pipe there does not stop the thread.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return failed(path, errno);
    }
    FollowedFile file(path, descriptor);
    struct stat about{};
    if (::fstat(descriptor, &about) != 0) {
        return failed(path, errno);
    }
    if (!S_ISREG(about.st_mode)) {
        return base::Error(base::ErrorCode::unavailable, path + " is no plain file");
    }
    return file;
}

FollowedFile::FollowedFile(FollowedFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {
}

FollowedFile& FollowedFile::operator=(FollowedFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FollowedFile::~FollowedFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

base::Result<FileState> FollowedFile::state() const {
    struct stat about{};
    if (::fstat(descriptor_, &about) != 0) {
        return failed(path_, errno);
    }
    return shown(about);
}

base::Result<std::size_t> FollowedFile::read_at(std::uint64_t position,
                                                std::span<char> bytes) const {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                      static_cast<off_t>(position + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return base::Error(base::ErrorCode::unavailable, failed(path_, errno).context());
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    return done;
}

Mark mark_of(std::uint64_t byte, std::string_view head, std::string_view tail) {
    return {byte, XXH3_64bits(head.data(), head.size()), XXH3_64bits(tail.data(), tail.size())};
}

bool holds(const FollowedFile& file, const Mark& mark) {
    std::string head(std::min<std::uint64_t>(mark.byte, mark_bytes), '\0');
    std::string tail = head;
    const base::Result<std::size_t> first = file.read_at(0, head);
    const base::Result<std::size_t> last = file.read_at(mark.byte - tail.size(), tail);
    return first && last && first.value() == head.size() && last.value() == tail.size() &&
           mark_of(mark.byte, head, tail) == mark;
}

std::vector<Sibling> siblings_of(const std::string& path) {
    namespace fs = std::filesystem;
    const fs::path whole(path);
    const std::string name = whole.filename().string();
    const fs::path directory = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
    std::vector<Sibling> siblings;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string other = entry->path().filename().string();
        const bool is_one = other.size() > name.size() + 1 && other.starts_with(name) &&
                            (other[name.size()] == '.' || other[name.size()] == '-') &&
                            std::ranges::none_of(compressed, [&](std::string_view suffix) {
                                return other.ends_with(suffix);
                            });
        struct stat about{};
        const std::string found = entry->path().string();
        if (is_one && ::stat(found.c_str(), &about) == 0 && S_ISREG(about.st_mode)) {
            siblings.push_back({found, shown(about)});
        }
    }
    std::ranges::sort(siblings, [](const Sibling& a, const Sibling& b) {
        return std::tie(a.state.modified_ns, b.path) < std::tie(b.state.modified_ns, a.path);
    });
    return siblings;
}

}  // namespace ingest::follow
