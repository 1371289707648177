#include "eventlog/segment_recovery.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "eventlog/batch_scanner.h"

namespace eventlog {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} << 10;

/// Reads exactly the bytes [position, position + size) or what the file has of them.
base::Result<std::string> read_range(const base::File& file, std::uint64_t position,
                                     std::size_t size) {
    std::string bytes(size, '\0');
    BOOST_OUTCOME_TRY(const std::size_t count, file.read_at(position, bytes));
    bytes.resize(count);
    return bytes;
}

/// The header of a segment file, held against its name and place. Returns: nothing when there is no
/// intact one, as after a stopped roll.
base::Result<std::optional<FileHeader>> read_header(const base::File& file, const Segment& segment,
                                                    std::uint32_t partition, const LogId& log_id) {
    BOOST_OUTCOME_TRY(const std::string bytes, read_range(file, 0, file_header_bytes));
    const base::Result<FileHeader> header = decode_file_header(bytes);
    if (header.has_error() && header.error().code() == base::ErrorCode::corrupt) {
        return std::optional<FileHeader>();
    }
    if (header.has_error()) {
        return header.error().within(segment.path + ": ");
    }
    if (header.value().log_id != log_id) {
        return base::Error(base::ErrorCode::invalid,
                           segment.path + ": the file belongs to another log");
    }
    if (header.value().partition != partition ||
        header.value().base_offset != segment.base_offset) {
        return damage(segment.path, 0, segment.base_offset, "the file has another name or place");
    }
    return std::optional<FileHeader>(header.value());
}

/// The last segment, while it is looked at.
class TailRecovery {
public:
    TailRecovery(std::shared_ptr<base::File> file, Segment& segment, const LogId& log_id)
        : file_(std::move(file)),
          segment_(segment),
          log_id_(log_id),
          scanner_(file_, log_id, BatchScanner::Depth::everything) {}

    /// Walks over the batches. Errors: corrupt - damage, not a torn tail.
    base::Result<void> walk(bool header_is_good) {
        BOOST_OUTCOME_TRY(size_, file_->size());
        scanner_.seek(file_header_bytes, segment_.base_offset);
        auto found = BatchScanner::Found::bad;
        while (header_is_good) {
            BOOST_OUTCOME_TRY(found, scanner_.next(size_));
            if (found != BatchScanner::Found::batch) {
                break;
            }
            take(scanner_);
        }
        const std::string_view flaw = !header_is_good ? "the segment header is damaged"
                                      : found == BatchScanner::Found::bad ? scanner_.flaw()
                                                                          : "the batch is missing";
        return refuse_damage(header_is_good ? scanner_.position() : 0, flaw);
    }

    bool is_void() const { return count_ == 0; }
    std::uint64_t end_position() const { return scanner_.position(); }
    std::uint64_t next_offset() const { return scanner_.next_offset(); }
    std::uint64_t cut_bytes() const { return cut_bytes_; }

    /// Writes zeros over the cut tail and everything unsure again, then syncs.
    base::Result<void> repair() {
        BOOST_OUTCOME_TRY(write_zeros());
        BOOST_OUTCOME_TRY(write_again());
        return file_->sync_data();
    }

private:
    void take(const BatchScanner& scanner) {
        const BatchHeader& header = scanner.header();
        add_sparsely(segment_.index, {header.base_offset, scanner.batch_position()});
        // All batches of a group carry the durable end that was in force before it.
        if (count_ == 0) {
            unsure_from_ = 0;
        } else if (header.durable_end != durable_end_) {
            unsure_from_ = scanner.batch_position();
        }
        durable_end_ = header.durable_end;
        ++count_;
    }

    /// Looks for a batch behind `position` which says that what should stand there was
    /// acknowledged.
    base::Result<void> refuse_damage(std::uint64_t position, std::string_view flaw) {
        const std::uint64_t offset = scanner_.next_offset();
        std::uint64_t at = std::max<std::uint64_t>(position + batch_alignment, file_header_bytes);
        while (at + batch_header_bytes <= size_) {
            BOOST_OUTCOME_TRY(const std::string chunk,
                              read_range(*file_, at, chunk_bytes + batch_header_bytes));
            const std::string_view bytes = chunk;
            std::size_t inside = 0;
            for (; inside + batch_header_bytes <= bytes.size(); inside += batch_alignment) {
                const auto header = parse_batch_header(bytes.substr(inside, batch_header_bytes));
                if (!header || header->durable_end <= offset) {
                    continue;
                }
                BOOST_OUTCOME_TRY(const bool proof, is_intact(at + inside, *header));
                if (proof) {
                    return damage(segment_.path, position, offset, flaw);
                }
            }
            at += inside;
        }
        return base::success();
    }

    base::Result<bool> is_intact(std::uint64_t position, const BatchHeader& header) const {
        if (!std::equal(header.log_id.begin(), header.log_id.end(), log_id_.begin())) {
            return false;
        }
        BOOST_OUTCOME_TRY(const std::string bytes,
                          read_range(*file_, position, header.total_bytes()));
        return bytes.size() == header.total_bytes() && batch_flaw(bytes, header).empty();
    }

    base::Result<void> write_zeros() {
        const std::string zeros(chunk_bytes, '\0');
        for (std::uint64_t at = end_position(); at < size_;) {
            BOOST_OUTCOME_TRY(const std::string bytes, read_range(*file_, at, chunk_bytes));
            if (bytes.empty()) {
                break;
            }
            const auto last = bytes.find_last_not_of('\0');
            if (last != std::string::npos) {
                cut_bytes_ = at + last + 1 - end_position();
                BOOST_OUTCOME_TRY(
                    file_->write_at(at, std::string_view(zeros).substr(0, bytes.size())));
            }
            at += bytes.size();
        }
        return base::success();
    }

