#include "processors/activity_fold.h"

#include <algorithm>

#include "processors/activity_facts.h"
#include "processors/index_terms.h"

namespace processors {
namespace {

using events::Kind;
using store::EntityKey;
using store::Family;

/// The instant of a company's first proposal event, as a meta row: absent when it has none.
std::string first_proposal_key(const CompanyState& company) {
    store::KeyWriter key;
    key.raw("first_proposal/").u32(company.ordinal.value());
    return store::meta_key(key.bytes());
}

std::string_view word_of(const EntityKey& key) {
    return events::to_string(static_cast<Kind>(key.kind));
}

/// The id by which a void names this entity.
std::string void_id(const EntityKey& key, const store::ActivityRow& row) {
    const auto kind = static_cast<Kind>(key.kind);
    return kind == Kind::meeting ? row.native_id : key.native_id;
}

IndexTerms index_terms(const EntityKey& key, const store::ActivityRow& row) {
    using store::Index;
    IndexTerms terms;
    if (!stands(row)) {
        return terms;
    }
    std::set<base::UtcMillis> instants{row.at};
    for (const kpi::Contribution& one : row.contributions) {
        instants.insert(one.at);
        terms.add(Index::manager, one.manager.value(), one.at);
    }
    for (const base::UtcMillis at : instants) {
        terms.add(Index::kind, key.kind, at);
        terms.add(Index::client, row.client.value(), at);
        terms.add(Index::client, row.resolved_client.value(), at);
    }
    for (const auto* list : {&row.from, &row.to, &row.cc}) {
        for (const kpi::Subject one : *list) {
            terms.add(Index::subject, one.value(), row.at);
            terms.add(Index::party, one.value(), row.at);
        }
    }
    terms.add(Index::named, row.manager.value(), row.at);
    if (static_cast<Kind>(key.kind) == Kind::email && row.second_word == "proposal") {
        terms.add(Index::marked, 1, row.at);
    }
    return terms;
}

}  // namespace

base::Result<Verdict> ActivityFold::apply(CompanyState& company, const Incoming& incoming) {
    BOOST_OUTCOME_TRY(const EntityKey key, activity_key(state_, company, incoming.event.head));
    const store::Key bytes = store::entity_key(key);
    BOOST_OUTCOME_TRY(const auto stored, state_.read<Row>(Family::entity, bytes));
    Row before = stored.value_or(Row{});
    const Verdict verdict =
        judge(before.known ? &before.head : nullptr, incoming.revision, incoming.fingerprint);
    if (verdict == Verdict::duplicate) {
        const auto sources = before.head.sources;
        Row noted = before;
        if (observe(noted.head, incoming.delivery)) {
            state_.write(Family::entity, bytes, noted);
            if (noted.head.sources != sources) {
                BOOST_OUTCOME_TRY(reattribute(company, key));
            }
        }
        return verdict;
    }
    if (verdict == Verdict::stale || verdict == Verdict::conflict) {
        return verdict;
    }
    BOOST_OUTCOME_TRY(Row after, activity_facts(state_, company, incoming));
    after.payments = before.payments;
    BOOST_OUTCOME_TRY(after.head.voided, is_voided(key, after));
    BOOST_OUTCOME_TRY(replace(company, key, before, std::move(after)));
    return verdict;
}

base::Result<void> ActivityFold::apply_void(CompanyState& company, Kind kind, kpi::Scope scope,
                                            const std::string& native_id) {
    const EntityKey key{company.ordinal, store::kind_byte(kind), scope, native_id};
    BOOST_OUTCOME_TRY(const auto stored, state_.read<Row>(Family::entity, store::entity_key(key)));
    if (!stored || !stored->known) {
        return base::success();
    }
    Row after = *stored;
    BOOST_OUTCOME_TRY(after.head.voided, is_voided(key, after));
    return replace(company, key, *stored, std::move(after));
}

base::Result<void> ActivityFold::reattribute(CompanyState& company, const EntityKey& key) {
    BOOST_OUTCOME_TRY(const auto stored, state_.read<Row>(Family::entity, store::entity_key(key)));
    if (!stored || !stored->known) {
        return base::success();
    }
    return replace(company, key, *stored, *stored);
}

base::Result<bool> ActivityFold::is_voided(const EntityKey& key, const Row& row) {
    const EntityKey target{key.company, store::kind_byte(Kind::voided), key.scope,
                           void_target(word_of(key), void_id(key, row))};
    BOOST_OUTCOME_TRY(const auto voids, state_.voids_of(target));
    return voids && voids->hits(row.head.revision.source);
}

base::Result<void> ActivityFold::replace(CompanyState& company, const EntityKey& key,
                                         const Row& before, Row after) {
    const auto kind = static_cast<Kind>(key.kind);
    if (kind == Kind::payment) {
        // The client's payments first: a payment's own segment is that before it.
        BOOST_OUTCOME_TRY(after_payment(company, key, before, after));
    }
    BOOST_OUTCOME_TRY(credit(company, key, after));
    BOOST_OUTCOME_TRY(store_row(company, key, before, after));
    switch (kind) {
        case Kind::email: return after_mail(company, key, before, after);
        case Kind::proposal: return after_proposal(company, before, after);
        case Kind::invoice: return after_invoice(company, key, after);
        default: return base::success();
    }
}

base::Result<void> ActivityFold::store_row(CompanyState& company, const EntityKey& key,
                                           const Row& before, const Row& after) {
    const store::Key bytes = store::entity_key(key);
    if (!after.known && after.payments.empty()) {
        state_.rows.erase(Family::entity, bytes);
    } else {
        state_.write(Family::entity, bytes, after);
    }
    BOOST_OUTCOME_TRY(state_.cells.replace(key.company, before.contributions, after.contributions));
    replace_index_keys(state_.rows, key, index_terms(key, before), index_terms(key, after));
    if (static_cast<Kind>(key.kind) != Kind::email) {
        return base::success();
    }
    return cases_.changed(company, case_event_of(key, before), case_event_of(key, after));
}

base::Result<bool> ActivityFold::is_counted(const CompanyState& company, const Row& row) {
    const auto& count = company.settings_at(row.at).source_count;
    bool counted = count.empty();
    for (const kpi::Source source : row.head.sources) {
        BOOST_OUTCOME_TRY(const std::string_view id,
                          state_.names.text(company.ordinal, store::Table::source, source.value()));
        const auto found = count.find(std::string(id));
        counted = counted || found == count.end() || found->second;
    }
    return counted;
}

ActivityWorld ActivityFold::world_of(const CompanyState& company,
                                     std::optional<base::Error>& failure) {
    return {
        .directory = company.directory,
        .text_of =
            [this, &company, &failure](kpi::Subject subject) {
                auto text =
                    state_.names.text(company.ordinal, store::Table::subject, subject.value());
                if (!text) {
                    failure = text.error();
                    return std::string();
                }
                return std::string(text.value());
            },
        .is_corporate =
            [&company](std::string_view mail, base::UtcMillis at) {
                const auto& domains = company.settings_at(at).mail_domains;
                const auto domain = mail.substr(mail.rfind('@') + 1);
                return std::find(domains.begin(), domains.end(), domain) != domains.end() ||
                       company.directory.mailbox(mail, at, true) != nullptr;
            },
        .segment_of =
            [this, &company, &failure](kpi::Client client, base::UtcMillis at) {
                auto segment = segments_.at(company, client, at);
                if (!segment) {
                    failure = segment.error();
                    return kpi::Segment::none;
                }
                return segment.value();
            },
    };
}

base::Result<Credit> ActivityFold::credit_of(const CompanyState& company, const EntityKey& key,
                                             const Row& row) {
    std::optional<base::Error> failure;
    const ActivityWorld world = world_of(company, failure);
    Credit credit;
    switch (static_cast<Kind>(key.kind)) {
        case Kind::email: {
            BOOST_OUTCOME_TRY(const bool count_proposals, proposals_count(company, row.at));
            credit = credit_of_mail(row, count_proposals, world);
            break;
        }
        case Kind::meeting: credit = credit_of_meeting(row, world); break;
        case Kind::proposal: credit = credit_of_proposal(row, world); break;
        case Kind::invoice: credit = credit_of_invoice(row, world); break;
        default: {
            const EntityKey named{company.ordinal, store::kind_byte(Kind::invoice), key.scope,
                                  row.invoice_id};
            std::optional<Row> invoice;
            if (!row.invoice_id.empty()) {
                BOOST_OUTCOME_TRY(invoice,
                                  state_.read<Row>(Family::entity, store::entity_key(named)));
            }
            credit =
                credit_of_payment(row, invoice && stands(*invoice) ? &*invoice : nullptr, world);
        }
    }
    if (failure) {
        return *failure;
    }
    return credit;
}

base::Result<void> ActivityFold::credit(CompanyState& company, const EntityKey& key, Row& row) {
    row.contributions.clear();
    row.resolved_client = kpi::Client();
    if (!stands(row)) {
        row.touch = false;
        return base::success();
    }
    BOOST_OUTCOME_TRY(const bool counted, is_counted(company, row));
    if (!counted) {
        row.touch = false;
        return base::success();
    }
    BOOST_OUTCOME_TRY(Credit credit, credit_of(company, key, row));
    row.resolved_client = credit.client;
    row.contributions = std::move(credit.contributions);
    const auto sent =
        std::find_if(row.contributions.begin(), row.contributions.end(),
                     [](const auto& one) { return one.kpi == kpi::Kpi::emails_sent; });
    row.touch = row.touch && sent != row.contributions.end() && sent->manager;
    if (row.touch) {
        kpi::Contribution touch = *sent;
        touch.kpi = kpi::Kpi::touches;
        row.contributions.push_back(touch);
    }
    return base::success();
}

base::Result<void> ActivityFold::after_mail(CompanyState& company, const EntityKey& key,
                                            const Row& before, const Row& after) {
    const auto mail_of = [&](const Row& row) -> std::optional<store::ThreadMail> {
        for (const kpi::Contribution& one : row.contributions) {
            if (one.kpi == kpi::Kpi::emails_sent && one.manager) {
                return store::ThreadMail{
                    .at = row.at, .message_id = key.native_id, .manager = one.manager};
            }
        }
        return std::nullopt;
    };
    const auto was = mail_of(before);
    const auto is = mail_of(after);
    std::set<std::string> threads;
    if (was != is || before.thread != after.thread) {
        threads = {before.thread, after.thread};
        threads.erase(std::string());
    } else if (is && before.touch != after.touch) {
        threads = {after.thread};
    }
    for (const std::string& thread : threads) {
        BOOST_OUTCOME_TRY(change_thread(company, thread,
                                        thread == before.thread ? was : std::nullopt,
                                        thread == after.thread ? is : std::nullopt));
    }
    return base::success();
}

base::Result<void> ActivityFold::change_thread(CompanyState& company, const std::string& thread,
                                               const std::optional<store::ThreadMail>& gone,
                                               const std::optional<store::ThreadMail>& come) {
    const std::string row_key = store::thread_key(company.ordinal, thread);
    BOOST_OUTCOME_TRY(auto stored, state_.read<store::ThreadRow>(Family::state, row_key));
    store::ThreadRow row = stored.value_or(store::ThreadRow{});
    const auto touched_before = touches_of_thread(row.mails);
    if (gone) {
        std::erase(row.mails, *gone);
    }
    if (come) {
        row.mails.insert(std::upper_bound(row.mails.begin(), row.mails.end(), *come), *come);
    }
    if (row.mails.empty()) {
        state_.rows.erase(Family::state, row_key);
    } else {
        state_.write(Family::state, row_key, row);
    }
    const auto touched = touches_of_thread(row.mails);
    for (const store::ThreadMail& one : touched_before) {
        if (std::find(touched.begin(), touched.end(), one) == touched.end()) {
            BOOST_OUTCOME_TRY(set_touch(company, one.message_id, false));
        }
    }
    for (const store::ThreadMail& one : touched) {
        BOOST_OUTCOME_TRY(set_touch(company, one.message_id, true));
    }
    return base::success();
}

base::Result<void> ActivityFold::set_touch(CompanyState& company, const std::string& message_id,
                                           bool touch) {
    const EntityKey key{company.ordinal, store::kind_byte(Kind::email), {}, message_id};
    BOOST_OUTCOME_TRY(const auto stored, state_.read<Row>(Family::entity, store::entity_key(key)));
    if (!stored || stored->touch == touch) {
        return base::success();
    }
    Row after = *stored;
    after.touch = touch;
    BOOST_OUTCOME_TRY(credit(company, key, after));
    return store_row(company, key, *stored, after);
}

base::Result<bool> ActivityFold::proposals_count(const CompanyState& company, base::UtcMillis at) {
    if (!company.settings_at(at).proposals_from_mail) {
        return false;
    }
    BOOST_OUTCOME_TRY(const auto first, first_proposal(company));
    return !first || at < *first;
}

base::Result<std::optional<base::UtcMillis>> ActivityFold::first_proposal(
    const CompanyState& company) {
    BOOST_OUTCOME_TRY(const auto row, state_.rows.get(Family::state, first_proposal_key(company)));
    return row ? std::optional(base::from_ms(store::ValueReader(*row).i())) : std::nullopt;
}

base::Result<void> ActivityFold::after_proposal(CompanyState& company, const Row& before,
                                                const Row& after) {
    BOOST_OUTCOME_TRY(const auto was, first_proposal(company));
    std::optional<base::UtcMillis> is = was;
    if (stands(after) && (!is || after.at < *is)) {
        is = after.at;
    }
    if (was && stands(before) && before.at == *was && !(stands(after) && after.at <= *was)) {
        // The first one moved or went: the earliest that is left. Keys run from new to old.
        is.reset();
        const auto kind = store::kind_byte(Kind::proposal);
        const std::string prefix = store::index_prefix(store::Index::kind, company.ordinal, kind);
        BOOST_OUTCOME_TRY(
            state_.rows.scan_index(prefix, store::prefix_end(prefix), [&](std::string_view bytes) {
                store::IndexKey key;
                if (store::read_index_key(bytes, key)) {
                    is = key.at;
                }
                return true;
            }));
    }
    if (was == is) {
        return base::success();
    }
    if (is) {
        store::ValueWriter value;
        value.i(base::to_ms(*is));
        state_.rows.put(Family::state, first_proposal_key(company), value.take());
    } else {
        state_.rows.erase(Family::state, first_proposal_key(company));
    }
    const base::UtcMillis old_border = was.value_or(base::for_ever);
    const base::UtcMillis new_border = is.value_or(base::for_ever);
    state_.touch(company, store::Dirt::What::marked, 0, std::min(old_border, new_border),
                 std::max(old_border, new_border));
    return base::success();
}

base::Result<void> ActivityFold::after_invoice(CompanyState& company, const EntityKey& key,
                                               const Row& row) {
    for (const store::PaymentPart& part : row.payments) {
        const EntityKey payment{company.ordinal, store::kind_byte(Kind::payment), key.scope,
                                part.payment_id};
        BOOST_OUTCOME_TRY(const auto stored,
                          state_.read<Row>(Family::entity, store::entity_key(payment)));
        if (stored && stands(*stored)) {
            Row after = *stored;
            BOOST_OUTCOME_TRY(credit(company, payment, after));
            BOOST_OUTCOME_TRY(store_row(company, payment, *stored, after));
        }
    }
    return base::success();
}

base::Result<void> ActivityFold::after_payment(CompanyState& company, const EntityKey& key,
                                               const Row& before, const Row& after) {
    BOOST_OUTCOME_TRY(const std::string_view ledger,
                      state_.names.text(company.ordinal, store::Table::scope, key.scope.value()));
    const std::string own = ledger_id(std::string(ledger), key.native_id);
    if (stands(before) && before.client != after.client) {
        BOOST_OUTCOME_TRY(segments_.replace(company, before.client, own, std::nullopt));
    }
    std::optional<store::ClientPayment> payment;
    if (stands(after)) {
        payment = store::ClientPayment{.key = own,
                                       .at = after.at,
                                       .minor = after.minor,
                                       .currency = after.currency,
                                       .refund = after.word == "refund",
                                       .invoice = after.invoice_id.empty()
                                                      ? std::string()
                                                      : ledger_id(ledger, after.invoice_id)};
    }
    BOOST_OUTCOME_TRY(segments_.replace(company, after.client, own, payment));
    if (!before.invoice_id.empty() && before.invoice_id != after.invoice_id) {
        BOOST_OUTCOME_TRY(
            place_part(company, key.scope, before.invoice_id, key.native_id, nullptr));
    }
    if (!after.invoice_id.empty()) {
        const store::PaymentPart part{.payment_id = key.native_id,
                                      .received_at = after.at,
                                      .minor = after.minor,
                                      .currency = after.currency,
                                      .refund = after.word == "refund"};
        BOOST_OUTCOME_TRY(place_part(company, key.scope, after.invoice_id, key.native_id,
                                     stands(after) ? &part : nullptr));
    }
    return base::success();
}

base::Result<void> ActivityFold::place_part(CompanyState& company, kpi::Scope ledger,
                                            const std::string& invoice_id,
                                            const std::string& payment_id,
                                            const store::PaymentPart* part) {
    const EntityKey key{company.ordinal, store::kind_byte(Kind::invoice), ledger, invoice_id};
    BOOST_OUTCOME_TRY(const auto stored, state_.read<Row>(Family::entity, store::entity_key(key)));
    const Row before = stored.value_or(Row{});
    Row after = before;
    std::erase_if(after.payments, [&](const auto& one) { return one.payment_id == payment_id; });
    if (part != nullptr) {
        const auto order = [](const store::PaymentPart& a, const store::PaymentPart& b) {
            return std::tie(a.received_at, a.payment_id) < std::tie(b.received_at, b.payment_id);
        };
        after.payments.insert(
            std::upper_bound(after.payments.begin(), after.payments.end(), *part, order), *part);
    }
    if (after.payments == before.payments) {
        return base::success();
    }
    if (after.known) {
        BOOST_OUTCOME_TRY(credit(company, key, after));
    }
    return store_row(company, key, before, after);
}

}  // namespace processors
