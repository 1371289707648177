// Measures in one process, one JSON line each on standard output; bench.py runs them and the rest.
//
//   append DIR RECORDS          the log: appends of 1,000 records of 116 B, two in flight; beside
//   it
//                               the limit: the same bytes by pwrite into a zeroed file, fdatasync
//                               after each 1,000
//   fold DATA VIEWS [keys|rows] folds the log of a data directory into new views: with the search
//                               keys, or with the rows alone (what is put into the index is
//                               dropped)
//   same-rows VIEWS OUT BATCHES [keys|rows]
//                               the limit of a fold: writes the rows of existing views into a new
//                               directory in as many commits, with nothing decoded or assembled
//
//   http-load PORT FILE FROM COUNT CONNECTIONS
//                               sends lines of a CloudEvents file in batches of 100
//   http-visible PORT FILE FROM COUNT RATE
//                               sends them at a fixed rate, and measures when an event is seen
//   http-sink PORT FILE         the limit of intake: a bare server that appends what it gets
//
// CPU seconds are user and system time of all threads of the process.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "base/files.h"
#include "eventlog/segment_log.h"
#include "processors/runner.h"
#include "store/rocks_view_store.h"
#include "tests/bench/http_load.h"
#include "tests/bench/http_sink.h"
#include "tests/bench/tool.h"
#include "tests/support/passing_store.h"

namespace {

using bench::fail;
using store::Change;
using store::Family;

/// What a measure cost.
class Meter {
public:
    double wall_seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    }
    double cpu_seconds() const { return cpu_now() - cpu_began_; }
    static double peak_mib() {
        rusage used{};
        ::getrusage(RUSAGE_SELF, &used);
        return static_cast<double>(used.ru_maxrss) / 1024.0;
    }

private:
    static double cpu_now() {
        rusage used{};
        ::getrusage(RUSAGE_SELF, &used);
        const auto seconds = [](const timeval& time) {
            return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
        };
        return seconds(used.ru_utime) + seconds(used.ru_stime);
    }
    std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    double cpu_began_ = cpu_now();
};

template <class Value>
Value must(base::Result<Value> result) {
    if (!result) {
        fail(result.error().context());
    }
    return std::move(result).value();
}
void must(base::Result<void> result) {
    if (!result) {
        fail(result.error().context());
    }
}

constexpr std::size_t group_records = 1'000;
constexpr std::size_t record_bytes = 116;

double append_rate(const std::string& path, std::size_t records) {
    base::PosixFiles files;
    const auto log = must(eventlog::SegmentLog::open(files, path, {}));
    const eventlog::Partition partition{0};
    const auto send = [&] {
        std::vector<eventlog::Record> group(
            group_records, {std::string(record_bytes, 'r'), base::from_ms(1'700'000'000'000)});
        auto done = std::make_shared<std::promise<bool>>();
        auto answer = done->get_future();
        log->append(partition, std::move(group),
                    [done](const base::Result<eventlog::Appended>& appended) {
                        done->set_value(appended.has_value());
                    });
        return answer;
    };
    const Meter meter;
    std::future<bool> before = send();
    for (std::size_t sent = group_records; sent < records; sent += group_records) {
        std::future<bool> next = send();
        if (!before.get()) {
            fail("an append was refused");
        }
        before = std::move(next);
    }
    if (!before.get()) {
        fail("an append was refused");
    }
    return static_cast<double>(records) / meter.wall_seconds();
}

double sync_rate(const std::string& path, std::size_t records) {
    const int file = ::open((path + ".probe").c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0) {
        fail(path + ".probe cannot be opened");
    }
    const std::string zeros(std::size_t{4} << 20, '\0');
    const std::string group(group_records * record_bytes, 'r');
    const std::size_t size = records * record_bytes;
    for (std::size_t at = 0; at < size; at += zeros.size()) {
        if (::pwrite(file, zeros.data(), zeros.size(), static_cast<::off_t>(at)) < 0) {
            fail("the probe cannot write");
        }
    }
    ::fsync(file);
    const Meter meter;
    for (std::size_t at = 0; at + group.size() <= size; at += group.size()) {
        if (::pwrite(file, group.data(), group.size(), static_cast<::off_t>(at)) < 0 ||
            ::fdatasync(file) != 0) {
            fail("the probe cannot write");
        }
    }
    const double rate = static_cast<double>(records) / meter.wall_seconds();
    ::close(file);
    std::filesystem::remove(path + ".probe");
    return rate;
}

void append(const std::string& path, std::size_t records) {
    const double limit = sync_rate(path, records);
    const double ours = append_rate(path, records);
    fmt::print(
        "{{\"append_events_per_second\": {:.0f}, \"fdatasync_events_per_second\": {:.0f}}}\n", ours,
        limit);
}

