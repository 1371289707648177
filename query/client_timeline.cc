#include <algorithm>
#include <map>
#include <utility>

#include "query/answers.h"
#include "query/client_facts.h"
#include "query/entity_scan.h"
#include "query/meta.h"
#include "query/reading.h"
#include "query/value_text.h"
#include "store/bytes.h"

namespace query {
namespace {

using events::Kind;

/// What the timeline shows of one entity. Empty words and texts are null.
struct TimelineItem {
    base::UtcMillis at{};
    std::string_view entity;
    std::string id;
    kpi::Manager manager;
    std::string_view direction;
    std::string what;
    bool touch = false;
};

/// Who has to do with a call: who dialled it, who missed it, else who spoke first, else whom it
/// rang first.
kpi::Manager manager_of(const kpi::AssembledCall& call) {
    if (call.direction == kpi::Direction::outbound && call.originator) {
        return call.originator;
    }
    if (call.owned) {
        return call.owner;
    }
    const auto first_of = [&](const auto& is_wanted) {
        const auto found =
            std::find_if(call.participations.begin(), call.participations.end(), is_wanted);
        return found == call.participations.end() ? kpi::Manager() : found->manager;
    };
    const kpi::Manager spoke =
        first_of([](const kpi::Participation& one) { return one.manager && one.connected; });
    return spoke ? spoke : first_of([](const auto& one) { return bool(one.manager); });
}

/// The first manager who is credited.
kpi::Manager manager_of(const store::ActivityRow& row) {
    const auto found = std::find_if(row.contributions.begin(), row.contributions.end(),
                                    [](const kpi::Contribution& one) { return one.manager; });
    return found == row.contributions.end() ? row.manager : found->manager;
}

/// Of a mail that counts, what it counts as; of another one, whether the client wrote it.
std::string_view direction_of(const store::ActivityRow& row, kpi::Client client, Kind kind,
                              const kpi::Directory& directory) {
    if (kind == Kind::proposal) {
        return "outbound";
    }
    if (kind != Kind::email) {
        return {};
    }
    const auto gives = [&row](kpi::Kpi kpi) {
        return std::any_of(row.contributions.begin(), row.contributions.end(),
                           [kpi](const kpi::Contribution& one) { return one.kpi == kpi; });
    };
    if (gives(kpi::Kpi::emails_sent) || gives(kpi::Kpi::emails_received)) {
        return gives(kpi::Kpi::emails_sent) ? "outbound" : "inbound";
    }
    const kpi::ClientEntry* const sender =
        row.from.empty() ? nullptr : directory.client_by_mail(row.from.front(), row.at);
    return sender != nullptr && sender->client == client ? "inbound" : "outbound";
}

/// Reads one page of what a client and the company did.
class Timeline {
public:
    Timeline(Question& question, kpi::Client client, Range range, const Page& page)
        : question_(question), client_(client), range_(range), page_(page) {}

    base::Result<void> gather();
    base::Result<std::string> write(std::string_view client_id);

private:
    base::Result<bool> visit(std::string_view bytes);
    base::Result<std::optional<TimelineItem>> item_of(const store::IndexKey& key);
    base::Result<bool> is_counted(const store::ActivityRow& row);
    bool is_full() const { return page_.limit && items_.size() > *page_.limit; }

