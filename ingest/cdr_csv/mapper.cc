#include "ingest/cdr_csv/mapper.h"

#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "ingest/csv.h"

namespace ingest::cdr_csv {
namespace {

using Rejected = std::optional<Rejection>;

constexpr std::array time_fields = {Field::started_at, Field::answered_at, Field::ended_at};
constexpr std::array duration_fields = {Field::duration, Field::talk};
/// The checksum in a delivery's id: what is mapped and names nobody. Frozen.
constexpr std::array impersonal_fields = {Field::started_at, Field::answered_at, Field::ended_at,
                                          Field::duration,   Field::talk,        Field::direction,
                                          Field::disposition};
/// The key of a row without `call_id`. Frozen.
constexpr std::array weak_fields = {Field::started_at,  Field::answered_at, Field::ended_at,
                                    Field::duration,    Field::talk,        Field::direction,
                                    Field::disposition, Field::endpoint};
/// An address of so many digits at most is an extension of the company.
constexpr std::size_t extension_digits_max = 6;

Rejection reject(std::string_view reason, Field field, std::string detail) {
    return {std::string(reason), "/" + std::string(name_of(field)), std::move(detail)};
}

/// The mapped values of one record, trimmed.
class Row {
public:
    Row(const std::vector<std::string>& values, const Layout& layout) {
        for (std::size_t field = 0; field < fields_count; ++field) {
            if (layout.position[field]) {
                values_[field] = trimmed(values[*layout.position[field]]);
            }
        }
    }

    std::string_view operator[](Field field) const {
        return values_[static_cast<std::size_t>(field)];
    }

private:
    std::array<std::string_view, fields_count> values_;
};

/// Values, each with its length (u32, big-endian) in front: what is hashed.
template <std::size_t Count>
std::string joined(const Row& row, const std::array<Field, Count>& fields) {
    std::string bytes;
    for (const Field field : fields) {
        for (unsigned shift = 32; shift > 0; shift -= 8) {
            bytes += static_cast<char>((row[field].size() >> (shift - 8)) & 0xFFU);
        }
        bytes += row[field];
    }
    return bytes;
}

void append_hex(std::string& out, std::uint64_t number) {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (unsigned shift = 64; shift > 0; shift -= 4) {
        out += digits[(number >> (shift - 4)) & 0xFU];
    }
}

std::string call_id_of(const Row& row) {
    if (!row[Field::call_id].empty()) {
        return std::string(row[Field::call_id]);
    }
    const std::string bytes = joined(row, weak_fields);
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    std::string key;
    append_hex(key, hash.high64);
    append_hex(key, hash.low64);
    return key;
}

/// `-?\d{1,9}(\.\d{1,9})?` seconds; what lies below a millisecond is cut off.
std::optional<base::Millis> seconds_of(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    text.remove_prefix(is_negative ? 1 : 0);
    const std::size_t dot = text.find('.');
    const std::string_view whole = text.substr(0, dot);
    const std::string_view part = dot == std::string_view::npos ? "0" : text.substr(dot + 1);
    std::int64_t value = 0;
    for (const std::string_view digits : {whole, part}) {
        if (digits.empty() || digits.size() > 9 ||
            digits.find_first_not_of("0123456789") != std::string_view::npos) {
            return std::nullopt;
        }
    }
    for (const char c : whole) {
        value = value * 10 + (c - '0');
    }
    for (std::size_t n = 0; n < 3; ++n) {
        value = value * 10 + (n < part.size() ? part[n] - '0' : 0);
    }
    return base::Millis(is_negative ? -value : value);
}

/// Our word for what stands in a column of `direction` or `disposition`; empty for an empty column;
/// nullopt when it is none.
std::optional<std::string> word_of(const Row& row, Field field, const Mapping& mapping) {
    const std::string_view value = row[field];
    if (value.empty()) {
        return std::string();
    }
    const auto& values = mapping.values[static_cast<std::size_t>(field)];
    if (const auto found = values.find(std::string(value)); found != values.end()) {
        return found->second;
    }
    const std::vector<std::string_view>& words = words_of(field);
    return std::find(words.begin(), words.end(), value) == words.end()
               ? std::nullopt
               : std::optional(std::string(value));
}

bool says_answered(std::string_view disposition) {
    return disposition == "answered" || disposition == "answered_zero" || disposition == "machine";
}

/// What a row says, but for its parties.
struct Facts {
    RowInstants at;
    std::string direction;  ///< empty: the row does not say
    std::string disposition;
};

/// Reads the facts of one row; the first reason against it, in the order of interface.md 4.
class FactReader {
public:
    FactReader(const Row& row, const Mapping& mapping, const MapContext& context)
        : row_(row), mapping_(mapping), context_(context) {}