/// Drops what is put into the index.
class WithoutIndex final : public tests::PassingStore {
public:
    explicit WithoutIndex(std::unique_ptr<store::ViewStore> rows)
        : PassingStore(*rows), rows_(std::move(rows)) {}
    base::Result<void> write(std::span<const Change> changes) override {
        std::vector<Change> kept;
        for (const Change& change : changes) {
            if (change.family != Family::index) {
                kept.push_back(change);
            }
        }
        return PassingStore::write(kept);
    }
    base::Result<void> ingest_index(std::span<const std::string_view>) override {
        return base::success();
    }

private:
    std::unique_ptr<store::ViewStore> rows_;
};

/// What a fold costs in the beginning, to compare the whole with.
constexpr std::uint64_t first_part_events = 1'000'000;

void fold(const std::string& data, const std::string& views, bool with_keys) {
    base::PosixFiles files;
    const auto log = must(eventlog::SegmentLog::open(files, data, {}));
    const Meter meter;
    std::uint64_t events = 0;
    std::uint64_t first_events = 0;
    double first_cpu_seconds = 0;
    {
        auto rows = must(store::open_rocks(views));
        if (!with_keys) {
            rows = std::make_unique<WithoutIndex>(std::move(rows));
        }
        processors::Runner runner(*log, std::move(rows), {});
        must(runner.open());
        first_events = std::min(first_part_events, log->durable_end({}) / 2);
        must(runner.run_to(first_events, [] { return false; }));
        first_cpu_seconds = meter.cpu_seconds();
        must(runner.run_to_end());
        must(runner.store()->flush_wal());
        events = runner.view()->position.next_offset;
    }
    fmt::print(
        "{{\"events\": {}, \"cpu_seconds\": {:.3f}, \"wall_seconds\": {:.3f}, \"peak_mib\": "
        "{:.1f}, \"first_events\": {}, \"first_cpu_seconds\": {:.3f}}}\n",
        events, meter.cpu_seconds(), meter.wall_seconds(), Meter::peak_mib(), first_events,
        first_cpu_seconds);
}

/// The rows of `views` in `batches` parts, each over the whole range of the keys, as a fold of
/// events in the order of time writes them.
void same_rows(const std::string& views, const std::string& out, std::size_t batches,
               bool with_keys) {
    std::vector<std::vector<Change>> rows(batches);
    std::vector<std::vector<std::string>> keys(batches);
    {
        const auto from = must(store::open_rocks(views));
        std::size_t number = 0;
        for (const Family family : {Family::state, Family::entity}) {
            must(from->scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
                rows[number++ % batches].push_back({family, std::string(key), std::string(value)});
                return true;
            }));
        }
        must(from->scan(Family::index, {}, {}, [&](std::string_view key, std::string_view) {
            keys[number++ % batches].emplace_back(key);
            return with_keys;
        }));
    }
    const Meter meter;
    {
        const auto to = must(store::open_rocks(out));
        for (std::size_t batch = 0; batch < batches; ++batch) {
            if (with_keys) {
                const std::vector<std::string_view> sorted(keys[batch].begin(), keys[batch].end());
                must(to->ingest_index(sorted));
            }
            must(to->write(rows[batch]));
        }
        must(to->flush_wal());
    }
    fmt::print("{{\"cpu_seconds\": {:.3f}, \"wall_seconds\": {:.3f}}}\n", meter.cpu_seconds(),
               meter.wall_seconds());
}

std::uint16_t port_of(const std::string& word) {
    return static_cast<std::uint16_t>(std::stoul(word));
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 3 && words[0] == "append") {
        append(words[1], std::stoull(words[2]));
    } else if (words.size() == 4 && words[0] == "fold") {
        fold(words[1], words[2], words[3] == "keys");
    } else if (words.size() == 5 && words[0] == "same-rows") {
        same_rows(words[1], words[2], std::stoull(words[3]), words[4] == "keys");
    } else if (words.size() == 6 && words[0] == "http-load") {
        bench::http_load(port_of(words[1]),
                         {words[2], std::stoull(words[3]), std::stoull(words[4])},
                         std::stoull(words[5]));
    } else if (words.size() == 6 && words[0] == "http-visible") {
        bench::http_visible(port_of(words[1]),
                            {words[2], std::stoull(words[3]), std::stoull(words[4])},
                            std::stod(words[5]));
    } else if (words.size() == 3 && words[0] == "http-sink") {
        bench::http_sink(port_of(words[1]), words[2]);
    } else {
        fmt::print(stderr, "usage: the first lines of tests/bench/bench.cc\n");
        return 2;
    }
    return 0;
}
