#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/int128.h"
#include "base/time.h"
#include "events/event.h"
#include "events/fingerprint.h"
#include "kpi/client_state.h"
#include "kpi/contribution.h"
#include "kpi/ids.h"
#include "kpi/missed_case.h"
#include "store/keys.h"

/// Values of the views: docs/view_keys.md. A value begins with its version; `encode` is
/// deterministic, so that equal states are equal bytes.
namespace store {

/// One delivery of an entity in force.
struct Observation {
    kpi::Source source;
    std::string event_source;  ///< CloudEvents `source`
    std::string id;            ///< CloudEvents `id`
    std::uint64_t offset = 0;  ///< of its first delivery
    base::UtcMillis received_at{};
    friend bool operator==(const Observation&, const Observation&) = default;
};

/// What verdicts need, and who delivered it: of a leg, or of any other entity.
struct Head {
    events::Revision revision;
    events::Fingerprint fingerprint;
    std::vector<kpi::Source> sources;       ///< distinct, rising
    std::vector<Observation> observations;  ///< the 8 bytewise smallest (event_source, id)
    bool voided = false;
    friend bool operator==(const Head&, const Head&) = default;
};
inline constexpr std::size_t observations_max = 8;

struct PartyRow {
    kpi::Subject number;  ///< normal form; 0 anonymous
    kpi::Subject text;    ///< as it came
    friend bool operator==(const PartyRow&, const PartyRow&) = default;
};

enum class LegKind : std::uint8_t { cdr = 1, call_event = 2, leg_event = 3 };

/// A leg as its source reported it.
struct LegRow {
    LegKind kind{};
    Head head;
    std::string native_id;                ///< linkedid, call_id
    std::string second_id;                ///< uniqueid; leg_id; empty of a call event
    std::string third_id;                 ///< sequence or weak key of a CDR row
    std::vector<std::string> linked_ids;  ///< of a leg event
    bool inside_call_event = false;       ///< one of `legs` of a call.v1: lives and dies with it
    PartyRow caller;                      ///< cdr: caller; events: `from`, or `remote` of a leg
    PartyRow called;                      ///< cdr: dialled; events: `to`, or `endpoint` of a leg
    kpi::Subject channel;                 ///< cdr: `PJSIP/101`
    kpi::Subject peer;                    ///< cdr; 0: an application
    std::string application;
    std::uint8_t direction = 0;  ///< kpi::Direction of an event, 0 of a CDR row
    base::UtcMillis started_at{};
    std::optional<base::UtcMillis> answered_at;
    std::optional<base::UtcMillis> ended_at;
    std::uint8_t result = 0;           ///< processors::LegResult
    std::int64_t billed_seconds = -1;  ///< cdr
    std::uint32_t quality = 0;         ///< kpi::QualitySet
    // of a call event
    std::uint8_t disposition = 0;  ///< kpi::Disposition, 0: not stated
    kpi::Manager manager;
    kpi::Subject endpoint;
    bool hung_up_by_caller = false;
    std::vector<std::string> tags;
    bool has_recording = false;
    std::string recording_state;
    std::optional<double> recording_seconds;
    friend bool operator==(const LegRow&, const LegRow&) = default;
};

/// A call: its legs that stand, and what was made of them. Key: the smallest correlation id. A call
/// that a void hit, or that no counted source brings, has `call.direction` 0: it is kept and never
/// shown.
struct CallRow {
    std::vector<LegRow> legs;
    kpi::AssembledCall call;
    std::vector<std::string> native_ids;  ///< all correlation ids, sorted
    friend bool operator==(const CallRow&, const CallRow&) = default;
};
/// An alias row: the native id of the call that a correlation id belongs to.
struct AliasRow {
    std::string native_id;
    friend bool operator==(const AliasRow&, const AliasRow&) = default;
};
/// Voided legs of one correlation id, kept to be judged.
struct VoidedLegsRow {
    std::vector<LegRow> legs;
    friend bool operator==(const VoidedLegsRow&, const VoidedLegsRow&) = default;
};

struct PaymentPart {
    std::string payment_id;
    base::UtcMillis received_at{};
    std::int64_t minor = 0;
    kpi::Currency currency{};
    bool refund = false;
    friend bool operator==(const PaymentPart&, const PaymentPart&) = default;
};

/// Mail, meeting, proposal, invoice, payment: facts that attribution reads, and what it decided.
struct ActivityRow {
    bool known = false;  ///< false: an invoice that only payments named so far
    Head head;
    base::UtcMillis at{};            ///< sent_at, starts_at, issued_at, received_at
    std::vector<kpi::Subject> from;  ///< mail: sender; meeting: organizer
    std::vector<kpi::Subject> to;    ///< mail: To; meeting: every attendee
    std::vector<kpi::Subject> cc;    ///< mail: Cc; meeting: accepted attendees
    std::string word;                ///< class; status of a meeting or invoice; kind of a payment
    std::string second_word;         ///< marker; kind of a meeting
    std::string thread;              ///< mail: root message id
    std::string native_id;           ///< shown id: message id, uid, proposal id, ledger/id
    kpi::Manager manager;            ///< named by the source
    kpi::Client client;              ///< named by the source
    std::string invoice_id;          ///< payment
    std::int64_t minor = 0;
    kpi::Currency currency{};
    std::vector<PaymentPart> payments;  ///< invoice: by (received_at, payment_id)
    // decided
    kpi::Client resolved_client;
    bool touch = false;  ///< mail: counts as a touch in its thread
    std::vector<kpi::Contribution> contributions;
    friend bool operator==(const ActivityRow&, const ActivityRow&) = default;
};

/// All voids of one target.
struct VoidRow {
    struct One {
        std::optional<std::uint64_t> revision;  ///< absent: for ever
        Head head;
        friend bool operator==(const One&, const One&) = default;
    };
    std::vector<One> voids;
    /// Hits `revision`?
    bool hits(std::uint64_t revision) const;
    friend bool operator==(const VoidRow&, const VoidRow&) = default;
};

/// An entity that is kept and gives no number: review, lead, deal, document, task.
struct KeptRow {
    Head head;
    friend bool operator==(const KeptRow&, const KeptRow&) = default;
};

/// A directory entry: its payload as the event said it, personal texts by ordinal.
struct DirectoryRow {
    Head head;
    std::string data;  ///< pb::Event with nothing but the data set
    struct PartyTexts {
        std::uint8_t kind = 0;
        kpi::Subject normalised;
        kpi::Subject raw;
        friend bool operator==(const PartyTexts&, const PartyTexts&) = default;
    };
    std::vector<PartyTexts> parties;
    friend bool operator==(const DirectoryRow&, const DirectoryRow&) = default;
};

using ClientPayment = kpi::ClientPayment;
struct ClientRow {
    std::vector<ClientPayment> payments;  ///< by key
    friend bool operator==(const ClientRow&, const ClientRow&) = default;
};

struct ThreadMail {
    base::UtcMillis at{};
    std::string message_id;
    kpi::Manager manager;
    friend auto operator<=>(const ThreadMail&, const ThreadMail&) = default;
};
struct ThreadRow {
    std::vector<ThreadMail> mails;  ///< sorted
    friend bool operator==(const ThreadRow&, const ThreadRow&) = default;
};

/// A missed case, and what resolved it: a call or a mail.
struct CaseRow {
    kpi::MissedCase missed;
    std::uint8_t resolver_kind = 0;  ///< events::Kind; 0: nothing did
    kpi::Scope resolver_scope;
    std::string resolver_native_id;
    friend bool operator==(const CaseRow&, const CaseRow&) = default;
};
/// The missed cases of one client or number.
struct CasesRow {
    struct Place {
        base::UtcMillis at{};  ///< of the first call
        std::string native_id;
        kpi::Scope scope;
        friend bool operator==(const Place&, const Place&) = default;
    };
    std::vector<Place> cases;  ///< in their order in time
    friend bool operator==(const CasesRow&, const CasesRow&) = default;
};

/// Additive measures of a cell. Do not renumber.
enum class Measure : std::uint8_t {
    // group calls
    calls_in = 0,
    calls_in_answered,
    calls_missed,
    calls_missed_after_hours,
    calls_out,
    calls_out_answered,
    calls_qualified,
    calls_qualified_in,
    calls_qualified_out,
    talk_ms,
    talk_in_ms,
    talk_out_ms,
    ring_ms,
    wait_ms,
    hold_ms,
    // how many participations gave to a duration: a row is there though a sum is 0, hold is null
    // without
    talk_count,
    talk_in_count,
    talk_out_count,
    ring_count,
    wait_count,
    hold_count,
    // reconciliation: managers credited, and whether the null row is, of calls, answered, missed
    calls_credited,
    calls_unattributed,
    answered_credited,
    answered_unattributed,
    missed_credited,
    missed_unattributed,
    // group activities
    emails_sent = 32,
    emails_received,
    meetings_scheduled,
    meetings_held,
    meetings_no_show,
    presentations_held,
    proposals_sent,
    touches,
    invoices_issued,
    invoices_paid,
    // group calls again: cases stand where their first calls do
    missed_cases = 42,
    callbacks_returned,
    callbacks_recovered,
    callbacks_expired,
    callback_ms,
    callback_count,  ///< cases that gave to it
    // group money: sums of minor units with their counts, by currency
    invoices_amount = 48,
    invoices_count,
    payments_amount,
    payments_count,
    refunds_amount,
    refunds_count,
    paid_amount,
    paid_count,
};
inline constexpr std::size_t measures_max = 64;
inline constexpr Group group_of(Measure measure) {
    const auto number = static_cast<std::uint8_t>(measure);
    const bool is_of_cases = measure >= Measure::missed_cases && measure <= Measure::callback_count;
    return number < 32 || is_of_cases ? Group::calls
           : number < 48              ? Group::activities
                                      : Group::money;
}

/// A cell: the measures that are not 0. Wide, because sums of money are.
class CellRow {
public:
    void add(Measure measure, base::Int128 value);
    /// Adds every measure of `other`.
    void add(const CellRow& other);
    base::Int128 get(Measure measure) const;
    bool is_empty() const { return bits_ == 0; }
    /// Bit n: the measure of number n is not 0.
    std::uint64_t bits() const { return bits_; }
    /// Shows the measures that are not 0, in the order of their numbers.
    template <class Visit>
    void visit(const Visit& show) const {
        std::size_t place = 0;
        for (std::uint64_t left = bits_; left != 0; left &= left - 1) {
            show(static_cast<Measure>(std::countr_zero(left)), values_[place++]);
        }
    }
    friend bool operator==(const CellRow&, const CellRow&) = default;

private:
    std::size_t place_of(Measure measure) const {
        const std::uint64_t below = (std::uint64_t{1} << static_cast<unsigned>(measure)) - 1;
        return static_cast<std::size_t>(std::popcount(bits_ & below));
    }
    std::uint64_t bits_ = 0;
    std::vector<base::Int128> values_;  ///< of the bits set, rising
};

/// Distinct members with the number of entities that gave each.
struct SetRow {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> members;  ///< rising
    void add(std::uint64_t member, std::int64_t times);
    friend bool operator==(const SetRow&, const SetRow&) = default;
};

struct QuarantineRow {
    kpi::Company company;
    kpi::Source source;
    std::string reason;
    std::string stage;  ///< map, fold
    std::string pointer;
    std::string detail;
    std::optional<std::string> file;
    std::optional<std::uint64_t> line;
    std::optional<std::uint64_t> byte;
    std::optional<std::uint64_t> index;
    base::UtcMillis received_at{};
    std::uint64_t bytes = 0;
    std::string state = "open";
    friend bool operator==(const QuarantineRow&, const QuarantineRow&) = default;
};

/// Counts of a source, outside the digest like the ledger.
struct SourceRow {
    std::uint64_t applied = 0;
    std::uint64_t duplicate = 0;
    std::uint64_t stale = 0;
    std::uint64_t quarantined = 0;
    std::optional<base::UtcMillis> last_received_at;
    std::optional<base::UtcMillis> newest_event_at;
    std::optional<base::UtcMillis> up_to;  ///< of its heartbeats
    friend bool operator==(const SourceRow&, const SourceRow&) = default;
};

struct Ledger {
    std::uint64_t applied = 0;
    std::uint64_t duplicate = 0;
    std::uint64_t stale = 0;
    std::uint64_t quarantined = 0;
    std::uint64_t sum() const { return applied + duplicate + stale + quarantined; }
    friend bool operator==(const Ledger&, const Ledger&) = default;
};

/// Offsets [from, until).
struct OffsetRange {
    std::uint64_t from = 0;
    std::uint64_t until = 0;
    friend bool operator==(const OffsetRange&, const OffsetRange&) = default;
};

/// Which records of a collector's own log are in the views, when the log that is folded is another
/// one. As a rule one range: a collector publishes in its order.
struct OriginRow {
    std::uint64_t log_id_high = 0;  ///< first eight bytes of the log id, big-endian
    std::uint64_t log_id_low = 0;
    std::vector<OffsetRange> seen;  ///< rising, apart from each other

