#include "events/event.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <array>
#include <limits>
#include <utility>

#include "base/ensure.h"

namespace events {
namespace {

using google::protobuf::io::CodedOutputStream;
using google::protobuf::io::StringOutputStream;

/// Tag byte pair of field 16, length-delimited: the personal section, which closes a record.
constexpr std::uint32_t personal_tag = (16U << 3U) | 2U;

struct KindWord {
    Kind kind;
    std::string_view word;
};

constexpr std::array<KindWord, 22> kind_words = {{
    {Kind::call, "call"},         {Kind::email, "email"},       {Kind::meeting, "meeting"},
    {Kind::proposal, "proposal"}, {Kind::invoice, "invoice"},   {Kind::payment, "payment"},
    {Kind::voided, "void"},       {Kind::review, "review"},     {Kind::lead, "lead"},
    {Kind::deal, "deal"},         {Kind::document, "document"}, {Kind::task, "task"},
    {Kind::team, "team"},         {Kind::manager, "manager"},   {Kind::endpoint, "endpoint"},
    {Kind::client, "client"},     {Kind::calendar, "calendar"}, {Kind::absence, "absence"},
    {Kind::norm, "norm"},         {Kind::plan, "plan"},         {Kind::checkpoint, "checkpoint"},
    {Kind::settings, "settings"},
}};

constexpr std::string_view type_prefix = "normwatch.";
constexpr std::string_view type_suffix = ".v1";

}  // namespace

std::string encode(const Event& event) {
    const std::size_t head_bytes = event.head.ByteSizeLong();
    const std::size_t personal_bytes = event.personal.ByteSizeLong();
    ENSURE(head_bytes + personal_bytes < std::numeric_limits<std::int32_t>::max());
    std::string record;
    record.reserve(head_bytes + personal_bytes + 8);
    {
        StringOutputStream stream(&record);
        CodedOutputStream out(&stream);
        out.SetSerializationDeterministic(true);
        event.head.SerializeWithCachedSizes(&out);
        if (personal_bytes > 0) {
            out.WriteTag(personal_tag);
            out.WriteVarint32(static_cast<std::uint32_t>(personal_bytes));
            event.personal.SerializeWithCachedSizes(&out);
        }
    }
    return record;
}

namespace {

base::Result<void> decode_into(std::string_view record, pb::Event& head, pb::Personal& personal) {
    if (record.size() > std::numeric_limits<std::int32_t>::max() ||
        !head.ParseFromArray(record.data(), static_cast<int>(record.size())) ||
        head.type().empty()) {
        return base::Error(base::ErrorCode::corrupt, "not an event");
    }
    if (head.personal_codec() != 0) {
        return base::Error(base::ErrorCode::corrupt, "personal section of an unknown codec " +
                                                         std::to_string(head.personal_codec()));
    }
    if (!personal.ParseFromString(head.personal())) {
        return base::Error(base::ErrorCode::corrupt, "not a personal section");
    }
    head.clear_personal();
    return base::success();
}

}  // namespace

base::Result<Event> decode(std::string_view record) {
    Event event;
    BOOST_OUTCOME_TRY(decode_into(record, event.head, event.personal));
    return event;
}

base::Result<EventView> decode(std::string_view record, google::protobuf::Arena& arena) {
    auto* const head = google::protobuf::Arena::CreateMessage<pb::Event>(&arena);
    auto* const personal = google::protobuf::Arena::CreateMessage<pb::Personal>(&arena);
    BOOST_OUTCOME_TRY(decode_into(record, *head, *personal));
    return EventView(*head, *personal);
}

std::uint32_t add_party(Event& event, pb::Party party) {
    *event.personal.add_parties() = std::move(party);
    return static_cast<std::uint32_t>(event.personal.parties_size());
}

const pb::Party* party_at(const EventView& event, std::uint32_t index_plus_one) {
    if (index_plus_one == 0 ||
        index_plus_one > static_cast<std::uint32_t>(event.personal.parties_size())) {
        return nullptr;
    }
    return &event.personal.parties(static_cast<int>(index_plus_one - 1));
}

std::string_view to_string(Kind kind) {
    for (const KindWord& known : kind_words) {
        if (known.kind == kind) {
            return known.word;
        }
    }
    return "";
}

Kind kind_of_word(std::string_view word) {
    if (word == "call.leg") {
        return Kind::call;
    }
    for (const KindWord& known : kind_words) {
        if (known.word == word) {
            return known.kind;
        }
    }
    return Kind::none;
}

Kind kind_of(const pb::Event& event) {
    switch (event.data_case()) {
        case pb::Event::kCall:
        case pb::Event::kCallLeg:
        case pb::Event::kCdrRow: return Kind::call;
        case pb::Event::kEmail: return Kind::email;
        case pb::Event::kMeeting: return Kind::meeting;
        case pb::Event::kProposal: return Kind::proposal;
        case pb::Event::kInvoice: return Kind::invoice;
        case pb::Event::kPayment: return Kind::payment;
        case pb::Event::kOpaque: return kind_of_word(word_of_type(event.type()));
        case pb::Event::kVoid: return Kind::voided;
        case pb::Event::kReview: return Kind::review;
        case pb::Event::kTeam: return Kind::team;
        case pb::Event::kManager: return Kind::manager;
        case pb::Event::kEndpoint: return Kind::endpoint;
        case pb::Event::kClient: return Kind::client;
        case pb::Event::kCalendar: return Kind::calendar;
        case pb::Event::kAbsence: return Kind::absence;
        case pb::Event::kNorm: return Kind::norm;
        case pb::Event::kPlan: return Kind::plan;
        case pb::Event::kCheckpoint: return Kind::checkpoint;
        case pb::Event::kSettings: return Kind::settings;
        case pb::Event::kHeartbeat:
        case pb::Event::kTick:
        case pb::Event::kRejected:
        case pb::Event::kQuarantine:
        case pb::Event::kDirectoryBegin:
        case pb::Event::kDirectoryApplied:
        case pb::Event::DATA_NOT_SET: return Kind::none;
    }
    return Kind::none;
}

std::string type_of_word(std::string_view word) {
    return std::string(type_prefix).append(word).append(type_suffix);
}

std::string_view word_of_type(std::string_view type) {
    if (type.size() <= type_prefix.size() + type_suffix.size() || !type.starts_with(type_prefix) ||
        !type.ends_with(type_suffix)) {
        return "";
    }
    return type.substr(type_prefix.size(), type.size() - type_prefix.size() - type_suffix.size());
}

}  // namespace events
