#include "query/deviation_json.h"

#include <xxhash.h>

#include <algorithm>
#include <array>

#include "query/value_text.h"
#include "store/bytes.h"

namespace query {

using store::EpisodeRow;
using store::EpisodeState;

namespace {

std::string_view to_string(store::EpisodeCause cause) {
    constexpr std::array<std::string_view, 6> words{
        "", "behind", "recovered", "period_ended", "norm_changed", "late_data"};
    return words.at(static_cast<std::size_t>(cause));
}

std::string_view segment_word(kpi::Segment segment) {
    return segment == kpi::Segment::none ? kpi::to_string(kpi::NormSegment())
                                         : kpi::to_string(kpi::NormSegment(segment));
}

}  // namespace

std::string_view to_string(EpisodeState state) {
    constexpr std::array<std::string_view, 4> words{"", "open", "closed", "retracted"};
    return words.at(static_cast<std::size_t>(state));
}
std::string rule_of(const EpisodeRow& row) {
    return std::string(kpi::info(row.kpi).id) + ":" + std::string(segment_word(row.segment)) + ":" +
           std::string(kpi::to_string(row.grain));
}

/// The same for the same deviation in whatever views: of its rule, its subject, its period and its
/// number.
std::string deviation_id(const DeviationNames& names, const EpisodeRow& row) {
    const std::string text = store::KeyWriter()
                                 .text(rule_of(row))
                                 .text(names.company)
                                 .text(names.manager)
                                 .i64(base::to_ms(row.period.from))
                                 .u64(row.number)
                                 .take();
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes, hash);
    std::string hex;
    for (const unsigned char byte : bytes.digest) {
        constexpr std::string_view digits = "0123456789abcdef";
        hex += digits[byte >> 4U];
        hex += digits[byte & 15U];
    }
    return hex;
}

namespace {

void write_step(base::JsonWriter& out, const EpisodeRow& row, const EpisodeRow::Step& step,
                const std::optional<kpi::Zone>& zone) {
    const kpi::Unit unit = kpi::info(row.kpi).unit;
    std::optional<kpi::Currency> currency;
    if (unit == kpi::Unit::money || unit == kpi::Unit::cheque) {
        currency = row.currency;
    }
    out.begin_object().key("at");
    write_instant(out, step.at, zone);
    out.member("state", query::to_string(step.state)).key("severity");
    write_word(out, step.severity == kpi::Severity::none ? "" : kpi::to_string(step.severity));
    out.key("actual");
    write_amount(out, step.actual, currency);
    out.key("expected_to_date");
    write_amount(out, step.expected, currency);
    out.key("pace");
    std::optional<kpi::Ratio> pace;
    if (step.actual && step.expected.num > 0) {
        pace =
            kpi::Ratio{step.actual->num * step.expected.den, step.actual->den * step.expected.num};
    }
    write_amount(out, pace, {});
    out.member("cause", to_string(step.cause)).end_object();
}

}  // namespace

void write_deviation(base::JsonWriter& out, const DeviationNames& names, const EpisodeRow& row,
                     const std::optional<kpi::Zone>& zone) {
    const EpisodeRow::Step& last = row.last();
    out.begin_object().member("id", deviation_id(names, row));
    out.member("rule", rule_of(row)).member("manager", names.manager).key("team");
    write_text(out, names.team);
    out.member("kpi", kpi::info(row.kpi).id).member("segment", segment_word(row.segment));
    out.key("period").begin_object().member("grain", kpi::to_string(row.grain)).key("from");
    write_instant(out, row.period.from, zone);
    out.key("until");
    write_instant(out, row.period.until, zone);
    out.end_object().member("state", to_string(last.state)).key("severity");
    // Of one that is over: the worst that it was.
    kpi::Severity severity = last.severity;
    if (severity == kpi::Severity::none) {
        for (const EpisodeRow::Step& step : row.history) {
            severity = std::max(severity, step.severity);
        }
    }
    out.value(kpi::to_string(severity)).key("opened_at");
    write_instant(out, row.opened().at, zone);
    out.key("closed_at");
    write_instant(out, last.state == EpisodeState::open ? std::nullopt : std::optional(last.at),
                  zone);
    out.key("history").begin_array();
    for (const EpisodeRow::Step& step : row.history) {
        write_step(out, row, step, zone);
    }
    out.end_array().end_object();
}

}  // namespace query