    std::variant<Facts, Rejection> read() {
        for (auto step :
             {&FactReader::missing, &FactReader::times, &FactReader::durations, &FactReader::words,
              &FactReader::negative, &FactReader::in_order, &FactReader::in_time}) {
            if (Rejected rejected = (this->*step)()) {
                return std::move(*rejected);
            }
        }
        return std::move(facts_);
    }

private:
    Rejected missing() {
        if (row_[Field::started_at].empty()) {
            return reject("missing_field", Field::started_at, "empty");
        }
        if (row_[Field::ended_at].empty() && row_[Field::duration].empty()) {
            return reject("missing_field",
                          mapping_.column(Field::ended_at) ? Field::ended_at : Field::duration,
                          "neither an end nor a duration");
        }
        return std::nullopt;
    }

    Rejected times() {
        const std::array readings = {&readings_.start, &readings_.answer, &readings_.end};
        for (std::size_t n = 0; n < time_fields.size(); ++n) {
            const std::string_view value = row_[time_fields[n]];
            if (value.empty()) {
                continue;
            }
            auto read = mapping_.time.read(value, "/" + std::string(name_of(time_fields[n])),
                                           context_.source_zone);
            if (auto* rejection = std::get_if<Rejection>(&read)) {
                return std::move(*rejection);
            }
            *readings[n] = std::move(std::get<Readings>(read));
        }
        return std::nullopt;
    }

    Rejected durations() {
        const std::array spans = {&duration_, &talk_};
        for (std::size_t n = 0; n < duration_fields.size(); ++n) {
            const std::string_view value = row_[duration_fields[n]];
            *spans[n] = value.empty() ? std::nullopt : seconds_of(value);
            if (!value.empty() && !*spans[n]) {
                return reject("invalid_value", duration_fields[n], "no number of seconds");
            }
        }
        return std::nullopt;
    }

    Rejected words() {
        for (const Field field : {Field::direction, Field::disposition}) {
            const std::optional<std::string> word = word_of(row_, field, mapping_);
            if (!word) {
                return reject("invalid_value", field, "none of the words allowed, nor of `values`");
            }
            (field == Field::direction ? facts_.direction : facts_.disposition) = *word;
        }
        return std::nullopt;
    }

    Rejected negative() {
        for (const auto& [span, field] :
             {std::pair(duration_, Field::duration), std::pair(talk_, Field::talk)}) {
            if (span && *span < base::Millis(0)) {
                return reject("impossible", field, "a negative duration");
            }
        }
        return std::nullopt;
    }

    Rejected in_order() {
        const std::optional<RowInstants> best = readings_.end.empty() ? by_duration() : by_end();
        if (!best) {
            return reject("impossible",
                          row_[Field::ended_at].empty() ? Field::duration : Field::ended_at,
                          "the end lies before the start or the answer");
        }
        facts_.at = *best;
        return says_talk();
    }

    std::optional<RowInstants> by_end() const {
        return best_reading(readings_, duration_.value_or(base::Millis(0)), std::nullopt);
    }

    /// The earliest start whose end, after the duration, is in order.
    std::optional<RowInstants> by_duration() const {
        for (const base::UtcMillis start : readings_.start) {
            auto best = best_reading({{start}, readings_.answer, {start + *duration_}}, *duration_,
                                     std::nullopt);
            if (best) {
                best->ambiguous = best->ambiguous || readings_.start.size() > 1;
                return best;
            }
        }
        return std::nullopt;
    }

    /// Without an instant of the answer it is the end less the talk.
    Rejected says_talk() {
        const bool is_answered = says_answered(facts_.disposition);
        if (!facts_.at.answer && talk_ && (*talk_ > base::Millis(0) || is_answered)) {
            facts_.at.answer = facts_.at.end - *talk_;
            if (*facts_.at.answer < facts_.at.start) {
                return reject("impossible", Field::talk, "the talk is longer than the call");
            }
        }
        if (is_answered && !facts_.at.answer) {
            return reject("impossible", Field::answered_at, "answered, but never");
        }
        return std::nullopt;
    }

