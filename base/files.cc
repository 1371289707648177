#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace base {
namespace {

ErrorCode code_of(int number) {
    switch (number) {
        case ENOSPC:
        case EDQUOT:
        case EMFILE:
        case ENFILE: return ErrorCode::exhausted;
        case ENOENT: return ErrorCode::not_found;
        case EEXIST: return ErrorCode::already_exists;
        default: return ErrorCode::unavailable;
    }
}

/// The failure of `call` on `path`, from errno.
Error failure(std::string_view call, const std::string& path) {
    const int number = errno;
    return Error(code_of(number), std::string(call) + " " + path + ": " +
                                      std::error_code(number, std::generic_category()).message());
}

class PosixFile final : public File {
public:
    PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;
    ~PosixFile() override {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }

    Result<std::size_t> read_at(std::uint64_t position, std::span<char> bytes) const override {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const auto count = ::pread(descriptor_, bytes.data() + done, bytes.size() - done,
                                       static_cast<off_t>(position + done));
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return failure("read", path_);
            }
            if (count == 0) {
                break;
            }
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

    Result<void> write_at(std::uint64_t position, std::string_view bytes) override {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const auto count = ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done,
                                        static_cast<off_t>(position + done));
            if (count < 0 && errno == EINTR) {
                continue;
            }
            if (count < 0) {
                return failure("write", path_);
            }
            if (count == 0) {
                return Error(ErrorCode::unavailable, "write " + path_ + ": nothing written");
            }
            done += static_cast<std::size_t>(count);
        }
        return success();
    }

    Result<std::uint64_t> size() const override {
        struct stat status{};
        if (::fstat(descriptor_, &status) != 0) {
            return failure("stat", path_);
        }
        return static_cast<std::uint64_t>(status.st_size);
    }

    Result<void> sync_data() override {
        if (::fdatasync(descriptor_) != 0) {
            return failure("fdatasync", path_);
        }
        return success();
    }

    Result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
            return failure("truncate", path_);
        }
        return success();
    }

    Result<void> close() override {
        if (::close(std::exchange(descriptor_, -1)) != 0) {
            return failure("close", path_);
        }
        return success();
    }

private:
    int descriptor_;
    std::string path_;
};

/// `flock` belongs to the open file: closing it gives the lock back.
class PosixLock final : public FileLock {
public:
    explicit PosixLock(std::unique_ptr<PosixFile> file) : file_(std::move(file)) {}

private:
    std::unique_ptr<PosixFile> file_;
};

Result<std::unique_ptr<File>> open_with(const std::string& path, int flags, std::string_view call) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
    if (descriptor < 0) {
        return failure(call, path);
    }
    return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
}

}  // namespace

Result<std::unique_ptr<File>> PosixFiles::open(const std::string& path) {
    return open_with(path, O_RDWR, "open");
}

Result<std::unique_ptr<File>> PosixFiles::open_readonly(const std::string& path) {
    return open_with(path, O_RDONLY, "open");
}

Result<std::unique_ptr<File>> PosixFiles::create(const std::string& path) {
    return open_with(path, O_RDWR | O_CREAT | O_EXCL, "create");
}

Result<void> PosixFiles::rename(const std::string& source, const std::string& target) {
    if (::rename(source.c_str(), target.c_str()) != 0) {
        return failure("rename", source);
    }
    return success();
}

Result<void> PosixFiles::unlink(const std::string& path) {
    if (::unlink(path.c_str()) != 0) {
        return failure("unlink", path);
    }
    return success();
}

