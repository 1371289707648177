#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/int128.h"
#include "base/json.h"
#include "base/time.h"
#include "kpi/contribution.h"
#include "kpi/local_time.h"
#include "kpi/ratio.h"

/// How values stand in answers.
namespace query {

/// Seconds with up to 3 decimals: 90500 -> `90.5`.
std::string seconds_text(std::int64_t milliseconds);
/// numerator / denominator with up to 4 decimals, half up. The denominator is positive.
std::string ratio_text(std::int64_t numerator, std::int64_t denominator);
std::string ratio_text(const kpi::Ratio& ratio);

/// `{"minor": .., "currency": ".."}`.
void write_money(base::JsonWriter& out, base::Int128 minor, const kpi::Currency& currency);
/// A text, or null when there is none.
void write_text(base::JsonWriter& out, const std::optional<std::string>& text);
/// A text, or null when it is empty.
void write_word(base::JsonWriter& out, std::string_view text);
/// `new`, `existing` or null.
void write_segment(base::JsonWriter& out, kpi::Segment segment);
/// An instant in UTC, or with the offset of a zone; null when there is none.
void write_instant(base::JsonWriter& out, std::optional<base::UtcMillis> at,
                   const std::optional<kpi::Zone>& zone = {});
/// A number with up to 4 decimals, whole minor units with their currency, or null.
void write_amount(base::JsonWriter& out, const std::optional<kpi::Ratio>& amount,
                  const std::optional<kpi::Currency>& currency);
/// Seconds, or null.
void write_seconds(base::JsonWriter& out, std::optional<base::Millis> duration);

}  // namespace query
