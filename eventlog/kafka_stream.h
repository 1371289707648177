#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "eventlog/log.h"

namespace eventlog {

/// What is read of one partition ahead of its reader, by the accept rule: a record is taken if its
/// offset is the next one; a lower one came again; a higher one is asked for again, once.
///
/// Threads: one at a time.
class KafkaStream {
public:
    enum class Accepted {
        taken,
        repeated,  ///< it was there already
        sought,    ///< records before it are missing: seek to `next`
        stopped,   ///< nothing is taken any longer; `failure` says why
    };

    /// `number`: of the partition, for errors.
    explicit KafkaStream(std::uint32_t number = 0) : number_(number) {}

    /// Owned from now on, by a reader that stands at `next`.
    void own(std::uint64_t next);
    void disown();
    bool is_owned() const { return is_owned_; }
    /// The reader stands at `next` now: what was read ahead, and what made it stop, is forgotten.
    void move(std::uint64_t next);

    /// `end`: of the partition, as far as the client knows.
    Accepted accept(base::Result<ReadRecord> record, std::uint64_t offset, std::uint64_t end);
    /// The partition ended at `offset` when it was looked at.
    void meet_end(std::uint64_t offset);
    void fail(base::Error error) { failure_ = std::move(error); }

    /// As LogReader::read. Errors: unavailable - it stopped, and why.
    base::Result<std::vector<ReadRecord>> read(std::uint64_t from, std::size_t max_records,
                                               std::size_t max_bytes);

    std::uint64_t next() const { return next_; }
    std::uint64_t end() const { return end_; }
    bool is_at_end(std::uint64_t offset) const {
        return is_owned_ && has_met_end_ && offset >= end_;
    }
    bool has_waiting() const { return !queue_.empty(); }
    bool has_beyond(std::uint64_t offset) const {
        return failure_ || (!queue_.empty() && queue_.back().offset >= offset);
    }
    std::size_t queue_bytes() const { return queue_bytes_; }
    const std::optional<base::Error>& failure() const { return failure_; }

private:
    base::Error hole(std::uint64_t expected, std::uint64_t got) const;

    std::uint32_t number_ = 0;
    bool is_owned_ = false;
    bool was_sought_ = false;  ///< for the record at `next_`
    bool has_met_end_ = false;
    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
    std::deque<ReadRecord> queue_;
    std::size_t queue_bytes_ = 0;
    std::optional<base::Error> failure_;
};

}  // namespace eventlog
