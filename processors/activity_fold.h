#pragma once

#include <string>

#include "processors/activities.h"
#include "processors/call_fold.h"
#include "processors/fold_state.h"
#include "processors/segments.h"
#include "processors/verdict.h"

namespace processors {

/// Mail, meetings, proposals, invoices and payments: verdict, credit, and what they move in each
/// other - a thread's touches, the segment of a client, the credit of an invoice's payments, the
/// first proposal.
class ActivityFold {
public:
    ActivityFold(FoldState& state, CaseFold& cases)
        : state_(state), cases_(cases), segments_(state) {}

    base::Result<Verdict> apply(CompanyState& company, const Incoming& incoming);
    /// A void of one of these kinds arrived: its target, if it is here, is judged again.
    base::Result<void> apply_void(CompanyState& company, events::Kind kind, kpi::Scope scope,
                                  const std::string& native_id);
    base::Result<void> reattribute(CompanyState& company, const store::EntityKey& key);

private:
    using Row = store::ActivityRow;

    base::Result<bool> is_voided(const store::EntityKey& key, const Row& row);
    /// Puts `after` in the place of `before` with everything that hangs on it.
    base::Result<void> replace(CompanyState& company, const store::EntityKey& key,
                               const Row& before, Row after);
    base::Result<void> credit(CompanyState& company, const store::EntityKey& key, Row& row);
    base::Result<void> after_mail(CompanyState& company, const store::EntityKey& key,
                                  const Row& before, const Row& after);
    base::Result<void> after_proposal(CompanyState& company, const Row& before, const Row& after);
    base::Result<void> after_invoice(CompanyState& company, const store::EntityKey& key,
                                     const Row& row);
    base::Result<void> after_payment(CompanyState& company, const store::EntityKey& key,
                                     const Row& before, const Row& after);
    base::Result<void> place_part(CompanyState& company, kpi::Scope ledger,
                                  const std::string& invoice_id, const std::string& payment_id,
                                  const store::PaymentPart* part);
    base::Result<void> store_row(CompanyState& company, const store::EntityKey& key,
                                 const Row& before, const Row& after);
    base::Result<bool> proposals_count(const CompanyState& company, base::UtcMillis at);
    base::Result<std::optional<base::UtcMillis>> first_proposal(const CompanyState& company);
    base::Result<bool> is_counted(const CompanyState& company, const Row& row);
    ActivityWorld world_of(const CompanyState& company, std::optional<base::Error>& failure);
    base::Result<Credit> credit_of(const CompanyState& company, const store::EntityKey& key,
                                   const Row& row);
    base::Result<void> change_thread(CompanyState& company, const std::string& thread,
                                     const std::optional<store::ThreadMail>& gone,
                                     const std::optional<store::ThreadMail>& come);
    base::Result<void> set_touch(CompanyState& company, const std::string& message_id, bool touch);

    FoldState& state_;
    CaseFold& cases_;
    Segments segments_;
};

/// Does a row stand: known and hit by no void.
inline bool stands(const store::ActivityRow& row) {
    return row.known && !row.head.voided;
}

}  // namespace processors
