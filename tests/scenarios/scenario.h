#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

/// Scenarios: text files that say what happens and what must come out. README.md of this folder
/// lists their words.
namespace scenarios {

/// A line that says something.
struct Line {
    std::size_t number = 0;          ///< from 1
    std::vector<std::string> words;  ///< a text in double quotes is one word
    std::string rest;                ///< what follows the second word, as it stands
};

/// What happens, then what must come out.
struct Stage {
    std::vector<Line> facts;
    std::vector<Line> expectations;
};

/// A whole file.
struct Scenario {
    std::string file;
    std::string zone = "Europe/Moscow";
    std::string region = "RU";
    bool small_segments = false;
    /// What is reported depends on which of two records came first: other orders are not tried.
    bool order_matters = false;
    std::vector<Stage> stages;
};

/// Reads the text of a scenario; the words of facts and expectations are read later.
/// Errors: invalid - `FILE:LINE: what`: no plain words at the top, an open quote, facts without
///         expectations.
base::Result<Scenario> read_scenario(std::string_view text, const std::string& file);

/// The words of a line from left to right. The first mistake stays; after it every answer is empty.
class Words {
public:
    explicit Words(const Line& line) : line_(line) {}

    bool at_end() const { return !mistake_.empty() || next_ == line_.words.size(); }
    /// The next word, which is `what`: the error when there is none.
    std::string next(std::string_view what);
    /// Takes the next word if it is this one.
    bool take(std::string_view word);
    /// A whole number. Takes `20s` for 20.
    long long number(std::string_view what);

    void wrong(const std::string& what);
    /// Also a mistake: words that nobody has taken.
    std::optional<std::string> mistake();

private:
    const Line& line_;
    std::size_t next_ = 0;
    std::string mistake_;
};

/// `20` of `20s`; other words are themselves.
std::string without_unit(std::string word);

}  // namespace scenarios
