#include "base/memory_files.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace base {
namespace {

constexpr std::size_t sector_bytes = 512;

Error power_is_off(const std::string& path) {
    return Error(ErrorCode::unavailable, path + ": the power is off");
}

}  // namespace

/// Bytes as they read, and what of them the disk would not have after a power cut.
class MemoryFiles::Inode {
public:
    std::string bytes;
    std::uint64_t size_durable = 0;

    void before_write(std::uint64_t position, std::size_t size) {
        if (size == 0) {
            return;
        }
        const std::uint64_t last = (position + size - 1) / sector_bytes;
        for (std::uint64_t sector = position / sector_bytes; sector <= last; ++sector) {
            const auto [place, is_new] = unsynced_.try_emplace(sector);
            place->second.will_sync = true;
            if (is_new) {
                place->second.durable = read_sector(sector);
            }
        }
    }

    void synced() {
        std::erase_if(unsynced_, [](const auto& entry) { return entry.second.will_sync; });
        size_durable = bytes.size();
    }

    /// The pages are clean now, and not on the disk: no later sync writes them.
    void sync_failed() {
        for (auto& [sector, state] : unsynced_) {
            state.will_sync = false;
        }
    }

    void power_cut(std::mt19937_64* chance) {
        const bool keeps_size =
            chance != nullptr && bytes.size() > size_durable && ((*chance)() & 1) != 0;
        const std::uint64_t size = keeps_size ? bytes.size() : size_durable;
        bytes.resize(std::max<std::uint64_t>(bytes.size(), size), '\0');
        for (const auto& [sector, state] : unsynced_) {
            if (chance == nullptr || ((*chance)() & 1) != 0) {
                put_sector(sector, state.durable);
            }
        }
        bytes.resize(size, '\0');
        unsynced_.clear();
        size_durable = size;
    }

private:
    struct Sector {
        std::string durable;
        bool will_sync = true;
    };

    std::string read_sector(std::uint64_t sector) const {
        const std::uint64_t begin = sector * sector_bytes;
        return begin < bytes.size() ? bytes.substr(begin, sector_bytes) : std::string();
    }

    void put_sector(std::uint64_t sector, const std::string& durable) {
        const std::uint64_t begin = sector * sector_bytes;
        if (begin >= bytes.size()) {
            return;
        }
        const std::size_t room = std::min<std::size_t>(sector_bytes, bytes.size() - begin);
        std::memset(bytes.data() + begin, 0, room);
        std::memcpy(bytes.data() + begin, durable.data(), std::min(room, durable.size()));
    }

    std::map<std::uint64_t, Sector> unsynced_;
};

class MemoryFiles::OpenFile final : public File {
public:
    OpenFile(MemoryFiles& files, std::string path, std::shared_ptr<Inode> inode, bool writable)
        : files_(files),
          path_(std::move(path)),
          inode_(std::move(inode)),
          generation_(files.generation_),
          writable_(writable) {}

    Result<std::size_t> read_at(std::uint64_t position, std::span<char> bytes) const override {
        const std::lock_guard lock(files_.mutex_);
        BOOST_OUTCOME_TRY(alive());
        BOOST_OUTCOME_TRY(files_.enter(Kind::read, path_));
        if (position >= inode_->bytes.size()) {
            return std::size_t{0};
        }
        const std::size_t count =
            std::min<std::size_t>(bytes.size(), inode_->bytes.size() - position);
        std::memcpy(bytes.data(), inode_->bytes.data() + position, count);
        return count;
    }

    Result<void> write_at(std::uint64_t position, std::string_view bytes) override {
        const std::lock_guard lock(files_.mutex_);
        BOOST_OUTCOME_TRY(may_write());
        const Call call{Kind::write, path_, ++files_.calls_, bytes.size()};
        if (const auto fault = files_.fault_of(call)) {
            put(position, bytes.substr(0, fault->bytes_done));
            return fault->error;
        }
        const std::size_t room = room_for(position, bytes.size());
        put(position, bytes.substr(0, room));
        BOOST_OUTCOME_TRY(files_.cut_if_due());
        if (room < bytes.size()) {
            return Error(ErrorCode::exhausted, "write " + path_ + ": no space left");
        }
        return success();
    }

