#include "app/json_members.h"

namespace app {

namespace json = boost::json;

const json::value& member(const json::object& object, std::string_view name) {
    static const json::value nothing;
    const json::value* found = object.if_contains(name);
    return found == nullptr ? nothing : *found;
}

const json::object& object_member(const json::object& object, std::string_view name) {
    static const json::object nothing;
    const json::object* found = member(object, name).if_object();
    return found == nullptr ? nothing : *found;
}

const json::array& array_member(const json::object& object, std::string_view name) {
    static const json::array nothing;
    const json::array* found = member(object, name).if_array();
    return found == nullptr ? nothing : *found;
}

}  // namespace app
