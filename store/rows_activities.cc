#include "store/row_fields.h"

// Everything else that is known of a company: activities, voids, kept entities, directory, clients,
// threads.
namespace store {

template <class Visit, Is<PaymentPart> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.payment_id);
    visit(1, row.received_at);
    visit(2, row.minor);
    visit(3, row.currency);
    visit(4, row.refund);
}

template <class Visit, Is<ActivityRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.known);
    visit(1, row.head);
    visit(2, row.at);
    visit(3, row.from);
    visit(4, row.to);
    visit(5, row.cc);
    visit(6, row.word);
    visit(7, row.second_word);
    visit(8, row.thread);
    visit(9, row.native_id);
    visit(10, row.manager);
    visit(11, row.client);
    visit(12, row.invoice_id);
    visit(13, row.minor);
    visit(14, row.currency);
    visit(15, row.payments);
    visit(16, row.resolved_client);
    visit(17, row.touch);
    visit(18, row.contributions);
}

template <class Visit, Is<VoidRow::One> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.revision);
    visit(1, row.head);
}

template <class Visit, Is<VoidRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.voids);
}

template <class Visit, Is<KeptRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.head);
}

template <class Visit, Is<DirectoryRow::PartyTexts> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.kind);
    visit(1, row.normalised);
    visit(2, row.raw);
}

template <class Visit, Is<DirectoryRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.head);
    visit(1, row.data);
    visit(2, row.parties);
}

template <class Visit, Is<ClientPayment> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.key);
    visit(1, row.at);
    visit(2, row.minor);
    visit(3, row.currency);
    visit(4, row.refund);
    visit(5, row.invoice);
}

template <class Visit, Is<ClientRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.payments);
}

template <class Visit, Is<ThreadMail> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.at);
    visit(1, row.message_id);
    visit(2, row.manager);
}

template <class Visit, Is<ThreadRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.mails);
}

std::string encode(const ActivityRow& row) {
    return encode_row(row);
}
std::string encode(const VoidRow& row) {
    return encode_row(row);
}
std::string encode(const KeptRow& row) {
    return encode_row(row);
}
std::string encode(const DirectoryRow& row) {
    return encode_row(row);
}
std::string encode(const ClientRow& row) {
    return encode_row(row);
}
std::string encode(const ThreadRow& row) {
    return encode_row(row);
}

template <>
base::Result<ActivityRow> decode(std::string_view bytes) {
    return decode_row<ActivityRow>(bytes, "activity");
}
template <>
base::Result<VoidRow> decode(std::string_view bytes) {
    return decode_row<VoidRow>(bytes, "void");
}
template <>
base::Result<KeptRow> decode(std::string_view bytes) {
    return decode_row<KeptRow>(bytes, "kept");
}
template <>
base::Result<DirectoryRow> decode(std::string_view bytes) {
    return decode_row<DirectoryRow>(bytes, "directory");
}
template <>
base::Result<ClientRow> decode(std::string_view bytes) {
    return decode_row<ClientRow>(bytes, "client");
}
template <>
base::Result<ThreadRow> decode(std::string_view bytes) {
    return decode_row<ThreadRow>(bytes, "thread");
}

bool VoidRow::hits(std::uint64_t revision) const {
    for (const One& one : voids) {
        if (!one.revision || revision <= *one.revision) {
            return true;
        }
    }
    return false;
}

}  // namespace store
