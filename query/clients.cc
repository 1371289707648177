#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "query/answers.h"
#include "query/client_facts.h"
#include "query/meta.h"
#include "query/value_text.h"
#include "query/working_days.h"
#include "store/bytes.h"

namespace query {
namespace {

using kpi::ClientState;

enum class Sort : std::uint8_t { id, name, last_touch, days_since_touch, touches };

base::Result<Sort> sort_of(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, Sort>, 5> words{
        {{"", Sort::id},
         {"name", Sort::name},
         {"-last_touch", Sort::last_touch},
         {"-days_since_touch", Sort::days_since_touch},
         {"-touches", Sort::touches}}};
    const auto* const found = std::find_if(words.begin(), words.end(),
                                           [&](const auto& one) { return one.first == word; });
    if (found == words.end()) {
        return bad_question("sort: name, -last_touch, -days_since_touch or -touches");
    }
    return found->second;
}

/// Which states a list is narrowed to; empty: any.
base::Result<std::vector<ClientState>> states_of(std::string_view words) {
    static constexpr std::array existing{ClientState::active, ClientState::sleeping,
                                         ClientState::lost, ClientState::reactivated};
    std::vector<ClientState> states;
    for (const std::string& word : words_of(words)) {
        if (word == "existing") {
            states.insert(states.end(), existing.begin(), existing.end());
            continue;
        }
        const auto state = kpi::client_state_of(word);
        if (!state) {
            return bad_question("state: lead, new, active, sleeping, lost, reactivated, existing");
        }
        states.push_back(*state);
    }
    return states;
}

struct ClientFilter {
    std::vector<ClientState> states;
    std::optional<std::uint32_t> owner;
    std::optional<std::string> client_class;

    static base::Result<ClientFilter> read(Question& question) {
        ClientFilter filter;
        BOOST_OUTCOME_TRY(filter.states, states_of(question.param("state")));
        BOOST_OUTCOME_TRY(filter.owner, question.filter("owner", store::Table::manager));
        if (const std::string_view word = question.param("class"); !word.empty()) {
            filter.client_class = word == "none" ? "" : word;
        }
        return filter;
    }
    bool takes(const ClientSeen& client) const {
        return (!owner || client.owner.value() == *owner) &&
               (!client_class || client.client_class == *client_class);
    }
    /// Whether who has no payment is told apart by invoices.
    bool is_of_invoices() const {
        return !states.empty() && takes(ClientState::lead) != takes(ClientState::fresh);
    }
    bool takes(ClientState state) const {
        return states.empty() || std::find(states.begin(), states.end(), state) != states.end();
    }
};

/// A client of the list with what is known of it so far.
struct Item {
    ClientSeen seen;
    std::string place{};  ///< in the order of the list
    std::optional<ClientState> state{};
    std::optional<base::UtcMillis> first_payment_at{};
    Contacts contacts{};
};

/// Reads one page of the list. What only the page shows is read for the page alone; what decides
/// who is on it, for all.
class ClientList {
public:
    ClientList(Question& question, ClientFilter filter, Sort sort, Page page)
        : question_(question),
          filter_(std::move(filter)),
          sort_(sort),
          page_(std::move(page)),
          invoices_(question) {}

    base::Result<void> gather();
    base::Result<std::string> write();

private:
    base::Result<void> choose_instant();
    base::Result<void> read_states(bool with_invoices);
    base::Result<void> read_contacts(ContactDepth depth);
    base::Result<void> sort_items();
    base::Result<void> cut_page();
    base::Result<std::string> place_of(const Item& item);
    /// Whether the norm of touches for its class is exceeded; nullopt: there is none.
    std::optional<bool> is_overdue(const ClientSeen& seen, std::optional<base::UtcMillis> last,
                                   const WorkingDays& days) const;
    base::Result<void> write_item(base::JsonWriter& out, const Item& item, WorkingDays& days);
    std::string cursor_behind(const Item& item) const;
    std::vector<kpi::Client> by_ordinal();

