#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

/// What the tests of this folder share.
namespace store_test {

std::string to_hex(std::string_view bytes);

/// Lines `name hex` of tests/golden/store/<file>, in order. UPDATE_GOLDEN=1 writes the file
/// instead.
using Golden = std::vector<std::pair<std::string, std::string>>;
Golden read_golden(const std::string& file);
/// Holds `lines` against the file, or rewrites it.
void expect_golden(const std::string& file, const Golden& lines);

/// A directory that is gone with its owner.
class TempDirectory {
public:
    TempDirectory();
    ~TempDirectory();
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The words of a failure, empty of a success.
template <class T>
std::string failure_of(const base::Result<T>& result) {
    return result ? ""
                  : std::string(base::to_string(result.error().code())) + ": " +
                        result.error().context();
}

}  // namespace store_test
