#include "query/client_facts.h"

#include <algorithm>
#include <array>

#include "query/entity_scan.h"
#include "query/reading.h"

namespace query {
namespace {

base::Error damaged_key() {
    return {base::ErrorCode::corrupt, "a search key is damaged"};
}

/// The earliest instant of a search key under a term; nullopt when there is none.
base::Result<std::optional<base::UtcMillis>> earliest_of(const Question& question,
                                                         store::Index index, std::uint64_t term) {
    const std::string prefix = store::index_prefix(index, question.company().ordinal, term);
    BOOST_OUTCOME_TRY(const auto bytes, question.rows().last_key(store::Family::index, prefix,
                                                                 store::prefix_end(prefix)));
    store::IndexKey key;
    if (!bytes) {
        return std::optional<base::UtcMillis>();
    }
    if (!store::read_index_key(*bytes, key)) {
        return damaged_key();
    }
    return std::optional(key.at);
}

constexpr std::array contact_kinds{events::Kind::call, events::Kind::email, events::Kind::meeting,
                                   events::Kind::proposal};

bool may_be_contact(std::uint8_t kind) {
    return std::any_of(contact_kinds.begin(), contact_kinds.end(),
                       [kind](events::Kind one) { return store::kind_byte(one) == kind; });
}

bool gives(const std::vector<kpi::Contribution>& contributions, kpi::Kpi kpi) {
    return std::any_of(contributions.begin(), contributions.end(),
                       [kpi](const kpi::Contribution& one) { return one.kpi == kpi; });
}

/// The rows that search keys point to, in the order of `keys`; all are read at once.
base::Result<std::vector<std::optional<std::string>>> rows_of(
    const Question& question, const std::vector<const store::IndexKey*>& keys) {
    std::vector<std::pair<std::string, std::size_t>> places;
    places.reserve(keys.size());
    for (const store::IndexKey* const key : keys) {
        places.emplace_back(store::entity_key(entity_of(*key)).take(), places.size());
    }
    std::sort(places.begin(), places.end());
    std::vector<std::string_view> wanted;
    wanted.reserve(places.size());
    for (const auto& [key, place] : places) {
        wanted.emplace_back(key);
    }
    BOOST_OUTCOME_TRY(auto values, question.rows().get_many(store::Family::entity, wanted));
    std::vector<std::optional<std::string>> rows(keys.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        rows[places[i].second] = std::move(values[i]);
    }
    return rows;
}

/// What the entity is, to whom.
struct ClientContact {
    kpi::Client client;
    Contact contact = Contact::none;
};

/// Nobody's when there is no row, or it is of another instant than the search key.
base::Result<ClientContact> contact_at(const store::IndexKey& key,
                                       const std::optional<std::string>& bytes) {
    if (!bytes) {
        return ClientContact();
    }
    if (key.kind == store::kind_byte(events::Kind::call)) {
        BOOST_OUTCOME_TRY(const auto row, store::decode<store::CallRow>(*bytes));
        return row.call.started_at == key.at ? ClientContact{row.call.client, contact_of(row)}
                                             : ClientContact();
    }
    BOOST_OUTCOME_TRY(const auto row, store::decode<store::ActivityRow>(*bytes));
    return row.at == key.at ? ClientContact{row.resolved_client, contact_of(row)} : ClientContact();
}

/// Reads the contacts of some clients in rounds: of each that still needs some the next few keys,
/// then their rows all at once.
class ContactReader {
public:
    ContactReader(const Question& question, base::UtcMillis from, ContactDepth depth)
        : question_(question), from_(from), depth_(depth) {}

    base::Result<void> read(std::span<const kpi::Client> clients, base::UtcMillis at,
                            std::span<Contacts> out) {
        const kpi::Company company = question_.company().ordinal;
        std::vector<Pending> pending;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            const std::uint32_t term = clients[i].value();
            pending.push_back(
                {&out[i], clients[i], store::index_lower(store::Index::client, company, term, at),
                 store::prefix_end(store::index_prefix(store::Index::client, company, term))});
        }
        for (std::size_t keys_max = keys_first; !pending.empty(); keys_max *= keys_growth) {
            BOOST_OUTCOME_TRY(read_keys(pending, keys_max));
            BOOST_OUTCOME_TRY(read_rows(pending));
            std::erase_if(pending, [this](const Pending& one) { return is_done(one); });
        }
        return base::success();
    }

private:
    struct Pending {
        Contacts* out;
        kpi::Client client;
        std::string next;  ///< search key to go on at
        std::string end;
        std::vector<store::IndexKey> keys{};  ///< newest first; rows not read yet
        bool is_at_end = true;                ///< no keys behind `keys`
        std::optional<base::UtcMillis> oldest{};
    };
    static constexpr std::size_t keys_first = 4;
    static constexpr std::size_t keys_growth = 4;

