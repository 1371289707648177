#include "store/generations.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace store {

namespace {

namespace fs = std::filesystem;

base::Error refused(const fs::path& path, const std::error_code& code) {
    return base::Error(base::ErrorCode::unavailable, path.string() + ": " + code.message());
}

base::Error refused_now(const fs::path& path) {
    return refused(path, std::error_code(errno, std::generic_category()));
}

/// Closes itself.
class Descriptor {
public:
    Descriptor(const fs::path& path, int flags) : number_(::open(path.c_str(), flags, 0644)) {}
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    bool is_open() const { return number_ >= 0; }
    int number() const { return number_; }

private:
    int number_;
};

base::Result<void> sync_directory(const fs::path& path) {
    const Descriptor directory(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!directory.is_open() || ::fsync(directory.number()) != 0) {
        return refused_now(path);
    }
    return base::success();
}

base::Result<void> write_synced(const fs::path& path, const std::string& text) {
    const Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
    if (!file.is_open()) {
        return refused_now(path);
    }
    const ::ssize_t written = ::write(file.number(), text.data(), text.size());
    if (written < 0 || ::fsync(file.number()) != 0) {
        return refused_now(path);
    }
    if (static_cast<std::size_t>(written) != text.size()) {
        return base::Error(base::ErrorCode::unavailable, path.string() + ": written in part");
    }
    return base::success();
}

std::optional<std::uint64_t> to_number(const std::string& text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, number);
    const bool is_plain =
        failure == std::errc() && stopped == end && text == std::to_string(number);
    return is_plain && number != 0 ? std::optional(number) : std::nullopt;
}

/// Numbers of the generations that have a directory, rising.
base::Result<std::vector<std::uint64_t>> present(const fs::path& path) {
    std::vector<std::uint64_t> numbers;
    std::error_code code;
    for (fs::directory_iterator at(path, code), end; !code && at != end; at.increment(code)) {
        const std::optional<std::uint64_t> number = to_number(at->path().filename().string());
        if (number) {
            numbers.push_back(*number);
        }
    }
    if (code) {
        return refused(path, code);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

/// nullopt: there is no CURRENT.
base::Result<std::optional<std::uint64_t>> read_current(const fs::path& path) {
    const fs::path name = path / "CURRENT";
    std::error_code code;
    if (!fs::exists(name, code) && !code) {
        return std::optional<std::uint64_t>();
    }
    std::ifstream file(name);
    std::string line;
    if (!file || !std::getline(file, line)) {
        return base::Error(base::ErrorCode::corrupt, name.string() + " cannot be read");
    }
    const std::optional<std::uint64_t> number = to_number(line);
    if (!number) {
        return base::Error(base::ErrorCode::corrupt, name.string() + " names no generation");
    }
    return number;
}

base::Result<Generation> make_directory(const fs::path& path, std::uint64_t number) {
    Generation generation{.number = number, .directory = path / std::to_string(number)};
    std::error_code code;
    fs::create_directories(generation.directory, code);
    if (code) {
        return refused(generation.directory, code);
    }
    BOOST_OUTCOME_TRY(sync_directory(path));
    return generation;
}

}  // namespace

base::Result<Generation> open_current(const fs::path& path) {
    std::error_code code;
    fs::create_directories(path, code);
    if (code) {
        return refused(path, code);
    }
    BOOST_OUTCOME_TRY(const std::optional<std::uint64_t> current, read_current(path));
    if (current) {
        return make_directory(path, *current);
    }
    BOOST_OUTCOME_TRY(const std::vector<std::uint64_t> numbers, present(path));
    // A crash between the first directory and the first CURRENT leaves generation 1 alone.
    if (numbers.size() > 1 || (numbers.size() == 1 && numbers.front() != 1)) {
        return base::Error(base::ErrorCode::corrupt,
                           (path / "CURRENT").string() + " is missing beside " +
                               std::to_string(numbers.size()) + " generation(s) of views");
    }
    BOOST_OUTCOME_TRY(Generation first, make_directory(path, 1));
    BOOST_OUTCOME_TRY(
        sync_directory(path.parent_path().empty() ? fs::path(".") : path.parent_path()));
    BOOST_OUTCOME_TRY(make_current(path, first.number));
    return first;
}

base::Result<Generation> begin_next(const fs::path& path) {
    BOOST_OUTCOME_TRY(const Generation current, open_current(path));
    BOOST_OUTCOME_TRY(const std::vector<std::uint64_t> numbers, present(path));
    const std::uint64_t highest = numbers.empty() ? 0 : numbers.back();
    return make_directory(path, std::max(highest, current.number) + 1);
}

base::Result<void> make_current(const fs::path& path, std::uint64_t number) {
    std::error_code code;
    if (!fs::is_directory(path / std::to_string(number), code)) {
        return base::Error(base::ErrorCode::not_found,
                           (path / std::to_string(number)).string() + " is not there");
    }
    const fs::path fresh = path / "CURRENT.tmp";
    BOOST_OUTCOME_TRY(write_synced(fresh, std::to_string(number) + "\n"));
    fs::rename(fresh, path / "CURRENT", code);
    if (code) {
        return refused(path / "CURRENT", code);
    }
    return sync_directory(path);
}

base::Result<void> remove_others(const fs::path& path) {
    BOOST_OUTCOME_TRY(const Generation current, open_current(path));
    BOOST_OUTCOME_TRY(const std::vector<std::uint64_t> numbers, present(path));
    for (const std::uint64_t number : numbers) {
        if (number != current.number) {
            std::error_code code;
            fs::remove_all(path / std::to_string(number), code);
            if (code) {
                return refused(path / std::to_string(number), code);
            }
        }
    }
    return sync_directory(path);
}

}  // namespace store
