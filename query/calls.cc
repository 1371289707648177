#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "query/answers.h"
#include "query/call_facts.h"
#include "query/call_json.h"
#include "query/meta.h"
#include "query/reading.h"
#include "store/bytes.h"

namespace query {
namespace {

enum class Sort : std::uint8_t { newest, oldest, longest, shortest };

base::Result<Sort> sort_of(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, Sort>, 5> words{
        {{"", Sort::newest},
         {"-started_at", Sort::newest},
         {"started_at", Sort::oldest},
         {"-talk_seconds", Sort::longest},
         {"talk_seconds", Sort::shortest}}};
    const auto* const found = std::find_if(words.begin(), words.end(),
                                           [&](const auto& one) { return one.first == word; });
    if (found == words.end()) {
        return bad_question("sort: started_at or talk_seconds, with - the other way round");
    }
    return found->second;
}

/// Which search keys lead to the calls that a filter takes.
struct Terms {
    store::Index index = store::Index::kind;
    std::uint64_t term = 0;
};

Terms terms_of(const CallFilter& filter) {
    if (filter.number) {
        return {store::Index::subject, *filter.number};
    }
    if (filter.client) {
        return {store::Index::client, *filter.client};
    }
    if (filter.tag_subject) {
        return {store::Index::tag, *filter.tag_subject};
    }
    if (filter.manager && *filter.manager != 0) {
        return {store::Index::manager, *filter.manager};
    }
    return {store::Index::kind, store::kind_byte(events::Kind::call)};
}

/// A call that the filter takes.
struct Hit {
    store::EntityKey key;
    store::CallRow row;
};

/// Hits by their place in the list; a place is what a cursor keeps.
using Hits = std::map<std::string, Hit>;

/// Reads one page of a list of calls.
class CallList {
public:
    CallList(Question& question, CallFilter filter, Sort sort, const Page& page)
        : question_(question),
          filter_(std::move(filter)),
          sort_(sort),
          page_(page),
          found_max_(std::min<std::uint64_t>(page.limit.value_or(rows_at_once) + 2, rows_at_once)) {
    }

    base::Result<void> gather() {
        if (filter_.range.from >= filter_.range.until) {
            return base::success();
        }
        const Terms terms = terms_of(filter_);
        const kpi::Company company = question_.company().ordinal;
        const std::string end =
            store::index_upper(terms.index, company, terms.term, filter_.range.from);
        const auto show = [this](std::string_view bytes, std::string_view) { return visit(bytes); };
        BOOST_OUTCOME_TRY(
            scan_rows(question_.rows(), store::Family::index, start(terms), end, show));
        BOOST_OUTCOME_TRY(look_at_found());  // what the last part of the scan left
        return base::success();
    }

    /// The calls of the page, and one more if there is one.
    const Hits& hits() const { return hits_; }
    std::uint64_t total() const { return total_; }

private:
    std::string start(const Terms& terms) const;
    base::Result<bool> visit(std::string_view bytes);
    base::Result<bool> look_at_found();
    base::Result<bool> look_at(store::IndexKey key, const std::optional<std::string>& value);
    base::Result<std::string> place(const Hit& hit);
    bool is_full() const { return page_.limit && hits_.size() > *page_.limit; }

    static constexpr std::size_t rows_at_once = 256;

