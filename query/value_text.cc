#include "query/value_text.h"

namespace query {
namespace {

/// `whole.part` of a number given in units of 10^-digits, without trailing zeros.
std::string fixed_text(base::Int128 scaled, int digits) {
    const bool is_negative = scaled < 0;
    std::string text = base::to_decimal(is_negative ? -scaled : scaled);
    const auto places = static_cast<std::size_t>(digits);
    if (text.size() <= places) {
        text.insert(0, places + 1 - text.size(), '0');
    }
    text.insert(text.size() - places, 1, '.');
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') {
        text.pop_back();
    }
    return is_negative ? "-" + text : text;
}

}  // namespace

std::string seconds_text(std::int64_t milliseconds) {
    return fixed_text(milliseconds, 3);
}

std::string ratio_text(std::int64_t numerator, std::int64_t denominator) {
    return fixed_text(kpi::half_up(base::Int128{numerator} * 10'000, denominator), 4);
}

std::string ratio_text(const kpi::Ratio& ratio) {
    constexpr base::Int128 units = 10'000;
    // Whole and part apart: a numerator may be near the limit.
    const base::Int128 whole = ratio.num / ratio.den;
    return fixed_text(whole * units + kpi::half_up(ratio.num % ratio.den * units, ratio.den), 4);
}

void write_money(base::JsonWriter& out, base::Int128 minor, const kpi::Currency& currency) {
    out.begin_object().member("minor", minor);
    out.member("currency", std::string_view(currency.data(), currency.size())).end_object();
}

void write_text(base::JsonWriter& out, const std::optional<std::string>& text) {
    if (text) {
        out.value(*text);
    } else {
        out.null();
    }
}

void write_word(base::JsonWriter& out, std::string_view text) {
    if (text.empty()) {
        out.null();
    } else {
        out.value(text);
    }
}

void write_segment(base::JsonWriter& out, kpi::Segment segment) {
    write_word(out, segment == kpi::Segment::none ? std::string_view() : kpi::to_string(segment));
}

void write_instant(base::JsonWriter& out, std::optional<base::UtcMillis> at,
                   const std::optional<kpi::Zone>& zone) {
    if (at) {
        out.value(zone ? kpi::render(*at, *zone) : kpi::render(*at));
    } else {
        out.null();
    }
}

void write_seconds(base::JsonWriter& out, std::optional<base::Millis> duration) {
    if (duration) {
        out.raw(seconds_text(duration->count()));
    } else {
        out.null();
    }
}

void write_amount(base::JsonWriter& out, const std::optional<kpi::Ratio>& amount,
                  const std::optional<kpi::Currency>& currency) {
    if (!amount) {
        out.null();
    } else if (currency) {
        write_money(out, kpi::half_up(amount->num, amount->den), *currency);
    } else {
        out.raw(ratio_text(*amount));
    }
}

}  // namespace query
