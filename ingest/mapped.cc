#include "ingest/mapped.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

#include "base/ensure.h"

namespace ingest {
namespace {

constexpr std::uint32_t schema_version = 1;

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    ENSURE(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) ==
           1);
    std::string out;
    for (unsigned int n = 0; n < size; ++n) {
        out += static_cast<char>(digest[n]);
    }
    return out;
}

}  // namespace

void fill_envelope(events::pb::Event& head, std::string_view word, const MapContext& context) {
    head.set_type(events::type_of_word(word));
    head.set_received_at(base::to_ms(context.received_at));
    head.set_company(context.company);
    head.set_source_id(context.source_id);
    head.set_source_revision(1);
    head.set_mapper_revision(1);
    head.set_schema(schema_version);
}

std::uint32_t add_number(events::Event& event, std::string_view raw,
                         const events::NumberPlan& plan) {
    events::pb::Party party;
    party.set_kind(events::pb::Party::NUMBER);
    party.set_raw(std::string(raw));
    if (auto normal = events::normal_number(raw, plan)) {
        party.set_normalised(std::move(*normal));
    }
    return events::add_party(event, std::move(party));
}

events::Event rejected_event(const Rejection& rejection, std::string_view raw, std::size_t bytes,
                             const events::pb::Origin& origin, std::string_view format,
                             const MapContext& context) {
    const std::string_view kept = raw.substr(0, rejected_bytes_max);
    events::Event event;
    fill_envelope(event.head, "rejected", context);
    event.head.set_source("/" + context.source_id);
    // Where and when it was met: a name of its own that says nothing of what stood there.
    std::string id = "rejected-" + std::to_string(base::to_ms(context.received_at));
    if (origin.has_line() || origin.has_index()) {
        id += "-" + std::to_string(origin.has_line() ? origin.line() : origin.index());
    }
    event.head.set_id(std::move(id));
    *event.head.mutable_origin() = origin;
    events::pb::Rejected& data = *event.head.mutable_rejected();
    data.set_reason(rejection.reason);
    data.set_stage("map");
    data.set_pointer(rejection.pointer);
    data.set_detail(rejection.detail);
    data.set_bytes(bytes);
    data.set_sha256(sha256(kept));
    data.set_format(std::string(format));
    event.personal.set_raw(std::string(kept));
    return event;
}

}  // namespace ingest
