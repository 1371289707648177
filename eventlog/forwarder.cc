#include "eventlog/forwarder.h"

#include <algorithm>
#include <utility>

#include "base/thread_name.h"
#include "eventlog/kafka_reader.h"
#include "eventlog/kafka_topic.h"

namespace eventlog {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr Milliseconds broker_patience{3'000};
constexpr Milliseconds before_another_try{500};
/// How long a record may lie here before it is seen.
constexpr Milliseconds idle_wait{3};
constexpr Milliseconds between_saves{1'000};
constexpr Milliseconds between_checks{10'000};
constexpr std::size_t read_records_max = 500;
constexpr std::size_t read_bytes_max = std::size_t{1} << 20;

/// Says yes once in `period`, at first when it has passed.
class Now {
public:
    explicit Now(Milliseconds period) : period_(period) {}
    bool is_due() {
        const Steady::time_point now = Steady::now();
        if (now < next_) {
            return false;
        }
        next_ = now + period_;
        return true;
    }

private:
    Milliseconds period_;
    Steady::time_point next_ = Steady::now() + period_;
};

}  // namespace

Forwarder::Forwarder(base::Files& files, LogReader& log, const LogId& log_id,
                     const base::Clock& clock, ForwarderOptions options)
    : files_(files),
      log_(log),
      log_id_(log_id),
      clock_(clock),
      options_(std::move(options)),
      places_(options_.kafka.partitions) {
}

Forwarder::~Forwarder() {
    stop();
}

std::string Forwarder::path_of(std::uint32_t partition) const {
    return options_.marks_dir + "/" + std::to_string(partition);
}

base::Result<void> Forwarder::start() {
    BOOST_OUTCOME_TRY(base::make_dirs(files_, options_.marks_dir));
    for (std::uint32_t number = 0; number < places_.size(); ++number) {
        const base::Result<std::string> text = base::read_small_file(files_, path_of(number));
        if (!text && text.error().code() != base::ErrorCode::not_found) {
            return text.error();
        }
        if (text) {
            base::Result<ForwardMarks> marks = decode_forward_marks(text.value(), log_id_);
            if (!marks) {
                return marks.error().within(path_of(number) + ": ");
            }
            places_[number].marks = std::move(marks).value();
        }
        places_[number].acknowledged = places_[number].marks.next_offset(0);
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    return base::success();
}

void Forwarder::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
}

void Forwarder::pause(const std::stop_token& stop, Milliseconds time) {
    std::unique_lock lock(mutex_);
    paused_.wait_for(lock, stop, time, [] { return false; });
}

void Forwarder::note(std::optional<base::Error> problem) {
    const std::lock_guard lock(mutex_);
    problem_ = std::move(problem);
}

void Forwarder::run(const std::stop_token& stop) {
    base::name_this_thread("forward");
    Now save_time(between_saves);
    Now check_time(between_checks);
    while (!stop.stop_requested()) {
        if (!producer_) {
            if (const base::Result<void> begun = begin(); !begun) {
                note(begun.error());
                producer_.reset();
                pause(stop, before_another_try);
                continue;
            }
        }
        base::Result<bool> sent = send_some();
        producer_->poll(sent && sent.value() ? Milliseconds(0) : idle_wait);
        base::Result<void> checked =
            check_time.is_due() ? check_ends() : base::Result<void>(base::success());
        const std::optional<base::Error> failed = !sent      ? std::optional(sent.error())
                                                  : !checked ? std::optional(checked.error())
                                                             : producer_->failure();
        note(failed);
        if (failed) {
            producer_.reset();
            ++restarts_;
            pause(stop, before_another_try);
        }
        if (save_time.is_due()) {
            save();
        }
    }
    if (producer_) {
        producer_->poll(Milliseconds(0));
    }
    producer_.reset();
    save();
}

/// A new client, and in each partition the place to go on from.
base::Result<void> Forwarder::begin() {
    const base::Result<void> topic = ensure_topic(options_.kafka, broker_patience);
    if (!topic) {
        if (!topic.error().is_retryable() && !was_topic_good_) {
            const std::lock_guard lock(mutex_);
            refusal_ = topic.error();
        }
        return topic.error();
    }
    was_topic_good_ = true;
    BOOST_OUTCOME_TRY(
        producer_,
        KafkaProducer::open(options_.kafka, log_id_,
                            [this](Partition partition, std::uint64_t offset, std::uint64_t there) {
                                delivered(partition, offset, there);
                            }));
    std::unique_ptr<LogReader> reader;
    for (std::uint32_t number = 0; number < places_.size(); ++number) {
        BOOST_OUTCOME_TRY(find_place(Partition(number), reader));
    }
    return base::success();
}

base::Result<void> Forwarder::find_place(Partition partition, std::unique_ptr<LogReader>& reader) {
    Place& place = places_[partition.value()];
    std::vector<ForwardMark> marks;
    {
        const std::lock_guard lock(mutex_);
        marks = place.marks.all();
    }
    while (!marks.empty()) {
        BOOST_OUTCOME_TRY(const bool found, is_there(partition, marks.back(), reader));
        if (found) {
            break;
        }
        marks.pop_back();
    }
    const std::uint64_t first = log_.first_offset(partition);
    const std::lock_guard lock(mutex_);
    const std::uint64_t next =
        std::max(first, marks.empty() ? std::uint64_t{0} : marks.back().next_offset);
    if (next < place.acknowledged) {
        again_ += place.acknowledged - next;
    }
    place.marks.forget_from(marks.empty() ? 0 : marks.back().next_offset);
    place.next = next;
    place.acknowledged = next;
    place.is_changed = true;
    return base::success();
}

/// Whether the topic holds at the place of `mark` the record that the mark names.
base::Result<bool> Forwarder::is_there(Partition partition, const ForwardMark& mark,
                                       std::unique_ptr<LogReader>& reader) const {
    if (!reader) {
        BOOST_OUTCOME_TRY(reader, open_kafka_reader(options_.kafka));
    }
    const auto records = reader->read(partition, mark.kafka_offset, 1, 1);
    if (!records && records.error().code() == base::ErrorCode::not_found) {
        // Deleted by age: it was there, and nothing says that what lies behind it is not.
        return true;
    }
    if (!records) {
        return records.error();
    }
    if (records.value().empty()) {
        return false;
    }
    const Origin& origin = *records.value().front().origin;
    return origin.log_id == log_id_ && origin.offset == mark.next_offset - 1;
}

base::Result<bool> Forwarder::send_some() {
    bool has_sent = false;
    for (std::uint32_t number = 0; number < places_.size(); ++number) {
        Place& place = places_[number];
        if (place.next >= log_.durable_end(Partition(number))) {
            continue;
        }
        BOOST_OUTCOME_TRY(const auto records, log_.read(Partition(number), place.next,
                                                        read_records_max, read_bytes_max));
        const std::uint64_t begin = log_.first_offset(Partition(number));
        for (const ReadRecord& record : records) {
            if (!producer_->send(Partition(number), record, begin)) {
                return false;  // full, or failed: `poll` tells
            }
            place.next = record.offset + 1;
            has_sent = true;
        }
    }
    return has_sent;
}

/// A broker that came back with less than it had acknowledged says so by the end of its partition.
base::Result<void> Forwarder::check_ends() {
    for (std::uint32_t number = 0; number < places_.size(); ++number) {
        std::vector<ForwardMark> marks;
        {
            const std::lock_guard lock(mutex_);
            marks = places_[number].marks.all();
        }
        if (marks.empty()) {
            continue;
        }
        const auto range = producer_->range(Partition(number), broker_patience);
        if (!range && range.error().code() == base::ErrorCode::not_found) {
            return range.error();
        }
        if (!range) {
            return base::success();  // away: the client goes on trying
        }
        if (range.value().second <= marks.back().kafka_offset) {
            return base::Error(base::ErrorCode::unavailable,
                               "kafka: partition " + std::to_string(number) +
                                   ": the topic ends at offset " +
                                   std::to_string(range.value().second) +
                                   ", before what it had acknowledged: publishing again");
        }
    }
    return base::success();
}

void Forwarder::delivered(Partition partition, std::uint64_t offset, std::uint64_t kafka_offset) {
    ++published_;
    const std::lock_guard lock(mutex_);
    Place& place = places_[partition.value()];
    place.acknowledged = offset + 1;
    place.marks.add({.at = clock_.now(), .next_offset = offset + 1, .kafka_offset = kafka_offset});
    place.is_changed = true;
}

/// Lazily: what is not saved is published again after a crash.
void Forwarder::save() {
    for (std::uint32_t number = 0; number < places_.size(); ++number) {
        std::string text;
        {
            const std::lock_guard lock(mutex_);
            Place& place = places_[number];
            if (!place.is_changed) {
                continue;
            }
            place.marks.forget_before(clock_.now() - options_.spool);
            text = encode(place.marks, log_id_);
            place.is_changed = false;
        }
        if (const auto saved = base::write_small_file(files_, path_of(number), text); !saved) {
            note(saved.error());
        }
    }
}

std::uint64_t Forwarder::spool_begin(Partition partition) const {
    const std::lock_guard lock(mutex_);
    return places_[partition.value()].marks.acknowledged_before(clock_.now() - options_.spool);
}

std::uint64_t Forwarder::acknowledged_end(Partition partition) const {
    const std::lock_guard lock(mutex_);
    return places_[partition.value()].acknowledged;
}

std::optional<base::Error> Forwarder::problem() const {
    const std::lock_guard lock(mutex_);
    return problem_;
}

std::optional<base::Error> Forwarder::refusal() const {
    const std::lock_guard lock(mutex_);
    return refusal_;
}

void Forwarder::visit(const std::function<void(const base::Sample&)>& show) const {
    const auto counter = [&](std::string name, std::string help, std::uint64_t value) {
        show({.name = std::move(name),
              .help = std::move(help),
              .kind = base::Sample::Kind::counter,
              .labels = {},
              .value = static_cast<double>(value),
              .buckets = {}});
    };
    counter("forward_records_acked_total", "Records that Kafka acknowledged.", published_);
    counter("forward_records_again_total", "Records published again because Kafka had lost them.",
            again_);
    counter("forward_restarts_total", "Times that the client was made anew after a failure.",
            restarts_);
    for (std::uint32_t number = 0; number < places_.size(); ++number) {
        const std::uint64_t end = log_.durable_end(Partition(number));
        const std::uint64_t acknowledged = acknowledged_end(Partition(number));
        show({.name = "forward_lag_records",
              .help = "Durable records that Kafka has not acknowledged.",
              .kind = base::Sample::Kind::gauge,
              .labels = {{"partition", std::to_string(number)}},
              .value = static_cast<double>(end - std::min(end, acknowledged)),
              .buckets = {}});
    }
}

}  // namespace eventlog
