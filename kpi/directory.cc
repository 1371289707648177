#include "kpi/directory.h"

#include <algorithm>
#include <array>

#include "base/ensure.h"

namespace kpi {
namespace {

struct NamedKind {
    EndpointKind kind;
    std::string_view word;
};
constexpr std::array kinds_by_word{
    NamedKind{EndpointKind::extension, "extension"},
    NamedKind{EndpointKind::did, "did"},
    NamedKind{EndpointKind::mobile, "mobile"},
    NamedKind{EndpointKind::email, "email"},
    NamedKind{EndpointKind::calendar, "calendar"},
    NamedKind{EndpointKind::queue, "queue"},
    NamedKind{EndpointKind::ivr, "ivr"},
    NamedKind{EndpointKind::voicemail, "voicemail"},
    NamedKind{EndpointKind::trunk, "trunk"},
    NamedKind{EndpointKind::fax, "fax"},
};

/// Kinds whose addresses are compared in normal form.
constexpr EndpointKinds normalised_kinds = bit(EndpointKind::did) | bit(EndpointKind::mobile) |
                                           bit(EndpointKind::email) | bit(EndpointKind::calendar);

bool is_one_of(EndpointKind kind, EndpointKinds kinds) {
    return (bit(kind) & kinds) != 0;
}

// Which of two entries speaks: the later `from`, then the smaller id; what is still equal is told
// apart by the rest of the identity.
bool speaks_before(const ManagerEntry& a, const ManagerEntry& b) {
    return a.validity.from > b.validity.from;
}
bool speaks_before(const EndpointEntry& a, const EndpointEntry& b) {
    if (a.validity.from != b.validity.from) {
        return a.validity.from > b.validity.from;
    }
    if (a.manager_id != b.manager_id) {
        return a.manager_id < b.manager_id;
    }
    if (a.kind != b.kind) {
        return to_string(a.kind) < to_string(b.kind);
    }
    return a.address < b.address;
}
bool speaks_before(const ClientEntry& a, const ClientEntry& b) {
    return a.validity.from != b.validity.from ? a.validity.from > b.validity.from : a.id < b.id;
}

/// Puts `entry` into the list of `key`, or takes it out; no list is left empty.
template <class Index, class Key, class Entry>
void change(Index& index, const Key& key, const Entry& entry, bool in) {
    auto& list = index[key];
    std::erase(list, &entry);
    if (in) {
        const auto place =
            std::upper_bound(list.begin(), list.end(), &entry,
                             [](const Entry* a, const Entry* b) { return speaks_before(*a, *b); });
        list.insert(place, &entry);
    }
    if (list.empty()) {
        index.erase(key);
    }
}

template <class Index, class Key>
auto first_in_force(const Index& index, const Key& key, base::UtcMillis at) {
    typename Index::mapped_type::value_type found = nullptr;
    if (const auto list = index.find(key); list != index.end()) {
        const auto holds = [at](const auto* entry) { return entry->validity.holds(at); };
        const auto first = std::find_if(list->second.begin(), list->second.end(), holds);
        found = first != list->second.end() ? *first : nullptr;
    }
    return found;
}

}  // namespace

std::optional<EndpointKind> endpoint_kind_of(std::string_view word) {
    for (const NamedKind& one : kinds_by_word) {
        if (one.word == word) {
            return one.kind;
        }
    }
    return std::nullopt;
}

std::string_view to_string(EndpointKind kind) {
    for (const NamedKind& one : kinds_by_word) {
        if (one.kind == kind) {
            return one.word;
        }
    }
    ENSURE(false);
}

void Directory::name(Manager manager, base::UtcMillis from, bool in) {
    if (!manager) {
        return;
    }
    std::multiset<base::UtcMillis>& named = named_from_[manager];
    if (in) {
        named.insert(from);
    } else {
        named.erase(named.find(from));
    }
}

void Directory::put_manager(const ManagerEntry& entry, bool in) {
    change(by_manager_, entry.manager, entry, in);
}

void Directory::put_endpoint(const EndpointEntry& entry, bool in) {
    change(by_address_, entry.address, entry, in);
    if (is_one_of(entry.kind, normalised_kinds) && !entry.normalised.empty() &&
        entry.normalised != entry.address) {
        change(by_address_, entry.normalised, entry, in);
    }
    name(entry.manager, entry.validity.from, in);
}

void Directory::put_client(const ClientEntry& entry, bool in) {
    change(by_client_, entry.client, entry, in);
    for (const Subject phone : entry.phones) {
        change(by_phone_, phone, entry, in);
    }
    for (const Subject mail : entry.mails) {
        change(by_mail_, mail, entry, in);
    }
    name(entry.owner, entry.validity.from, in);
}

void Directory::put(const std::string& key, ManagerEntry entry) {
    erase(key);
    const auto stored = std::make_shared<const ManagerEntry>(std::move(entry));
    managers_[key] = stored;
    put_manager(*stored, true);
}

void Directory::put(const std::string& key, EndpointEntry entry) {
    erase(key);
    const auto stored = std::make_shared<const EndpointEntry>(std::move(entry));
    endpoints_[key] = stored;
    put_endpoint(*stored, true);
}

void Directory::put(const std::string& key, ClientEntry entry) {
    erase(key);
    const auto stored = std::make_shared<const ClientEntry>(std::move(entry));
    clients_[key] = stored;
    put_client(*stored, true);
}

void Directory::erase(const std::string& key) {
    if (const auto manager = managers_.find(key); manager != managers_.end()) {
        put_manager(*manager->second, false);
        managers_.erase(manager);
    }
    if (const auto endpoint = endpoints_.find(key); endpoint != endpoints_.end()) {
        put_endpoint(*endpoint->second, false);
        endpoints_.erase(endpoint);
    }
    if (const auto client = clients_.find(key); client != clients_.end()) {
        put_client(*client->second, false);
        clients_.erase(client);
    }
    calendars_.erase(key);
    norms_.erase(key);
}

const ManagerEntry* Directory::manager(Manager manager, base::UtcMillis at) const {
    return first_in_force(by_manager_, manager, at);
}

bool Directory::is_declared(Manager manager) const {
    return by_manager_.contains(manager);
}

Team Directory::team_of(Manager manager, base::UtcMillis at) const {
    const ManagerEntry* const entry = this->manager(manager, at);
    return entry != nullptr ? entry->team : Team{};
}

std::vector<const ManagerEntry*> Directory::managers() const {
    std::vector<const ManagerEntry*> all;
    all.reserve(managers_.size());
    for (const auto& [key, entry] : managers_) {
        all.push_back(entry.get());
    }
    return all;
}

std::vector<const EndpointEntry*> Directory::endpoints(std::string_view address,
                                                       std::string_view normalised,
                                                       base::UtcMillis at,
                                                       EndpointKinds kinds) const {
    std::vector<const EndpointEntry*> found;
    const auto collect = [&](std::string_view text, EndpointKinds wanted) {
        const auto list = by_address_.find(text);
        if (text.empty() || list == by_address_.end()) {
            return;
        }
        for (const EndpointEntry* const entry : list->second) {
            if (is_one_of(entry->kind, wanted) && entry->validity.holds(at)) {
                found.push_back(entry);
            }
        }
    };
    collect(address, kinds);
    if (normalised != address) {
        collect(normalised, kinds & normalised_kinds);
        std::sort(found.begin(), found.end(), [](const EndpointEntry* a, const EndpointEntry* b) {
            return speaks_before(*a, *b);
        });
        found.erase(std::unique(found.begin(), found.end()), found.end());
    }
    return found;
}

const EndpointEntry* Directory::endpoint(std::string_view address, std::string_view normalised,
                                         base::UtcMillis at, EndpointKinds kinds) const {
    const std::vector<const EndpointEntry*> found = endpoints(address, normalised, at, kinds);
    return found.empty() ? nullptr : found.front();
}

const EndpointEntry* Directory::mailbox(std::string_view mail, base::UtcMillis at,
                                        bool with_calendars) const {
    const EndpointKinds calendars = with_calendars ? bit(EndpointKind::calendar) : 0;
    return endpoint(mail, mail, at, bit(EndpointKind::email) | calendars);
}

std::vector<const ClientEntry*> Directory::clients_by_phone(Subject number,
                                                            base::UtcMillis at) const {
    std::vector<const ClientEntry*> found;
    if (const auto list = by_phone_.find(number); number && list != by_phone_.end()) {
        for (const ClientEntry* const entry : list->second) {
            if (entry->validity.holds(at)) {
                found.push_back(entry);
            }
        }
    }
    return found;
}

const ClientEntry* Directory::client_by_mail(Subject mail, base::UtcMillis at) const {
    return first_in_force(by_mail_, mail, at);
}

const ClientEntry* Directory::client(Client client, base::UtcMillis at) const {
    return first_in_force(by_client_, client, at);
}

bool Directory::is_declared(Client client) const {
    return by_client_.contains(client);
}

std::vector<const ClientEntry*> Directory::clients() const {
    std::vector<const ClientEntry*> all;
    all.reserve(clients_.size());
    for (const auto& [key, entry] : clients_) {
        all.push_back(entry.get());
    }
    return all;
}

Manager Directory::owner_of(Client client, base::UtcMillis at) const {
    const ClientEntry* const entry = this->client(client, at);
    return entry != nullptr ? entry->owner : Manager{};
}

Intervals Directory::employed(Manager manager) const {
    const auto entries = by_manager_.find(manager);
    if (entries == by_manager_.end()) {
        return {{base::since_ever, base::for_ever}};
    }
    Intervals times;
    for (const ManagerEntry* const entry : entries->second) {
        times.push_back({entry->validity.from, entry->validity.until});
    }
    return united(std::move(times));
}

std::optional<base::UtcMillis> Directory::first_named(Manager manager) const {
    const auto named = named_from_.find(manager);
    if (is_declared(manager) || named == named_from_.end() || named->second.empty()) {
        return std::nullopt;
    }
    return *named->second.begin();
}

}  // namespace kpi
