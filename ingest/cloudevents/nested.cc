#include "ingest/cloudevents/nested.h"

#include <algorithm>
#include <array>
#include <limits>

#include "events/text.h"
#include "ingest/cloudevents/check.h"

namespace ingest::cloudevents {
namespace {

namespace json = boost::json;

using Wrong = std::optional<WrongPart>;

constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
/// A shift may go on after midnight: `22:00-30:00`.
constexpr int shift_hours_max = 47;
constexpr std::int64_t ramp_days_max = 100'000;

/// One member of an object inside `data`.
struct Part {
    std::string_view name;
    Shape shape;
};

bool fits(Shape shape, const json::value& value) {
    switch (shape) {
        case Shape::number: return value.is_number();
        case Shape::label: return value.is_string() || value.is_number();
        case Shape::text: return value.is_string() && !events::is_blank(text_of(value));
        default: return value.is_string();
    }
}

template <std::size_t Count>
Wrong wrong_parts(const Field& field, const json::value& value,
                  const std::array<Part, Count>& parts) {
    for (const Part& part : parts) {
        const json::value* inner = member(value.get_object(), part.name);
        if (inner != nullptr && !fits(part.shape, *inner)) {
            return WrongPart{"/" + std::string(field.name) + "/" + std::string(part.name),
                             "of another type"};
        }
    }
    return std::nullopt;
}

Wrong wrong_attendees(const json::value& value) {
    for (const json::value& attendee : value.get_array()) {
        const json::object* object = attendee.if_object();
        const json::value* address = object != nullptr ? member(*object, "address") : nullptr;
        if (address == nullptr || !address->is_string()) {
            return WrongPart{"/attendees", "an attendee without address"};
        }
        const json::value* status = member(*object, "status");
        if (status != nullptr && !status->is_string()) {
            return WrongPart{"/attendees", "a status that is no text"};
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> day_index(std::string_view name) {
    const auto found = std::find(days.begin(), days.end(), events::lower_case(name));
    return found == days.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(found - days.begin()));
}

/// `mon`, `mon-fri`
bool is_days(std::string_view name) {
    const std::size_t dash = name.find('-');
    const auto first = day_index(name.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : day_index(name.substr(dash + 1));
    return first && last && *first <= *last;
}

int number_of(std::string_view digits) {
    int number = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') {
            return -1;
        }
        number = number * 10 + (c - '0');
    }
    return digits.empty() || digits.size() > 2 ? -1 : number;
}

/// `09:00`, as minutes; -1 when it is no time of a day.
int minutes_of(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return -1;
    }
    const int hours = number_of(text.substr(0, colon));
    const int minutes = number_of(text.substr(colon + 1));
    return hours < 0 || hours > shift_hours_max || minutes < 0 || minutes > 59
               ? -1
               : hours * 60 + minutes;
}

/// `09:00-13:00`
bool is_span(const json::value& value) {
    if (!value.is_string()) {
        return false;
    }
    const std::string_view text = text_of(value);
    const std::size_t dash = text.find('-');
    return dash != std::string_view::npos &&
           minutes_of(events::trimmed(text.substr(0, dash))) >= 0 &&
           minutes_of(events::trimmed(text.substr(dash + 1))) >= 0;
}

Wrong wrong_weekdays(const json::value& value) {
    for (const auto& [name, spans] : value.get_object()) {
        const std::string pointer = "/weekdays/" + escaped_pointer(std::string_view(name));
        if (!is_days(std::string_view(name))) {
            return WrongPart{pointer, "no weekday (mon ... sun) and no range of them"};
        }
        const json::array* list = spans.if_array();
        if (list == nullptr || !std::all_of(list->begin(), list->end(), is_span)) {
            return WrongPart{pointer, "not a list of spans like 09:00-13:00"};
        }
    }
    return std::nullopt;
}

Wrong wrong_holidays(const json::value& value) {
    for (const json::value& day : value.get_array()) {
        if (!kpi::parse_date(text_of(day))) {
            return WrongPart{"/holidays", "not a list of dates"};
        }
    }
    return std::nullopt;
}

/// `[{days: 30, share: 0.5}]`
Wrong wrong_ramp(const json::value& value) {
    for (const json::value& step : value.get_array()) {
        const json::object* const one = step.if_object();
        const json::value* const until = one != nullptr ? member(*one, "days") : nullptr;
        const json::value* const share = one != nullptr ? member(*one, "share") : nullptr;
        const bool is_step = until != nullptr && until->is_int64() && until->get_int64() > 0 &&
                             until->get_int64() <= ramp_days_max && share != nullptr &&
                             share->is_number() && share->to_number<double>() >= 0;
        if (!is_step) {
            return WrongPart{"/ramp", "not a list of {days, share}"};
        }
    }
    return std::nullopt;
}

/// A number or money, not below zero.
Wrong wrong_target(const json::value& value) {
    if (value.is_number() ? value.to_number<double>() < 0
                          : !is_money(value) || money_of(value).minor() < 0) {
        return WrongPart{"/value", "neither a number nor money, not below 0"};
    }
    return std::nullopt;
}

bool is_duration_name(std::string_view name) {
    return name.ends_with("_seconds") || name.ends_with("_days") || name.ends_with("_hours");
}

Wrong wrong_kpis(const json::value& value) {
    for (const auto& [name, setting] : value.get_object()) {
        if (is_duration_name(std::string_view(name)) &&
            (!setting.is_number() || setting.to_number<double>() < 0)) {
            return WrongPart{"/kpis/" + escaped_pointer(std::string_view(name)), "not a number"};
        }
    }
    return std::nullopt;
}

}  // namespace

bool is_money(const json::value& value) {
    const json::object* object = value.if_object();
    const json::value* minor = object != nullptr ? member(*object, "minor") : nullptr;
    const json::value* currency = object != nullptr ? member(*object, "currency") : nullptr;
    return minor != nullptr && minor->is_int64() &&
           minor->get_int64() != std::numeric_limits<std::int64_t>::min() && currency != nullptr &&
           currency->is_string() && events::code_points(text_of(*currency)) == 3;
}

events::pb::Money money_of(const json::value& value) {
    events::pb::Money money;
    money.set_minor(member(value.get_object(), "minor")->get_int64());
    money.set_currency(std::string(text_of(*member(value.get_object(), "currency"))));
    return money;
}

std::string escaped_pointer(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

Wrong wrong_nested(const Type& type, const Field& field, const json::value& value) {
    static constexpr std::array<Part, 3> recording = {
        {{"url", Shape::any_text}, {"state", Shape::any_text}, {"seconds", Shape::number}}};
    static constexpr std::array<Part, 2> scorecard = {
        {{"id", Shape::label}, {"version", Shape::label}}};
    static constexpr std::array<Part, 3> subject = {
        {{"manager", Shape::text}, {"role", Shape::text}, {"team", Shape::text}}};
    switch (field.place) {
        case Place::recording: return wrong_parts(field, value, recording);
        case Place::scorecard: return wrong_parts(field, value, scorecard);
        case Place::applies_to: return wrong_parts(field, value, subject);
        case Place::attendees: return wrong_attendees(value);
        case Place::json:
            if (field.name == "weekdays") {
                return wrong_weekdays(value);
            }
            if (field.name == "kpis") {
                return wrong_kpis(value);
            }
            if (field.name == "ramp") {
                return wrong_ramp(value);
            }
            return field.name == "value" ? wrong_target(value) : std::nullopt;
        default:
            if (field.name == "timezone" && !kpi::Zone::find(text_of(value))) {
                return WrongPart{"/timezone", "no zone of this name"};
            }
            return type.word == "calendar" && field.name == "holidays" ? wrong_holidays(value)
                                                                       : std::nullopt;
    }
}

}  // namespace ingest::cloudevents