    Question& question_;
    CallFilter filter_;
    Sort sort_;
    Page page_;
    Hits hits_;
    std::uint64_t total_ = 0;
    std::vector<store::IndexKey> found_;            ///< search keys whose rows are not read yet
    std::size_t found_max_ = 0;                     ///< so many are read at once
    std::pair<base::UtcMillis, std::string> last_;  ///< instant and native id of the key shown last
};

/// Search keys run from new to old, so a page of that order begins at its cursor; others are sorted
/// whole.
std::string CallList::start(const Terms& terms) const {
    base::UtcMillis until = filter_.range.until;
    if (sort_ == Sort::newest && !page_.after.empty() && !page_.count_exact) {
        store::KeyReader place(page_.after);
        const base::UtcMillis at = base::from_ms(place.descending());
        until = place.ok() ? std::min(until, at + base::Millis(1)) : until;
    }
    return store::index_lower(terms.index, question_.company().ordinal, terms.term, until);
}

base::Result<std::string> CallList::place(const Hit& hit) {
    BOOST_OUTCOME_TRY(const auto scope, question_.names().text(store::Table::scope, hit.key.scope));
    const std::int64_t at = base::to_ms(hit.row.call.started_at);
    const std::int64_t talk = hit.row.call.talk.count();
    store::KeyWriter place;
    switch (sort_) {
        case Sort::newest: place.descending(at); break;
        case Sort::oldest: place.i64(at); break;
        case Sort::longest: place.descending(talk).descending(at); break;
        case Sort::shortest: place.i64(talk).descending(at); break;
    }
    return place.text(hit.key.native_id).text(scope.value_or("")).take();
}

base::Result<bool> CallList::visit(std::string_view bytes) {
    store::IndexKey key;
    if (!store::read_index_key(bytes, key)) {
        return base::Error(base::ErrorCode::corrupt, "a search key is damaged");
    }
    if (key.kind != store::kind_byte(events::Kind::call)) {
        return true;
    }
    found_.push_back(std::move(key));
    if (found_.size() < found_max_) {
        return true;
    }
    found_max_ = rows_at_once;
    return look_at_found();
}

/// False when the page is complete.
base::Result<bool> CallList::look_at_found() {
    std::map<std::string, std::optional<std::string>> rows;
    const auto key_of = [](const store::IndexKey& found) {
        return store::entity_key({found.company, found.kind, found.scope, found.native_id}).take();
    };
    for (const store::IndexKey& found : found_) {
        rows.emplace(key_of(found), std::nullopt);
    }
    std::vector<std::string_view> keys;
    keys.reserve(rows.size());
    for (const auto& [key, row] : rows) {
        keys.emplace_back(key);
    }
    BOOST_OUTCOME_TRY(auto values, question_.rows().get_many(store::Family::entity, keys));
    auto value = values.begin();
    for (auto& [key, row] : rows) {
        row = std::move(*value++);
    }
    for (store::IndexKey& found : std::exchange(found_, {})) {
        const auto& row = rows.at(key_of(found));
        BOOST_OUTCOME_TRY(const bool goes_on, look_at(std::move(found), row));
        if (!goes_on) {
            return false;
        }
    }
    return true;
}

/// Takes the call into the page if it belongs there; false when the page is complete.
base::Result<bool> CallList::look_at(store::IndexKey key, const std::optional<std::string>& value) {
    // Calls of one instant and native id differ by scope, whose name decides, not its ordinal.
    const bool is_tied = last_ == std::pair(key.at, key.native_id);
    if (sort_ == Sort::newest && is_full() && !page_.count_exact && !is_tied) {
        return false;
    }
    last_ = {key.at, key.native_id};
    if (!value) {
        return true;
    }
    BOOST_OUTCOME_TRY(auto row, store::decode<store::CallRow>(*value));
    if (row.call.started_at != key.at || !filter_.takes(row)) {
        return true;
    }
    Hit hit{{key.company, key.kind, key.scope, std::move(key.native_id)}, std::move(row)};
    ++total_;
    BOOST_OUTCOME_TRY(std::string at, place(hit));
    if (!page_.after.empty() && at <= page_.after) {
        return true;
    }
    hits_.emplace(std::move(at), std::move(hit));
    if (page_.limit && hits_.size() > *page_.limit + 1) {
        hits_.erase(std::prev(hits_.end()));
    }
    return true;
}

base::Result<std::optional<Hit>> find_call(Question& question, std::string_view call_id) {
    const auto parts = store::parse_call_id(call_id);
    if (!parts) {
        return std::optional<Hit>();
    }
    BOOST_OUTCOME_TRY(const auto scope,
                      question.names().ordinal(store::Table::scope, parts->scope_name));
    if (!scope) {
        return std::optional<Hit>();
    }
    Hit hit{{question.company().ordinal, store::kind_byte(events::Kind::call), kpi::Scope(*scope),
             parts->native_id},
            {}};
    const auto read = [&] {
        return read_row<store::CallRow>(question.rows(), store::Family::entity,
                                        store::entity_key(hit.key));
    };
    BOOST_OUTCOME_TRY(auto row, read());
    if (!row) {
        store::EntityKey alias = hit.key;
        alias.kind = store::alias_kind;
        BOOST_OUTCOME_TRY(const auto found,
                          read_row<store::AliasRow>(question.rows(), store::Family::entity,
                                                    store::entity_key(alias)));
        if (found) {
            hit.key.native_id = found->native_id;
            BOOST_OUTCOME_TRY(row, read());
        }
    }
    if (!row || row->call.direction == kpi::Direction{}) {
        return std::optional<Hit>();
    }
    hit.row = std::move(*row);
    return std::optional(std::move(hit));
}

}  // namespace

base::Result<std::string> calls(const store::ReadView& view, const Params& params, const Who& who,
                                const Ports& ports) {
    BOOST_OUTCOME_TRY(
        Question question,
        Question::open(view, params, ports,
                       {"day",      "week",     "month",     "from",        "until",    "manager",
                        "team",     "client",   "direction", "disposition", "segment",  "talk_min",
                        "talk_max", "wait_min", "recording", "tag",         "reviewed", "number",
                        "sort",     "tz",       "limit",     "cursor",      "count"}));
    BOOST_OUTCOME_TRY(CallFilter filter, CallFilter::read(question));
    BOOST_OUTCOME_TRY(const Sort sort, sort_of(question.param("sort")));
    BOOST_OUTCOME_TRY(const auto zone, question.tz());
    BOOST_OUTCOME_TRY(const Page page, question.page("calls"));
    CallList list(question, std::move(filter), sort, page);
    BOOST_OUTCOME_TRY(list.gather());
    std::vector<std::pair<store::Table, std::uint32_t>> names;
    for (const auto& [place, hit] : list.hits()) {
        add_names(hit.key, hit.row, names);
    }
    BOOST_OUTCOME_TRY(question.names().read(names));
    base::JsonWriter out;
    out.begin_object().key("calls").begin_array();
    std::string cursor;
    std::string_view last;
    std::uint64_t shown = 0;
    for (const auto& [place, hit] : list.hits()) {
        if (page.limit && shown == *page.limit) {
            cursor = question.cursor("calls", last);
            break;
        }
        out.begin_object();
        BOOST_OUTCOME_TRY(write_call(out, question, {who, zone}, hit.key, hit.row));
        out.end_object();
        last = place;
        ++shown;
    }
    out.end_array().key("next_cursor");
    if (cursor.empty()) {
        out.null();
    } else {
        out.value(cursor);
    }
    if (page.count_exact) {
        out.member("total", list.total());
    }
    BOOST_OUTCOME_TRY(write_meta(out, question));
    out.end_object();
    return out.take();
}

base::Result<std::string> call(const store::ReadView& view, std::string_view call_id,
                               const Params& params, const Who& who, const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports, {"tz"}));
    BOOST_OUTCOME_TRY(const auto zone, question.tz());
    BOOST_OUTCOME_TRY(const auto hit, find_call(question, call_id));
    if (!hit) {
        return base::Error(base::ErrorCode::not_found, "no such call");
    }
    const CallStyle style{who, zone};
    base::JsonWriter out;
    out.begin_object();
    BOOST_OUTCOME_TRY(write_call(out, question, style, hit->key, hit->row));
    BOOST_OUTCOME_TRY(write_call_details(out, question, style, hit->row));
    BOOST_OUTCOME_TRY(write_meta(out, question));
    out.end_object();
    return out.take();
}

}  // namespace query
