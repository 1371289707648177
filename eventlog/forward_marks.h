#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/time.h"
#include "eventlog/log.h"

namespace eventlog {

/// At `at`, Kafka had acknowledged every record below `next_offset` of the local log; the last of
/// them stands at `kafka_offset` in the topic.
struct ForwardMark {
    base::UtcMillis at{};
    std::uint64_t next_offset = 0;
    std::uint64_t kafka_offset = 0;
    friend bool operator==(const ForwardMark&, const ForwardMark&) = default;
};

/// How far a partition of the local log is in Kafka, now and before:
/// `<data_dir>/forward/<partition>`.
///
/// The past is kept for two questions: what may leave the spool (acknowledged long enough ago), and
/// from where to publish again when the broker has lost its end. Old marks are thinned out.
///
/// Threads: one.
class ForwardMarks {
public:
    explicit ForwardMarks(std::vector<ForwardMark> marks = {}) : marks_(std::move(marks)) {}

    /// Takes the newest mark in: it replaces the last one when that came shortly before it.
    void add(const ForwardMark& mark);
    /// Nothing of what lies at or above `next_offset` is in Kafka after all.
    void forget_from(std::uint64_t next_offset);
    /// Marks older than `at` go, but the newest of them.
    void forget_before(base::UtcMillis at);

    /// The offset behind the last acknowledged record; `fallback` when there is none.
    std::uint64_t next_offset(std::uint64_t fallback) const {
        return marks_.empty() ? fallback : marks_.back().next_offset;
    }
    /// Records below it were acknowledged before `at`; 0 when there are none.
    std::uint64_t acknowledged_before(base::UtcMillis at) const;
    /// Oldest first, offsets rising.
    const std::vector<ForwardMark>& all() const { return marks_; }

private:
    std::vector<ForwardMark> marks_;
};

/// The text of a file of marks: `format 1`, `log_id HEX`, then a line `mark MS NEXT KAFKA` each.
std::string encode(const ForwardMarks& marks, const LogId& log_id);
/// Errors: corrupt - it is no such text, or of another log.
base::Result<ForwardMarks> decode_forward_marks(std::string_view text, const LogId& log_id);

}  // namespace eventlog