    base::Result<void> read_keys(std::vector<Pending>& pending, std::size_t keys_max);
    base::Result<void> read_rows(std::vector<Pending>& pending);
    bool is_done(const Pending& one) const {
        const bool has_window =
            depth_ == ContactDepth::newest || (one.oldest && *one.oldest < from_);
        return one.is_at_end || (one.out->last_at && has_window);
    }

    const Question& question_;
    base::UtcMillis from_;
    ContactDepth depth_;
};

base::Result<void> ContactReader::read_keys(std::vector<Pending>& pending, std::size_t keys_max) {
    bool is_damaged = false;
    for (Pending& one : pending) {
        one.is_at_end = true;
        one.keys.clear();
    }
    auto at = pending.begin();
    const auto next_client = [&] {
        ++at;
        return at == pending.end() ? store::Next::end() : store::Next::from(at->next);
    };
    const auto visit = [&](std::string_view bytes, std::string_view) -> store::Next {
        while (at != pending.end() && bytes >= at->end) {
            ++at;
        }
        if (at == pending.end()) {
            return store::Next::end();
        }
        if (bytes < at->next) {
            return store::Next::from(at->next);
        }
        store::IndexKey key;
        if (!store::read_index_key(bytes, key)) {
            is_damaged = true;
            return store::Next::end();
        }
        if (at->keys.size() == keys_max) {
            at->next = bytes;
            at->is_at_end = false;
            return next_client();
        }
        at->oldest = key.at;
        if (may_be_contact(key.kind)) {
            at->keys.push_back(std::move(key));
        }
        return store::Next::row();
    };
    BOOST_OUTCOME_TRY(question_.rows().leap(store::Family::index, pending.front().next,
                                            pending.back().end, visit));
    return is_damaged ? base::Result<void>(damaged_key()) : base::success();
}

base::Result<void> ContactReader::read_rows(std::vector<Pending>& pending) {
    std::vector<const store::IndexKey*> keys;
    for (const Pending& one : pending) {
        for (const store::IndexKey& key : one.keys) {
            keys.push_back(&key);
        }
    }
    BOOST_OUTCOME_TRY(const auto rows, rows_of(question_, keys));
    auto row = rows.begin();
    for (const Pending& one : pending) {
        for (const store::IndexKey& key : one.keys) {
            const auto& bytes = *row++;
            const bool is_in_window = key.at >= from_ && depth_ == ContactDepth::window;
            if (one.out->last_at && !is_in_window) {
                continue;
            }
            BOOST_OUTCOME_TRY(const auto found, contact_at(key, bytes));
            if (found.client != one.client || found.contact == Contact::none) {
                continue;
            }
            one.out->last_at = one.out->last_at.value_or(key.at);
            one.out->touches += found.contact == Contact::touch && is_in_window ? 1U : 0U;
        }
    }
    return base::success();
}

/// Reads what the whole company did, slice by slice back in time.
class CompanyWalk {
public:
    CompanyWalk(const Question& question, std::span<const kpi::Client> clients,
                std::span<Contacts> out)
        : question_(question), clients_(clients), out_(out) {}

    /// False: the slice has more than is still allowed, and nothing was read of it.
    base::Result<bool> read(const Range& slice);

private:
    base::Result<bool> read_keys(const Range& slice, std::vector<store::IndexKey>& keys);

    static constexpr std::size_t entities_max = 20'000;