    base::Result<void> write_again() {
        for (std::uint64_t at = unsure_from_; at < end_position();) {
            const std::size_t size = std::min<std::uint64_t>(chunk_bytes, end_position() - at);
            BOOST_OUTCOME_TRY(const std::string bytes, read_range(*file_, at, size));
            if (bytes.size() != size) {
                return base::Error(base::ErrorCode::corrupt, segment_.path + ": became shorter");
            }
            BOOST_OUTCOME_TRY(file_->write_at(at, bytes));
            at += size;
        }
        return base::success();
    }

    std::shared_ptr<base::File> file_;
    Segment& segment_;
    LogId log_id_;
    BatchScanner scanner_;
    std::uint64_t size_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t durable_end_ = 0;
    std::uint64_t unsure_from_ = 0;
    std::uint64_t cut_bytes_ = 0;
};

/// The segment files of `dir` by name, without what a stopped roll left behind.
base::Result<std::vector<Segment>> list_segments(base::Files& files, const std::string& dir) {
    BOOST_OUTCOME_TRY(const std::vector<std::string> names, files.list(dir));
    std::vector<Segment> segments;
    for (const std::string& name : names) {
        const std::string path = dir + "/" + name;
        if (const auto base_offset = segment_base(name)) {
            segments.push_back(Segment{*base_offset, {}, path, {}});
        } else if (name == spare_name) {
            BOOST_OUTCOME_TRY(files.unlink(path));
        }
    }
    return segments;
}

/// One partition's directory, while it is opened.
class PartitionRecovery {
public:
    PartitionRecovery(base::Files& files, std::string dir, std::uint32_t partition,
                      const LogId& log_id)
        : files_(files), dir_(std::move(dir)), partition_(partition), log_id_(log_id) {}

    base::Result<RecoveredPartition> run() {
        BOOST_OUTCOME_TRY(found_.segments, list_segments(files_, dir_));
        BOOST_OUTCOME_TRY(check_sealed());
        bool is_done = found_.segments.empty();
        while (!is_done) {
            BOOST_OUTCOME_TRY(is_done, recover_last());
        }
        BOOST_OUTCOME_TRY(files_.sync_dir(dir_));
        return std::move(found_);
    }

private:
    base::Result<void> check_sealed() {
        for (std::size_t index = 0; index + 1 < found_.segments.size(); ++index) {
            Segment& segment = found_.segments[index];
            BOOST_OUTCOME_TRY(const auto file, files_.open_readonly(segment.path));
            BOOST_OUTCOME_TRY(const auto header, read_header(*file, segment, partition_, log_id_));
            if (!header) {
                return damage(segment.path, 0, segment.base_offset,
                              "the segment header is damaged");
            }
            segment.created = header->created;
        }
        return base::success();
    }

    /// Returns: false when the last segment was void and is removed, and another one is the last.
    base::Result<bool> recover_last() {
        Segment& segment = found_.segments.back();
        BOOST_OUTCOME_TRY(std::shared_ptr<base::File> file, files_.open(segment.path));
        BOOST_OUTCOME_TRY(const auto header, read_header(*file, segment, partition_, log_id_));
        TailRecovery tail(file, segment, log_id_);
        BOOST_OUTCOME_TRY(tail.walk(header.has_value()));
        if (tail.is_void()) {
            return remove_void(segment);
        }
        // A segment was whole on disk before the next one was begun.
        if (end_of_sealed_ && tail.next_offset() != *end_of_sealed_) {
            return damage(segment.path, tail.end_position(), tail.next_offset(),
                          "the sealed segment ends early");
        }
        BOOST_OUTCOME_TRY(tail.repair());
        if (tail.cut_bytes() > 0) {
            found_.notes.push_back(segment.path + ": byte " + std::to_string(tail.end_position()) +
                                   ", offset " + std::to_string(tail.next_offset()) +
                                   ": a torn tail was cut, " + std::to_string(tail.cut_bytes()) +
                                   " bytes, never acknowledged");
        }
        segment.created = header->created;
        found_.last = std::move(file);
        found_.end_position = tail.end_position();
        found_.next_offset = tail.next_offset();
        return true;
    }

    base::Result<bool> remove_void(const Segment& segment) {
        if (end_of_sealed_ || (found_.segments.size() == 1 && segment.base_offset != 0)) {
            return damage(segment.path, 0, segment.base_offset, "the segment holds no records");
        }
        found_.notes.push_back(segment.path + ": offset " + std::to_string(segment.base_offset) +
                               ": a segment without one acknowledged record was removed");
        BOOST_OUTCOME_TRY(files_.unlink(segment.path));
        end_of_sealed_ = segment.base_offset;
        found_.segments.pop_back();
        return found_.segments.empty();
    }

    base::Files& files_;
    std::string dir_;
    std::uint32_t partition_;
    LogId log_id_;
    RecoveredPartition found_;
    std::optional<std::uint64_t> end_of_sealed_;
};

}  // namespace

base::Error damage(const std::string& path, std::uint64_t position, std::uint64_t offset,
                   std::string_view flaw) {
    return base::Error(base::ErrorCode::corrupt, path + ": byte " + std::to_string(position) +
                                                     ", offset " + std::to_string(offset) + ": " +
                                                     std::string(flaw));
}

base::Result<RecoveredPartition> recover_partition(base::Files& files, const std::string& dir,
                                                   std::uint32_t partition, const LogId& log_id) {
    return PartitionRecovery(files, dir, partition, log_id).run();
}

}  // namespace eventlog
