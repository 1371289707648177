#pragma once

#include "processors/call_fold.h"
#include "processors/fold_state.h"

namespace processors {

/// The entity that an activity event describes.
base::Result<store::EntityKey> activity_key(FoldState& state, const CompanyState& company,
                                            const events::pb::Event& head);

/// Its facts as a row, nothing decided yet. Interns what it names.
base::Result<store::ActivityRow> activity_facts(FoldState& state, const CompanyState& company,
                                                const Incoming& incoming);

/// An instant, or a local date in the company's zone: its first instant, or its last millisecond.
base::UtcMillis moment_at(const events::pb::Moment& moment, const kpi::Zone& zone,
                          bool last_millisecond = false);

/// `ledger`, NUL, id: names an invoice or payment within its company.
std::string ledger_id(std::string_view ledger, std::string_view id);

}  // namespace processors
