#include "store/row_fields.h"

// Calls: the legs that stand, the call made of them, aliases, voided legs.
namespace store {

template <class Visit, Is<PartyRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.number);
    visit(1, row.text);
}

template <class Visit, Is<LegRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.kind);
    visit(1, row.head);
    visit(2, row.native_id);
    visit(3, row.second_id);
    visit(4, row.third_id);
    visit(5, row.linked_ids);
    visit(6, row.inside_call_event);
    visit(7, row.caller);
    visit(8, row.called);
    visit(9, row.channel);
    visit(10, row.peer);
    visit(11, row.application);
    visit(12, row.direction);
    visit(13, row.started_at);
    visit.since(14, row.answered_at, row.started_at);
    visit.since(15, row.ended_at, row.started_at);
    visit(16, row.result);
    visit.or_default(17, row.billed_seconds, std::int64_t{-1});
    visit(18, row.quality);
    visit(19, row.disposition);
    visit(20, row.manager);
    visit(21, row.endpoint);
    visit(22, row.hung_up_by_caller);
    visit(23, row.tags);
    visit(24, row.has_recording);
    visit(25, row.recording_state);
    visit(26, row.recording_seconds);
}

template <class Visit, Is<kpi::Participation> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.manager);
    visit(1, row.team);
    visit(2, row.endpoint);
    visit(3, row.result);
    visit(4, row.connected);
    visit(5, row.qualified);
    visit(6, row.touch);
    visit(7, row.ring);
    visit(8, row.talk);
    visit(9, row.hold);
    visit(10, row.consult);
}

template <class Visit, Is<kpi::AssembledCall> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.direction);
    visit(1, row.disposition);
    visit(2, row.started_at);
    visit.since(3, row.answered_at, row.started_at);
    visit.since(4, row.ended_at, row.started_at);
    visit(5, row.client);
    visit(6, row.client_name);
    visit(7, row.number);
    visit(8, row.anonymous);
    visit(9, row.dialled);
    visit(10, row.segment);
    visit(11, row.ivr);
    visit(12, row.wait);
    visit(13, row.talk);
    visit(14, row.missed);
    visit(15, row.short_abandon);
    visit(16, row.owned);
    visit(17, row.owner);
    visit(18, row.owner_team);
    visit(19, row.owner_own_team);
    visit(20, row.originator);
    visit(21, row.originator_team);
    visit(22, row.participations);
    visit(23, row.quality);
}

template <class Visit, Is<CallRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.legs);
    visit(1, row.call);
    visit(2, row.native_ids);
}

template <class Visit, Is<AliasRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.native_id);
}

template <class Visit, Is<VoidedLegsRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.legs);
}

std::string encode(const CallRow& row) {
    return encode_row(row);
}
std::string encode(const AliasRow& row) {
    return encode_row(row);
}
std::string encode(const VoidedLegsRow& row) {
    return encode_row(row);
}

template <>
base::Result<CallRow> decode(std::string_view bytes) {
    return decode_row<CallRow>(bytes, "call");
}
template <>
base::Result<AliasRow> decode(std::string_view bytes) {
    return decode_row<AliasRow>(bytes, "alias");
}
template <>
base::Result<VoidedLegsRow> decode(std::string_view bytes) {
    return decode_row<VoidedLegsRow>(bytes, "voided legs");
}

}  // namespace store
