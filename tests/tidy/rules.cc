#include "tests/tidy/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace tidy {

namespace {

using Folders = std::set<std::string, std::less<>>;

/// The include table. `app` and `tests` may see everything and stand in no row.
const std::map<std::string, Folders, std::less<>>& include_table() {
    static const std::map<std::string, Folders, std::less<>> table = {
        {"base", {}},
        {"events", {"base"}},
        {"eventlog", {"base", "events"}},
        {"kpi", {"base", "events"}},
        {"store", {"base", "events", "kpi"}},
        {"ingest", {"base", "events", "eventlog"}},
        {"processors", {"base", "events", "eventlog", "kpi", "store"}},
        {"query", {"base", "events", "kpi", "store"}},
        {"metrics", {"base", "events", "kpi", "store"}},
    };
    return table;
}

/// Single headers allowed beyond the table.
bool is_exception(std::string_view folder, std::string_view header) {
    return folder == "ingest" && header == "kpi/local_time.h";
}

/// The one header that is allowed alone comes with its folder's library.
bool is_linked_exception(std::string_view folder, std::string_view library) {
    return folder == "ingest" && library == "kpi";
}

/// The folder that an included header belongs to; the generated one stands in no folder.
std::string folder_of_header(std::string_view header) {
    return header == "normwatch.pb.h" ? "events" : folder_of(header);
}

/// A library that only some files may include.
struct Placement {
    std::string_view include;
    std::vector<std::string_view> places;
};

const std::vector<Placement>& placements() {
    static const std::vector<Placement> all = {
        {"<rocksdb/", {"store/rocks_"}},
        {"<prometheus/", {"metrics/"}},
        {"<boost/beast", {"base/http_"}},
        {"<librdkafka/", {"eventlog/kafka_"}},
        {"<google/protobuf/", {"events/", "ingest/", "processors/"}},
        {"<phonenumbers/", {"events/"}},
        {"<boost/asio", {"base/http_", "eventlog/async_", "ingest/", "query/", "metrics/", "app/"}},
        {"<CLI/", {"app/"}},
    };
    return all;
}

/// A name and what to write instead. `places` may use it; none = nobody.
struct Banned {
    std::string_view name;
    std::string_view instead;
    std::vector<std::string_view> places;
    /// Only files below this folder are held to it; empty = all.
    std::string_view only_in = "";
};

const std::vector<Banned>& banned_names() {
    static const std::vector<Banned> all = {
        {"asio::detached", "a completion handler that rethrows", {}},
        {"system_clock::now", "base::Clock", {"base/clock.cc"}},
        {"std::thread", "std::jthread", {}},
        {"new", "std::make_unique or a container", {}},
        {"assert(", "ENSURE from base/ensure.h", {}},
        {"using namespace", "names with their namespace", {}},
        {"sleep_for", "a condition that is waited for", {"tests/bench/http_load.cc"}, "tests/"},
        {"sleep_until", "a condition that is waited for", {"tests/bench/http_load.cc"}, "tests/"},
        {"usleep", "a condition that is waited for", {}, "tests/"},
        {"std::rand", "a seeded generator that is handed in", {}},
        {"std::regex", "a hand-written scan", {}},
    };
    return all;
}

constexpr std::size_t columns_max = 100;
constexpr std::size_t lines_max = 500;
constexpr std::size_t function_lines_max = 60;

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_cmake(const Source& source) {
    return source.path.ends_with("CMakeLists.txt");
}

bool stands_in(const std::vector<std::string_view>& places, std::string_view path) {
    return std::any_of(places.begin(), places.end(),
                       [path](std::string_view place) { return path.starts_with(place); });
}

/// Whether the whole word or words `name` stand in `line`. `operator new` is another word than
/// `new`, and literals come by `using namespace` only.
bool has_name(std::string_view line, std::string_view name) {
    for (std::size_t at = line.find(name); at != std::string_view::npos;
         at = line.find(name, at + 1)) {
        const std::size_t end = at + name.size();
        const bool starts = at == 0 || !is_word(line[at - 1]);
        const bool ends = end == line.size() || !is_word(name.back()) || !is_word(line[end]);
        const bool is_operator = name == "new" && line.substr(0, at).ends_with("operator ");
        const bool is_literals =
            name == "using namespace" && line.find("_literals;", end) != std::string_view::npos;
        if (starts && ends && !is_operator && !is_literals) {
            return true;
        }
    }
    return false;
}

/// The header of an include line, with its first bracket or quote; empty for any other line.
std::string_view included(std::string_view line) {
    constexpr std::string_view directive = "#include ";
    if (!line.starts_with(directive)) {
        return {};
    }
    line.remove_prefix(directive.size());
    const std::size_t end = line.find_first_of(">\"", 1);
    return line.substr(0, end == std::string_view::npos ? line.size() : end);
}

/// The folder that a CMake target belongs to: `base_http` to base, `ingest_http` to ingest.
std::string folder_of_target(std::string_view target) {
    const std::string folder(target.substr(0, target.find('_')));
    return include_table().contains(folder) || folder == "app" ? folder : std::string();
}

/// Splits CMake text into words; comments are left out.
std::vector<std::pair<std::string, std::size_t>> cmake_words(std::string_view text) {
    std::vector<std::pair<std::string, std::size_t>> words;
    std::size_t number = 0;
    for (const std::string_view line : lines_of(text)) {
        ++number;
        std::string word;
        for (const char c : std::string(line.substr(0, line.find('#'))) + ' ') {
            if (c != ' ' && c != '\t' && c != '(' && c != ')') {
                word += c;
                continue;
            }
            if (!word.empty()) {
                words.emplace_back(word, number);
            }
            word.clear();
        }
    }
    return words;
}

/// Holds the libraries that a folder links (`USES`, `PRIVATE_USES`) against the table.
std::vector<Finding> check_cmake(const Source& source, const std::string& folder,
                                 const Folders& allowed) {
    std::vector<Finding> findings;
    bool in_uses = false;
    for (const auto& [word, line] : cmake_words(source.text)) {
        if (word == "USES" || word == "PRIVATE_USES") {
            in_uses = true;
        } else if (word == "SOURCES" || word == "HEADERS" || word == "module") {
            in_uses = false;
        } else if (const std::string used = folder_of_target(word);
                   in_uses && !used.empty() && used != folder && !allowed.contains(used) &&
                   !is_linked_exception(folder, used)) {
            findings.push_back({source.path, line, folder + " may not use " + used});
        }
    }
    return findings;
}

std::size_t characters_in(std::string_view line) {
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

/// Finds function bodies by their braces. A body's brace has a space before it and stands outside
/// of parentheses (as clang-format leaves it), behind a header with a parameter list.
class FunctionFinder {
public:
    explicit FunctionFinder(const Source& source)
        : path_(source.path), code_(code_only(source.text, false)) {}

    std::vector<Finding> run() {
        for (std::size_t at = 0; at < code_.size(); ++at) {
            step(at, code_[at]);
        }
        return std::move(findings_);
    }

private:
    enum class Scope { function, block, list };

    void step(std::size_t at, char c) {
        if (c == '\n') {
            ++line_;
        } else if (c == '{') {
            open(at);
        } else if (c == '}') {
            close();
        } else if (function_depth_ > 0) {
            return;
        } else if (c == ';' && parentheses_ == 0) {
            header_.clear();
        } else {
            parentheses_ += c == '(' ? 1 : c == ')' ? -1 : 0;
            extend_header(c);
        }
    }

    void extend_header(char c) {
        const bool is_space = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (header_.empty()) {
            header_line_ = line_;
        }
        if (!is_space || !header_.empty()) {
            header_ += is_space ? ' ' : c;
        }
        if (header_ == "public:" || header_ == "protected:" || header_ == "private:") {
            header_.clear();
        }
    }

    void open(std::size_t at) {
        if (function_depth_ > 0) {
            ++function_depth_;
            return;
        }
        const bool spaced = at > 0 && std::isspace(static_cast<unsigned char>(code_[at - 1])) != 0;
        if (!spaced || parentheses_ > 0) {
            scopes_.push_back(Scope::list);
            return;
        }
        if (is_function_header()) {
            function_depth_ = 1;
            scopes_.push_back(Scope::function);
            return;
        }
        scopes_.push_back(Scope::block);
        header_.clear();
    }

    bool is_function_header() const {
        std::string_view header = header_;
        for (const std::string_view word : {"struct ", "class ", "union ", "enum ", "namespace "}) {
            if (header.starts_with(word)) {
                return false;
            }
        }
        const bool initializes = header.find_last_not_of(' ') == header.rfind('=');
        return header.find('(') != std::string_view::npos && !initializes;
    }

    void close() {
        if (function_depth_ > 1) {
            --function_depth_;
            return;
        }
        if (scopes_.empty()) {
            return;
        }
        const Scope scope = scopes_.back();
        scopes_.pop_back();
        if (scope == Scope::function) {
            const std::size_t lines = line_ - header_line_ + 1;
            if (lines > function_lines_max) {
                findings_.push_back(
                    {path_, header_line_, "a function of " + std::to_string(lines) + " lines"});
            }
            function_depth_ = 0;
        }
        if (scope != Scope::list) {
            header_.clear();
        }
    }

    std::string path_;
    std::string code_;
    std::string header_;
    std::size_t header_line_ = 1;
    std::size_t line_ = 1;
    int parentheses_ = 0;
    int function_depth_ = 0;
    std::vector<Scope> scopes_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_include_table(const Source& source) {
    const std::string folder = folder_of(source.path);
    const auto row = include_table().find(folder);
    if (row == include_table().end()) {
        return {};
    }
    if (is_cmake(source)) {
        return check_cmake(source, folder, row->second);
    }
    std::vector<Finding> findings;
    std::size_t number = 0;
    for (const std::string_view line : lines_of(source.text)) {
        ++number;
        const std::string_view header = included(line);
        if (!header.starts_with('"')) {
            continue;
        }
        const std::string_view path = header.substr(1);
        const std::string target = folder_of_header(path);
        if (target != folder && !row->second.contains(target) && !is_exception(folder, path)) {
            findings.push_back(
                {source.path, number, folder + " may not include " + std::string(path)});
        }
    }
    return findings;
}

std::vector<Finding> check_library_placement(const Source& source) {
    if (is_cmake(source) || folder_of(source.path) == "tests") {
        return {};
    }
    std::vector<Finding> findings;
    std::size_t number = 0;
    for (const std::string_view line : lines_of(source.text)) {
        ++number;
        const std::string_view header = included(line);
        for (const Placement& placement : placements()) {
            if (header.starts_with(placement.include) &&
                !stands_in(placement.places, source.path)) {
                findings.push_back({source.path, number,
                                    std::string(placement.include.substr(1)) + " belongs into " +
                                        std::string(placement.places.front())});
            }
        }
    }
    return findings;
}

std::vector<Finding> check_banned_names(const Source& source) {
    if (is_cmake(source)) {
        return {};
    }
    std::vector<Finding> findings;
    const std::string code = code_only(source.text);
    std::size_t number = 0;
    for (const std::string_view line : lines_of(code)) {
        ++number;
        for (const Banned& banned : banned_names()) {
            if (has_name(line, banned.name) && source.path.starts_with(banned.only_in) &&
                !stands_in(banned.places, source.path)) {
                findings.push_back(
                    {source.path, number,
                     std::string(banned.name) + ": use " + std::string(banned.instead)});
            }
        }
        if (line.starts_with("#define ") && !line.starts_with("#define ENSURE") &&
            !line.starts_with("#define BOOST_") && !line.starts_with("#define XXH_")) {
            findings.push_back({source.path, number, "a macro: use a function or a constant"});
        }
    }
    number = 0;
    for (const std::string_view line : lines_of(source.text)) {
        ++number;
        if (line.find("// TODO") != std::string_view::npos && folder_of(source.path) != "tests") {
            findings.push_back({source.path, number, "a TODO: file an issue"});
        }
    }
    if (source.path.ends_with(".h") && source.text.find("#pragma once") == std::string::npos) {
        findings.push_back({source.path, 0, "no #pragma once"});
    }
    return findings;
}

std::vector<Finding> check_sizes(const Source& source) {
    std::vector<Finding> findings;
    const auto lines = lines_of(source.text);
    for (std::size_t n = 0; n < lines.size(); ++n) {
        const std::size_t columns = characters_in(lines[n]);
        if (columns > columns_max && !is_cmake(source)) {
            findings.push_back({source.path, n + 1, std::to_string(columns) + " columns"});
        }
    }
    if (lines.size() > lines_max) {
        findings.push_back({source.path, 0, std::to_string(lines.size()) + " lines"});
    }
    if (!is_cmake(source)) {
        const std::vector<Finding> functions = FunctionFinder(source).run();
        findings.insert(findings.end(), functions.begin(), functions.end());
    }
    return findings;
}

}  // namespace tidy
