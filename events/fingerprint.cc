// The numbers below are frozen: they are hashed. Each is the field's number in normwatch.proto,
// each function one row of the table in docs/event_format.md, "Fingerprint". A field that is added
// to a message later is never added here: events of before and after must compare equal.
#include "events/fingerprint.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace events {
namespace {

/// Big-endian bytes of what is hashed.
class Bytes {
public:
    void number(std::uint64_t value, unsigned bytes) {
        for (unsigned shift = bytes * 8; shift > 0; shift -= 8) {
            text_ += static_cast<char>((value >> (shift - 8)) & 0xFFU);
        }
    }
    /// Length, then the bytes: an item of a list.
    void item(std::string_view bytes) {
        number(bytes.size(), 4);
        text_ += bytes;
    }
    /// Field number, length, bytes.
    void field(unsigned field_number, std::string_view bytes) {
        number(field_number, 2);
        item(bytes);
    }
    bool empty() const { return text_.empty(); }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string big_endian(std::uint64_t value) {
    Bytes bytes;
    bytes.number(value, 8);
    return bytes.text();
}

/// Facts and, apart, parties of one message, field by field.
class Fields {
public:
    explicit Fields(std::span<const std::uint64_t> subjects) : subjects_(subjects) {}

    void text(unsigned field, std::string_view value) {
        if (!value.empty()) {
            facts_.field(field, value);
        }
    }
    void integer(unsigned field, std::int64_t value) {
        facts_.field(field, big_endian(static_cast<std::uint64_t>(value)));
    }
    void integer(unsigned field, bool is_set, std::int64_t value) {
        if (is_set) {
            integer(field, value);
        }
    }
    void flag(unsigned field, bool value) { integer(field, value, 1); }
    void real(unsigned field, bool is_set, double value) {
        if (is_set) {  // + 0.0 makes one zero of the two
            facts_.field(field, big_endian(std::bit_cast<std::uint64_t>(value + 0.0)));
        }
    }
    void moment(unsigned field, bool is_set, const pb::Moment& value) {
        if (!is_set || value.value_case() == pb::Moment::VALUE_NOT_SET) {
            return;
        }
        const bool is_date = value.value_case() == pb::Moment::kDate;
        facts_.field(field, is_date ? "d" + value.date()
                                    : "i" + big_endian(static_cast<std::uint64_t>(value.at())));
    }
    void money(unsigned field, bool is_set, const pb::Money& value) {
        if (is_set) {
            facts_.field(field,
                         big_endian(static_cast<std::uint64_t>(value.minor())) + value.currency());
        }
    }
    template <class Texts>
    void texts(unsigned field, const Texts& values) {
        list(facts_, field, {values.begin(), values.end()});
    }
    template <class Map>
    void numbers_by_name(unsigned field, const Map& map) {
        std::vector<std::string> items;
        for (const auto& [name, value] : map) {
            Bytes item;
            item.item(name);
            item.number(static_cast<std::uint64_t>(value), 8);
            items.push_back(item.text());
        }
        std::sort(items.begin(), items.end());
        list(facts_, field, items);
    }
    void party(unsigned field, std::uint32_t index_plus_one) {
        if (index_plus_one != 0) {
            parties_.field(field, big_endian(subject(index_plus_one)));
        }
    }
    template <class Indexes>
    void parties(unsigned field, const Indexes& indexes) {
        std::vector<std::string> items;
        for (const std::uint32_t index : indexes) {
            items.push_back(big_endian(subject(index)));
        }
        list(parties_, field, items);
    }
    /// A list of messages: each one's facts, and apart each one's parties.
    void messages(unsigned field, const std::vector<Fields>& values) {
        std::vector<std::string> facts;
        std::vector<std::string> parties;
        for (const Fields& value : values) {
            facts.push_back(value.facts_.text());
            parties.push_back(value.parties_.text());
        }
        list(facts_, field, facts);
        list(parties_, field, parties);
    }
    Fields nested() const { return Fields(subjects_); }
    /// A single message inside; absent when nothing in it is set.
    void message(unsigned field, const Fields& value) {
        if (!value.facts_.empty()) {
            facts_.field(field, value.facts_.text());
        }
    }

