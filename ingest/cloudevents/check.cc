#include "ingest/cloudevents/check.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "events/text.h"
#include "ingest/cloudevents/nested.h"

namespace ingest::cloudevents {
namespace {

namespace json = boost::json;

using Rejected = std::optional<Rejection>;

constexpr base::UtcMillis year_1 = base::from_ms(-62'135'596'800'000);
constexpr base::UtcMillis year_10000 = base::from_ms(253'402'300'800'000);

bool is_text(const json::value& value) {
    return value.is_string();
}

bool is_count(const json::value& value) {
    if (const auto* small = value.if_int64()) {
        return *small >= 0;
    }
    return false;  // what does not fit is an unsigned integer or a double
}

bool is_number(const json::value& value) {
    return value.is_number();
}

bool has_shape(const Field& field, const json::value& value) {
    switch (field.shape) {
        case Shape::text: return is_text(value) && !events::is_blank(text_of(value));
        case Shape::any_text: return is_text(value);
        case Shape::label: return is_text(value) || is_number(value);
        case Shape::word:
            return is_text(value) && std::find(field.words.begin(), field.words.end(),
                                               text_of(value)) != field.words.end();
        case Shape::money: return is_money(value);
        case Shape::count: return is_count(value);
        case Shape::number: return is_number(value);
        case Shape::object: return value.is_object();
        case Shape::list:
        case Shape::text_list: return value.is_array();
        case Shape::any: return field.place != Place::declared_by;
        case Shape::instant:
        case Shape::moment:
        case Shape::day_end: return true;
    }
    return false;
}

/// Checks one `data`, or one leg inside a call.
class DataCheck {
public:
    DataCheck(const Type& type, const MapContext& context, std::string pointer)
        : type_(type), context_(context), pointer_(std::move(pointer)) {}

    /// `has_call_id`: of a leg inside a call, which is the call's.
    Rejected check(const json::value& data, bool has_call_id) {
        const auto* object = data.if_object();
        if (object == nullptr) {
            return Rejection{"invalid_value", pointer_, "data is no object"};
        }
        object_ = object;
        has_call_id_ = has_call_id;
        for (auto step : {&DataCheck::missing, &DataCheck::wrong_shape, &DataCheck::wrong_item,
                          &DataCheck::wrong_part, &DataCheck::negative_payment, &DataCheck::falling,
                          &DataCheck::too_early, &DataCheck::too_far, &DataCheck::wrong_leg,
                          &DataCheck::answered_never}) {
            if (Rejected rejected = (this->*step)()) {
                return rejected;
            }
        }
        return std::nullopt;
    }

private:
    Rejection reject(std::string_view reason, std::string_view name,
                     std::string_view detail) const {
        return {std::string(reason), pointer_ + "/" + escaped_pointer(name), std::string(detail)};
    }
    const json::value* get(std::string_view name) const { return member(*object_, name); }
    bool is_given(const Field& field) const { return has_call_id_ && field.name == "call_id"; }
    std::optional<base::UtcMillis> instant(std::string_view name) const {
        const auto found = instants_.find(name);
        return found == instants_.end() ? std::nullopt : std::optional(found->second);
    }

    Rejected missing() {
        for (const Field& field : type_.fields) {
            if (field.required && !is_given(field) && get(field.name) == nullptr) {
                return reject("missing_field", field.name, "required");
            }
        }
        return std::nullopt;
    }

    Rejected wrong_shape() {
        for (const Field& field : type_.fields) {
            const json::value* value = get(field.name);
            if (value == nullptr || is_given(field)) {
                continue;
            }
            if (field.shape == Shape::instant || field.shape == Shape::moment ||
                field.shape == Shape::day_end) {
                const auto at = resolve(field.shape, *value);
                if (!at) {
                    return reject("invalid_time", field.name,
                                  "no instant, and no date where one may stand");
                }
                instants_.emplace(field.name, *at);
            } else if (!has_shape(field, *value)) {
                return reject("invalid_value", field.name,
                              "of another type, or none of the words allowed");
            }
        }
        return std::nullopt;
    }

    std::optional<base::UtcMillis> resolve(Shape shape, const json::value& value) const {
        if (shape == Shape::instant || !is_date(value)) {
            return instant_of(value);
        }
        const auto date = value.is_string() ? kpi::parse_date(text_of(value)) : std::nullopt;
        if (!date) {
            return std::nullopt;
        }
        const kpi::Zone& zone = context_.company_zone;
        return shape == Shape::day_end ? zone.day_start(kpi::days_after(*date, 1)) - base::Millis(1)
                                       : zone.day_start(*date);
    }

