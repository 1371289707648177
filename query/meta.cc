#include "query/meta.h"

#include <algorithm>

#include "query/reading.h"
#include "query/value_text.h"

namespace query {
namespace {

struct Completeness {
    std::optional<base::UtcMillis> until;
    std::vector<std::string> stale;
};

base::Millis lateness_of(const Question& question, const SourceInfo& source) {
    const auto& declared = question.settings().lateness_seconds;
    const auto found = declared.find(source.id);
    return std::chrono::seconds(found == declared.end() ? source.lateness_seconds : found->second);
}

base::Result<Completeness> completeness(Question& question) {
    Completeness out;
    for (const SourceInfo& source : question.ports().sources) {
        BOOST_OUTCOME_TRY(const auto ordinal,
                          question.names().ordinal(store::Table::source, source.id));
        std::optional<base::UtcMillis> watermark;
        if (ordinal) {
            const std::string key =
                store::source_key(question.company().ordinal, kpi::Source(*ordinal));
            BOOST_OUTCOME_TRY(const auto row, read_row<store::SourceRow>(
                                                  question.rows(), store::Family::state, key));
            if (row && row->up_to) {
                watermark = row->up_to;
            } else if (row && row->newest_event_at) {
                watermark = *row->newest_event_at - lateness_of(question, source);
            }
        }
        if (!watermark) {
            out.stale.push_back(source.id);
        } else if (!out.until || *watermark < *out.until) {
            out.until = watermark;
        }
    }
    std::sort(out.stale.begin(), out.stale.end());
    return out;
}

/// Open items in quarantine of the company.
base::Result<std::uint64_t> quarantined_count(const Question& question) {
    const std::string first = store::quarantine_key(0);
    const std::string prefix = first.substr(0, first.size() - sizeof(std::uint64_t));
    std::uint64_t count = 0;
    const auto add = [&](std::string_view, std::string_view value) -> base::Result<bool> {
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::QuarantineRow>(value));
        count += row.company == question.company().ordinal && row.state == "open" ? 1U : 0U;
        return true;
    };
    BOOST_OUTCOME_TRY(
        scan_rows(question.rows(), store::Family::state, first, store::prefix_end(prefix), add));
    return count;
}

const std::string& tzdb() {
    static const std::string version = kpi::zone_data_version();
    return version;
}

}  // namespace

base::Result<std::optional<base::UtcMillis>> complete_until(Question& question) {
    BOOST_OUTCOME_TRY(const auto complete, completeness(question));
    return complete.until;
}

base::Result<void> write_meta(base::JsonWriter& out, Question& question,
                              std::span<const AskedKpi> asked) {
    const store::ReadView& view = question.view();
    BOOST_OUTCOME_TRY(const auto complete, completeness(question));
    BOOST_OUTCOME_TRY(const auto quarantined, quarantined_count(question));
    const bool has_records = view.position.log_time != base::UtcMillis{};
    out.key("meta").begin_object().key("as_of");
    write_instant(out, has_records ? std::optional(view.position.log_time) : std::nullopt);
    out.member("applied_offset", view.applied_offset).member("generation", view.generation);
    out.member("stale", false).key("complete_until");
    write_instant(out, complete.until);
    out.key("stale_sources").begin_array();
    for (const std::string& source : complete.stale) {
        out.value(source);
    }
    out.end_array().key("definitions").begin_object();
    for (const AskedKpi& one : asked) {
        if (one.kpi) {
            out.member(one.id, kpi::info(*one.kpi).version);
        }
    }
    out.end_object().member("tzdb", tzdb()).member("partition", view.partition);
    out.member("quarantined", quarantined).key("reattributing");
    if (view.reattributing) {
        out.begin_object().member("done", view.reattributing->first);
        out.member("total", view.reattributing->second).end_object();
    } else {
        out.null();
    }
    out.end_object();
    return base::success();
}

}  // namespace query
