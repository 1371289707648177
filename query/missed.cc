#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "query/answers.h"
#include "query/call_json.h"
#include "query/meta.h"
#include "query/reading.h"
#include "query/value_text.h"
#include "store/bytes.h"

namespace query {
namespace {

constexpr base::Millis one_ms{1};
constexpr std::uint64_t of_client = 1;

/// The filters of the list.
struct CaseFilter {
    Range range;  ///< of the first missed call
    std::optional<std::uint32_t> manager;
    std::optional<std::uint32_t> team;
    std::set<kpi::CaseState> states;  ///< empty: all

    bool takes(const kpi::MissedCase& one) const {
        return (!manager || one.owner.value() == *manager) &&
               (!team || kpi::credited_team(one).value() == *team) &&
               (states.empty() || states.contains(one.state));
    }
};

base::Result<CaseFilter> read_filter(Question& question) {
    CaseFilter filter;
    BOOST_OUTCOME_TRY(filter.range, question.range());
    BOOST_OUTCOME_TRY(filter.manager, question.filter("manager", store::Table::manager));
    BOOST_OUTCOME_TRY(filter.team, question.filter("team", store::Table::team));
    for (const std::string& word : words_of(question.param("state"))) {
        const auto state = kpi::case_state_of(word);
        if (!state) {
            return bad_question(
                "state: open, attempted, returned, recovered, expired, returned_late");
        }
        filter.states.insert(*state);
    }
    return filter;
}

/// A case that the filter takes.
struct Hit {
    store::EntityKey key;
    store::CaseRow row;
};

/// Reads one page of cases, newest first.
class CaseList {
public:
    CaseList(Question& question, CaseFilter filter, const Page& page)
        : question_(question), filter_(std::move(filter)), page_(page) {}

    base::Result<void> gather() {
        if (filter_.range.from >= filter_.range.until) {
            return base::success();
        }
        base::UtcMillis until = filter_.range.until;
        if (!page_.after.empty() && !page_.count_exact) {
            store::KeyReader place(page_.after);
            const base::UtcMillis at = base::from_ms(place.descending());
            until = place.ok() ? std::min(until, at + one_ms) : until;
        }
        const kpi::Company company = question_.company().ordinal;
        const auto index = store::Index::kind;
        return scan_rows(question_.rows(), store::Family::index,
                         store::index_lower(index, company, store::case_kind, until),
                         store::index_upper(index, company, store::case_kind, filter_.range.from),
                         [this](std::string_view bytes, std::string_view) { return visit(bytes); });
    }

    /// By place: the cases of the page, and one more if there is one.
    const std::map<std::string, Hit>& hits() const { return hits_; }
    std::uint64_t total() const { return total_; }

private:
    base::Result<bool> visit(std::string_view bytes);

