#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"

namespace base {

/// A file system in memory that can lose its power, fill up and fail, for tests.
///
/// Its disk is harsher than a real one in what it may forget: a file's sync does not keep its name,
/// and a sync that failed leaves bytes that read well, count as written, and are gone after a power
/// cut. Directories "/" and "." are there from the start.
///
/// Threads: any.
class MemoryFiles final : public Files {
public:
    enum class Kind {
        open,
        create,
        read,
        write,
        sync,
        truncate,
        close,
        rename,
        unlink,
        list,
        make_dir,
        sync_dir,
        lock,
    };

    /// One call. `number` counts, from 1, the calls that change something (create, write, sync,
    /// truncate, rename, unlink, make_dir, sync_dir); it is 0 for the others.
    struct Call {
        Kind kind = Kind::open;
        std::string path;
        std::uint64_t number = 0;
        std::size_t size_bytes = 0;  ///< of a write
    };

    /// How a call fails. A write puts its first `bytes_done` bytes down before it does.
    struct Fault {
        Error error;
        std::size_t bytes_done = 0;
    };

    using FaultHook = std::function<std::optional<Fault>(const Call&)>;

    MemoryFiles();
    MemoryFiles(const MemoryFiles&) = delete;
    MemoryFiles& operator=(const MemoryFiles&) = delete;
    ~MemoryFiles() override;

    /// Asked before every call; must not call back.
    void set_fault(FaultHook hook);
    /// Fails the call with this number once with `error`.
    void fail_call(std::uint64_t number, Error error);
    /// Takes back the hook and every planned failure.
    void clear_faults();
    /// How many bytes all files together may hold; a write beyond it stops short with `exhausted`.
    void set_capacity(std::uint64_t bytes);
    /// The number of the last changing call.
    std::uint64_t calls() const;

    /// Cuts the power now and switches it on again: what was not synced is gone, open files and
    /// locks are dead. With a seed, each unsynced sector of 512 bytes is lost or kept by chance,
    /// and of the unsynced changes of a directory a prefix is kept.
    void power_cut(std::optional<std::uint64_t> seed = std::nullopt);
    /// Cuts the power in the changing call with this number: a write happens first, the others do
    /// not. From then on every call fails with `unavailable`, until `power_on`.
    void cut_power_at(std::uint64_t number, std::optional<std::uint64_t> seed = std::nullopt);
    bool is_off() const;
    void power_on();

    Result<std::unique_ptr<File>> open(const std::string& path) override;
    Result<std::unique_ptr<File>> open_readonly(const std::string& path) override;
    Result<std::unique_ptr<File>> create(const std::string& path) override;
    Result<void> rename(const std::string& source, const std::string& target) override;
    Result<void> unlink(const std::string& path) override;
    Result<std::vector<std::string>> list(const std::string& path) const override;
    Result<void> make_dir(const std::string& path) override;
    Result<void> sync_dir(const std::string& path) override;
    Result<bool> exists(const std::string& path) const override;
    Result<std::unique_ptr<FileLock>> lock(const std::string& path,
                                           std::string_view holder) override;

private:
    class Inode;
    class OpenFile;
    class HeldLock;

    /// Names with their files; a directory is a name without one.
    using Names = std::map<std::string, std::shared_ptr<Inode>>;
    /// One change of a directory: names that go, and names that come.
    struct NameChange {
        std::vector<std::string> removed;
        Names added;
    };

    Result<void> enter(Kind kind, const std::string& path) const;
    Result<void> enter_change(Kind kind, const std::string& path);
    Result<void> cut_if_due();
    std::optional<Fault> fault_of(const Call& call) const;
    void change_names(const std::string& dir, NameChange change);
    void cut_locked(std::optional<std::uint64_t> seed);
    Result<std::unique_ptr<File>> open_with(const std::string& path, bool writable);
    bool is_dir(const std::string& path) const;

    mutable std::mutex mutex_;  // tests append and read from many threads
    Names names_;
    Names names_durable_;
    std::map<std::string, std::vector<NameChange>> unsynced_;  // per directory
    std::map<std::string, std::string> locks_;                 // path -> holder
    FaultHook hook_;
    std::map<std::uint64_t, Error> planned_;
    std::uint64_t calls_ = 0;
    std::uint64_t generation_ = 0;  // files opened before a power cut are dead
    std::uint64_t capacity_ = UINT64_MAX;
    std::uint64_t used_ = 0;
    std::uint64_t cut_at_ = 0;  // 0 = never
    std::optional<std::uint64_t> cut_seed_;
    bool off_ = false;
};

}  // namespace base
