#include "ingest/follow/follower.h"

#include <algorithm>
#include <utility>

#include "events/event.h"

namespace ingest::follow {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10;
constexpr std::size_t group_records_max = 10'000;
constexpr std::size_t group_bytes_max = std::size_t{8} << 20;
/// So far the log may grow before an idle cursor is written again: a start reads no more than that.
constexpr std::uint64_t unread_records_max = 50'000;
constexpr std::size_t finished_max = 16;

std::string name_in(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

Follower::Follower(FollowPorts ports, FollowedSource source)
    : ports_(std::move(ports)), source_(std::move(source)), file_name_(name_in(source_.path)) {
}

Step Follower::step() {
    return report(advance());
}

Step Follower::advance() {
    if ((!is_started_ && !start()) || !flush()) {
        return Step::blocked;
    }
    if (!file_) {
        return find_file();
    }
    return is_finished_ ? next_file() : read_more();
}

Step Follower::report(Step step) {
    const std::uint64_t done = cursor_.place.byte;
    lag_bytes_ = file_ && seen_.size > done ? seen_.size - done : 0;
    health_ = step == Step::blocked ? Health::failed : lag_bytes_ > 0 ? Health::behind : Health::ok;
    if (step == Step::progressed) {
        noted_.clear();
    }
    return step;
}

/// Reads the cursor, and what the log holds behind it.
bool Follower::start() {
    base::Result<std::optional<Cursor>> loaded = load_cursor(ports_.files, source_.cursor_path);
    if (!loaded && loaded.error().is_retryable()) {
        note("cursor_unreadable", loaded.error().context());
        return false;
    }
    if (!loaded) {
        note("cursor_damaged", loaded.error().context() + "; the file is read from its start");
    } else if (loaded.value()) {
        cursor_ = std::move(*loaded.value());
        has_cursor_ = !forget_of_other_log();
    }
    if (has_cursor_) {
        base::Result<RecentItems> recent =
            RecentItems::find(ports_.reader, source_.partition, cursor_.offset,
                              source_.context.source_id, file_name_);
        if (!recent) {
            note("log_unreadable", recent.error().context());
            return false;
        }
        recent_ = std::move(recent).value();
    }
    const std::string folder = base::parent_dir(source_.cursor_path);
    if (const base::Result<void> made = base::make_dirs(ports_.files, folder); !made) {
        note("cursor_unwritable", made.error().context());
        return false;
    }
    is_started_ = true;
    return true;
}

/// A cursor of another log, or of more than this one holds, says nothing of what is in it.
bool Follower::forget_of_other_log() {
    if (cursor_.log_id == ports_.log_id &&
        cursor_.offset <= ports_.reader.durable_end(source_.partition)) {
        return false;
    }
    note("cursor_of_another_log",
         source_.cursor_path +
             " is of another log, or of a later state of it; the file is read "
             "from its start");
    cursor_ = Cursor();
    return true;
}

Step Follower::find_file() {
    base::Result<FollowedFile> here = FollowedFile::open(source_.path);
    if (!here && here.error().code() != base::ErrorCode::not_found) {
        note("file_unreadable", here.error().context());
        return Step::blocked;
    }
    if (has_cursor_) {
        return resume(std::move(here));
    }
    return here ? begin(std::move(here).value()) : missing(here.error());
}

/// Finds the file that the cursor is of: under its name, under the name that rotation gave it, or
/// as the copy that was made before it was emptied.
Step Follower::resume(base::Result<FollowedFile> here) {
    const base::Result<FileState> state = here ? here.value().state() : here.error();
    const bool is_same = state && state.value().id == cursor_.file.id;
    if (is_unread() && take_up_unread()) {
        return Step::progressed;
    }
    if (is_same && holds(here.value(), cursor_.mark)) {
        return take_up(std::move(here)) ? Step::progressed : Step::blocked;
    }
    if (take_up_sibling()) {
        return Step::progressed;
    }
    const std::optional<Sibling> later = oldest_after(cursor_.file.modified_ns);
    if (!state && !later) {
        return missing(state.error());
    }
    note(is_same ? "file_truncated" : "file_gone",
         source_.path + (is_same ? " was truncated" : " was replaced") +
             " and what it was is not there under another name; what stood behind byte " +
             std::to_string(cursor_.place.byte) + " is not read");
    base::Result<FollowedFile> next = later ? FollowedFile::open(later->path) : std::move(here);
    return next ? begin(std::move(next).value()) : Step::blocked;
}

/// The oldest file beside ours that was written after that instant and is not read.
std::optional<Sibling> Follower::oldest_after(std::int64_t modified_ns) const {
    for (Sibling& sibling : siblings_of(source_.path)) {
        if (sibling.state.modified_ns > modified_ns &&
            std::ranges::count(finished_, sibling.state) == 0) {
            return std::move(sibling);
        }
    }
    return std::nullopt;
}

/// Whether nothing but a header was read of the file at hand, so that its bytes tell little.
bool Follower::is_unread() const {
    return cursor_.place.byte <= cursor_.header.size() + 2;
}

/// Of an unread file only the time tells what became of it: it is the oldest that was written after
/// it was begun.
bool Follower::take_up_unread() {
    for (const Sibling& sibling : siblings_of(source_.path)) {
        const bool is_later = sibling.state.id == cursor_.file.id
                                  ? sibling.state.modified_ns >= cursor_.file.modified_ns
                                  : sibling.state.modified_ns > cursor_.file.modified_ns;
        if (is_later && take_up(FollowedFile::open(sibling.path))) {
            return true;
        }
    }
    return false;
}

bool Follower::take_up_sibling() {
    const std::vector<Sibling> siblings = siblings_of(source_.path);
    for (const bool by_name : {true, false}) {
        for (const Sibling& sibling : siblings) {
            const bool may_be = by_name ? sibling.state.id == cursor_.file.id
                                        : cursor_.mark.byte > 0 &&
                                              sibling.state.modified_ns >= cursor_.file.modified_ns;
            if (may_be && take_up(FollowedFile::open(sibling.path))) {
                return true;
            }
        }
    }
    return false;
}

/// Goes on in `found` where the cursor stands, if that is its file.
bool Follower::take_up(base::Result<FollowedFile> found) {
    const base::Result<FileState> state = found ? found.value().state() : found.error();
    if (!state || !holds(found.value(), cursor_.mark)) {
        return false;
    }
    head_.assign(std::min<std::uint64_t>(cursor_.place.byte, mark_bytes), '\0');
    tail_ = head_;
    const base::Result<std::size_t> first = found.value().read_at(0, head_);
    const base::Result<std::size_t> last =
        found.value().read_at(cursor_.place.byte - tail_.size(), tail_);
    if (!first || !last || first.value() < head_.size() || last.value() < tail_.size()) {
        return false;
    }
    file_ = std::move(found).value();
    mapper_.emplace(source_.format, source_.context, file_name_);
    mapper_->begin_at(cursor_.place, cursor_.header);
    read_to_ = cursor_.place.byte;
    seen_ = state.value();
    quiet_steps_ = 0;
    open_steps_ = 0;
    is_missing_ = false;
    return true;
}

/// Reads `file` from its start. The cursor says so before anything of it is appended.
Step Follower::begin(FollowedFile file) {
    const base::Result<FileState> state = file.state();
    if (!state) {
        note("file_unreadable", state.error().context());
        return Step::blocked;
    }
    file_ = std::move(file);
    mapper_.emplace(source_.format, source_.context, file_name_);
    mapper_->begin_at({}, cursor_.header);
    cursor_.place = {};
    cursor_.offset = ports_.reader.durable_end(source_.partition);
    seen_ = state.value();
    read_to_ = 0;
    head_.clear();
    tail_.clear();
    quiet_steps_ = 0;
    open_steps_ = 0;
    is_finished_ = false;
    is_truncated_ = false;
    is_missing_ = false;
    recent_.clear();
    is_unsaved_ = true;
    return flush() ? Step::progressed : Step::blocked;
}

Step Follower::missing(const base::Error& error) {
    is_missing_ = true;
    note("file_missing", error.context());
    return Step::blocked;
}

Step Follower::read_more() {
    const base::Result<FileState> state = file_->state();
    if (!state) {
        note("file_unreadable", state.error().context());
        return Step::blocked;
    }
    is_missing_ = false;
    if (state.value().size < read_to_) {
        return truncated();
    }
    if (state.value() == seen_ && seen_.size == read_to_) {
        return at_end();
    }
    if (read_to_ == 0 && !(state.value() == seen_) && turn_to_copy(Mark{})) {
        return Step::progressed;
    }
    // What was read last is read again with what follows: who emptied the file and wrote as much
    // anew is found out.
    std::string bytes(tail_.size() + chunk_bytes, '\0');
    const base::Result<std::size_t> size = file_->read_at(read_to_ - tail_.size(), bytes);
    if (!size) {
        note("file_unreadable", size.error().context());
        return Step::blocked;
    }
    bytes.resize(size.value());
    if (!bytes.starts_with(tail_)) {
        return truncated();
    }
    const base::Result<FileState> after = file_->state();
    if (read_to_ == 0 && (!after || after.value().size < state.value().size)) {
        return Step::progressed;  // emptied just now; look again which bytes these were
    }
    seen_ = state.value();
    if (bytes.size() == tail_.size()) {
        return at_end();
    }
    quiet_steps_ = 0;
    open_steps_ = 0;
    feed(std::string_view(bytes).substr(tail_.size()));
    return flush() ? Step::progressed : Step::blocked;
}

void Follower::feed(std::string_view bytes) {
    read_to_ += bytes.size();
    head_ += bytes.substr(0, mark_bytes - head_.size());
    tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), mark_bytes));
    tail_.erase(0, tail_.size() - std::min(tail_.size(), mark_bytes));
    mapper_->set_received_at(ports_.now());
    mapper_->feed(bytes);
    take_items();
}

