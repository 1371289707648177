#include "ingest/cloudevents/canonical_json.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace ingest::cloudevents {
namespace {

void write(base::JsonWriter& out,
           const boost::json::value& value) {  // as deep as the parser allowed
    if (const auto* object = value.if_object()) {
        std::vector<const boost::json::key_value_pair*> members;
        for (const auto& member : *object) {
            members.push_back(&member);
        }
        std::sort(members.begin(), members.end(),
                  [](const auto* a, const auto* b) { return a->key() < b->key(); });
        out.begin_object();
        for (const auto* member : members) {
            out.key(std::string_view(member->key()));
            write(out, member->value());
        }
        out.end_object();
    } else if (const auto* array = value.if_array()) {
        out.begin_array();
        for (const auto& item : *array) {
            write(out, item);
        }
        out.end_array();
    } else {
        out.json(value);
    }
}

}  // namespace

std::string canonical_json(const boost::json::value& value) {
    base::JsonWriter out;
    write(out, value);
    return out.take();
}

}  // namespace ingest::cloudevents