Result<std::vector<std::string>> PosixFiles::list(const std::string& path) const {
    struct CloseDir {
        void operator()(DIR* dir) const { ::closedir(dir); }
    };
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
    if (!dir) {
        return failure("list", path);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string name = &entry->d_name[0];
        if (name != "." && name != "..") {
            names.push_back(name);
        }
        errno = 0;
    }
    if (errno != 0) {
        return failure("list", path);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> PosixFiles::make_dir(const std::string& path) {
    if (::mkdir(path.c_str(), 0750) != 0) {
        return failure("mkdir", path);
    }
    return success();
}

Result<void> PosixFiles::sync_dir(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return failure("open", path);
    }
    const PosixFile dir(descriptor, path);
    if (::fsync(descriptor) != 0) {
        return failure("fsync", path);
    }
    return success();
}

Result<bool> PosixFiles::exists(const std::string& path) const {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0) {
        return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return false;
    }
    return failure("stat", path);
}

Result<std::unique_ptr<FileLock>> PosixFiles::lock(const std::string& path,
                                                   std::string_view holder) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor < 0) {
        return failure("open", path);
    }
    auto file = std::make_unique<PosixFile>(descriptor, path);
    int locked = ::flock(descriptor, LOCK_EX | LOCK_NB);
    while (locked != 0 && errno == EINTR) {
        locked = ::flock(descriptor, LOCK_EX | LOCK_NB);
    }
    if (locked != 0 && errno == EWOULDBLOCK) {
        std::array<char, 256> text{};
        BOOST_OUTCOME_TRY(const std::size_t size, file->read_at(0, text));
        return Error(ErrorCode::already_exists, std::string(text.data(), size));
    }
    if (locked != 0) {
        return failure("flock", path);
    }
    BOOST_OUTCOME_TRY(file->truncate(0));
    BOOST_OUTCOME_TRY(file->write_at(0, holder));
    return std::unique_ptr<FileLock>(std::make_unique<PosixLock>(std::move(file)));
}

Result<std::string> read_small_file(Files& files, const std::string& path,
                                    std::size_t size_bytes_max) {
    BOOST_OUTCOME_TRY(const auto file, files.open_readonly(path));
    std::string bytes;
    std::array<char, 4096> chunk{};
    for (;;) {
        BOOST_OUTCOME_TRY(const std::size_t count, file->read_at(bytes.size(), chunk));
        bytes.append(chunk.data(), count);
        if (bytes.size() > size_bytes_max) {
            return Error(ErrorCode::invalid, "read " + path + ": larger than " +
                                                 std::to_string(size_bytes_max) + " bytes");
        }
        if (count < chunk.size()) {
            return bytes;
        }
    }
}

Result<void> write_small_file(Files& files, const std::string& path, std::string_view bytes) {
    const std::string temporary = path + ".tmp";
    BOOST_OUTCOME_TRY(const bool left_over, files.exists(temporary));
    if (left_over) {
        BOOST_OUTCOME_TRY(files.unlink(temporary));
    }
    BOOST_OUTCOME_TRY(const auto file, files.create(temporary));
    BOOST_OUTCOME_TRY(file->write_at(0, bytes));
    BOOST_OUTCOME_TRY(file->sync_data());
    BOOST_OUTCOME_TRY(file->close());
    BOOST_OUTCOME_TRY(files.rename(temporary, path));
    return files.sync_dir(parent_dir(path));
}

Result<void> make_dirs(Files& files, const std::string& path) {
    BOOST_OUTCOME_TRY(const bool there, files.exists(path));
    if (there) {
        return success();
    }
    const std::string parent = parent_dir(path);
    if (parent != path) {
        BOOST_OUTCOME_TRY(make_dirs(files, parent));
    }
    Result<void> made = files.make_dir(path);
    if (made.has_error() && made.error().code() != ErrorCode::already_exists) {
        return made;
    }
    return files.sync_dir(parent);
}

std::string parent_dir(const std::string& path) {
    const std::size_t end = path.find_last_not_of('/');
    if (end == std::string::npos) {
        return path.empty() ? "." : "/";
    }
    const std::size_t slash = path.find_last_of('/', end);
    if (slash == std::string::npos) {
        return ".";
    }
    const std::size_t last = path.find_last_not_of('/', slash);
    return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

}  // namespace base
