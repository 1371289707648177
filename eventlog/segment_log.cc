#include "eventlog/segment_log.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

#include "base/ensure.h"
#include "base/thread_name.h"

namespace eventlog {
namespace {

[[noreturn]] void exit_with_line(const base::Error& error) {
    const std::string line = "log: " + error.context() + "; the process ends\n";
    std::fputs(line.c_str(), stderr);
    ::_exit(3);
}

base::Result<void> check(const SegmentLogOptions& options) {
    const bool is_sound =
        options.partitions > 0 && options.zero_step > 0 &&
        options.zero_step % batch_alignment == 0 &&
        options.segment_bytes % options.zero_step == 0 && options.batch_bytes_max > 0 &&
        options.batch_bytes_max <= options.group_bytes_max &&
        options.group_bytes_max <= payload_bytes_max &&
        options.record_bytes_max + record_overhead_bytes_max + batch_overhead_bytes_max <=
            options.group_bytes_max &&
        options.segment_bytes >= 2 * options.group_bytes_max;
    if (!is_sound) {
        return base::Error(base::ErrorCode::invalid, "the sizes of the log contradict each other");
    }
    return base::success();
}

/// Calls `use` with each run of `records` that makes one batch.
template <class Use>
base::Result<void> for_each_batch(std::span<const Record> records, std::size_t batch_bytes_max,
                                  Use use) {
    while (!records.empty()) {
        std::size_t count = 0;
        std::size_t bytes = 0;
        while (count < records.size()) {
            const std::size_t more = framed_bytes_max(records[count]);
            if (count > 0 && bytes + more > batch_bytes_max) {
                break;
            }
            bytes += more;
            ++count;
        }
        BOOST_OUTCOME_TRY(use(records.first(count), bytes));
        records = records.subspan(count);
    }
    return base::success();
}

/// What `records` take in a batch, at most.
std::size_t framed_bytes_max(std::span<const Record> records) {
    std::size_t sum = 0;
    for (const Record& record : records) {
        sum += framed_bytes_max(record);
    }
    return sum;
}

/// An upper bound of what `records` take in a segment.
std::size_t batches_bytes_max(std::span<const Record> records, std::size_t batch_bytes_max) {
    std::size_t sum = 0;
    const auto add = [&](std::span<const Record>, std::size_t bytes) -> base::Result<void> {
        sum += bytes + batch_overhead_bytes_max;
        return base::success();
    };
    ENSURE(for_each_batch(records, batch_bytes_max, add).has_value());
    return sum;
}

}  // namespace

SegmentLog::SegmentLog(Key, base::Files& files, DataDir dir, SegmentLogOptions options)
    : files_(files),
      dir_(std::move(dir)),
      options_(std::move(options)),
      probe_(options_.partitions) {
    for (std::uint32_t partition = 0; partition < options_.partitions; ++partition) {
        partitions_.emplace_back(files_, dir_.log_id());
    }
}

SegmentLog::~SegmentLog() {
    close();
}

base::Result<std::unique_ptr<SegmentLog>> SegmentLog::open(base::Files& files,
                                                           const std::string& path,
                                                           SegmentLogOptions options) {
    BOOST_OUTCOME_TRY(check(options));
    BOOST_OUTCOME_TRY(DataDir dir, DataDir::open(files, path, options.partitions));
    return open(files, std::move(dir), std::move(options));
}

base::Result<std::unique_ptr<SegmentLog>> SegmentLog::open(base::Files& files, DataDir dir,
                                                           SegmentLogOptions options) {
    BOOST_OUTCOME_TRY(check(options));
    if (options.partitions != dir.version().partitions) {
        return base::Error(base::ErrorCode::invalid,
                           dir.path() + " has another number of partitions");
    }
    auto log = std::make_unique<SegmentLog>(Key(), files, std::move(dir), std::move(options));
    BOOST_OUTCOME_TRY(log->recover());
    SegmentLog* const self = log.get();
    log->thread_ = std::jthread([self] {
        base::name_this_thread("log");
        self->run();
    });
    return log;
}

base::Result<void> SegmentLog::recover() {
    for (std::uint32_t number = 0; number < options_.partitions; ++number) {
        const std::string dir = dir_.partition_dir(number);
        BOOST_OUTCOME_TRY(RecoveredPartition found,
                          recover_partition(files_, dir, number, dir_.log_id()));
        PartitionState& partition = partitions_[number];
        partition.writer.emplace(files_, dir, number, dir_.log_id(), options_, found);
        partition.table.reset(std::move(found.segments), found.next_offset, found.end_position);
        std::move(found.notes.begin(), found.notes.end(), std::back_inserter(notes_));
    }
    return base::success();
}

void SegmentLog::close() {
    {
        const std::lock_guard lock(mutex_);
        is_closing_ = true;
    }
    queued_.notify_all();
    const std::lock_guard lock(closing_);
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::optional<base::Error> SegmentLog::flaw_of(Partition partition, const Request& request) const {
    const auto invalid = [](std::string text) {
        return base::Error(base::ErrorCode::invalid, "append: " + std::move(text));
    };
    if (!has(partition)) {
        return invalid("there is no partition " + std::to_string(partition.value()));
    }
    if (request.count == 0 || request.count > options_.in_flight_records_max) {
        return invalid(std::to_string(request.count) + " records");
    }
    for (const Record& record : request.records) {
        if (record.bytes.size() > options_.record_bytes_max) {
            return invalid("a record of " + std::to_string(record.bytes.size()) + " bytes, " +
                           std::to_string(options_.record_bytes_max) + " are allowed");
        }
    }
    if (request.bytes_max > options_.group_bytes_max ||
        request.bytes_max > options_.in_flight_bytes_max) {
        return invalid("more than one group holds");
    }
    return std::nullopt;
}

void SegmentLog::append(Partition partition, std::vector<Record> records, Done done) {
    Request request;
    request.partition = partition.value();
    request.count = records.size();
    request.bytes_max = batches_bytes_max(records, options_.batch_bytes_max);
    request.records = std::move(records);
    request.done = std::move(done);
    request.since = Clock::now();
    std::optional<base::Error> refusal = flaw_of(partition, request);
    if (!refusal) {
        refusal = enqueue(request);
    }
    if (refusal) {
        probe_.refused(request.count);
        request.done(std::move(*refusal));
    }
}

/// Takes `request` into the queue. Returns: why not; then it is untouched.
std::optional<base::Error> SegmentLog::enqueue(Request& request) {
    {
        const std::lock_guard lock(mutex_);
        if (is_closing_) {
            return base::Error(base::ErrorCode::unavailable, "append: the log is closed");
        }
        if (in_flight_records_ + request.count > options_.in_flight_records_max ||
            in_flight_bytes_ + request.bytes_max > options_.in_flight_bytes_max) {
            return base::Error(base::ErrorCode::exhausted, "append: too many records are waiting");
        }
        in_flight_records_ += request.count;
        in_flight_bytes_ += request.bytes_max;
        probe_.in_flight(in_flight_records_);
        queue_.push_back(std::move(request));
    }
    queued_.notify_one();
    return std::nullopt;
}

/// The writer's thread.
void SegmentLog::run() {
    for (;;) {
        Group group = take_group();
        if (group.empty()) {
            return;
        }
        base::Result<void> result = commit(group);
        if (result.has_value()) {
            result = prepare_ahead(group);
            group.clear();
        }
        if (result.has_error()) {
            end_in_failure(group, result.error());
            return;
        }
    }
}

/// Waits for appends. Returns: whole ones, up to the size of a group; nothing when the log closes.
SegmentLog::Group SegmentLog::take_group() {
    Group group;
    std::size_t bytes = 0;
    std::unique_lock lock(mutex_);
    queued_.wait(lock, [this] { return is_closing_ || !queue_.empty(); });
    while (!queue_.empty() && bytes + queue_.front().bytes_max <= options_.group_bytes_max) {
        Request& request = queue_.front();
        bytes += request.bytes_max;
        auto part = std::find_if(group.begin(), group.end(), [&](const Part& known) {
            return known.partition == request.partition;
        });
        if (part == group.end()) {
            part = group.insert(part, Part{request.partition, {}});
        }
        part->requests.push_back(std::move(request));
        queue_.pop_front();
    }
    return group;
}

/// The promise of the log stands in the order of these four lines.
base::Result<void> SegmentLog::commit(Group& group) {
    BOOST_OUTCOME_TRY(write(group));
    BOOST_OUTCOME_TRY(sync(group));
    publish(group);
    acknowledge(group);
    return base::success();
}

base::Result<void> SegmentLog::write(Group& group) {
    for (Part& part : group) {
        BOOST_OUTCOME_TRY(make_room(part));
        BOOST_OUTCOME_TRY(write_part(part));
    }
    return base::success();
}

/// Prepares the room for a part. On a full disk, appends that find none are refused and leave it.
base::Result<void> SegmentLog::make_room(Part& part) {
    PartitionWriter& writer = *partitions_[part.partition].writer;
    std::vector<Request>& requests = part.requests;
    while (!requests.empty()) {
        std::size_t bytes_max = 0;
        for (const Request& request : requests) {
            bytes_max += request.bytes_max;
        }
        const base::Result<void> reserved = writer.reserve(bytes_max);
        if (reserved.has_value()) {
            return base::success();
        }
        if (reserved.error().code() != base::ErrorCode::exhausted) {
            return reserved.error();
        }
        const std::size_t kept = requests.size() / 2;
        refuse(std::span(requests).subspan(kept), reserved.error().within("append: "));
        requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(kept), requests.end());
    }
    return base::success();
}

/// Requests share batches, but one that fits into a batch is never cut: a batch is what a crash
/// leaves whole or not at all.
base::Result<void> SegmentLog::write_part(Part& part) {
    PartitionWriter& writer = *partitions_[part.partition].writer;
    std::vector<Record> records;
    std::size_t bytes = 0;
    std::uint64_t offset = writer.next_offset();
    const auto put = [&](std::span<const Record> batch, std::size_t) {
        return writer.write(batch);
    };
    for (Request& request : part.requests) {
        const std::size_t more = framed_bytes_max(request.records);
        if (bytes + more > options_.batch_bytes_max) {
            BOOST_OUTCOME_TRY(for_each_batch(records, options_.batch_bytes_max, put));
            records.clear();
            bytes = 0;
        }
        std::move(request.records.begin(), request.records.end(), std::back_inserter(records));
        bytes += more;
        request.appended = {offset, offset + request.count};
        offset += request.count;
    }
    return for_each_batch(records, options_.batch_bytes_max, put);
}

base::Result<void> SegmentLog::sync(const Group& group) {
    for (const Part& part : group) {
        const Clock::time_point start = Clock::now();
        BOOST_OUTCOME_TRY(partitions_[part.partition].writer->sync());
        probe_.synced(Clock::now() - start);
    }
    return base::success();
}

void SegmentLog::publish(const Group& group) {
    for (const Part& part : group) {
        PartitionState& partition = partitions_[part.partition];
        partition.table.publish(partition.writer->publication());
    }
}

void SegmentLog::acknowledge(Group& group) {
    for (Part& part : group) {
        release(part.requests);
        const Clock::time_point now = Clock::now();
        for (Request& request : part.requests) {
            probe_.append_acked(part.partition, request.count, now - request.since);
            request.done(request.appended);
        }
    }
}

base::Result<void> SegmentLog::prepare_ahead(const Group& group) {
    for (const Part& part : group) {
        BOOST_OUTCOME_TRY(partitions_[part.partition].writer->prepare_ahead());
    }
    return base::success();
}

void SegmentLog::release(std::span<const Request> requests) {
    const std::lock_guard lock(mutex_);
    for (const Request& request : requests) {
        in_flight_records_ -= request.count;
        in_flight_bytes_ -= request.bytes_max;
    }
    probe_.in_flight(in_flight_records_);
}

void SegmentLog::refuse(std::span<Request> requests, const base::Error& error) {
    release(requests);
    for (Request& request : requests) {
        probe_.refused(request.count);
        request.done(error);
    }
}

void SegmentLog::end_in_failure(Group& group, const base::Error& error) {
    Part waiting;
    {
        const std::lock_guard lock(mutex_);
        is_closing_ = true;
        std::move(queue_.begin(), queue_.end(), std::back_inserter(waiting.requests));
        queue_.clear();
    }
    group.push_back(std::move(waiting));
    const base::Error answer(base::ErrorCode::unavailable, "append: " + error.context());
    for (Part& part : group) {
        refuse(part.requests, answer);
    }
    options_.on_fatal ? options_.on_fatal(error) : exit_with_line(error);
}

base::Result<std::vector<ReadRecord>> SegmentLog::read(Partition partition, std::uint64_t from,
                                                       std::size_t max_records,
                                                       std::size_t max_bytes) {
    if (!has(partition)) {
        return base::Error(base::ErrorCode::invalid,
                           "read: there is no partition " + std::to_string(partition.value()));
    }
    return partitions_[partition.value()].reader.read(from, max_records, max_bytes);
}

std::uint64_t SegmentLog::first_offset(Partition partition) const {
    ENSURE(has(partition));
    return partitions_[partition.value()].table.first_offset();
}

std::uint64_t SegmentLog::durable_end(Partition partition) const {
    ENSURE(has(partition));
    return partitions_[partition.value()].table.durable_end();
}

bool SegmentLog::wait_beyond(Partition partition, std::uint64_t offset,
                             std::chrono::milliseconds time, std::stop_token stop) {
    ENSURE(has(partition));
    return partitions_[partition.value()].table.wait_beyond(offset, time, std::move(stop));
}

base::Result<std::uint64_t> SegmentLog::truncate_before(Partition partition, std::uint64_t offset,
                                                        base::UtcMillis older_than) {
    if (!has(partition)) {
        return base::Error(base::ErrorCode::invalid,
                           "truncate: there is no partition " + std::to_string(partition.value()));
    }
    SegmentTable& table = partitions_[partition.value()].table;
    const std::string dir = dir_.partition_dir(partition.value());
    // One by one: a power cut leaves no hole between the segments.
    while (const auto path = table.drop_first(offset, older_than)) {
        BOOST_OUTCOME_TRY(files_.unlink(*path));
        BOOST_OUTCOME_TRY(files_.sync_dir(dir));
    }
    return table.first_offset();
}

}  // namespace eventlog