    /// Lists of texts, and nobody written to.
    Rejected wrong_item() {
        for (const Field& field : type_.fields) {
            const json::value* value = get(field.name);
            if (field.shape != Shape::text_list || value == nullptr) {
                continue;
            }
            const auto& items = value->get_array();
            if (!std::all_of(items.begin(), items.end(), is_text)) {
                return reject("invalid_value", field.name, "not a list of texts");
            }
        }
        if (type_.word == "email" && get("to")->get_array().empty()) {
            return reject("missing_field", "to", "nobody was written to");
        }
        return std::nullopt;
    }

    /// What stands inside an object or a list.
    Rejected wrong_part() {
        for (const Field& field : type_.fields) {
            const json::value* value = get(field.name);
            if (value == nullptr || is_given(field)) {
                continue;
            }
            if (auto part = wrong_nested(type_, field, *value)) {
                return Rejection{"invalid_value", pointer_ + part->pointer, part->detail};
            }
        }
        return std::nullopt;
    }

    Rejected negative_payment() {
        if (type_.word == "payment" && money_of(*get("amount")).minor() < 0) {
            return Rejection{"invalid_value", pointer_ + "/amount/minor",
                             "negative; a refund has its own kind"};
        }
        return std::nullopt;
    }

    Rejected falling() {
        std::optional<base::UtcMillis> last;
        for (const std::string_view name : type_.ordered) {
            const auto at = instant(name);
            if (at && last && *at < *last) {
                return reject("impossible", type_.ordered.back(), "the end lies before the start");
            }
            last = at ? at : last;
        }
        return std::nullopt;
    }

    Rejected too_early() {
        for (const std::string_view name : type_.happened) {
            const auto at = instant(name);
            if (at && *at < earliest) {
                return reject("impossible", name, "the year 1970 or before");
            }
        }
        return std::nullopt;
    }

    Rejected too_far() {
        const bool is_dated = type_.word == "payment" && is_date(*get("received_at"));
        if (auto rejected =
                beyond(type_.happened, is_dated ? planned_ahead_max : happened_ahead_max)) {
            return rejected;
        }
        if (auto rejected = beyond(type_.planned, planned_ahead_max)) {
            return rejected;
        }
        for (const Words* names : {&type_.planned, is_dated ? &type_.happened : nullptr}) {
            for (const std::string_view name : names != nullptr ? *names : Words{}) {
                if (instant(name).value_or(earliest) >= zone_data_end) {
                    return reject("impossible", name, "after 2037, where the zone data end");
                }
            }
        }
        return std::nullopt;
    }

    Rejected beyond(const Words& names, base::Millis ahead_max) const {
        for (const std::string_view name : names) {
            const auto at = instant(name);
            if (at && *at > context_.received_at + ahead_max) {
                return reject("future_time", name, "too far ahead of its receipt");
            }
        }
        return std::nullopt;
    }

    Rejected wrong_leg() {
        const json::value* legs = type_.word == "call" ? get("legs") : nullptr;
        if (legs == nullptr) {
            return std::nullopt;
        }
        std::size_t index = 0;
        for (const json::value& leg : legs->get_array()) {
            DataCheck check(*find_type("call.leg"), context_,
                            pointer_ + "/legs/" + std::to_string(index++));
            if (Rejected rejected = check.check(leg, true)) {
                return rejected;
            }
        }
        return std::nullopt;
    }

    Rejected answered_never() {
        const json::value* disposition = type_.word == "call" ? get("disposition") : nullptr;
        if (disposition == nullptr || instant("answered_at")) {
            return std::nullopt;
        }
        const std::string_view word = text_of(*disposition);
        if (word == "answered" || word == "answered_zero" || word == "machine") {
            return reject("impossible", "answered_at", "answered, but never");
        }
        return std::nullopt;
    }

    const Type& type_;
    const MapContext& context_;
    std::string pointer_;
    const json::object* object_ = nullptr;
    bool has_call_id_ = false;
    std::map<std::string_view, base::UtcMillis> instants_;
};

}  // namespace

const json::value* member(const json::object& object, std::string_view name) {
    const json::value* found = object.if_contains(json::string_view(name.data(), name.size()));
    return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<base::UtcMillis> instant_of(const json::value& value) {
    const auto at = value.is_string() ? kpi::parse_instant(text_of(value)) : std::nullopt;
    return at && *at >= year_1 && *at < year_10000 ? at : std::nullopt;
}

bool is_date(const json::value& value) {
    return value.is_string() && text_of(value).find_first_of("Tt") == std::string_view::npos;
}

std::optional<Rejection> check_data(const Type& type, const json::value& data,
                                    const MapContext& context) {
    return DataCheck(type, context, "/data").check(data, false);
}

}  // namespace ingest::cloudevents