    Fingerprint hash() const {
        const XXH128_hash_t facts = XXH3_128bits(facts_.text().data(), facts_.text().size());
        const XXH128_hash_t parties = XXH3_128bits(parties_.text().data(), parties_.text().size());
        return {facts.high64, facts.low64, parties.high64, parties.low64};
    }

private:
    std::uint64_t subject(std::uint32_t index_plus_one) const {
        return index_plus_one != 0 && index_plus_one <= subjects_.size()
                   ? subjects_[index_plus_one - 1]
                   : 0;
    }
    static void list(Bytes& out, unsigned field, const std::vector<std::string>& items) {
        if (items.empty()) {
            return;
        }
        Bytes bytes;
        bytes.number(items.size(), 4);
        for (const std::string& item : items) {
            bytes.item(item);
        }
        out.field(field, bytes.text());
    }

    std::span<const std::uint64_t> subjects_;
    Bytes facts_;
    Bytes parties_;
};

void add(Fields& out, const pb::CdrRow& row) {
    out.text(1, row.linkedid());
    out.text(2, row.uniqueid());
    out.text(3, row.sequence());
    out.party(4, row.caller());
    out.party(5, row.dialled());
    out.party(6, row.channel());
    out.party(7, row.peer());
    out.flag(8, row.channel_is_local());
    out.flag(9, row.peer_is_local());
    out.text(10, row.last_application());
    out.integer(11, row.started_at());
    out.integer(12, row.has_answered_at(), row.answered_at());
    out.integer(13, row.ended_at());
    out.integer(14, row.duration_seconds());
    out.integer(15, row.billed_seconds());
    out.text(16, row.disposition());
    out.text(17, row.context());
    out.text(18, row.ama_flags());
}

void add(Fields& out, const pb::CallLeg& leg) {
    out.text(1, leg.call_id());
    out.text(2, leg.leg_id());
    out.texts(3, leg.linked_ids());
    out.party(4, leg.endpoint());
    out.party(5, leg.remote());
    out.text(6, leg.direction());
    out.integer(7, leg.ring_started_at());
    out.integer(8, leg.has_answered_at(), leg.answered_at());
    out.integer(9, leg.has_ended_at(), leg.ended_at());
    out.text(10, leg.result());
    out.text(11, leg.application());
}

void add(Fields& out, const pb::Call& call) {
    out.text(1, call.call_id());
    out.text(2, call.direction());
    out.party(3, call.from());
    out.party(4, call.to());
    out.integer(5, call.started_at());
    out.integer(6, call.has_answered_at(), call.answered_at());
    out.integer(7, call.has_ended_at(), call.ended_at());
    out.text(8, call.disposition());
    out.text(9, call.manager());
    out.text(10, call.endpoint());
    out.text(11, call.hangup_by());
    Fields recording = out.nested();
    recording.text(1, call.recording().state());
    recording.real(2, call.recording().has_seconds(), call.recording().seconds());
    out.message(12, recording);
    std::vector<Fields> legs;
    for (const pb::CallLeg& leg : call.legs()) {
        add(legs.emplace_back(out.nested()), leg);
    }
    out.messages(13, legs);
    out.texts(14, call.tags());
}

void add(Fields& out, const pb::Email& mail) {
    out.text(1, mail.message_id());
    out.party(2, mail.from());
    out.parties(3, mail.to());
    out.parties(4, mail.cc());
    out.integer(5, mail.sent_at());
    out.text(6, mail.in_reply_to());
    out.texts(7, mail.references());
    out.text(8, mail.class_());
    out.text(9, mail.marker());
}

void add(Fields& out, const pb::Meeting& meeting) {
    out.text(1, meeting.uid());
    out.text(2, meeting.recurrence_id());
    out.text(3, meeting.status());
    out.text(4, meeting.kind());
    out.party(5, meeting.organizer());
    std::vector<Fields> attendees;
    for (const pb::Attendee& attendee : meeting.attendees()) {
        Fields& one = attendees.emplace_back(out.nested());
        one.party(1, attendee.address());
        one.text(2, attendee.status());
    }
    out.messages(6, attendees);
    out.integer(7, meeting.starts_at());
    out.integer(8, meeting.ends_at());
}

void add(Fields& out, const pb::Proposal& proposal) {
    out.text(1, proposal.proposal_id());
    out.text(2, proposal.manager());
    out.text(3, proposal.client());
    out.integer(4, proposal.sent_at());
    out.money(5, proposal.has_amount(), proposal.amount());
    out.real(6, proposal.has_discount_percent(), proposal.discount_percent());
    out.text(7, proposal.template_());
    out.integer(8, proposal.has_requested_at(), proposal.requested_at());
    out.integer(9, proposal.has_due_at(), proposal.due_at());
}

void add(Fields& out, const pb::Invoice& invoice) {
    out.text(1, invoice.invoice_id());
    out.text(2, invoice.ledger());
    out.text(3, invoice.number());
    out.text(4, invoice.manager());
    out.text(5, invoice.client());
    out.moment(6, invoice.has_issued_at(), invoice.issued_at());
    out.moment(7, invoice.has_due_at(), invoice.due_at());
    out.money(8, invoice.has_amount(), invoice.amount());
    out.text(9, invoice.status());
}

void add(Fields& out, const pb::Payment& payment) {
    out.text(1, payment.payment_id());
    out.text(2, payment.ledger());
    out.text(3, payment.invoice_id());
    out.text(4, payment.client());
    out.moment(5, payment.has_received_at(), payment.received_at());
    out.money(6, payment.has_amount(), payment.amount());
    out.text(7, payment.kind());
}

void add(Fields& out, const pb::Opaque& opaque) {
    out.text(1, opaque.data());
}

void add(Fields& out, const pb::Void& taken_back) {
    out.text(1, taken_back.kind());
    out.text(2, taken_back.entity_id());
    out.text(3, taken_back.ledger());
    out.text(4, taken_back.scope());
    out.integer(5, taken_back.has_revision(), static_cast<std::int64_t>(taken_back.revision()));
}

void add(Fields& out, const pb::Review& review) {
    out.text(1, review.call_id());
    out.text(2, review.manager());
    out.text(3, review.scorecard_id());
    out.text(4, review.scorecard_version());
    out.text(5, review.answers());
    out.texts(6, review.tags());
}

void add(Fields& out, const pb::Team& team) {
    out.text(1, team.id());
    out.text(2, team.name());
}

void add(Fields& out, const pb::Manager& manager) {
    out.text(1, manager.id());
    out.text(2, manager.name());
    out.text(3, manager.team());
    out.text(4, manager.role());
    out.moment(5, manager.has_from(), manager.from());
    out.moment(6, manager.has_until(), manager.until());
}

void add(Fields& out, const pb::Endpoint& endpoint) {
    out.text(1, endpoint.kind());
    out.text(2, endpoint.address());
    out.text(3, endpoint.manager());
    out.text(4, endpoint.team());
    out.moment(5, endpoint.has_from(), endpoint.from());
    out.moment(6, endpoint.has_until(), endpoint.until());
}

void add(Fields& out, const pb::Client& client) {
    out.text(1, client.id());
    out.party(2, client.name());
    out.text(3, client.owner());
    out.text(4, client.class_());
    out.text(5, client.value());
    out.real(6, client.has_interest(), client.interest());
    out.parties(7, client.phones());
    out.parties(8, client.emails());
    out.moment(9, client.has_from(), client.from());
    out.moment(10, client.has_until(), client.until());
}

void add(Fields& out, const pb::Calendar& calendar) {
    out.text(1, calendar.id());
    out.text(2, calendar.weekdays());
    out.texts(3, calendar.holidays());
    out.text(4, calendar.for_manager());
    out.text(5, calendar.for_role());
    out.text(6, calendar.for_team());
    out.moment(7, calendar.has_from(), calendar.from());
    out.moment(8, calendar.has_until(), calendar.until());
}

void add(Fields& out, const pb::Absence& absence) {
    out.text(1, absence.manager());
    out.moment(2, absence.has_from(), absence.from());
    out.moment(3, absence.has_until(), absence.until());
    out.text(4, absence.reason());
}

void add(Fields& out, const pb::Norm& norm) {
    out.text(1, norm.kpi());
    out.text(2, norm.segment());
    out.text(3, norm.per());
    out.text(4, norm.value());
    out.text(5, norm.polarity());
    out.text(6, norm.manager());
    out.text(7, norm.role());
    out.text(8, norm.team());
    out.text(9, norm.client_class());
    out.moment(10, norm.has_from(), norm.from());
    out.moment(11, norm.has_until(), norm.until());
    out.integer(12, norm.has_version(), static_cast<std::int64_t>(norm.version()));
    out.text(13, norm.signed_off());
}

void add(Fields& out, const pb::Checkpoint& checkpoint) {
    out.text(1, checkpoint.id());
    out.text(2, checkpoint.rule());
}

void add(Fields& out, const pb::Settings& settings) {
    out.text(1, settings.declared_by());
    out.moment(2, settings.has_from(), settings.from());
    out.text(3, settings.kpis());
    out.text(4, settings.company_name());
    out.text(5, settings.timezone());
    out.text(6, settings.region());
    out.text(7, settings.currency());
    out.texts(8, settings.mail_domains());
    out.numbers_by_name(9, settings.source_count());
    out.numbers_by_name(10, settings.source_lateness_seconds());
}

/// Adds what the event says of its entity; false when it describes none.
bool add_data(Fields& out, const pb::Event& event) {
    switch (event.data_case()) {
        case pb::Event::kCall: add(out, event.call()); return true;
        case pb::Event::kCallLeg: add(out, event.call_leg()); return true;
        case pb::Event::kCdrRow: add(out, event.cdr_row()); return true;
        case pb::Event::kEmail: add(out, event.email()); return true;
        case pb::Event::kMeeting: add(out, event.meeting()); return true;
        case pb::Event::kProposal: add(out, event.proposal()); return true;
        case pb::Event::kInvoice: add(out, event.invoice()); return true;
        case pb::Event::kPayment: add(out, event.payment()); return true;
        case pb::Event::kOpaque: add(out, event.opaque()); return true;
        case pb::Event::kVoid: add(out, event.void_()); return true;
        case pb::Event::kReview: add(out, event.review()); return true;
        case pb::Event::kTeam: add(out, event.team()); return true;
        case pb::Event::kManager: add(out, event.manager()); return true;
        case pb::Event::kEndpoint: add(out, event.endpoint()); return true;
        case pb::Event::kClient: add(out, event.client()); return true;
        case pb::Event::kCalendar: add(out, event.calendar()); return true;
        case pb::Event::kAbsence: add(out, event.absence()); return true;
        case pb::Event::kNorm: add(out, event.norm()); return true;
        case pb::Event::kPlan: add(out, event.plan()); return true;
        case pb::Event::kCheckpoint: add(out, event.checkpoint()); return true;
        case pb::Event::kSettings: add(out, event.settings()); return true;
        case pb::Event::kHeartbeat:
        case pb::Event::kTick:
        case pb::Event::kRejected:
        case pb::Event::kQuarantine:
        case pb::Event::kDirectoryBegin:
        case pb::Event::kDirectoryApplied:
        case pb::Event::DATA_NOT_SET: return false;
    }
    return false;
}

}  // namespace

Fingerprint fingerprint(const EventView& event, std::span<const std::uint64_t> subjects) {
    Fields fields(subjects);
    return add_data(fields, event.head) ? fields.hash() : Fingerprint{};
}

Fingerprint fingerprint_of_leg(const pb::CallLeg& leg, std::span<const std::uint64_t> subjects) {
    Fields fields(subjects);
    add(fields, leg);
    return fields.hash();
}

}  // namespace events
