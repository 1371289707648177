#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tidy {

/// One file of the project as the rules read it.
struct Source {
    /// Relative to the project's folder, with `/`: `store/rocks_view_store.cc`.
    std::string path;
    std::string text;
};

/// One offence against a house rule.
struct Finding {
    std::string path;
    /// Counts from 1; 0 when the whole file is meant.
    std::size_t line = 0;
    std::string what;

    bool operator==(const Finding&) const = default;
};

/// The first folder of a path, empty for a file beside CMakeLists.txt.
std::string folder_of(std::string_view path);

/// The lines of a text, without their ends; no empty line after a last end.
std::vector<std::string_view> lines_of(std::string_view text);

/// C++ with comments, literals and, when asked, preprocessor lines blanked out. Lines and columns
/// stay where they are.
std::string code_only(std::string_view text, bool keep_directives = true);

/// Every C++ file (`.h`, `.cc`) and CMakeLists.txt in the product's folders and in tests, in the
/// order of their paths.
std::vector<Source> read_sources(const std::filesystem::path& root);

}  // namespace tidy
