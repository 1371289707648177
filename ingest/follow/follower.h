#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "eventlog/log.h"
#include "ingest/file_import.h"
#include "ingest/follow/cursor.h"
#include "ingest/follow/followed_file.h"
#include "ingest/follow/recent_items.h"

namespace ingest::follow {

/// A source whose file is read while somebody else writes it.
struct FollowedSource {
    LineFormat format{};
    MapContext context;  ///< its source_id is the source's
    eventlog::Partition partition{0};
    std::string path;
    std::string cursor_path;
};

/// What a follower needs. All outlive it.
struct FollowPorts {
    eventlog::LogWriter& writer;
    eventlog::LogReader& reader;
    std::string log_id;
    base::Files& files;  ///< of the data directory
    std::function<base::UtcMillis()> now;
    std::function<void(std::uint64_t count)> received;
    std::function<void(const std::string& reason)> rejected;
    /// What an operator should know, when it begins. Holds nothing that stood in the file.
    std::function<void(std::string_view code, const std::string& text)> note;
};

/// What one step did.
enum class Step {
    progressed,  ///< there may be more at once
    idle,        ///< nothing new; look again in a while
    blocked,     ///< the file or the log cannot be had; try again in a while
};

enum class Health { ok, behind, failed };

/// Reads one file into the log as it grows, each line once: over restarts, rotation by renaming,
/// copying and truncating, or plain truncation. What it appends is what one import of the same
/// bytes appends.
///
/// The cursor is written after the log's acknowledgement; what a crash keeps out of it is found at
/// the end of the log (RecentItems). Whose turn it is after a rotation is found by what the files
/// hold and when they were written, so also by a start long after (docs/operations.md).
///
/// Threads: `step` by one; `health`, `lag_bytes`, `is_missing` any.
class Follower {
public:
    /// So often in a row must a file that was rotated away give nothing before it is left: who
    /// writes it may not know yet.
    static constexpr int quiet_steps_max = 5;
    /// So long do whole lines wait for the rest of a value in quotes: what follows a broken quote
    /// shall not wait for calls that come tomorrow.
    static constexpr int open_steps_max = 300;

    Follower(FollowPorts ports, FollowedSource source);

    /// Looks at the file and takes at most one piece of it. Never waits but for the log.
    Step step();

    const std::string& source_id() const { return source_.context.source_id; }
    Health health() const { return health_; }
    /// Bytes of the file that are not in the log yet.
    std::uint64_t lag_bytes() const { return lag_bytes_; }
    bool is_missing() const { return is_missing_; }

private:
    Step advance();
    Step report(Step step);
    bool start();
    bool forget_of_other_log();

    Step find_file();
    Step resume(base::Result<FollowedFile> here);
    bool take_up(base::Result<FollowedFile> found);
    std::optional<Sibling> oldest_after(std::int64_t modified_ns) const;
    bool is_unread() const;
    bool take_up_unread();
    bool take_up_sibling();
    Step begin(FollowedFile file);
    Step missing(const base::Error& error);

    Step read_more();
    Step at_end();
    Step stand_by();
    bool turn_to_copy(const Mark& mark);
    Step truncated();
    Step next_file();
    void feed(std::string_view bytes);
    void take_items();

    bool flush();
    base::Result<void> append_group();
    bool save();
    void note(std::string_view code, const std::string& text);

    FollowPorts ports_;
    FollowedSource source_;
    std::string file_name_;
    bool is_started_ = false;
    bool has_cursor_ = false;  ///< `cursor_` is of a file that was read
    Cursor cursor_;
    RecentItems recent_;

    std::optional<FollowedFile> file_;
    std::optional<FileMapper> mapper_;
    FileState seen_;             ///< of the file, when it was read last
    std::uint64_t read_to_ = 0;  ///< what the mapper was fed
    std::string head_;           ///< the first bytes, and those before `read_to_`
    std::string tail_;
    int quiet_steps_ = 0;        ///< without anything new, renamed
    int open_steps_ = 0;         ///< the same, under its name
    bool is_finished_ = false;   ///< to the end; the next one is to be begun
    bool is_truncated_ = false;  ///< the next one is the same
    std::vector<FileState> finished_;

    std::deque<FileItem> pending_;
    bool is_unsaved_ = false;
    std::string noted_;

    std::atomic<Health> health_ = Health::ok;
    std::atomic<std::uint64_t> lag_bytes_ = 0;
    std::atomic<bool> is_missing_ = false;
};

}  // namespace ingest::follow
