#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory_files.h"
#include "eventlog/segment_log.h"
#include "ingest/follow/follower.h"
#include "support.h"

namespace ingest::follow {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

/// A row with a number of its own.
inline std::string row(int number) {
    RowText text;
    text.uniqueid = text.linkedid = "1793602800." + std::to_string(number);
    text.sequence = std::to_string(number);
    return text.text() + "\n";
}

inline std::string rows(int first, int until) {
    std::string out;
    for (int number = first; number < until; ++number) {
        out += row(number);
    }
    return out;
}

/// What tells items apart, without the instant of their receipt and their place.
inline std::string shown(const events::Event& event) {
    return event.head.has_rejected() ? event.head.rejected().reason() + " " + event.personal.raw()
                                     : event.head.id();
}

/// The items of one import.
inline Lines imported(std::string_view bytes, LineFormat format = LineFormat::asterisk_cdr_csv,
                      const MapContext& context = cdr_context()) {
    FileMapper mapper(format, context, "Master.csv");
    mapper.feed(bytes);
    mapper.finish();
    Lines out;
    for (const FileItem& item : mapper.take()) {
        out.push_back(shown(item.event));
    }
    return out;
}

/// Lets the log refuse what is appended, as it does when too much is waiting.
class Gate final : public eventlog::LogWriter {
public:
    explicit Gate(eventlog::LogWriter& log) : log_(log) {}
    void append(eventlog::Partition partition, std::vector<eventlog::Record> records,
                Done done) override {
        if (is_shut) {
            ++refused;
            done(base::Error(base::ErrorCode::exhausted, "too much is waiting"));
            return;
        }
        log_.append(partition, std::move(records), std::move(done));
    }
    bool is_shut = false;
    int refused = 0;

private:
    eventlog::LogWriter& log_;
};

/// A folder with a followed file, and a log in a file system that can lose its power.
class Following : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "normwatch-follow-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        files_ = std::make_unique<base::MemoryFiles>();
        source_.format = LineFormat::asterisk_cdr_csv;
        source_.context = cdr_context();
        source_.path = path("Master.csv");
        source_.cursor_path = "/data/cursors/pbx-1";
    }
    void TearDown() override {
        follower_.reset();
        log_.reset();
        fs::remove_all(folder_);
    }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    /// Files are written one second after another: their order is told by it.
    void stamp(const std::string& name) {
        const timespec at{1'700'000'000 + ++ticks_, 0};
        const timespec times[2] = {at, at};
        ASSERT_EQ(::utimensat(AT_FDCWD, path(name).c_str(), times, 0), 0);
    }
    void append(const std::string& name, const std::string& bytes) {
        std::ofstream(path(name), std::ios::binary | std::ios::app) << bytes;
        stamp(name);
    }
    void rename(const std::string& from, const std::string& to) {
        fs::rename(path(from), path(to));
    }
    void copy(const std::string& from, const std::string& to) {
        fs::copy_file(path(from), path(to), fs::copy_options::overwrite_existing);
        stamp(to);
    }
    void truncate(const std::string& name) {
        fs::resize_file(path(name), 0);
        stamp(name);
    }

    void open_log() {
        eventlog::SegmentLogOptions options;
        options.segment_bytes = 4 << 20;
        options.zero_step = 256 << 10;
        options.group_bytes_max = 2 << 20;
        options.batch_bytes_max = 256 << 10;
        options.record_bytes_max = 1 << 20;
        options.on_fatal = [](const base::Error&) {};
        auto log = eventlog::SegmentLog::open(*files_, "/data", options);
        if (log) {
            log_ = std::move(log).value();
            gate_.emplace(*log_);
        }
    }

    /// As a process that begins: after a kill, or for the first time.
    void restart() {
        follower_.reset();
        log_.reset();
        open_log();
        if (log_) {
            follower_.emplace(
                FollowPorts{*gate_, *log_, eventlog::to_hex(log_->data_dir().log_id()), *files_,
                            [this] { return base::from_ms(ms("2026-11-24T09:00:00Z") + ++now_); },
                            [this](std::uint64_t count) { received_ += count; },
                            [this](const std::string& reason) { rejected_.push_back(reason); },
                            [this](std::string_view code, const std::string&) {
                                notes_.emplace_back(code);
                            }},
                source_);
        }
    }

    /// Steps until nothing more happens, a rotation included.
    void run() {
        if (!follower_) {
            restart();
        }
        for (int quiet = 0; quiet <= Follower::quiet_steps_max; ++quiet) {
            if (!follower_ || files_->is_off()) {
                files_->power_on();
                ++cuts_;
                restart();
            }
            quiet = follower_ && follower_->step() == Step::progressed ? 0 : quiet;
        }
    }

    std::vector<events::Event> events() {
        std::vector<events::Event> out;
        std::uint64_t offset = 0;
        for (;;) {
            const auto read = log_->read(eventlog::Partition{0}, offset, 1000, 1 << 20);
            EXPECT_TRUE(read);
            if (!read || read.value().empty()) {
                return out;
            }
            for (const auto& record : read.value()) {
                out.push_back(events::decode(record.bytes).value());
            }
            offset = read.value().back().offset + 1;
        }
    }
    Lines followed() {
        Lines out;
        for (const events::Event& event : events()) {
            out.push_back(shown(event));
        }
        return out;
    }

    std::string folder_;
    std::int64_t ticks_ = 0;
    std::int64_t now_ = 0;
    std::unique_ptr<base::MemoryFiles> files_;
    std::unique_ptr<eventlog::SegmentLog> log_;
    std::optional<Gate> gate_;
    FollowedSource source_;
    std::optional<Follower> follower_;
    std::uint64_t received_ = 0;
    Lines rejected_;
    Lines notes_;
    int cuts_ = 0;
};

}  // namespace ingest::follow