void Follower::take_items() {
    for (FileItem& item : mapper_->take()) {
        if (recent_.take(item.event)) {
            continue;
        }
        recent_.clear();  // they were appended in order: from here on nothing was
        pending_.push_back(std::move(item));
    }
}

/// Nothing more stands in the file. It is left when its name belongs to another one for a while.
Step Follower::at_end() {
    const base::Result<FileState> here = state_of(source_.path);
    if (!here || here.value().id == seen_.id) {
        return stand_by();
    }
    if (++quiet_steps_ < quiet_steps_max) {
        return Step::idle;
    }
    mapper_->set_received_at(ports_.now());
    mapper_->finish();
    take_items();
    is_finished_ = true;
    return flush() ? Step::progressed : Step::blocked;
}

/// The end of a file that may grow.
Step Follower::stand_by() {
    quiet_steps_ = 0;
    if (++open_steps_ == open_steps_max) {
        mapper_->set_received_at(ports_.now());
        mapper_->settle();
        take_items();
    }
    const std::uint64_t end = ports_.reader.durable_end(source_.partition);
    if (end - cursor_.offset > unread_records_max && pending_.empty()) {
        cursor_.offset = end;
        is_unsaved_ = true;
    }
    return flush() ? Step::idle : Step::blocked;
}

