#pragma once

#include "store/row_codec.h"
#include "store/rows.h"

/// Fields of the structs that several kinds of rows hold; bits: docs/view_keys.md. Do not renumber.
namespace store {

template <>
struct LastOf<LegKind> {
    static constexpr LegKind value = LegKind::leg_event;
};
template <>
struct LastOf<kpi::Direction> {
    static constexpr kpi::Direction value = kpi::Direction::transit;
};
template <>
struct LastOf<kpi::Disposition> {
    static constexpr kpi::Disposition value = kpi::Disposition::unknown;
};
template <>
struct LastOf<kpi::OfferResult> {
    static constexpr kpi::OfferResult value = kpi::OfferResult::unreachable;
};
template <>
struct LastOf<kpi::Segment> {
    static constexpr kpi::Segment value = kpi::Segment::existing;
};
template <>
struct LastOf<kpi::Kpi> {
    static constexpr kpi::Kpi value = kpi::Kpi::average_cheque;
};
template <>
struct LastOf<Dirt::What> {
    static constexpr Dirt::What value = Dirt::What::marked;
};

template <class Visit, Is<events::Revision> Row>
void fields(Visit& visit, Row& row) {
    visit.or_default(0, row.source, std::uint64_t{1});
    visit.or_default(1, row.mapper, std::uint32_t{1});
}

template <class Visit, Is<events::Fingerprint> Row>
void fields(Visit& visit, Row& row) {
    visit.fixed(0, row.facts_high);
    visit.fixed(1, row.facts_low);
    visit.fixed(2, row.parties_high);
    visit.fixed(3, row.parties_low);
}

template <class Visit, Is<Observation> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.source);
    visit(1, row.event_source);
    visit(2, row.id);
    visit(3, row.offset);
    visit(4, row.received_at);
}

template <class Visit, Is<Head> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.revision);
    visit(1, row.fingerprint);
    visit(2, row.sources);
    visit(3, row.observations);
    visit(4, row.voided);
}

template <class Visit, Is<kpi::Contribution> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.kpi);
    visit(1, row.manager);
    visit(2, row.team);
    visit(3, row.segment);
    visit(4, row.at);
    visit.or_default(5, row.value, std::int64_t{1});
    visit(6, row.currency);
    visit(7, row.member);
}

}  // namespace store
