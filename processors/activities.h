#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kpi/contribution.h"
#include "kpi/directory.h"
#include "store/rows.h"

namespace processors {

/// What the credit of an activity asks of the rest of the world.
struct ActivityWorld {
    const kpi::Directory& directory;
    std::function<std::string(kpi::Subject)> text_of;  ///< an address in normal form
    std::function<bool(std::string_view mail, base::UtcMillis)> is_corporate;
    std::function<kpi::Segment(kpi::Client, base::UtcMillis)> segment_of;
};

/// What attribution decided: the client, and what the activity gives. A mail that no human wrote
/// and a meeting that gives no number have a client all the same: they stand in its timeline.
struct Credit {
    kpi::Client client;
    std::vector<kpi::Contribution> contributions;
};

/// A mail, without its touch: that depends on its thread. `proposals_count`: a mail marked as a
/// proposal is one at its instant. Source: domain.md 6 and 10, e-mail.
Credit credit_of_mail(const store::ActivityRow& mail, bool proposals_count,
                      const ActivityWorld& world);

/// An occurrence of a meeting or presentation, counted where its newest revision starts.
Credit credit_of_meeting(const store::ActivityRow& meeting, const ActivityWorld& world);

/// Manager named, else the client's owner then.
Credit credit_of_proposal(const store::ActivityRow& proposal, const ActivityWorld& world);

/// Issued, and paid when its payments reach its amount. A voided one gives nothing.
Credit credit_of_invoice(const store::ActivityRow& invoice, const ActivityWorld& world);

/// Credited like its invoice (`invoice` absent: none is known), else the owner then.
Credit credit_of_payment(const store::ActivityRow& payment, const store::ActivityRow* invoice,
                         const ActivityWorld& world);

/// The mails of one thread that count as touches: of each manager the first, then each that comes
/// 10 minutes or more after the last counted one. Source: domain.md 6, touch.
std::vector<store::ThreadMail> touches_of_thread(const std::vector<store::ThreadMail>& mails);

}  // namespace processors
