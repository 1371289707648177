#include "app/text_table.h"

#include <algorithm>
#include <cmath>

#include "base/ensure.h"
#include "kpi/money.h"

namespace app {
namespace {

struct Range {
    char32_t from;
    char32_t until;
};
constexpr Range no_width[] = {
    {0x300, 0x370},   {0x483, 0x48a},   {0x591, 0x5be},   {0x64b, 0x660},   {0x1ab0, 0x1b00},
    {0x200b, 0x2010}, {0x20d0, 0x2100}, {0xfe00, 0xfe10}, {0xfe20, 0xfe30}, {0xfeff, 0xff00}};
constexpr Range double_width[] = {{0x1100, 0x1160},   {0x2e80, 0x303f},  {0x3041, 0xa4d0},
                                  {0xac00, 0xd7a4},   {0xf900, 0xfb00},  {0xfe30, 0xfe70},
                                  {0xff00, 0xff61},   {0xffe0, 0xffe7},  {0x1f300, 0x1f650},
                                  {0x1f900, 0x1fa00}, {0x20000, 0x3fffe}};

template <std::size_t Count>
bool is_in(char32_t letter, const Range (&ranges)[Count]) {
    return std::ranges::any_of(
        ranges, [&](const Range& range) { return range.from <= letter && letter < range.until; });
}

/// Takes one code point off `text`; a broken byte is one of its own.
char32_t take(std::string_view& text) {
    const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(text[n]); };
    const unsigned char first = byte(0);
    std::size_t length = first < 0x80   ? 1
                         : first < 0xc0 ? 1
                         : first < 0xe0 ? 2
                         : first < 0xf0 ? 3
                                        : 4;
    for (std::size_t n = 1; n < length; ++n) {
        length = n < text.size() && (byte(n) & 0xc0) == 0x80 ? length : 1;
    }
    char32_t letter = length == 1 ? first : first & (0xffU >> (length + 1));
    for (std::size_t n = 1; n < length; ++n) {
        letter = letter << 6 | (byte(n) & 0x3fU);
    }
    text.remove_prefix(length);
    return letter;
}

std::size_t width_of(char32_t letter) {
    return is_in(letter, no_width) ? 0 : is_in(letter, double_width) ? 2 : 1;
}

std::string padded(std::string_view text, std::size_t width, bool right) {
    const std::string blanks(width - std::min(width, display_width(text)), ' ');
    return right ? blanks + std::string(text) : std::string(text) + blanks;
}

void trim_right(std::string& line) {
    line.erase(line.find_last_not_of(' ') + 1);
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        width += width_of(take(text));
    }
    return width;
}

std::string fitted(std::string_view text, std::size_t width) {
    std::string clean;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        clean += byte < 0x20 || byte == 0x7f ? ' ' : letter;
    }
    if (display_width(clean) <= width) {
        return clean;
    }
    std::string_view rest = clean;
    std::size_t used = 0;
    std::size_t end = 0;
    while (!rest.empty()) {
        const std::size_t next = width_of(take(rest));
        if (used + next > width - 1) {
            break;
        }
        used += next;
        end = clean.size() - rest.size();
    }
    return clean.substr(0, end) + "…";
}

void TextTable::add(std::vector<std::string> cells) {
    ENSURE(cells.size() == columns_.size() && !cells.empty());
    rows_.push_back(std::move(cells));
}

void TextTable::add_rule() {
    rows_.emplace_back();
}

std::vector<std::size_t> TextTable::widths() const {
    std::vector<std::size_t> found;
    for (std::size_t n = 0; n < columns_.size(); ++n) {
        std::size_t width = display_width(columns_[n].title);
        for (const std::vector<std::string>& row : rows_) {
            width = row.empty() ? width : std::max(width, display_width(row[n]));
        }
        found.push_back(width);
    }
    return found;
}

std::string TextTable::print(std::size_t keys, std::size_t width_max) const {
    const std::vector<std::size_t> width = widths();
    std::vector<std::size_t> shown;
    std::size_t used = 0;
    const auto begin_block = [&] {
        shown.clear();
        used = 0;
        for (std::size_t n = 0; n < std::min(keys, columns_.size()); ++n) {
            shown.push_back(n);
            used += width[n] + 2;
        }
    };
    begin_block();
    std::string out;
    for (std::size_t n = keys; n < columns_.size(); ++n) {
        if (used + width[n] > width_max && shown.size() > keys) {
            out += print_block(shown, width) + "\n";
            begin_block();
        }
        shown.push_back(n);
        used += width[n] + 2;
    }
    return out + print_block(shown, width);
}

std::string TextTable::print_block(const std::vector<std::size_t>& shown,
                                   std::vector<std::size_t> widths) const {
    std::string groups;
    std::string titles;
    std::size_t total = 0;
    for (std::size_t k = 0; k < shown.size();) {
        const std::string& group = columns_[shown[k]].group;
        std::size_t end = k;
        std::size_t span = 0;
        for (; end < shown.size() && columns_[shown[end]].group == group; ++end) {
            span += widths[shown[end]] + (end == k ? 0 : 2);
        }
        if (const std::size_t needed = display_width(group); needed > span) {
            widths[shown[k]] += needed - span;
            span = needed;
        }
        groups += padded(group, span, false) + "  ";
        total += span + (k == 0 ? 0 : 2);
        for (; k < end; ++k) {
            titles +=
                padded(columns_[shown[k]].title, widths[shown[k]], columns_[shown[k]].is_number) +
                "  ";
        }
    }
    trim_right(groups);
    trim_right(titles);
    std::string rule;
    for (std::size_t n = 0; n < total; ++n) {
        rule += "─";
    }
    std::string out = (groups.empty() ? "" : groups + "\n") + titles + "\n" + rule + "\n";
    for (const std::vector<std::string>& row : rows_) {
        std::string line = row.empty() ? rule : "";
        for (std::size_t k = 0; k < shown.size() && !row.empty(); ++k) {
            line += padded(row[shown[k]], widths[shown[k]], columns_[shown[k]].is_number) + "  ";
        }
        trim_right(line);
        out += line + "\n";
    }
    return out;
}

std::string duration_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(std::llround(std::fabs(seconds)));
    const auto two = [](std::int64_t number) {
        return (number < 10 ? "0" : "") + std::to_string(number);
    };
    return (seconds < 0 && whole != 0 ? "-" : "") + std::to_string(whole / 3600) + ":" +
           two(whole / 60 % 60) + ":" + two(whole % 60);
}

std::string grouped_digits(base::Int128 number) {
    std::string text = base::to_decimal(number);
    const std::size_t first = number < 0 ? 1 : 0;
    for (std::size_t n = text.size(); n > first + 3; n -= 3) {
        text.insert(n - 3, 1, ',');
    }
    return text;
}

std::string money_text(base::Int128 minor, std::string_view currency) {
    const int decimals = kpi::decimals_of(currency);
    const base::Int128 unit = decimals == 0 ? 1 : decimals == 2 ? 100 : 1000;
    const base::Int128 size = minor < 0 ? -minor : minor;
    std::string out = (minor < 0 ? "-" : "") + grouped_digits(size / unit);
    if (decimals > 0) {
        const std::string rest = base::to_decimal(size % unit);
        out += "." + std::string(static_cast<std::size_t>(decimals) - rest.size(), '0') + rest;
    }
    return out;
}

}  // namespace app
