#include "store/row_fields.h"

// Missed cases.
namespace store {

template <>
struct LastOf<kpi::CaseState> {
    static constexpr kpi::CaseState value = kpi::CaseState::returned_late;
};

template <class Visit, Is<kpi::MissedCase> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.client);
    visit(1, row.number);
    visit(2, row.first_at);
    visit(3, row.first_ended_at);
    visit(4, row.owner);
    visit(5, row.owner_team);
    visit(6, row.owner_own_team);
    visit(7, row.segment);
    visit.or_default(8, row.state, kpi::CaseState::open);
    visit.since(9, row.due, row.first_at);
    visit.since(10, row.attempted_at, row.first_at);
    visit.since(11, row.resolved_at, row.first_at);
    visit(12, row.attempt);
    visit(13, row.contact);
    visit(14, row.resolver);
    visit(15, row.resolver_team);
}

template <class Visit, Is<CaseRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.missed);
    visit(1, row.resolver_kind);
    visit(2, row.resolver_scope);
    visit(3, row.resolver_native_id);
}

template <class Visit, Is<CasesRow::Place> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.at);
    visit(1, row.native_id);
    visit(2, row.scope);
}

template <class Visit, Is<CasesRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.cases);
}

std::string encode(const CaseRow& row) {
    return encode_row(row);
}
std::string encode(const CasesRow& row) {
    return encode_row(row);
}

template <>
base::Result<CaseRow> decode(std::string_view bytes) {
    return decode_row<CaseRow>(bytes, "case");
}
template <>
base::Result<CasesRow> decode(std::string_view bytes) {
    return decode_row<CasesRow>(bytes, "cases");
}

}  // namespace store
