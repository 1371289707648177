#include "processors/rebuild.h"

#include <system_error>

#include "processors/runner.h"
#include "store/rocks_view_store.h"
#include "store/rows.h"
#include "store/write_back.h"

namespace processors {
namespace {

constexpr std::size_t differences_max = 100;
constexpr std::uint64_t rows_between_questions = 100'000;

base::Error cancelled() {
    return base::Error(base::ErrorCode::cancelled, "the process is stopping");
}

std::string hex(std::string_view bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text.push_back(digits[byte >> 4]);
        text.push_back(digits[byte & 15]);
    }
    return text;
}

/// Rows of a family that the digest counts, that one side has and the other lacks or has otherwise.
base::Result<void> compare(store::Family family, const store::ViewReader& log,
                           const store::ViewReader& views,
                           const std::function<bool()>& is_cancelled,
                           std::vector<RowDifference>& differences) {
    const auto check = [&](const store::ViewReader& other, bool log_is_other, std::string_view key,
                           std::string_view value) -> base::Result<void> {
        if (store::digest_of_row(family, key, value) == 0 ||
            differences.size() >= differences_max) {
            return base::success();
        }
        BOOST_OUTCOME_TRY(const auto twin, other.get(family, key));
        const bool seen_already = log_is_other && twin.has_value();  // told when the log was walked
        if (seen_already || (twin && *twin == value)) {
            return base::success();
        }
        const std::string twin_hex = twin ? hex(*twin) : std::string();
        differences.push_back({.family = std::string(store::to_string(family)),
                               .key = hex(key),
                               .log = log_is_other ? twin_hex : hex(value),
                               .views = log_is_other ? hex(value) : twin_hex});
        return base::success();
    };
    std::uint64_t rows = 0;
    for (const bool log_is_other : {false, true}) {
        const store::ViewReader& walked = log_is_other ? views : log;
        const store::ViewReader& other = log_is_other ? log : views;
        base::Result<void> outcome = base::success();
        BOOST_OUTCOME_TRY(
            walked.scan(family, {}, {}, [&](std::string_view key, std::string_view value) {
                outcome = ++rows % rows_between_questions == 0 && is_cancelled()
                              ? cancelled()
                              : check(other, log_is_other, key, value);
                return outcome.has_value();
            }));
        BOOST_OUTCOME_TRY(outcome);
    }
    return base::success();
}

/// A directory that is empty at first and gone in the end.
class Scratch {
public:
    explicit Scratch(std::filesystem::path path) : path_(std::move(path)) { clear(); }
    ~Scratch() { clear(); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    void clear() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::filesystem::path path_;
};

}  // namespace

base::Result<Diagnosis> diagnose(eventlog::LogReader& log, eventlog::Partition partition,
                                 const store::ReadView& view,
                                 const std::filesystem::path& scratch_path,
                                 const std::function<bool()>& is_cancelled) {
    Diagnosis diagnosis{.result = Diagnosis::Result::equal,
                        .reason = {},
                        .digest = view.digest,
                        .offset = view.position.next_offset,
                        .differences = {}};
    if (log.first_offset(partition) > view.position.first_offset) {
        diagnosis.result = Diagnosis::Result::unknown;
        diagnosis.reason = "the log begins at offset " +
                           std::to_string(log.first_offset(partition)) + ", the views at " +
                           std::to_string(view.position.first_offset) +
                           ": what was folded from the records between cannot be proved";
        return diagnosis;
    }
    const Scratch scratch(scratch_path);
    BOOST_OUTCOME_TRY(auto folded, store::open_rocks(scratch.path()));
    Runner runner(log, std::move(folded), {.partition = partition});
    BOOST_OUTCOME_TRY(runner.open());
    BOOST_OUTCOME_TRY(runner.run_to(view.position.next_offset, is_cancelled));
    const auto again = runner.view();
    for (const store::Family family : {store::Family::state, store::Family::entity}) {
        BOOST_OUTCOME_TRY(
            compare(family, *again->rows, *view.rows, is_cancelled, diagnosis.differences));
    }
    if (!diagnosis.differences.empty() || again->digest != view.digest) {
        diagnosis.result = Diagnosis::Result::differs;
    }
    return diagnosis;
}

base::Result<std::optional<std::uint64_t>> first_offset_of_other_version(
    const store::ViewReader& views) {
    BOOST_OUTCOME_TRY(const auto position,
                      views.get(store::Family::state, store::meta_key("position")));
    if (!position) {
        return std::optional<std::uint64_t>();
    }
    BOOST_OUTCOME_TRY(const auto version,
                      views.get(store::Family::state, store::meta_key("fold_version")));
    if (version && store::ValueReader(*version).u() == fold_version) {
        return std::optional<std::uint64_t>();
    }
    BOOST_OUTCOME_TRY(const auto row, store::decode<store::PositionRow>(*position));
    return std::optional(row.first_offset);
}

base::Result<Rebuilt> rebuild(eventlog::LogReader& log, eventlog::Partition partition,
                              const std::filesystem::path& path, std::uint64_t until) {
    BOOST_OUTCOME_TRY(auto folded, store::open_rocks(path));
    Runner runner(log, std::move(folded), {.partition = partition});
    BOOST_OUTCOME_TRY(runner.open());
    BOOST_OUTCOME_TRY(runner.run_to(until));
    BOOST_OUTCOME_TRY(runner.store()->flush_wal());
    const auto view = runner.view();
    return Rebuilt{.read = view->position.next_offset - view->position.first_offset,
                   .offset = view->position.next_offset,
                   .digest = view->digest};
}

}  // namespace processors