    Result<std::uint64_t> size() const override {
        const std::lock_guard lock(files_.mutex_);
        BOOST_OUTCOME_TRY(alive());
        return std::uint64_t{inode_->bytes.size()};
    }

    Result<void> sync_data() override {
        const std::lock_guard lock(files_.mutex_);
        BOOST_OUTCOME_TRY(may_write());
        if (Result<void> entered = files_.enter_change(Kind::sync, path_); entered.has_error()) {
            inode_->sync_failed();
            return entered;
        }
        inode_->synced();
        return success();
    }

    Result<void> truncate(std::uint64_t size) override {
        const std::lock_guard lock(files_.mutex_);
        BOOST_OUTCOME_TRY(may_write());
        BOOST_OUTCOME_TRY(files_.enter_change(Kind::truncate, path_));
        const std::uint64_t before = inode_->bytes.size();
        if (size < before) {
            inode_->before_write(size, before - size);
        }
        inode_->bytes.resize(size, '\0');
        files_.used_ = files_.used_ - before + size;
        return success();
    }

    Result<void> close() override {
        const std::lock_guard lock(files_.mutex_);
        BOOST_OUTCOME_TRY(alive());
        closed_ = true;
        return files_.enter(Kind::close, path_);
    }

private:
    Result<void> alive() const {
        if (files_.off_ || generation_ != files_.generation_) {
            return power_is_off(path_);
        }
        if (closed_) {
            return Error(ErrorCode::unavailable, path_ + ": the file is closed");
        }
        return success();
    }

    Result<void> may_write() const {
        BOOST_OUTCOME_TRY(alive());
        if (!writable_) {
            return Error(ErrorCode::unavailable, "write " + path_ + ": opened for reading");
        }
        return success();
    }

    std::size_t room_for(std::uint64_t position, std::size_t size) const {
        const std::uint64_t before = inode_->bytes.size();
        const std::uint64_t free = files_.capacity_ - std::min(files_.capacity_, files_.used_);
        const std::uint64_t end = std::min(position + size, before + free);
        return end <= position ? 0 : end - position;
    }

    void put(std::uint64_t position, std::string_view bytes) {
        if (bytes.empty()) {
            return;
        }
        inode_->before_write(position, bytes.size());
        if (position + bytes.size() > inode_->bytes.size()) {
            files_.used_ += position + bytes.size() - inode_->bytes.size();
            inode_->bytes.resize(position + bytes.size(), '\0');
        }
        std::memcpy(inode_->bytes.data() + position, bytes.data(), bytes.size());
    }

    MemoryFiles& files_;
    std::string path_;
    std::shared_ptr<Inode> inode_;
    std::uint64_t generation_;
    bool writable_;
    bool closed_ = false;
};

class MemoryFiles::HeldLock final : public FileLock {
public:
    HeldLock(MemoryFiles& files, std::string path)
        : files_(files), path_(std::move(path)), generation_(files.generation_) {}
    HeldLock(const HeldLock&) = delete;
    HeldLock& operator=(const HeldLock&) = delete;
    ~HeldLock() override {
        const std::lock_guard lock(files_.mutex_);
        if (generation_ == files_.generation_) {
            files_.locks_.erase(path_);
        }
    }

private:
    MemoryFiles& files_;
    std::string path_;
    std::uint64_t generation_;
};

MemoryFiles::MemoryFiles() = default;
MemoryFiles::~MemoryFiles() = default;

void MemoryFiles::set_fault(FaultHook hook) {
    const std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
}

void MemoryFiles::fail_call(std::uint64_t number, Error error) {
    const std::lock_guard lock(mutex_);
    planned_.insert_or_assign(number, std::move(error));
}

void MemoryFiles::clear_faults() {
    const std::lock_guard lock(mutex_);
    hook_ = {};
    planned_.clear();
}

void MemoryFiles::set_capacity(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    capacity_ = bytes;
}

std::uint64_t MemoryFiles::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

