#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "kpi/calendars.h"
#include "kpi/ids.h"
#include "kpi/intervals.h"
#include "kpi/local_time.h"
#include "kpi/norms.h"
#include "kpi/validity.h"

namespace kpi {

enum class EndpointKind : std::uint8_t {
    extension = 1,
    did = 2,
    mobile = 3,
    email = 4,
    calendar = 5,
    queue = 6,
    ivr = 7,
    voicemail = 8,
    trunk = 9,
    fax = 10,
};
std::optional<EndpointKind> endpoint_kind_of(std::string_view word);
std::string_view to_string(EndpointKind kind);
using EndpointKinds = std::uint32_t;  ///< set of bits 1 << kind
inline constexpr EndpointKinds bit(EndpointKind kind) {
    return 1U << static_cast<unsigned>(kind);
}
/// extension, did, mobile: a human being answers there.
inline constexpr EndpointKinds human_endpoints =
    bit(EndpointKind::extension) | bit(EndpointKind::did) | bit(EndpointKind::mobile);

struct ManagerEntry {
    Manager manager;
    std::string id;
    std::string name;
    std::string role;
    Team team;
    std::optional<Zone> zone;  ///< of his working day; absent: the company's
    Validity validity;
};
struct EndpointEntry {
    EndpointKind kind{};
    std::string address;
    std::string normalised;  ///< of did, mobile, email, calendar: compared instead of `address`
    Manager manager;
    std::string manager_id;
    Team team;
    Validity validity;
};
struct ClientEntry {
    Client client;
    std::string id;
    Subject name;
    Manager owner;
    std::string client_class;     ///< empty: none
    std::vector<Subject> phones;  ///< numbers in normal form
    std::vector<Subject> mails;
    Validity validity;
};
/// Who and whose, at an instant, of one company. A plain value; of several entries in force the one
/// with the latest `from` speaks, then the smaller manager id (client id, calendar id).
///
/// Source: domain.md 3, endpoint registry, client of a call; architecture.md, decision 10.
class Directory {
public:
    void set_zone(Zone zone) { zone_ = zone; }
    const Zone& zone() const { return zone_; }

    /// An entry of an identity replaces the former one; `erase_*` takes it out. The key is the
    /// entry's row key: it names the identity and nothing else.
    void put(const std::string& key, ManagerEntry entry);
    void put(const std::string& key, EndpointEntry entry);
    void put(const std::string& key, ClientEntry entry);
    void put(const std::string& key, CalendarEntry entry) { calendars_.put(key, std::move(entry)); }
    void put(const std::string& key, AbsenceEntry entry) { calendars_.put(key, entry); }
    void put(const std::string& key, NormEntry entry) { norms_.put(key, std::move(entry)); }
    void erase(const std::string& key);

    /// The entry of `manager` in force at `at`; nullptr when there is none.
    const ManagerEntry* manager(Manager manager, base::UtcMillis at) const;
    bool is_declared(Manager manager) const;
    /// Team of the manager then; 0 when unknown.
    Team team_of(Manager manager, base::UtcMillis at) const;
    /// Every manager entry, for answers; in no promised order.
    std::vector<const ManagerEntry*> managers() const;

    /// All entries of this address in force at `at`, of these kinds, the one that speaks first. An
    /// address matches as it stands, of did and mobile also in normal form, of email and calendar
    /// by normal form. `normalised`: the normal form of `address`, when the caller has one.
    std::vector<const EndpointEntry*> endpoints(std::string_view address,
                                                std::string_view normalised, base::UtcMillis at,
                                                EndpointKinds kinds) const;
    const EndpointEntry* endpoint(std::string_view address, std::string_view normalised,
                                  base::UtcMillis at, EndpointKinds kinds) const;

    /// The registered mailbox of `mail` (normal form), with the calendars of that address.
    const EndpointEntry* mailbox(std::string_view mail, base::UtcMillis at,
                                 bool with_calendars) const;

    std::vector<const ClientEntry*> clients_by_phone(Subject number, base::UtcMillis at) const;
    const ClientEntry* client_by_mail(Subject mail, base::UtcMillis at) const;
    const ClientEntry* client(Client client, base::UtcMillis at) const;
    bool is_declared(Client client) const;
    /// Every client entry, for answers; in no promised order.
    std::vector<const ClientEntry*> clients() const;
    /// Whose client it was then; 0 when nobody's.
    Manager owner_of(Client client, base::UtcMillis at) const;

    const Calendars& calendars() const { return calendars_; }
    const Norms& norms() const { return norms_; }
    /// When a manager is employed: of one without any entry always.
    Intervals employed(Manager manager) const;

    /// Of a manager without entry: the earliest instant at which an endpoint or a client names him;
    /// nullopt when none does, or when he is declared.
    std::optional<base::UtcMillis> first_named(Manager manager) const;

private:
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    /// Entries by row key. Never changed once they are in, so copies of a directory share them.
    template <class Entry>
    using Entries = std::map<std::string, std::shared_ptr<const Entry>>;

    void put_manager(const ManagerEntry& entry, bool in);
    void put_endpoint(const EndpointEntry& entry, bool in);
    void put_client(const ClientEntry& entry, bool in);
    void name(Manager manager, base::UtcMillis from, bool in);

    Zone zone_ = Zone::utc();
    Entries<ManagerEntry> managers_;
    Entries<EndpointEntry> endpoints_;
    Entries<ClientEntry> clients_;
    Calendars calendars_;
    Norms norms_;
    // What points to an entry; in each list the one that speaks stands first.
    std::unordered_map<Manager, std::vector<const ManagerEntry*>> by_manager_;
    std::unordered_map<std::string, std::vector<const EndpointEntry*>, TextHash, std::equal_to<>>
        by_address_;
    std::unordered_map<Client, std::vector<const ClientEntry*>> by_client_;
    std::unordered_map<Subject, std::vector<const ClientEntry*>> by_phone_;
    std::unordered_map<Subject, std::vector<const ClientEntry*>> by_mail_;
    std::unordered_map<Manager, std::multiset<base::UtcMillis>> named_from_;
};

}  // namespace kpi