/// The file was emptied and filled again: if it was copied before, the copy is read to its end
/// first. Of a file that has changed since it was begun, before anything was read, any later copy
/// may be meant.
bool Follower::turn_to_copy(const Mark& mark) {
    const base::Result<FileState> here = state_of(source_.path);
    if (mark.byte == 0 && !(here && here.value().id == seen_.id)) {
        return false;  // renamed, so the later ones are its successors
    }
    for (const Sibling& sibling : siblings_of(source_.path)) {
        const bool is_later = mark.byte == 0 ? sibling.state.modified_ns > seen_.modified_ns
                                             : sibling.state.modified_ns >= seen_.modified_ns;
        if (!is_later || std::ranges::count(finished_, sibling.state) != 0) {
            continue;
        }
        base::Result<FollowedFile> copy = FollowedFile::open(sibling.path);
        if (copy && (mark.byte == 0 || holds(copy.value(), mark))) {
            file_ = std::move(copy).value();
            seen_ = sibling.state;
            is_unsaved_ = true;
            return true;
        }
    }
    return false;
}

Step Follower::truncated() {
    if (turn_to_copy(mark_of(read_to_, head_, tail_))) {
        return Step::progressed;
    }
    note("file_truncated", source_.path + " was truncated; what stood behind byte " +
                               std::to_string(read_to_) + " is not read");
    // What was read of a last line is all that there will be of it.
    mapper_->set_received_at(ports_.now());
    mapper_->finish();
    take_items();
    is_finished_ = true;
    is_truncated_ = true;
    return flush() ? Step::progressed : Step::blocked;
}