void MemoryFiles::power_cut(std::optional<std::uint64_t> seed) {
    const std::lock_guard lock(mutex_);
    cut_locked(seed);
}

void MemoryFiles::cut_power_at(std::uint64_t number, std::optional<std::uint64_t> seed) {
    const std::lock_guard lock(mutex_);
    cut_at_ = number;
    cut_seed_ = seed;
}

bool MemoryFiles::is_off() const {
    const std::lock_guard lock(mutex_);
    return off_;
}

void MemoryFiles::power_on() {
    const std::lock_guard lock(mutex_);
    off_ = false;
    cut_at_ = 0;
}

void MemoryFiles::cut_locked(std::optional<std::uint64_t> seed) {
    std::mt19937_64 generator(seed.value_or(0));
    std::mt19937_64* const chance = seed ? &generator : nullptr;
    for (const auto& [dir, changes] : unsynced_) {
        const std::size_t kept = seed ? generator() % (changes.size() + 1) : 0;
        for (std::size_t index = 0; index < kept; ++index) {
            for (const std::string& name : changes[index].removed) {
                names_durable_.erase(name);
            }
            for (const auto& [name, inode] : changes[index].added) {
                names_durable_.insert_or_assign(name, inode);
            }
        }
    }
    unsynced_.clear();
    names_ = names_durable_;
    std::erase_if(names_, [this](const auto& entry) { return !is_dir(parent_dir(entry.first)); });
    names_durable_ = names_;
    used_ = 0;
    for (const auto& [name, inode] : names_) {
        if (inode) {
            inode->power_cut(chance);
            used_ += inode->bytes.size();
        }
    }
    locks_.clear();
    ++generation_;
}

Result<void> MemoryFiles::cut_if_due() {
    if (cut_at_ == 0 || calls_ < cut_at_) {
        return success();
    }
    cut_locked(cut_seed_);
    off_ = true;
    return power_is_off("disk");
}

std::optional<MemoryFiles::Fault> MemoryFiles::fault_of(const Call& call) const {
    if (const auto planned = planned_.find(call.number);
        call.number != 0 && planned != planned_.end()) {
        return Fault{planned->second};
    }
    return hook_ ? hook_(call) : std::nullopt;
}

Result<void> MemoryFiles::enter(Kind kind, const std::string& path) const {
    if (off_) {
        return power_is_off(path);
    }
    if (const auto fault = fault_of(Call{kind, path, 0, 0})) {
        return fault->error;
    }
    return success();
}

Result<void> MemoryFiles::enter_change(Kind kind, const std::string& path) {
    if (off_) {
        return power_is_off(path);
    }
    const Call call{kind, path, ++calls_, 0};
    BOOST_OUTCOME_TRY(cut_if_due());
    if (const auto fault = fault_of(call)) {
        return fault->error;
    }
    return success();
}

bool MemoryFiles::is_dir(const std::string& path) const {
    if (path == "/" || path == ".") {
        return true;
    }
    const auto place = names_.find(path);
    return place != names_.end() && place->second == nullptr;
}

void MemoryFiles::change_names(const std::string& dir, NameChange change) {
    for (const std::string& name : change.removed) {
        names_.erase(name);
    }
    for (const auto& [name, inode] : change.added) {
        names_.insert_or_assign(name, inode);
    }
    unsynced_[dir].push_back(std::move(change));
}

Result<std::unique_ptr<File>> MemoryFiles::open_with(const std::string& path, bool writable) {
    const std::lock_guard lock(mutex_);
    BOOST_OUTCOME_TRY(enter(Kind::open, path));
    const auto place = names_.find(path);
    if (place == names_.end() || place->second == nullptr) {
        return Error(ErrorCode::not_found, "open " + path + ": no such file");
    }
    return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, path, place->second, writable));
}

Result<std::unique_ptr<File>> MemoryFiles::open(const std::string& path) {
    return open_with(path, true);
}

Result<std::unique_ptr<File>> MemoryFiles::open_readonly(const std::string& path) {
    return open_with(path, false);
}

