#include "tests/scenarios/scenario.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace scenarios {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t';
}

bool is_number(std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

/// Splits a line into its words. Returns: false when a quote is left open.
bool split(std::string_view text, Line& line) {
    std::size_t i = 0;
    while (true) {
        while (i < text.size() && is_space(text[i])) {
            ++i;
        }
        if (i == text.size() || (text[i] == '#' && !line.words.empty())) {
            return true;
        }
        if (line.words.size() == 2) {
            line.rest = text.substr(i);
            if (line.words.front() == "event") {  // the rest is JSON
                return true;
            }
        }
        const bool is_quoted = text[i] == '"';
        const std::size_t begin = is_quoted ? i + 1 : i;
        std::size_t end = begin;
        while (end < text.size() && (is_quoted ? text[end] != '"' : !is_space(text[end]))) {
            ++end;
        }
        if (is_quoted && end == text.size()) {
            return false;
        }
        line.words.emplace_back(text.substr(begin, end - begin));
        i = is_quoted ? end + 1 : end;
    }
}

/// Reads a file line by line.
class Reader {
public:
    explicit Reader(const std::string& file) { scenario_.file = file; }

    base::Result<Scenario> read(std::string_view text) {
        while (!text.empty() && mistake_.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            take(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        if (mistake_.empty() && !in_expectations_) {
            wrong("facts without expectations: ---- is missing");
        }
        if (mistake_.empty() && stage_.expectations.empty()) {
            wrong("nothing is expected");
        }
        if (!mistake_.empty()) {
            return base::Error(base::ErrorCode::invalid,
                               scenario_.file + ":" + std::to_string(number_) + ": " + mistake_);
        }
        scenario_.stages.push_back(std::move(stage_));
        return std::move(scenario_);
    }

private:
    void wrong(std::string what) { mistake_ = std::move(what); }

    void take(std::string_view text) {
        ++number_;
        if (text.starts_with('#')) {
            has_about_ = true;
            return;
        }
        Line line{number_, {}, {}};
        if (!split(text, line)) {
            return wrong("a quote is left open");
        }
        if (line.words.empty()) {
            return;
        }
        if (!has_about_) {
            return wrong("say first in plain words (#) what happens and what must come out");
        }
        if (line.words.front() == "----") {
            if (in_expectations_) {
                return wrong("---- twice; ==== begins the next facts");
            }
            in_expectations_ = true;
        } else if (line.words.front() == "====") {
            next_stage();
        } else if (in_expectations_) {
            stage_.expectations.push_back(std::move(line));
        } else if (!take_setting(line)) {
            stage_.facts.push_back(std::move(line));
        }
    }

    void next_stage() {
        if (!in_expectations_ || stage_.expectations.empty()) {
            return wrong("==== without expectations before it");
        }
        scenario_.stages.push_back(std::move(stage_));
        stage_ = Stage();
        in_expectations_ = false;
    }

    /// A line about the whole scenario; only at its top.
    bool take_setting(const Line& line) {
        const std::string& word = line.words.front();
        if (word == "company" && line.words.size() == 3) {
            scenario_.zone = line.words[1];
            scenario_.region = line.words[2];
        } else if (word == "order" && line.words.size() == 2 && line.words[1] == "matters") {
            scenario_.order_matters = true;
        } else if (word == "small" && line.words.size() == 2 && line.words[1] == "segments") {
            scenario_.small_segments = true;
        } else {
            return false;
        }
        if (!scenario_.stages.empty() || !stage_.facts.empty()) {
            wrong(word + " belongs to the top, before any fact");
        }
        return true;
    }

    Scenario scenario_;
    Stage stage_;
    std::size_t number_ = 0;
    bool has_about_ = false;
    bool in_expectations_ = false;
    std::string mistake_;
};

}  // namespace

base::Result<Scenario> read_scenario(std::string_view text, const std::string& file) {
    return Reader(file).read(text);
}

std::string Words::next(std::string_view what) {
    if (!mistake_.empty()) {
        return {};
    }
    if (next_ == line_.words.size()) {
        wrong("expected " + std::string(what) + " behind `" + line_.words.back() + "`");
        return {};
    }
    return line_.words[next_++];
}

bool Words::take(std::string_view word) {
    if (at_end() || line_.words[next_] != word) {
        return false;
    }
    ++next_;
    return true;
}

long long Words::number(std::string_view what) {
    const std::string word = without_unit(next(what));
    long long number = 0;
    const auto [stop, failed] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (mistake_.empty() && (failed != std::errc{} || stop != word.data() + word.size())) {
        wrong("expected " + std::string(what) + ", a number, not `" + word + "`");
    }
    return number;
}

void Words::wrong(const std::string& what) {
    if (mistake_.empty()) {
        mistake_ = what;
    }
}

std::optional<std::string> Words::mistake() {
    if (mistake_.empty() && next_ < line_.words.size()) {
        wrong("`" + line_.words[next_] + "` is one word too many");
    }
    return mistake_.empty() ? std::nullopt : std::optional<std::string>(mistake_);
}

std::string without_unit(std::string word) {
    if (word.ends_with('s') && is_number(std::string_view(word).substr(0, word.size() - 1))) {
        word.pop_back();
    }
    return word;
}

}  // namespace scenarios
