#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "kpi/client_state.h"
#include "query/question.h"
#include "store/keys.h"
#include "store/rows.h"

/// What is known of clients at an instant: read from their payments and from their own search keys,
/// never from all that the company did.
namespace query {

/// A client as the directory shows it at some instant.
struct ClientSeen {
    kpi::Client client;
    std::string id;
    kpi::Subject name;         ///< 0: never declared, or without a name
    kpi::Manager owner;        ///< 0: nobody's
    std::string client_class;  ///< empty: none
};

/// The clients in force at `at`, by id. One never declared is in force, without owner and class,
/// from the first instant at which an entity names it (domain.md 3).
///
/// Errors: those of the store. Cost: one look-up for each client never declared.
base::Result<std::vector<ClientSeen>> clients_at(Question& question, base::UtcMillis at);

/// The lives of these clients (sorted by ordinal), in their order, judged by the settings in force
/// at `at`.
base::Result<std::vector<kpi::ClientLife>> lives_of(const Question& question,
                                                    std::span<const kpi::Client> clients,
                                                    base::UtcMillis at);

/// Whether an invoice that stands, and is not voided, was issued to the client before `at`.
class InvoiceFinder {
public:
    /// Lifetime: the question must outlive it.
    explicit InvoiceFinder(const Question& question) : question_(&question) {}
    base::Result<bool> has_invoice(kpi::Client client, base::UtcMillis at);

private:
    base::Result<void> find_earliest();

    const Question* question_;
    bool is_read_ = false;
    std::optional<base::UtcMillis> earliest_;  ///< of any client; no search key is older
};

/// What an entity is to its client: domain.md 6, touch.
enum class Contact : std::uint8_t { none, inbound_mail, touch };
Contact contact_of(const store::CallRow& row);
Contact contact_of(const store::ActivityRow& row);

/// Contact with one client before some instant.
struct Contacts {
    /// The newest touch or human mail of the client's.
    std::optional<base::UtcMillis> last_at;
    /// Touches of all channels in the window before the instant; an entity counts once.
    std::uint64_t touches = 0;
};

/// How far back the contacts of a client are read.
enum class ContactDepth : std::uint8_t {
    newest,  ///< only until `last_at` is known; `touches` means nothing
    window,  ///< also everything since `from`
};

/// The contacts of these clients (sorted by ordinal, each once), in their order, of [`from`,
/// `at`) and for `last_at` also before.
///
/// Cost: of each client its newest search keys and their rows, four at first and more only while
/// none of them was a contact.
base::Result<std::vector<Contacts>> contacts_of(const Question& question,
                                                std::span<const kpi::Client> clients,
                                                base::UtcMillis from, base::UtcMillis at,
                                                ContactDepth depth);

/// As `contacts_of` with `newest`, but sure only of those who stand first when the clients are put
/// in the order of their newest contact: of `enough` whose contact is before `older_than`. Of the
/// others `last_at` may be absent.
///
/// Cost: what the company did lately, until enough clients are found in it; of those who are not
/// found in the latest 20,000 entities, that of `contacts_of`.
base::Result<std::vector<Contacts>> newest_contacts(const Question& question,
                                                    std::span<const kpi::Client> clients,
                                                    base::UtcMillis at, base::UtcMillis older_than,
                                                    std::size_t enough);

}  // namespace query
