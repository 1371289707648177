#include "processors/activities.h"

#include <algorithm>
#include <map>
#include <set>

namespace processors {
namespace {

using kpi::Contribution;
using kpi::Kpi;
using store::ActivityRow;

constexpr base::Millis thread_pause = std::chrono::minutes(10);

/// Addresses in the order given, each once.
std::vector<kpi::Subject> distinct(const std::vector<kpi::Subject>& first,
                                   const std::vector<kpi::Subject>& then) {
    std::vector<kpi::Subject> all;
    for (const auto* list : {&first, &then}) {
        for (const kpi::Subject one : *list) {
            if (std::find(all.begin(), all.end(), one) == all.end()) {
                all.push_back(one);
            }
        }
    }
    return all;
}

class Crediting {
public:
    Crediting(const ActivityRow& row, base::UtcMillis at, const ActivityWorld& world)
        : row_(row), at_(at), world_(world) {}

    bool corporate(kpi::Subject mail) const {
        return world_.is_corporate(world_.text_of(mail), at_);
    }

    kpi::Client client_of(kpi::Subject mail) const {
        const kpi::ClientEntry* entry = world_.directory.client_by_mail(mail, at_);
        return entry == nullptr ? kpi::Client() : entry->client;
    }
    const kpi::EndpointEntry* mailbox(kpi::Subject mail, bool with_calendars) const {
        return world_.directory.mailbox(world_.text_of(mail), at_, with_calendars);
    }
    kpi::Manager owner_of(kpi::Client client, base::UtcMillis at) const {
        return world_.directory.owner_of(client, at);
    }
    void for_client(kpi::Client client) {
        credit_.client = client;
        segment_ = world_.segment_of(client, at_);
    }
    void give(Kpi kpi, kpi::Manager manager, kpi::Team team_without, std::int64_t value = 1,
              kpi::Currency currency = {}) {
        credit_.contributions.push_back(
            {.kpi = kpi,
             .manager = manager,
             .team = manager ? world_.directory.team_of(manager, at_) : team_without,
             .segment = segment_,
             .at = at_,
             .value = value,
             .currency = currency,
             .member = 0});
    }
    Credit take() { return std::move(credit_); }
    const ActivityRow& row() const { return row_; }

private:
    const ActivityRow& row_;
    base::UtcMillis at_;
    const ActivityWorld& world_;
    kpi::Segment segment_ = kpi::Segment::none;
    Credit credit_;
};

Credit credit_of_sent(Crediting& credit, const std::vector<kpi::Subject>& outside,
                      kpi::Subject sender, bool proposals_count) {
    if (outside.empty()) {
        return {};
    }
    credit.for_client(credit.client_of(outside.front()));
    if (credit.row().word != "human") {
        return credit.take();
    }
    const kpi::EndpointEntry* mailbox = credit.mailbox(sender, false);
    const kpi::Manager manager = mailbox == nullptr ? kpi::Manager() : mailbox->manager;
    const kpi::Team team = mailbox == nullptr ? kpi::Team() : mailbox->team;
    credit.give(Kpi::emails_sent, manager, team);
    if (credit.row().second_word == "proposal" && proposals_count) {
        credit.give(Kpi::proposals_sent, manager, team);
    }
    return credit.take();
}

Credit credit_of_received(Crediting& credit, const std::vector<kpi::Subject>& others,
                          kpi::Subject sender) {
    const bool any_corporate = std::any_of(others.begin(), others.end(),
                                           [&](kpi::Subject one) { return credit.corporate(one); });
    if (!any_corporate) {
        return {};
    }
    credit.for_client(credit.client_of(sender));
    if (credit.row().word != "human") {
        return credit.take();
    }
    std::set<kpi::Manager> managers;
    for (const kpi::Subject one : credit.row().to) {
        const kpi::EndpointEntry* mailbox = credit.mailbox(one, false);
        if (mailbox != nullptr && mailbox->manager) {
            managers.insert(mailbox->manager);
        }
    }
    for (const kpi::Manager manager : managers) {
        credit.give(Kpi::emails_received, manager, kpi::Team());
    }
    if (managers.empty()) {
        kpi::Team team;
        for (const kpi::Subject one : others) {
            const kpi::EndpointEntry* mailbox = credit.mailbox(one, false);
            if (!team && mailbox != nullptr) {
                team = mailbox->team;
            }
        }
        credit.give(Kpi::emails_received, kpi::Manager(), team);
    }
    return credit.take();
}

/// The completing payment: by (received_at, payment_id) the first at which the payments in the
/// invoice's currency reach its amount. Refunds never unpay it.
const store::PaymentPart* completing_payment(const ActivityRow& invoice) {
    base::Int128 total = 0;
    for (const store::PaymentPart& part : invoice.payments) {
        if (!part.refund && part.currency == invoice.currency) {
            total += part.minor;
        }
        if (invoice.minor > 0 && total >= invoice.minor) {
            return &part;
        }
    }
    return nullptr;
}

std::vector<Kpi> kpis_of_meeting(const ActivityRow& meeting) {
    if (meeting.word == "cancelled") {
        return {};
    }
    const bool held = meeting.word == "held";
    if (meeting.second_word == "presentation") {
        return held ? std::vector<Kpi>{Kpi::presentations_held, Kpi::touches} : std::vector<Kpi>{};
    }
    std::vector<Kpi> kpis{Kpi::meetings_scheduled};
    if (held) {
        kpis.insert(kpis.end(), {Kpi::meetings_held, Kpi::touches});
    } else if (meeting.word == "no_show") {
        kpis.push_back(Kpi::meetings_no_show);
    }
    return kpis;
}

}  // namespace

Credit credit_of_mail(const ActivityRow& mail, bool proposals_count, const ActivityWorld& world) {
    if (mail.from.empty()) {
        return {};
    }
    Crediting credit(mail, mail.at, world);
    const kpi::Subject sender = mail.from.front();
    const std::vector<kpi::Subject> others = distinct(mail.to, mail.cc);
    if (!credit.corporate(sender)) {
        return credit_of_received(credit, others, sender);
    }
    std::vector<kpi::Subject> outside;
    std::copy_if(others.begin(), others.end(), std::back_inserter(outside),
                 [&](kpi::Subject one) { return !credit.corporate(one); });
    return credit_of_sent(credit, outside, sender, proposals_count);
}

Credit credit_of_meeting(const ActivityRow& meeting, const ActivityWorld& world) {
    const std::vector<Kpi> kpis = kpis_of_meeting(meeting);
    if (meeting.from.empty()) {
        return {};
    }
    Crediting credit(meeting, meeting.at, world);
    kpi::Subject outside;
    for (const auto* list : {&meeting.to, &meeting.from}) {
        for (const kpi::Subject one : *list) {
            if (!outside && !credit.corporate(one)) {
                outside = one;
            }
        }
    }
    if (!outside) {
        return {};
    }
    credit.for_client(credit.client_of(outside));
    if (kpis.empty()) {
        return credit.take();
    }
    const kpi::EndpointEntry* organizer = credit.mailbox(meeting.from.front(), true);
    std::set<kpi::Manager> managers;
    if (organizer != nullptr && organizer->manager) {
        managers.insert(organizer->manager);
    } else {
        for (const kpi::Subject one : meeting.cc) {
            const kpi::EndpointEntry* mailbox = credit.mailbox(one, true);
            if (mailbox != nullptr && mailbox->manager) {
                managers.insert(mailbox->manager);
            }
        }
    }
    if (managers.empty()) {
        managers.insert(kpi::Manager());
    }
    for (const Kpi kpi : kpis) {
        for (const kpi::Manager manager : managers) {
            credit.give(kpi, manager, organizer == nullptr ? kpi::Team() : organizer->team);
        }
    }
    return credit.take();
}

Credit credit_of_proposal(const ActivityRow& proposal, const ActivityWorld& world) {
    Crediting credit(proposal, proposal.at, world);
    credit.for_client(proposal.client);
    const kpi::Manager manager =
        proposal.manager ? proposal.manager : credit.owner_of(proposal.client, proposal.at);
    credit.give(Kpi::proposals_sent, manager, kpi::Team());
    credit.give(Kpi::touches, manager, kpi::Team());
    return credit.take();
}

Credit credit_of_invoice(const ActivityRow& invoice, const ActivityWorld& world) {
    if (invoice.word != "issued") {
        return {.client = invoice.client, .contributions = {}};
    }
    Crediting issued(invoice, invoice.at, world);
    issued.for_client(invoice.client);
    const kpi::Manager manager =
        invoice.manager ? invoice.manager : issued.owner_of(invoice.client, invoice.at);
    issued.give(Kpi::invoices_issued, manager, kpi::Team());
    issued.give(Kpi::invoices_amount, manager, kpi::Team(), invoice.minor, invoice.currency);
    Credit all = issued.take();
    if (const store::PaymentPart* last = completing_payment(invoice)) {
        Crediting paid(invoice, last->received_at, world);
        paid.for_client(invoice.client);
        const kpi::Manager payee =
            manager ? manager : paid.owner_of(invoice.client, last->received_at);
        paid.give(Kpi::invoices_paid, payee, kpi::Team(), invoice.minor, invoice.currency);
        Credit more = paid.take();
        all.contributions.insert(all.contributions.end(), more.contributions.begin(),
                                 more.contributions.end());
    }
    return all;
}

Credit credit_of_payment(const ActivityRow& payment, const ActivityRow* invoice,
                         const ActivityWorld& world) {
    Crediting credit(payment, payment.at, world);
    credit.for_client(payment.client);
    kpi::Manager manager;
    if (invoice != nullptr) {
        manager =
            invoice->manager ? invoice->manager : credit.owner_of(invoice->client, invoice->at);
    }
    if (!manager) {
        manager = credit.owner_of(payment.client, payment.at);
    }
    const Kpi kpi = payment.word == "refund" ? Kpi::refunds_amount : Kpi::payments_amount;
    credit.give(kpi, manager, kpi::Team(), payment.minor, payment.currency);
    return credit.take();
}

std::vector<store::ThreadMail> touches_of_thread(const std::vector<store::ThreadMail>& mails) {
    std::vector<store::ThreadMail> touches;
    std::map<kpi::Manager, base::UtcMillis> last;
    for (const store::ThreadMail& mail : mails) {
        const auto counted = last.find(mail.manager);
        if (counted == last.end() || mail.at - counted->second >= thread_pause) {
            last[mail.manager] = mail.at;
            touches.push_back(mail);
        }
    }
    return touches;
}

}  // namespace processors