/// After the end of a file comes the oldest that was written later, and the named one at last.
Step Follower::next_file() {
    if (is_truncated_) {
        // It may have been filled, copied and emptied once more since it was read.
        const std::optional<Sibling> later = oldest_after(seen_.modified_ns);
        base::Result<FollowedFile> next =
            later ? FollowedFile::open(later->path) : std::move(*file_);
        return next ? begin(std::move(next).value()) : Step::blocked;
    }
    const base::Result<FileState> last = file_->state();
    if (!last) {
        note("file_unreadable", last.error().context());
        return Step::blocked;
    }
    std::string path = source_.path;
    std::optional<FileId> wanted;
    for (const Sibling& sibling : siblings_of(source_.path)) {
        if (sibling.state.modified_ns >= last.value().modified_ns &&
            !(sibling.state.id == last.value().id) &&
            std::ranges::count(finished_, sibling.state) == 0) {
            path = sibling.path;
            wanted = sibling.state.id;
            break;
        }
    }
    base::Result<FollowedFile> next = FollowedFile::open(path);
    const base::Result<FileState> state = next ? next.value().state() : next.error();
    if (!state || (wanted && !(state.value().id == *wanted))) {
        return Step::idle;  // renamed just now; look again
    }
    finished_.push_back(last.value());
    if (finished_.size() > finished_max) {
        finished_.erase(finished_.begin());
    }
    return begin(std::move(next).value());
}

/// Appends what is pending, then writes the cursor. False: not now.
bool Follower::flush() {
    while (!pending_.empty()) {
        if (const base::Result<void> done = append_group(); !done) {
            note("log_refuses", done.error().context());
            return false;
        }
    }
    if (mapper_ && !(cursor_.place == mapper_->place())) {
        cursor_.place = mapper_->place();
        is_unsaved_ = true;
    }
    return !is_unsaved_ || save();
}

base::Result<void> Follower::append_group() {
    std::vector<eventlog::Record> records;
    std::size_t bytes = 0;
    while (records.size() < std::min(pending_.size(), group_records_max) &&
           bytes < group_bytes_max) {
        const events::Event& event = pending_[records.size()].event;
        bytes += records
                     .emplace_back(eventlog::Record{events::encode(event),
                                                    base::from_ms(event.head.received_at())})
                     .bytes.size();
    }
    const std::size_t count = records.size();
    BOOST_OUTCOME_TRY(
        const eventlog::Appended appended,
        eventlog::append_and_wait(ports_.writer, source_.partition, std::move(records)));
    ports_.received(count);
    for (std::size_t n = 0; n < count; ++n) {
        if (pending_.front().rejected) {
            ports_.rejected(pending_.front().event.head.rejected().reason());
        }
        cursor_.place = pending_.front().end;
        pending_.pop_front();
    }
    cursor_.offset = appended.next_offset;
    is_unsaved_ = true;
    return base::success();
}

bool Follower::save() {
    cursor_.log_id = ports_.log_id;
    cursor_.file = seen_;
    cursor_.mark = mark_of(read_to_, head_, tail_);
    cursor_.header = mapper_->header();
    const base::Result<void> saved = save_cursor(ports_.files, source_.cursor_path, cursor_);
    if (!saved) {
        note("cursor_unwritable", saved.error().context());
        return false;
    }
    has_cursor_ = true;
    is_unsaved_ = false;
    return true;
}

void Follower::note(std::string_view code, const std::string& text) {
    if (noted_ != code) {
        noted_ = code;
        ports_.note(code, text);
    }
}

}  // namespace ingest::follow