    Question& question_;
    CaseFilter filter_;
    Page page_;
    std::map<std::string, Hit> hits_;
    std::uint64_t total_ = 0;
    std::pair<base::UtcMillis, std::string> last_;  ///< instant and native id shown last
};

/// False when the page is complete. Cases of one instant and native id differ by scope, whose name
/// decides, not its ordinal.
base::Result<bool> CaseList::visit(std::string_view bytes) {
    store::IndexKey key;
    if (!store::read_index_key(bytes, key)) {
        return base::Error(base::ErrorCode::corrupt, "a search key is damaged");
    }
    const bool is_full = page_.limit && hits_.size() > *page_.limit;
    if (is_full && !page_.count_exact && last_ != std::pair(key.at, key.native_id)) {
        return false;
    }
    last_ = {key.at, key.native_id};
    const store::EntityKey entity{key.company, key.kind, key.scope, key.native_id};
    BOOST_OUTCOME_TRY(auto row, read_row<store::CaseRow>(question_.rows(), store::Family::entity,
                                                         store::entity_key(entity)));
    if (!row || row->missed.first_at != key.at || !filter_.takes(row->missed)) {
        return true;
    }
    ++total_;
    BOOST_OUTCOME_TRY(const auto scope, question_.names().text(store::Table::scope, key.scope));
    std::string place = store::KeyWriter()
                            .descending(base::to_ms(key.at))
                            .text(key.native_id)
                            .text(scope.value_or(""))
                            .take();
    if (!page_.after.empty() && place <= page_.after) {
        return true;
    }
    hits_.emplace(std::move(place), Hit{entity, std::move(*row)});
    if (page_.limit && hits_.size() > *page_.limit + 1) {
        hits_.erase(std::prev(hits_.end()));
    }
    return true;
}

base::Result<std::string> call_id(Question& question, const store::EntityKey& key) {
    BOOST_OUTCOME_TRY(const auto scope, question.names().text(store::Table::scope, key.scope));
    return store::call_id_of(scope.value_or(""), key.native_id);
}

/// A missed call belongs to its case until that is resolved or has expired; the first always.
base::UtcMillis calls_end(const kpi::MissedCase& one) {
    const bool is_timely =
        one.state == kpi::CaseState::returned || one.state == kpi::CaseState::recovered;
    return is_timely ? std::max(one.resolved_at.value_or(base::for_ever), one.first_at + one_ms)
           : one.due ? *one.due + one_ms
                     : base::for_ever;
}

/// The missed calls of a case, by start, native id, scope name.
base::Result<std::vector<std::string>> calls_of(Question& question, const store::CaseRow& row) {
    const kpi::MissedCase& one = row.missed;
    const std::uint64_t member = kpi::member_of(one.client, one.number);
    const auto index = member >> 32 == of_client ? store::Index::client : store::Index::subject;
    const kpi::Company company = question.company().ordinal;
    const std::uint64_t term = member & 0xffffffff;
    std::map<std::string, std::string> ids;
    const auto add = [&](std::string_view bytes, std::string_view) -> base::Result<bool> {
        store::IndexKey key;
        if (!store::read_index_key(bytes, key) ||
            key.kind != store::kind_byte(events::Kind::call)) {
            return true;
        }
        const store::EntityKey entity{company, key.kind, key.scope, key.native_id};
        BOOST_OUTCOME_TRY(const auto call,
                          read_row<store::CallRow>(question.rows(), store::Family::entity,
                                                   store::entity_key(entity)));
        const bool counts = call && (call->call.ended_at || kpi::is_unterminated(call->call));
        if (counts && call->call.missed && call->call.started_at == key.at &&
            kpi::member_of(call->call.client, call->call.number) == member) {
            BOOST_OUTCOME_TRY(std::string id, call_id(question, entity));
            ids.emplace(
                store::KeyWriter().i64(base::to_ms(key.at)).text(key.native_id).raw(id).take(), id);
        }
        return true;
    };
    BOOST_OUTCOME_TRY(scan_rows(question.rows(), store::Family::index,
                                store::index_lower(index, company, term, calls_end(one)),
                                store::index_upper(index, company, term, one.first_at), add));
    std::vector<std::string> sorted;
    for (auto& [place, id] : ids) {
        sorted.push_back(std::move(id));
    }
    return sorted;
}

base::Result<void> write_case(base::JsonWriter& out, Question& question, const CallStyle& style,
                              const Hit& hit) {
    const kpi::MissedCase& one = hit.row.missed;
    const store::EntityKey first{hit.key.company, store::kind_byte(events::Kind::call),
                                 hit.key.scope, hit.key.native_id};
    BOOST_OUTCOME_TRY(
        const auto call,
        read_row<store::CallRow>(question.rows(), store::Family::entity, store::entity_key(first)));
    BOOST_OUTCOME_TRY(const std::string id, call_id(question, first));
    out.begin_object().member("id", id);
    BOOST_OUTCOME_TRY(write_client(out, question, style, call ? call->call : kpi::AssembledCall{}));
    out.key("missed_owner");
    BOOST_OUTCOME_TRY(write_whose(out, question, one.owner, one.owner_team));
    out.member("state", kpi::to_string(one.state)).key("first_missed_at");
    write_instant(out, one.first_at, style.zone);
    BOOST_OUTCOME_TRY(const auto calls, calls_of(question, hit.row));
    out.key("calls").begin_array();
    for (const std::string& missed : calls) {
        out.value(missed);
    }
    out.end_array().key("attempted_at");
    write_instant(out, one.attempted_at, style.zone);
    out.key("resolved_at");
    write_instant(out, one.resolved_at, style.zone);
    out.key("attempt_seconds");
    write_seconds(out, one.attempt);
    out.key("contact_seconds");
    write_seconds(out, one.contact);
    out.end_object();
    return base::success();
}

}  // namespace

base::Result<std::string> missed(const store::ReadView& view, const Params& params, const Who& who,
                                 const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question,
                      Question::open(view, params, ports,
                                     {"day", "week", "month", "from", "until", "state", "manager",
                                      "team", "tz", "limit", "cursor", "count"}));
    BOOST_OUTCOME_TRY(CaseFilter filter, read_filter(question));
    BOOST_OUTCOME_TRY(const auto zone, question.tz());
    BOOST_OUTCOME_TRY(const Page page, question.page("missed"));
    CaseList list(question, std::move(filter), page);
    BOOST_OUTCOME_TRY(list.gather());
    base::JsonWriter out;
    out.begin_object().key("cases").begin_array();
    std::string cursor;
    std::string_view last;
    std::uint64_t shown = 0;
    for (const auto& [place, hit] : list.hits()) {
        if (page.limit && shown == *page.limit) {
            cursor = question.cursor("missed", last);
            break;
        }
        BOOST_OUTCOME_TRY(write_case(out, question, {who, zone}, hit));
        last = place;
        ++shown;
    }
    out.end_array().key("next_cursor");
    write_word(out, cursor);
    if (page.count_exact) {
        out.member("total", list.total());
    }
    BOOST_OUTCOME_TRY(write_meta(out, question));
    out.end_object();
    return out.take();
}

}  // namespace query
