#pragma once

#include "processors/fold_state.h"

namespace processors {

/// New or existing, from the payments of a client.
///
/// Source: domain.md 6, existing client. Existing at t: of the payments strictly before t -
/// new_window_days something net is left after the refunds before t.
class Segments {
public:
    explicit Segments(FoldState& state) : state_(state) {}

    base::Result<kpi::Segment> at(const CompanyState& company, kpi::Client client,
                                  base::UtcMillis at);

    /// A payment that stands takes the place of its former revision; `payment` absent: it stands no
    /// more. Touches the client's entities wherever the segment changed by it.
    base::Result<void> replace(const CompanyState& company, kpi::Client client,
                               const std::string& key,
                               const std::optional<store::ClientPayment>& payment);

private:
    base::Result<const kpi::Intervals*> existing_of(const CompanyState& company, kpi::Client client,
                                                    base::Millis new_window);

    FoldState& state_;
};

}  // namespace processors
