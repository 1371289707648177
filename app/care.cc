#include "app/care.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <thread>

#include "base/json.h"
#include "processors/origins.h"
#include "processors/rebuild.h"
#include "store/generations.h"
#include "store/rocks_view_store.h"

namespace app {
namespace {

namespace files = std::filesystem;
using Verdict = processors::Diagnosis::Result;

std::string_view word_of(Verdict verdict) {
    return verdict == Verdict::equal     ? "equal"
           : verdict == Verdict::differs ? "differs"
                                         : "unknown";
}

/// The newest state that no re-attribution is under way in; after `patience` whatever is there.
std::shared_ptr<const store::ReadView> settled_view(const Examined& examined,
                                                    std::uint32_t partition,
                                                    std::chrono::milliseconds patience) {
    constexpr std::chrono::milliseconds pause{50};
    std::shared_ptr<const store::ReadView> view = examined.view(partition);
    for (auto waited = std::chrono::milliseconds(0);
         view->reattributing && waited < patience && !examined.is_cancelled(); waited += pause) {
        std::this_thread::sleep_for(pause);
        view = examined.view(partition);
    }
    return view;
}

base::Result<processors::Diagnosis> diagnosis_of(const Examined& examined, std::uint32_t partition,
                                                 const store::ReadView& view) {
    if (view.reattributing) {
        processors::Diagnosis unsettled;
        unsettled.result = Verdict::unknown;
        unsettled.reason = "a later fact is still being applied";
        unsettled.offset = view.applied_offset;
        return unsettled;
    }
    return processors::diagnose(examined.log, eventlog::Partition(partition), view,
                                examined.scratch + "/" + std::to_string(partition),
                                examined.is_cancelled);
}

void write_partition(base::JsonWriter& out, std::uint32_t partition, const Examined& examined,
                     const store::ReadView& view, const processors::Diagnosis& diagnosis) {
    const std::uint64_t next = view.position.next_offset;
    const std::uint64_t end = examined.log.durable_end(eventlog::Partition(partition));
    const std::uint64_t waiting = end > next ? end - next : 0;
    const store::Ledger& ledger = view.position.ledger;
    out.begin_object().member("partition", partition).member("offset", next);
    out.key("ledger").begin_object().member("acked", next + waiting - view.position.first_offset);
    out.member("applied", ledger.applied).member("duplicate", ledger.duplicate);
    out.member("stale", ledger.stale).member("quarantined", ledger.quarantined);
    out.member("waiting", waiting).end_object();
    out.key("excluded").begin_array().end_array().key("differences").begin_array();
    for (const processors::RowDifference& row : diagnosis.differences) {
        out.begin_object().member("family", std::string_view(row.family));
        out.member("key", std::string_view(row.key)).member("log", std::string_view(row.log));
        out.member("views", std::string_view(row.views)).end_object();
    }
    out.end_array().key("reason");
    if (diagnosis.reason.empty()) {
        out.null();
    } else {
        out.value(std::string_view(diagnosis.reason));
    }
    out.end_object();
}

/// Refuses a replay that would know less than the views that stand.
base::Result<void> check_log_is_whole(Node& node, eventlog::LogReader& log,
                                      std::uint32_t partition) {
    const std::uint64_t log_first = log.first_offset(eventlog::Partition(partition));
    const std::uint64_t view_first = node.runner(partition).view()->position.first_offset;
    if (log_first <= view_first) {
        return base::success();
    }
    return base::Error(
        base::ErrorCode::unavailable,
        fmt::format("partition {}: the log begins at offset {}, the views at {}: a replay would "
                    "lose what lies between; they stay",
                    partition, log_first, view_first));
}

base::Result<void> check_is_new(const std::string& into) {
    std::error_code failed;
    if (files::exists(into, failed) && !files::is_empty(into, failed)) {
        return base::Error(base::ErrorCode::invalid, into + ": is not empty");
    }
    files::create_directories(into, failed);
    if (failed) {
        return base::Error(base::ErrorCode::unavailable, into + ": " + failed.message());
    }
    return base::success();
}

struct Replayed {
    processors::Rebuilt rebuilt;
    std::uint64_t generation = 0;
    std::optional<bool> changed;
};

Replayed replayed(const store::ReadView& old, const store::ReadView& anew,
                  std::uint64_t generation) {
    Replayed done;
    done.rebuilt = {.read = anew.position.next_offset - anew.position.first_offset,
                    .offset = anew.position.next_offset,
                    .digest = anew.digest};
    done.generation = generation;
    if (old.position.next_offset == anew.position.next_offset) {
        done.changed = old.digest != anew.digest;
    }
    return done;
}

/// The log folded anew beside the views that go on answering, which then make place: they are not
/// folded while the last part is caught up with.
base::Result<Replayed> replace_views(Node& node, eventlog::LogReader& log, std::uint32_t partition,
                                     const ReplayOptions& options) {
    BOOST_OUTCOME_TRY(check_log_is_whole(node, log, partition));
    BOOST_OUTCOME_TRY(const store::Generation next, store::begin_next(node.views_dir(partition)));
    BOOST_OUTCOME_TRY(std::shared_ptr<store::ViewStore> views, store::open_rocks(next.directory));
    const eventlog::Partition number(partition);
    auto anew = std::make_unique<processors::Runner>(
        log, views, processors::RunnerOptions{.partition = number});
    BOOST_OUTCOME_TRY(anew->open());
    BOOST_OUTCOME_TRY(anew->run_to(log.durable_end(number), options.is_cancelled));
    const Folding::Hold hold(node.folding(), partition);
    const std::shared_ptr<const store::ReadView> old = node.runner(partition).view();
    BOOST_OUTCOME_TRY(anew->run_to(old->position.next_offset, options.is_cancelled));
    if (!processors::covers(anew->view()->position, old->position)) {
        return base::Error(base::ErrorCode::unavailable,
                           fmt::format("partition {}: the topic no longer holds all that the views "
                                       "hold: a replay would lose it; they stay",
                                       partition));
    }
    BOOST_OUTCOME_TRY(views->flush_wal());
    const Replayed done = replayed(*old, *anew->view(), next.number);
    anew.reset();
    BOOST_OUTCOME_TRY(store::make_current(node.views_dir(partition), next.number));
    BOOST_OUTCOME_TRY(node.runner(partition).replace_store(std::move(views), next.number));
    if (KafkaLink* const kafka = node.kafka()) {
        kafka->group().move(number, done.rebuilt.offset);
    }
    return done;
}

base::Result<Replayed> replay_partition(Node& node, std::uint32_t partition,
                                        const ReplayOptions& options) {
    BOOST_OUTCOME_TRY(eventlog::LogReader* const log, node.history());
    if (options.into.empty()) {
        return replace_views(node, *log, partition, options);
    }
    const std::uint64_t end = log->durable_end(eventlog::Partition(partition));
    const std::shared_ptr<const store::ReadView> old = node.runner(partition).view();
    Replayed done;
    BOOST_OUTCOME_TRY(done.rebuilt,
                      processors::rebuild(*log, eventlog::Partition(partition),
                                          options.into + "/" + std::to_string(partition),
                                          std::min(end, options.until.value_or(end))));
    done.generation = old->generation;
    if (old->position.next_offset == done.rebuilt.offset) {
        done.changed = old->digest != done.rebuilt.digest;
    }
    return done;
}

}  // namespace

std::string digest_text(base::Uint128 digest) {
    return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(digest >> 64),
                       static_cast<std::uint64_t>(digest));
}

