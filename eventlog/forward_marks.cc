#include "eventlog/forward_marks.h"

#include <algorithm>
#include <charconv>

#include "eventlog/data_dir.h"

namespace eventlog {
namespace {

/// Marks closer than that are one.
constexpr base::Millis step{10'000};
constexpr std::size_t marks_max = 512;

bool take_number(std::string_view& line, auto& number) {
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), number);
    if (parsed.ec != std::errc{}) {
        return false;
    }
    line.remove_prefix(static_cast<std::size_t>(parsed.ptr - line.data()));
    if (line.starts_with(' ')) {
        line.remove_prefix(1);
    }
    return true;
}

std::optional<ForwardMark> mark_of(std::string_view line) {
    constexpr std::string_view word = "mark ";
    if (!line.starts_with(word)) {
        return std::nullopt;
    }
    line.remove_prefix(word.size());
    ForwardMark mark;
    std::int64_t ms = 0;
    if (!take_number(line, ms) || !take_number(line, mark.next_offset) ||
        !take_number(line, mark.kafka_offset) || !line.empty()) {
        return std::nullopt;
    }
    mark.at = base::from_ms(ms);
    return mark;
}

std::string head_of(const LogId& log_id) {
    return "format 1\nlog_id " + to_hex(log_id) + "\n";
}

}  // namespace

void ForwardMarks::add(const ForwardMark& mark) {
    const bool has_two = marks_.size() >= 2;
    if (has_two && marks_.back().at - marks_[marks_.size() - 2].at < step) {
        marks_.back() = mark;
        return;
    }
    marks_.push_back(mark);
    if (marks_.size() > marks_max) {  // every second one of the older half goes
        std::vector<ForwardMark> kept;
        for (std::size_t i = 0; i < marks_.size(); ++i) {
            if (i >= marks_max / 2 || i % 2 == 0) {
                kept.push_back(marks_[i]);
            }
        }
        marks_ = std::move(kept);
    }
}

void ForwardMarks::forget_from(std::uint64_t next_offset) {
    std::erase_if(marks_, [&](const ForwardMark& mark) { return mark.next_offset > next_offset; });
}

void ForwardMarks::forget_before(base::UtcMillis at) {
    const auto first_later = std::find_if(marks_.begin(), marks_.end(),
                                          [&](const ForwardMark& mark) { return mark.at > at; });
    if (first_later - marks_.begin() > 1) {
        marks_.erase(marks_.begin(), first_later - 1);
    }
}

std::uint64_t ForwardMarks::acknowledged_before(base::UtcMillis at) const {
    std::uint64_t below = 0;
    for (const ForwardMark& mark : marks_) {
        if (mark.at <= at) {
            below = mark.next_offset;
        }
    }
    return below;
}

std::string encode(const ForwardMarks& marks, const LogId& log_id) {
    std::string text = head_of(log_id);
    for (const ForwardMark& mark : marks.all()) {
        text += "mark " + std::to_string(base::to_ms(mark.at)) + " " +
                std::to_string(mark.next_offset) + " " + std::to_string(mark.kafka_offset) + "\n";
    }
    return text;
}

base::Result<ForwardMarks> decode_forward_marks(std::string_view text, const LogId& log_id) {
    const std::string head = head_of(log_id);
    if (!text.starts_with(head)) {
        return base::Error(base::ErrorCode::corrupt, "no marks of this log");
    }
    text.remove_prefix(head.size());
    std::vector<ForwardMark> marks;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::optional<ForwardMark> mark =
            end == std::string_view::npos ? std::nullopt : mark_of(text.substr(0, end));
        if (!mark || (!marks.empty() && mark->next_offset < marks.back().next_offset)) {
            return base::Error(base::ErrorCode::corrupt, "marks that cannot be read");
        }
        marks.push_back(*mark);
        text.remove_prefix(end + 1);
    }
    return ForwardMarks(std::move(marks));
}

}  // namespace eventlog
