#include "tests/tidy/source.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <sstream>
#include <utility>

namespace tidy {

namespace {

constexpr std::array<std::string_view, 11> folders = {"app",    "base",  "eventlog", "events",
                                                      "ingest", "kpi",   "metrics",  "processors",
                                                      "query",  "store", "tests"};

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Walks over one text and blanks what is no code.
class Blanker {
public:
    Blanker(std::string_view text, bool keep_directives)
        : text_(text), keep_directives_(keep_directives), out_(text) {}

    std::string run() {
        while (at_ < text_.size()) {
            step();
        }
        return std::move(out_);
    }

private:
    void step() {
        const std::string_view rest = text_.substr(at_);
        if (rest.starts_with("//")) {
            blank_to(std::min(text_.find('\n', at_), text_.size()));
        } else if (rest.starts_with("/*")) {
            blank_to(after(text_.find("*/", at_ + 2), 2));
        } else if (rest.starts_with("R\"") && (at_ == 0 || !is_word(text_[at_ - 1]))) {
            const std::size_t open = std::min(text_.find('(', at_), text_.size());
            const std::string close =
                ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
            blank_to(after(text_.find(close, open), close.size()));
        } else if (rest.front() == '"' && !is_include_line()) {
            blank_literal('"');
        } else if (rest.front() == '\'' && (at_ == 0 || !is_word(text_[at_ - 1]))) {
            blank_literal('\'');
        } else if (rest.front() == '#' && !keep_directives_ && starts_line()) {
            blank_directive();
        } else {
            ++at_;
        }
    }

    std::size_t after(std::size_t found, std::size_t size) const {
        return found == std::string_view::npos ? text_.size() : found + size;
    }

    void blank_to(std::size_t end) {
        for (; at_ < end; ++at_) {
            if (text_[at_] != '\n') {
                out_[at_] = ' ';
            }
        }
    }

    /// The quotes stay, so that a literal is still seen to stand there.
    void blank_literal(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
            end += text_[end] == '\\' ? std::size_t{2} : std::size_t{1};
        }
        ++at_;
        blank_to(std::min(end, text_.size()));
        ++at_;
    }

    void blank_directive() {
        std::size_t end = text_.find('\n', at_);
        while (end != std::string_view::npos && text_[end - 1] == '\\') {
            end = text_.find('\n', end + 1);
        }
        blank_to(std::min(end, text_.size()));
    }

    bool starts_line() const {
        const std::size_t start = text_.rfind('\n', at_) + 1;
        return text_.substr(start, at_ - start).find_first_not_of(" \t") == std::string_view::npos;
    }

    bool is_include_line() const {
        const std::size_t start = text_.rfind('\n', at_) + 1;
        return text_.substr(start).starts_with("#include");
    }

    std::string_view text_;
    bool keep_directives_;
    std::string out_;
    std::size_t at_ = 0;
};

bool is_source(const std::filesystem::path& path) {
    return path.extension() == ".h" || path.extension() == ".cc" ||
           path.filename() == "CMakeLists.txt";
}

std::string read_file(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(text).str();
}

}  // namespace

std::string folder_of(std::string_view path) {
    const std::size_t slash = path.find('/');
    return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string code_only(std::string_view text, bool keep_directives) {
    return Blanker(text, keep_directives).run();
}

std::vector<Source> read_sources(const std::filesystem::path& root) {
    std::vector<Source> sources;
    for (const std::string_view folder : folders) {
        if (!std::filesystem::is_directory(root / folder)) {
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
            if (entry.is_regular_file() && is_source(entry.path())) {
                sources.push_back({entry.path().lexically_relative(root).generic_string(),
                                   read_file(entry.path())});
            }
        }
    }
    std::sort(sources.begin(), sources.end(),
              [](const Source& a, const Source& b) { return a.path < b.path; });
    return sources;
}

}  // namespace tidy
