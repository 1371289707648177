#include "processors/activity_facts.h"

#include <algorithm>

namespace processors {
namespace {

using events::pb::Event;
using store::ActivityRow;
using store::Table;

kpi::Currency currency_of(const std::string& text) {
    kpi::Currency currency{};
    std::copy_n(text.begin(), std::min(text.size(), currency.size()), currency.begin());
    return currency;
}

/// Fills a row from one kind of event.
class FactReader {
public:
    FactReader(FoldState& state, const CompanyState& company, const Incoming& incoming)
        : state_(state), company_(company), incoming_(incoming) {}

    base::Result<ActivityRow> read() {
        const Event& head = incoming_.event.head;
        row_.known = true;
        row_.head = head_of(incoming_.revision, incoming_.fingerprint, incoming_.delivery);
        if (head.has_email()) {
            mail(head.email());
        } else if (head.has_meeting()) {
            meeting(head.meeting());
        } else if (head.has_proposal()) {
            BOOST_OUTCOME_TRY(proposal(head.proposal()));
        } else if (head.has_invoice()) {
            BOOST_OUTCOME_TRY(invoice(head.invoice()));
        } else {
            BOOST_OUTCOME_TRY(payment(head.payment()));
        }
        return std::move(row_);
    }

private:
    void add(std::vector<kpi::Subject>& list, std::uint32_t index_plus_one) {
        if (index_plus_one != 0 && index_plus_one <= incoming_.parties.size()) {
            list.push_back(incoming_.parties[index_plus_one - 1].normalised);
        }
    }
    base::Result<void> who(const std::string& manager, const std::string& client) {
        BOOST_OUTCOME_TRY(row_.manager, state_.names.intern_as<kpi::Manager>(
                                            company_.ordinal, Table::manager, manager));
        BOOST_OUTCOME_TRY(row_.client, state_.names.intern_as<kpi::Client>(company_.ordinal,
                                                                           Table::client, client));
        return base::success();
    }
    void money(const events::pb::Money& amount) {
        row_.minor = amount.minor();
        row_.currency = currency_of(amount.currency());
    }
    const kpi::Zone& zone() const { return company_.directory.zone(); }

    void mail(const events::pb::Email& mail) {
        row_.at = base::from_ms(mail.sent_at());
        add(row_.from, mail.from());
        for (const std::uint32_t one : mail.to()) {
            add(row_.to, one);
        }
        for (const std::uint32_t one : mail.cc()) {
            add(row_.cc, one);
        }
        row_.word = mail.class_().empty() ? "human" : mail.class_();
        row_.second_word = mail.marker();
        row_.native_id = mail.message_id();
        row_.thread = mail.message_id();
        if (!mail.in_reply_to().empty()) {
            row_.thread = mail.in_reply_to();
        }
        for (const std::string& reference : mail.references()) {
            if (!reference.empty()) {
                row_.thread = reference;
                break;
            }
        }
    }

    void meeting(const events::pb::Meeting& meeting) {
        row_.at = base::from_ms(meeting.starts_at());
        add(row_.from, meeting.organizer());
        for (const auto& attendee : meeting.attendees()) {
            add(row_.to, attendee.address());
            if (attendee.status() == "accepted") {
                add(row_.cc, attendee.address());
            }
        }
        row_.word = meeting.status();
        row_.second_word = meeting.kind().empty() ? "meeting" : meeting.kind();
        row_.native_id = meeting.uid();
        if (!meeting.recurrence_id().empty()) {
            row_.native_id += "/" + meeting.recurrence_id();
        }
    }

    base::Result<void> proposal(const events::pb::Proposal& proposal) {
        row_.at = base::from_ms(proposal.sent_at());
        row_.native_id = proposal.proposal_id();
        money(proposal.amount());
        return who(proposal.manager(), proposal.client());
    }

    base::Result<void> invoice(const events::pb::Invoice& invoice) {
        row_.at = moment_at(invoice.issued_at(), zone());
        row_.word = invoice.status();
        row_.native_id = invoice.ledger() + "/" + invoice.invoice_id();
        money(invoice.amount());
        return who(invoice.manager(), invoice.client());
    }

    base::Result<void> payment(const events::pb::Payment& payment) {
        row_.at = moment_at(payment.received_at(), zone(), true);
        row_.word = payment.kind();
        row_.native_id = payment.ledger() + "/" + payment.payment_id();
        row_.invoice_id = payment.invoice_id();
        money(payment.amount());
        return who(std::string(), payment.client());
    }

    FoldState& state_;
    const CompanyState& company_;
    const Incoming& incoming_;
    ActivityRow row_;
};

}  // namespace

std::string ledger_id(std::string_view ledger, std::string_view id) {
    std::string key(ledger);
    key.push_back('\0');
    key += id;
    return key;
}

base::UtcMillis moment_at(const events::pb::Moment& moment, const kpi::Zone& zone,
                          bool last_millisecond) {
    if (moment.value_case() != events::pb::Moment::kDate) {
        return base::from_ms(moment.at());
    }
    const auto date = kpi::parse_date(moment.date());
    if (!date) {
        return base::from_ms(0);  // no collector writes such an event
    }
    return last_millisecond ? zone.day_start(kpi::days_after(*date, 1)) - base::Millis{1}
                            : zone.day_start(*date);
}

base::Result<store::EntityKey> activity_key(FoldState& state, const CompanyState& company,
                                            const Event& head) {
    const auto key = [&](events::Kind kind, kpi::Scope scope, std::string native_id) {
        return store::EntityKey{company.ordinal, store::kind_byte(kind), scope,
                                std::move(native_id)};
    };
    const auto scope_of = [&](const std::string& ledger) {
        return state.names.intern_as<kpi::Scope>(company.ordinal, Table::scope, ledger);
    };
    if (head.has_email()) {
        return key(events::Kind::email, {}, head.email().message_id());
    }
    if (head.has_meeting()) {
        return key(events::Kind::meeting, {},
                   ledger_id(head.meeting().uid(), head.meeting().recurrence_id()));
    }
    if (head.has_proposal()) {
        return key(events::Kind::proposal, {}, head.proposal().proposal_id());
    }
    if (head.has_invoice()) {
        BOOST_OUTCOME_TRY(const kpi::Scope scope, scope_of(head.invoice().ledger()));
        return key(events::Kind::invoice, scope, head.invoice().invoice_id());
    }
    BOOST_OUTCOME_TRY(const kpi::Scope scope, scope_of(head.payment().ledger()));
    return key(events::Kind::payment, scope, head.payment().payment_id());
}

base::Result<ActivityRow> activity_facts(FoldState& state, const CompanyState& company,
                                         const Incoming& incoming) {
    return FactReader(state, company, incoming).read();
}

}  // namespace processors