Result<std::unique_ptr<File>> MemoryFiles::create(const std::string& path) {
    const std::lock_guard lock(mutex_);
    BOOST_OUTCOME_TRY(enter_change(Kind::create, path));
    if (!is_dir(parent_dir(path))) {
        return Error(ErrorCode::not_found, "create " + path + ": no such directory");
    }
    if (names_.contains(path)) {
        return Error(ErrorCode::already_exists, "create " + path + ": it exists");
    }
    auto inode = std::make_shared<Inode>();
    change_names(parent_dir(path), NameChange{{}, {{path, inode}}});
    return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, path, std::move(inode), true));
}

Result<void> MemoryFiles::rename(const std::string& source, const std::string& target) {
    const std::lock_guard lock(mutex_);
    BOOST_OUTCOME_TRY(enter_change(Kind::rename, source));
    const auto place = names_.find(source);
    if (place == names_.end()) {
        return Error(ErrorCode::not_found, "rename " + source + ": no such file");
    }
    if (place->second == nullptr || parent_dir(source) != parent_dir(target)) {
        return Error(ErrorCode::invalid, "rename " + source + ": files of one directory only");
    }
    if (const auto replaced = names_.find(target); replaced != names_.end() && replaced->second) {
        used_ -= replaced->second->bytes.size();
    }
    change_names(parent_dir(source), NameChange{{source}, {{target, place->second}}});
    return success();
}

Result<void> MemoryFiles::unlink(const std::string& path) {
    const std::lock_guard lock(mutex_);
    BOOST_OUTCOME_TRY(enter_change(Kind::unlink, path));
    const auto place = names_.find(path);
    if (place == names_.end() || place->second == nullptr) {
        return Error(ErrorCode::not_found, "unlink " + path + ": no such file");
    }
    used_ -= place->second->bytes.size();
    change_names(parent_dir(path), NameChange{{path}, {}});
    return success();
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    BOOST_OUTCOME_TRY(enter(Kind::list, path));
    if (!is_dir(path)) {
        return Error(ErrorCode::not_found, "list " + path + ": no such directory");
    }
    std::vector<std::string> names;
    for (const auto& [name, inode] : names_) {
        if (parent_dir(name) == path) {
            names.push_back(name.substr(name.find_last_of('/') + 1));
        }
    }
    return names;
}

Result<void> MemoryFiles::make_dir(const std::string& path) {
    const std::lock_guard lock(mutex_);
    BOOST_OUTCOME_TRY(enter_change(Kind::make_dir, path));
    if (!is_dir(parent_dir(path))) {
        return Error(ErrorCode::not_found, "mkdir " + path + ": no such directory");
    }
    if (names_.contains(path)) {
        return Error(ErrorCode::already_exists, "mkdir " + path + ": it exists");
    }
    change_names(parent_dir(path), NameChange{{}, {{path, nullptr}}});
    return success();
}

Result<void> MemoryFiles::sync_dir(const std::string& path) {
    const std::lock_guard lock(mutex_);
    BOOST_OUTCOME_TRY(enter_change(Kind::sync_dir, path));
    for (const NameChange& change : unsynced_[path]) {
        for (const std::string& name : change.removed) {
            names_durable_.erase(name);
        }
        for (const auto& [name, inode] : change.added) {
            names_durable_.insert_or_assign(name, inode);
        }
    }
    unsynced_.erase(path);
    return success();
}

Result<bool> MemoryFiles::exists(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    if (off_) {
        return power_is_off(path);
    }
    return is_dir(path) || names_.contains(path);
}

Result<std::unique_ptr<FileLock>> MemoryFiles::lock(const std::string& path,
                                                    std::string_view holder) {
    const std::lock_guard guard(mutex_);
    BOOST_OUTCOME_TRY(enter(Kind::lock, path));
    if (!is_dir(parent_dir(path))) {
        return Error(ErrorCode::not_found, "lock " + path + ": no such directory");
    }
    const auto [place, is_new] = locks_.try_emplace(path, holder);
    if (!is_new) {
        return Error(ErrorCode::already_exists, place->second);
    }
    return std::unique_ptr<FileLock>(std::make_unique<HeldLock>(*this, path));
}

}  // namespace base