    Question& question_;
    kpi::Client client_;
    Range range_;
    Page page_;
    std::map<std::string, TimelineItem> items_;  ///< by place; one more than the page has
    std::uint64_t total_ = 0;
    std::string last_;  ///< place of the key shown last, without its scope
};

base::Result<void> Timeline::gather() {
    base::UtcMillis until = range_.until;
    if (!page_.after.empty() && !page_.count_exact) {
        store::KeyReader place(page_.after);
        const base::UtcMillis at = base::from_ms(place.descending());
        until = place.ok() && at < until ? at + base::Millis(1) : until;
    }
    if (range_.from >= until) {
        return base::success();
    }
    const kpi::Company company = question_.company().ordinal;
    return scan_rows(
        question_.rows(), store::Family::index,
        store::index_lower(store::Index::client, company, client_.value(), until),
        store::index_upper(store::Index::client, company, client_.value(), range_.from),
        [this](std::string_view bytes, std::string_view) { return visit(bytes); });
}

/// False when the page is complete. Search keys run from new to old; entities of one instant, kind
/// and native id differ by scope, whose name decides, not its ordinal.
base::Result<bool> Timeline::visit(std::string_view bytes) {
    store::IndexKey key;
    if (!store::read_index_key(bytes, key)) {
        return base::Error(base::ErrorCode::corrupt, "a search key is damaged");
    }
    store::KeyWriter writer;
    writer.descending(base::to_ms(key.at)).u8(key.kind).text(key.native_id);
    std::string place(writer.bytes());
    if (is_full() && !page_.count_exact && place != last_) {
        return false;
    }
    last_ = place;
    BOOST_OUTCOME_TRY(auto item, item_of(key));
    if (!item) {
        return true;
    }
    ++total_;
    BOOST_OUTCOME_TRY(const auto scope, question_.names().text(store::Table::scope, key.scope));
    place += store::KeyWriter().text(scope.value_or("")).take();
    if (!page_.after.empty() && place <= page_.after) {
        return true;
    }
    items_.emplace(std::move(place), std::move(*item));
    if (page_.limit && items_.size() > *page_.limit + 1) {
        items_.erase(std::prev(items_.end()));
    }
    return true;
}

/// Whether some source that brought the activity counts; one that does not brings what another
/// one brings too.
base::Result<bool> Timeline::is_counted(const store::ActivityRow& row) {
    const auto& count = question_.company().settings->at(row.at).source_count;
    bool counted = count.empty();
    for (const kpi::Source source : row.head.sources) {
        BOOST_OUTCOME_TRY(const auto id, question_.names().text(store::Table::source, source));
        const auto found = count.find(id.value_or(""));
        counted = counted || found == count.end() || found->second;
    }
    return counted;
}

/// nullopt: the key is no hit, or of another instant of the entity.
base::Result<std::optional<TimelineItem>> Timeline::item_of(const store::IndexKey& key) {
    const auto kind = static_cast<Kind>(key.kind);
    TimelineItem item;
    item.at = key.at;
    item.entity = events::to_string(kind);
    const store::Key row_key = store::entity_key(entity_of(key));
    if (kind == Kind::call) {
        BOOST_OUTCOME_TRY(const auto row, read_row<store::CallRow>(question_.rows(),
                                                                   store::Family::entity, row_key));
        if (!row || row->call.client != client_ || row->call.started_at != key.at) {
            return std::optional<TimelineItem>();
        }
        BOOST_OUTCOME_TRY(item.id, shown_id(question_, key, nullptr));
        item.manager = manager_of(row->call);
        item.direction = kpi::to_string(row->call.direction);
        item.what = kpi::to_string(row->call.disposition);
        item.touch = contact_of(*row) == Contact::touch;
        return std::optional(std::move(item));
    }
    BOOST_OUTCOME_TRY(const auto row, read_row<store::ActivityRow>(question_.rows(),
                                                                   store::Family::entity, row_key));
    const bool is_his = row && (row->client == client_ || row->resolved_client == client_);
    if (!is_his || !row->known || row->at != key.at) {
        return std::optional<TimelineItem>();
    }
    BOOST_OUTCOME_TRY(const bool counted, is_counted(*row));
    if (!counted) {
        return std::optional<TimelineItem>();
    }
    if (kind == Kind::meeting && row->second_word == "presentation") {
        item.entity = "presentation";
    }
    item.id = row->native_id;
    item.manager = manager_of(*row);
    item.direction = direction_of(*row, client_, kind, *question_.company().directory);
    item.what = row->word;
    if (kind == Kind::proposal) {
        item.what = "sent";
    }
    item.touch = contact_of(*row) == Contact::touch;
    return std::optional(std::move(item));
}

base::Result<std::string> Timeline::write(std::string_view client_id) {
    base::JsonWriter out;
    out.begin_object().member("client", client_id).key("items").begin_array();
    std::string cursor;
    std::string_view last;
    std::uint64_t shown = 0;
    for (const auto& [place, item] : items_) {
        if (page_.limit && shown == *page_.limit) {
            cursor = question_.cursor("timeline/" + std::string(client_id), last);
            break;
        }
        BOOST_OUTCOME_TRY(const auto manager,
                          question_.names().text(store::Table::manager, item.manager));
        out.begin_object().key("at");
        write_instant(out, item.at);
        out.member("entity", item.entity).member("id", item.id).key("manager");
        write_text(out, manager);
        out.key("direction");
        write_word(out, item.direction);
        out.key("what");
        write_word(out, item.what);
        out.member("touch", item.touch).end_object();
        last = place;
        ++shown;
    }
    out.end_array().key("next_cursor");
    write_word(out, cursor);
    if (page_.count_exact) {
        out.member("total", total_);
    }
    BOOST_OUTCOME_TRY(write_meta(out, question_));
    out.end_object();
    return out.take();
}

/// The client of an id that the directory has, or that an entity names; nullopt: nobody has it.
base::Result<std::optional<kpi::Client>> find_client(Question& question, std::string_view id) {
    BOOST_OUTCOME_TRY(const auto ordinal, question.names().ordinal(store::Table::client, id));
    if (!ordinal) {
        return std::optional<kpi::Client>();
    }
    const kpi::Client client(*ordinal);
    if (question.company().directory->is_declared(client)) {
        return std::optional(client);
    }
    const std::string prefix =
        store::index_prefix(store::Index::client, question.company().ordinal, *ordinal);
    BOOST_OUTCOME_TRY(const auto key, question.rows().last_key(store::Family::index, prefix,
                                                               store::prefix_end(prefix)));
    return key ? std::optional(client) : std::nullopt;
}

}  // namespace

base::Result<std::string> client_timeline(const store::ReadView& view, std::string_view client_id,
                                          const Params& params, const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports,
                                                        {"day", "week", "month", "from", "until",
                                                         "limit", "cursor", "count"}));
    BOOST_OUTCOME_TRY(const Range range, question.range());
    BOOST_OUTCOME_TRY(const Page page, question.page("timeline/" + std::string(client_id)));
    BOOST_OUTCOME_TRY(const auto client, find_client(question, client_id));
    if (!client) {
        return base::Error(base::ErrorCode::not_found, "no such client");
    }
    Timeline timeline(question, *client, range, page);
    BOOST_OUTCOME_TRY(timeline.gather());
    return timeline.write(client_id);
}

}  // namespace query