base::Result<std::string> doctor_answer(const Examined& examined,
                                        std::chrono::milliseconds patience) {
    base::JsonWriter parts;
    parts.begin_array();
    std::optional<Verdict> worst;
    base::Uint128 digest = 0;
    for (std::uint32_t partition = 0; partition < examined.partitions; ++partition) {
        if (!examined.is_here(partition)) {
            continue;
        }
        worst = worst.value_or(Verdict::equal);
        const auto view = settled_view(examined, partition, patience);
        BOOST_OUTCOME_TRY(const processors::Diagnosis diagnosis,
                          diagnosis_of(examined, partition, *view));
        write_partition(parts, partition, examined, *view, diagnosis);
        digest += diagnosis.digest;
        if (worst != Verdict::differs && diagnosis.result != Verdict::equal) {
            worst = diagnosis.result;
        }
    }
    std::error_code ignored;
    files::remove_all(examined.scratch, ignored);
    base::JsonWriter out;
    // Who has looked at nothing has proved nothing.
    out.begin_object().member("result", word_of(worst.value_or(Verdict::unknown)));
    out.member("digest", std::string_view(digest_text(digest)));
    out.key("partitions").raw(parts.end_array().text()).end_object();
    return out.take();
}

base::Result<std::string> replay(Node& node, const ReplayOptions& options) {
    if (options.until && node.partitions() > 1) {
        return base::Error(base::ErrorCode::invalid, "--until needs a log of one partition");
    }
    if (!options.into.empty()) {
        BOOST_OUTCOME_TRY(check_is_new(options.into));
    }
    std::uint64_t read = 0;
    base::Uint128 digest = 0;
    std::optional<bool> changed = false;
    bool is_any = false;
    base::JsonWriter parts;
    parts.begin_array();
    for (std::uint32_t partition = 0; partition < node.partitions(); ++partition) {
        if (!node.is_owned(partition)) {
            continue;
        }
        is_any = true;
        BOOST_OUTCOME_TRY(const Replayed done, replay_partition(node, partition, options));
        read += done.rebuilt.read;
        digest += done.rebuilt.digest;
        changed =
            changed && done.changed ? std::optional<bool>(*changed || *done.changed) : std::nullopt;
        parts.begin_object().member("partition", partition).member("offset", done.rebuilt.offset);
        parts.member("generation", done.generation).end_object();
        if (options.into.empty()) {
            BOOST_OUTCOME_TRY(store::remove_others(node.views_dir(partition)));
        }
    }
    if (!is_any) {
        return base::Error(base::ErrorCode::unavailable,
                           "this node folds no partition just now: ask another one");
    }
    base::JsonWriter out;
    out.begin_object().member("read", read).key("changed");
    if (changed) {
        out.value(*changed);
    } else {
        out.null();
    }
    out.member("digest", std::string_view(digest_text(digest)));
    out.key("partitions").raw(parts.end_array().text()).end_object();
    return out.take();
}

}  // namespace app