    const Question& question_;
    std::span<const kpi::Client> clients_;
    std::span<Contacts> out_;
    std::size_t entities_count_ = 0;
};

base::Result<bool> CompanyWalk::read_keys(const Range& slice, std::vector<store::IndexKey>& keys) {
    const kpi::Company company = question_.company().ordinal;
    for (const events::Kind kind : contact_kinds) {
        const std::uint8_t term = store::kind_byte(kind);
        const auto add = [&](std::string_view bytes, std::string_view) -> base::Result<bool> {
            store::IndexKey key;
            if (!store::read_index_key(bytes, key)) {
                return damaged_key();
            }
            keys.push_back(std::move(key));
            return ++entities_count_ <= entities_max;
        };
        BOOST_OUTCOME_TRY(
            scan_rows(question_.rows(), store::Family::index,
                      store::index_lower(store::Index::kind, company, term, slice.until),
                      store::index_upper(store::Index::kind, company, term, slice.from), add));
    }
    return entities_count_ <= entities_max;
}

base::Result<bool> CompanyWalk::read(const Range& slice) {
    std::vector<store::IndexKey> keys;
    BOOST_OUTCOME_TRY(const bool is_whole, read_keys(slice, keys));
    if (!is_whole) {
        return false;
    }
    std::vector<const store::IndexKey*> wanted;
    wanted.reserve(keys.size());
    for (const store::IndexKey& key : keys) {
        wanted.push_back(&key);
    }
    BOOST_OUTCOME_TRY(const auto rows, rows_of(question_, wanted));
    auto row = rows.begin();
    std::vector<std::optional<base::UtcMillis>> newest(clients_.size());
    for (const store::IndexKey& key : keys) {
        BOOST_OUTCOME_TRY(const auto found, contact_at(key, *row++));
        const auto client = std::lower_bound(clients_.begin(), clients_.end(), found.client);
        const bool is_asked = client != clients_.end() && *client == found.client;
        if (is_asked && found.contact != Contact::none) {
            auto& last = newest[static_cast<std::size_t>(client - clients_.begin())];
            last = std::max(last.value_or(key.at), key.at);
        }
    }
    for (std::size_t i = 0; i < newest.size(); ++i) {
        out_[i].last_at = out_[i].last_at ? out_[i].last_at : newest[i];
    }
    return true;
}

}  // namespace

base::Result<std::vector<ClientSeen>> clients_at(Question& question, base::UtcMillis at) {
    const kpi::Directory& directory = *question.company().directory;
    std::vector<ClientSeen> seen;
    for (const kpi::ClientEntry* const entry : directory.clients()) {
        if (entry->validity.holds(at) && directory.client(entry->client, at) == entry) {
            seen.push_back(
                {entry->client, entry->id, entry->name, entry->owner, entry->client_class});
        }
    }
    BOOST_OUTCOME_TRY(auto named, question.names().all(store::Table::client));
    for (auto& [ordinal, id] : named) {
        if (directory.is_declared(kpi::Client(ordinal))) {
            continue;
        }
        BOOST_OUTCOME_TRY(const auto first, earliest_of(question, store::Index::client, ordinal));
        if (first && *first <= at) {
            seen.push_back({kpi::Client(ordinal), std::move(id), {}, {}, {}});
        }
    }
    std::sort(seen.begin(), seen.end(),
              [](const ClientSeen& a, const ClientSeen& b) { return a.id < b.id; });
    return seen;
}

base::Result<std::vector<kpi::ClientLife>> lives_of(const Question& question,
                                                    std::span<const kpi::Client> clients,
                                                    base::UtcMillis at) {
    const kpi::ClientLimits limits = kpi::client_limits(question.company().settings->at(at));
    std::vector<std::string> keys;
    keys.reserve(clients.size());
    for (const kpi::Client client : clients) {
        keys.push_back(store::client_key(question.company().ordinal, client));
    }
    const std::vector<std::string_view> wanted(keys.begin(), keys.end());
    BOOST_OUTCOME_TRY(const auto rows, question.rows().get_many(store::Family::state, wanted));
    std::vector<kpi::ClientLife> lives;
    lives.reserve(clients.size());
    for (const auto& bytes : rows) {
        store::ClientRow row;
        if (bytes) {
            BOOST_OUTCOME_TRY(row, store::decode<store::ClientRow>(*bytes));
        }
        lives.emplace_back(row.payments, limits);
    }
    return lives;
}