    bool has(std::uint64_t offset) const;
    void add(std::uint64_t offset);
    friend bool operator==(const OriginRow&, const OriginRow&) = default;
};

/// meta row `position`: where the fold stands.
struct PositionRow {
    std::uint64_t first_offset = 0;  ///< of the log when this directory was begun
    std::uint64_t next_offset = 0;
    Ledger ledger;
    base::UtcMillis log_time{};
    std::vector<OriginRow> origins;  ///< by log id, rising
    friend bool operator==(const PositionRow&, const PositionRow&) = default;
};

/// Whatever moves entities already folded. Kept while a directory is being applied, and while its
/// work takes more than one write.
struct Dirt {
    enum class What : std::uint8_t {
        everything = 1,  ///< every entity in range: settings, calendars, mail domains
        manager = 2,     ///< who credits or names this manager
        subject = 3,     ///< who has this party
        client = 4,      ///< who belongs to this client
        marked = 5,      ///< mails marked as a proposal
    };
    What what{};
    std::uint64_t term = 0;  ///< company << 32 | ordinal (0 of everything and marked)
    base::UtcMillis from = base::since_ever;
    base::UtcMillis until = base::for_ever;
    friend auto operator<=>(const Dirt&, const Dirt&) = default;
};
/// meta row `job`, absent when there is nothing to do.
struct JobRow {
    bool bracket_open = false;  ///< between directory.begin and .applied: waits
    std::uint64_t offset = 0;   ///< of the record whose work this is
    std::vector<Dirt> dirt;     ///< sorted, distinct
    std::string cursor;         ///< index key of `dirt[0]` up to which the work is done
    std::uint64_t done = 0;
    friend bool operator==(const JobRow&, const JobRow&) = default;
};

/// Encoders and decoders. Decoding fails with `corrupt`: the row is damaged or of a newer program.
std::string encode(const CallRow& row);
std::string encode(const AliasRow& row);
std::string encode(const VoidedLegsRow& row);
std::string encode(const ActivityRow& row);
std::string encode(const VoidRow& row);
std::string encode(const KeptRow& row);
std::string encode(const DirectoryRow& row);
std::string encode(const ClientRow& row);
std::string encode(const ThreadRow& row);
std::string encode(const CaseRow& row);
std::string encode(const CasesRow& row);
std::string encode(const CellRow& row);
std::string encode(const SetRow& row);
std::string encode(const QuarantineRow& row);
std::string encode(const SourceRow& row);
std::string encode(const PositionRow& row);
std::string encode(const JobRow& row);

/// decode<CallRow>(bytes) ...
template <class Row>
base::Result<Row> decode(std::string_view bytes);
template <>
base::Result<CallRow> decode(std::string_view bytes);
template <>
base::Result<AliasRow> decode(std::string_view bytes);
template <>
base::Result<VoidedLegsRow> decode(std::string_view bytes);
template <>
base::Result<ActivityRow> decode(std::string_view bytes);
template <>
base::Result<VoidRow> decode(std::string_view bytes);
template <>
base::Result<KeptRow> decode(std::string_view bytes);
template <>
base::Result<DirectoryRow> decode(std::string_view bytes);
template <>
base::Result<ClientRow> decode(std::string_view bytes);
template <>
base::Result<ThreadRow> decode(std::string_view bytes);
template <>
base::Result<CaseRow> decode(std::string_view bytes);
template <>
base::Result<CasesRow> decode(std::string_view bytes);
template <>
base::Result<CellRow> decode(std::string_view bytes);
template <>
base::Result<SetRow> decode(std::string_view bytes);
template <>
base::Result<QuarantineRow> decode(std::string_view bytes);
template <>
base::Result<SourceRow> decode(std::string_view bytes);
template <>
base::Result<PositionRow> decode(std::string_view bytes);
template <>
base::Result<JobRow> decode(std::string_view bytes);

}  // namespace store
