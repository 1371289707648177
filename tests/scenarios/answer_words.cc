#include "tests/scenarios/answer_words.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace scenarios {
namespace {

namespace json = boost::json;

std::string money_word(std::int64_t minor, std::string_view currency) {
    constexpr std::int64_t minor_per_unit = 100;
    std::string word = std::to_string(minor / minor_per_unit);
    if (minor % minor_per_unit != 0) {
        const std::string cents = std::to_string(minor % minor_per_unit);
        word += "." + std::string(2 - cents.size(), '0') + cents;
    }
    return currency == "RUB" ? word : word + std::string(currency);
}

json::value without_arrival(const json::value& value) {
    constexpr std::array<std::string_view, 5> arrival{"meta", "offset", "received_at", "revision",
                                                      "next_cursor"};
    if (const json::array* array = value.if_array()) {
        json::array kept;
        for (const json::value& one : *array) {
            kept.push_back(without_arrival(one));
        }
        return kept;
    }
    if (const json::object* object = value.if_object()) {
        json::object kept;
        for (const auto& [name, one] : *object) {
            const std::string_view word(name.data(), name.size());
            if (std::ranges::find(arrival, word) == arrival.end()) {
                kept.emplace(name, without_arrival(one));
            }
        }
        return kept;
    }
    return value;
}

}  // namespace

std::string word_of(const json::value& value) {
    if (value.is_null()) {
        return "-";
    }
    if (const bool* truth = value.if_bool()) {
        return *truth ? "yes" : "no";
    }
    if (const json::string* text = value.if_string()) {
        return {text->data(), text->size()};
    }
    if (const json::object* object = value.if_object()) {
        const json::value* minor = object->if_contains("minor");
        const json::value* currency = object->if_contains("currency");
        if (minor != nullptr && currency != nullptr) {
            return money_word(minor->to_number<std::int64_t>(), word_of(*currency));
        }
    }
    return base::JsonWriter().json(value).take();
}

const json::value& at_path(const json::value& value, std::string_view path) {
    static const json::value null;
    const std::string_view name = path.substr(0, path.find('.'));
    const json::object* object = value.if_object();
    const json::value* member =
        object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
    if (member == nullptr) {
        return null;
    }
    return name.size() == path.size() ? *member : at_path(*member, path.substr(name.size() + 1));
}

std::string facts_of(const json::value& answer) {
    return base::JsonWriter().json(without_arrival(answer)).take();
}

}  // namespace scenarios