base::Result<void> InvoiceFinder::find_earliest() {
    if (!is_read_) {
        BOOST_OUTCOME_TRY(earliest_, earliest_of(*question_, store::Index::kind,
                                                 store::kind_byte(events::Kind::invoice)));
        is_read_ = true;
    }
    return base::success();
}

base::Result<bool> InvoiceFinder::has_invoice(kpi::Client client, base::UtcMillis at) {
    BOOST_OUTCOME_TRY(find_earliest());
    if (!earliest_ || *earliest_ >= at) {
        return false;
    }
    const kpi::Company company = question_->company().ordinal;
    bool is_found = false;
    const auto visit = [&](std::string_view bytes, std::string_view) -> base::Result<bool> {
        store::IndexKey key;
        if (!store::read_index_key(bytes, key)) {
            return damaged_key();
        }
        if (key.kind == store::kind_byte(events::Kind::invoice)) {
            BOOST_OUTCOME_TRY(const auto row,
                              read_row<store::ActivityRow>(question_->rows(), store::Family::entity,
                                                           store::entity_key(entity_of(key))));
            is_found =
                row && row->known && row->at < at && row->client == client && row->word == "issued";
        }
        return !is_found;
    };
    BOOST_OUTCOME_TRY(scan_rows(
        question_->rows(), store::Family::index,
        store::index_lower(store::Index::client, company, client.value(), at),
        store::index_upper(store::Index::client, company, client.value(), *earliest_), visit));
    return is_found;
}

Contact contact_of(const store::CallRow& row) {
    const auto& all = row.call.participations;
    const bool may_be =
        std::any_of(all.begin(), all.end(), [](const auto& one) { return one.touch; });
    return may_be && gives(kpi::contributions(row.call), kpi::Kpi::touches) ? Contact::touch
                                                                            : Contact::none;
}

Contact contact_of(const store::ActivityRow& row) {
    if (gives(row.contributions, kpi::Kpi::touches)) {
        return Contact::touch;
    }
    return gives(row.contributions, kpi::Kpi::emails_received) ? Contact::inbound_mail
                                                               : Contact::none;
}

base::Result<std::vector<Contacts>> contacts_of(const Question& question,
                                                std::span<const kpi::Client> clients,
                                                base::UtcMillis from, base::UtcMillis at,
                                                ContactDepth depth) {
    constexpr std::size_t clients_at_once = 1'024;  // so many rows are held
    std::vector<Contacts> contacts(clients.size());
    ContactReader reader(question, from, depth);
    for (std::size_t done = 0; done < clients.size(); done += clients_at_once) {
        const std::size_t count = std::min(clients_at_once, clients.size() - done);
        BOOST_OUTCOME_TRY(reader.read(clients.subspan(done, count), at,
                                      std::span(contacts).subspan(done, count)));
    }
    return contacts;
}

base::Result<std::vector<Contacts>> newest_contacts(const Question& question,
                                                    std::span<const kpi::Client> clients,
                                                    base::UtcMillis at, base::UtcMillis older_than,
                                                    std::size_t enough) {
    constexpr base::Millis slice_min = std::chrono::hours(6);
    constexpr base::Millis slice_max = std::chrono::days(365);
    std::vector<Contacts> contacts(clients.size());
    CompanyWalk walk(question, clients, contacts);
    base::UtcMillis until = at;
    for (base::Millis length = slice_min; length < slice_max; length *= 2) {
        BOOST_OUTCOME_TRY(const bool is_read, walk.read({until - length, until}));
        if (!is_read) {
            break;
        }
        until -= length;
        const auto found = std::count_if(contacts.begin(), contacts.end(), [&](const auto& one) {
            return one.last_at && *one.last_at < older_than;
        });
        if (static_cast<std::size_t>(found) >= enough) {
            return contacts;
        }
    }
    std::vector<kpi::Client> left;
    for (std::size_t i = 0; i < clients.size(); ++i) {
        if (!contacts[i].last_at) {
            left.push_back(clients[i]);
        }
    }
    BOOST_OUTCOME_TRY(const auto rest,
                      contacts_of(question, left, until, until, ContactDepth::newest));
    auto next = rest.begin();
    for (Contacts& one : contacts) {
        one = one.last_at ? one : *next++;
    }
    return contacts;
}

}  // namespace query