    Question& question_;
    ClientFilter filter_;
    Sort sort_;
    Page page_;
    InvoiceFinder invoices_;
    base::UtcMillis at_{};
    std::string after_;  ///< place, of `name` the id, behind which the page begins
    std::vector<Item> items_;
    std::size_t total_ = 0;
    std::string cursor_;
};

/// All pages of a list judge the same instant: the first one's, which the cursor carries.
base::Result<void> ClientList::choose_instant() {
    at_ = question_.view().position.log_time;
    if (!question_.param("at").empty()) {
        BOOST_OUTCOME_TRY(at_, question_.moment("at"));
    }
    if (!page_.after.empty()) {
        store::KeyReader reader(page_.after);
        at_ = base::from_ms(reader.i64());
        after_ = reader.rest();
        const Range instants{base::from_ms(0), *kpi::parse_instant("9999-12-31T23:59:59Z")};
        const bool is_instant = instants.holds(at_) || !question_.param("at").empty();
        if (!reader.ok() || !is_instant || after_.empty()) {
            return bad_question("cursor: not one of this question");
        }
    }
    return base::success();
}

base::Result<void> ClientList::gather() {
    BOOST_OUTCOME_TRY(choose_instant());
    BOOST_OUTCOME_TRY(auto seen, clients_at(question_, at_));
    for (ClientSeen& client : seen) {
        if (filter_.takes(client)) {
            items_.push_back({std::move(client)});
        }
    }
    if (!filter_.states.empty()) {
        BOOST_OUTCOME_TRY(read_states(filter_.is_of_invoices()));
        std::erase_if(items_, [this](const Item& item) { return !filter_.takes(*item.state); });
    }
    const bool by_touches = sort_ == Sort::touches;
    if (by_touches || sort_ == Sort::last_touch || sort_ == Sort::days_since_touch) {
        BOOST_OUTCOME_TRY(read_contacts(by_touches ? ContactDepth::window : ContactDepth::newest));
    }
    BOOST_OUTCOME_TRY(sort_items());
    total_ = items_.size();
    BOOST_OUTCOME_TRY(cut_page());
    BOOST_OUTCOME_TRY(read_states(true));
    if (!by_touches) {
        BOOST_OUTCOME_TRY(read_contacts(ContactDepth::window));
    }
    return base::success();
}

/// The clients of the items, which are put into the order of their ordinals: that of their rows.
std::vector<kpi::Client> ClientList::by_ordinal() {
    std::sort(items_.begin(), items_.end(),
              [](const Item& a, const Item& b) { return a.seen.client < b.seen.client; });
    std::vector<kpi::Client> clients;
    clients.reserve(items_.size());
    for (const Item& item : items_) {
        clients.push_back(item.seen.client);
    }
    return clients;
}

base::Result<void> ClientList::read_states(bool with_invoices) {
    const std::vector<kpi::Client> clients = by_ordinal();
    BOOST_OUTCOME_TRY(const auto lives, lives_of(question_, clients, at_));
    for (std::size_t i = 0; i < items_.size(); ++i) {
        bool has_invoice = false;
        if (with_invoices && !lives[i].is_existing(at_)) {
            BOOST_OUTCOME_TRY(has_invoice, invoices_.has_invoice(clients[i], at_));
        }
        items_[i].state = lives[i].state_at(at_, has_invoice);
        items_[i].first_payment_at = lives[i].first_payment_before(at_);
    }
    return base::success();
}

base::Result<void> ClientList::read_contacts(ContactDepth depth) {
    const std::vector<kpi::Client> clients = by_ordinal();
    const kpi::Settings settings = question_.company().settings->at(at_);
    const base::UtcMillis from = at_ - std::chrono::days(settings.in_work_days);
    // By the newest contact a page needs no more than the clients that stand before its end.
    store::KeyReader after(after_);
    const bool is_behind_all = !after_.empty() && after.u8() != 0;
    const bool is_head =
        sort_ == Sort::last_touch && depth == ContactDepth::newest && page_.limit && !is_behind_all;
    const base::UtcMillis older_than =
        after_.empty() ? base::for_ever : base::from_ms(after.descending());
    BOOST_OUTCOME_TRY(const auto contacts,
                      is_head ? newest_contacts(question_, clients, at_, older_than,
                                                static_cast<std::size_t>(*page_.limit) + 1)
                              : contacts_of(question_, clients, from, at_, depth));
    for (std::size_t i = 0; i < items_.size(); ++i) {
        items_[i].contacts = contacts[i];
    }
    return base::success();
}

base::Result<std::string> ClientList::place_of(const Item& item) {
    store::KeyWriter place;
    const auto& last = item.contacts.last_at;
    switch (sort_) {
        case Sort::id: break;
        case Sort::name: {
            BOOST_OUTCOME_TRY(const auto name,
                              question_.names().text(store::Table::subject, item.seen.name));
            place.u8(name ? 0 : 1).text(name.value_or(""));
            break;
        }
        case Sort::last_touch:
            place.u8(last ? 0 : 1).descending(last ? base::to_ms(*last) : 0);
            break;
        case Sort::days_since_touch:
            place.u8(last ? 0 : 1).i64(last ? base::to_ms(*last) : 0);
            break;
        case Sort::touches:
            place.descending(static_cast<std::int64_t>(item.contacts.touches));
            break;
    }
    return place.text(item.seen.id).take();
}

base::Result<void> ClientList::sort_items() {
    if (sort_ == Sort::name) {
        std::vector<std::pair<store::Table, std::uint32_t>> names;
        for (const Item& item : items_) {
            names.emplace_back(store::Table::subject, item.seen.name.value());
        }
        BOOST_OUTCOME_TRY(question_.names().read(names));
    }
    for (Item& item : items_) {
        BOOST_OUTCOME_TRY(item.place, place_of(item));
    }
    std::sort(items_.begin(), items_.end(),
              [](const Item& a, const Item& b) { return a.place < b.place; });
    return base::success();
}

/// A cursor is part of URLs, so it never holds a name: of that order it holds the id.
std::string ClientList::cursor_behind(const Item& item) const {
    store::KeyWriter position;
    position.i64(base::to_ms(at_)).raw(sort_ == Sort::name ? item.seen.id : item.place);
    return question_.cursor("clients", position.bytes());
}

base::Result<void> ClientList::cut_page() {
    if (!after_.empty()) {
        std::string place = after_;
        if (sort_ == Sort::name) {
            const auto last = std::find_if(items_.begin(), items_.end(), [this](const Item& item) {
                return item.seen.id == after_;
            });
            if (last == items_.end()) {
                return bad_question("cursor: its client is no longer in the list; begin anew");
            }
            place = last->place;
        }
        std::erase_if(items_, [&](const Item& item) { return item.place <= place; });
    }
    if (page_.limit && items_.size() > *page_.limit) {
        items_.resize(*page_.limit);
        cursor_ = cursor_behind(items_.back());
    }
    return base::success();
}

std::optional<bool> ClientList::is_overdue(const ClientSeen& seen,
                                           std::optional<base::UtcMillis> last,
                                           const WorkingDays& days) const {
    const kpi::Directory& directory = *question_.company().directory;
    const kpi::ManagerEntry* const owner = directory.manager(seen.owner, at_);
    const kpi::Whom whom{seen.owner, owner == nullptr ? std::string_view() : owner->role,
                         owner == nullptr ? kpi::Team() : owner->team};
    const kpi::NormEntry* const norm =
        seen.client_class.empty() ? nullptr
                                  : directory.norms().of_touches(whom, seen.client_class, at_);
    if (norm == nullptr || norm->value.num == 0) {
        return std::nullopt;
    }
    if (!last) {
        return true;
    }
    // More days than the norm leaves between two touches.
    return days.days_since(*last) * norm->value.num > kpi::days_of(norm->per) * norm->value.den;
}

base::Result<void> ClientList::write_item(base::JsonWriter& out, const Item& item,
                                          WorkingDays& days) {
    Names& names = question_.names();
    const ClientSeen& seen = item.seen;
    BOOST_OUTCOME_TRY(const auto name, names.text(store::Table::subject, seen.name));
    BOOST_OUTCOME_TRY(const auto owner, names.text(store::Table::manager, seen.owner));
    out.begin_object().member("id", seen.id).key("name");
    write_text(out, name);
    out.key("owner");
    write_text(out, owner);
    out.key("class");
    write_word(out, seen.client_class);
    out.member("state", kpi::to_string(*item.state)).key("first_payment_at");
    write_instant(out, item.first_payment_at);
    out.key("last_touch_at");
    write_instant(out, item.contacts.last_at);
    const auto write_days = [&out](std::string_view key, std::optional<std::int64_t> count) {
        out.key(key);
        if (count) {
            out.value(*count);
        } else {
            out.null();
        }
    };
    const auto& last = item.contacts.last_at;
    write_days("days_since_touch", last ? std::optional(days.days_since(*last)) : std::nullopt);
    out.member("touches", item.contacts.touches);
    out.member("in_work", seen.owner && item.contacts.touches > 0);
    write_days("working_days_since_touch",
               last ? days.working_days_since(*last, seen.owner) : std::nullopt);
    out.key("overdue");
    if (const auto overdue = is_overdue(seen, last, days)) {
        out.value(*overdue);
    } else {
        out.null();
    }
    out.end_object();
    return base::success();
}

base::Result<std::string> ClientList::write() {
    std::vector<std::pair<store::Table, std::uint32_t>> names;
    for (Item& item : items_) {
        names.emplace_back(store::Table::subject, item.seen.name.value());
        names.emplace_back(store::Table::manager, item.seen.owner.value());
    }
    BOOST_OUTCOME_TRY(question_.names().read(names));
    std::sort(items_.begin(), items_.end(),
              [](const Item& a, const Item& b) { return a.place < b.place; });
    WorkingDays days(*question_.company().directory, question_.settings().zone, at_);
    base::JsonWriter out;
    out.begin_object().key("clients").begin_array();
    for (const Item& item : items_) {
        BOOST_OUTCOME_TRY(write_item(out, item, days));
    }
    out.end_array().key("next_cursor");
    write_word(out, cursor_);
    if (page_.count_exact) {
        out.member("total", total_);
    }
    out.key("at");
    write_instant(out, at_);
    BOOST_OUTCOME_TRY(write_meta(out, question_));
    out.end_object();
    return out.take();
}

}  // namespace

base::Result<std::string> clients(const store::ReadView& view, const Params& params,
                                  const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports,
                                                        {"state", "owner", "class", "at", "sort",
                                                         "limit", "cursor", "count"}));
    BOOST_OUTCOME_TRY(ClientFilter filter, ClientFilter::read(question));
    BOOST_OUTCOME_TRY(const Sort sort, sort_of(question.param("sort")));
    BOOST_OUTCOME_TRY(Page page, question.page("clients"));
    ClientList list(question, std::move(filter), sort, std::move(page));
    BOOST_OUTCOME_TRY(list.gather());
    return list.write();
}

}  // namespace query