    Rejected in_time() {
        if (facts_.at.start < earliest) {
            return reject("impossible", Field::started_at, "the year 1970 or before");
        }
        if (facts_.at.end > context_.received_at + happened_ahead_max) {
            return reject("future_time",
                          row_[Field::ended_at].empty() ? Field::started_at : Field::ended_at,
                          "ends after its receipt");
        }
        return std::nullopt;
    }

    const Row& row_;
    const Mapping& mapping_;
    const MapContext& context_;
    RowReadings readings_;
    std::optional<base::Millis> duration_;
    std::optional<base::Millis> talk_;
    Facts facts_;
};

bool is_extension(const events::Event& event, std::uint32_t party) {
    const std::string& number = events::party_at(event, party)->normalised();
    return !number.empty() && number.size() <= extension_digits_max &&
           number.find_first_not_of("0123456789") == std::string::npos;
}

/// Who does not say it calls out from an extension, or in from elsewhere.
std::string_view assumed_direction(const events::Event& event) {
    const events::pb::Call& call = event.head.call();
    if (!is_extension(event, call.from())) {
        return "inbound";
    }
    return is_extension(event, call.to()) ? "internal" : "outbound";
}

void fill_call(events::Event& event, const Row& row, Facts& facts, const MapContext& context) {
    events::pb::Call& call = *event.head.mutable_call();
    call.set_call_id(call_id_of(row));
    call.set_from(add_number(event, row[Field::from], context.source_plan));
    call.set_to(add_number(event, row[Field::to], context.source_plan));
    call.set_direction(facts.direction.empty() ? std::string(assumed_direction(event))
                                               : std::move(facts.direction));
    call.set_started_at(base::to_ms(facts.at.start));
    if (facts.at.answer) {
        call.set_answered_at(base::to_ms(*facts.at.answer));
    }
    call.set_ended_at(base::to_ms(facts.at.end));
    call.set_disposition(std::move(facts.disposition));
    call.set_endpoint(std::string(row[Field::endpoint]));
}

void fill_head(events::pb::Event& head, const Row& row, const Facts& facts,
               const MapContext& context) {
    fill_envelope(head, "call", context);
    head.set_source("/" + context.source_id);
    head.set_scope(context.source_pbx.value_or(context.source_id));
    head.set_time(base::to_ms(facts.at.start));
    const std::string bytes = joined(row, impersonal_fields);
    std::string id = head.call().call_id() + "-";
    append_hex(id, XXH3_64bits(bytes.data(), bytes.size()));
    head.set_id(std::move(id));
    if (facts.at.ambiguous) {
        head.add_quality("tz_ambiguous");
    }
    if (context.zone_assumed) {
        head.add_quality("tz_assumed");
    }
    if (row[Field::call_id].empty()) {
        head.add_quality("weak_key");
    }
}

}  // namespace

std::size_t lines_of_record(std::span<const std::string_view> lines, const Mapping& mapping) {
    return ingest::lines_of_record(lines, [&mapping](std::string_view record) {
        std::vector<std::string> values;
        return !split_record(record, values, mapping.separator);
    });
}

Mapped map_row(std::string_view record, const Mapping& mapping, const Layout& layout,
               const MapContext& context) {
    if (record.size() > item_bytes_max) {
        return Rejection{"too_large", "", "over 1 MiB"};
    }
    std::vector<std::string> values;
    if (auto rejection = split_record(record, values, mapping.separator)) {
        return std::move(*rejection);
    }
    if (values.size() < layout.columns_min) {
        return Rejection{"malformed", "",
                         std::to_string(values.size()) + " columns, " +
                             std::to_string(layout.columns_min) + " are mapped"};
    }
    const Row row(values, layout);
    auto read = FactReader(row, mapping, context).read();
    if (auto* rejection = std::get_if<Rejection>(&read)) {
        return std::move(*rejection);
    }
    Facts& facts = std::get<Facts>(read);
    events::Event event;
    fill_call(event, row, facts, context);
    fill_head(event.head, row, facts, context);
    if (record.size() <= raw_bytes_max) {
        event.personal.set_raw(std::string(record));
    }
    return event;
}

}  // namespace ingest::cdr_csv
