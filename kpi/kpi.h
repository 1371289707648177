#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kpi {

/// Every KPI that contributions make (interface.md 5). The number stands in rows: do not renumber.
enum class Kpi : std::uint8_t {
    calls_in = 1,
    calls_in_answered = 2,
    calls_missed = 3,
    calls_missed_after_hours = 4,
    calls_out = 5,
    calls_out_answered = 6,
    calls_qualified = 7,
    calls_qualified_in = 8,
    calls_qualified_out = 9,
    talk_seconds = 10,
    talk_seconds_in = 11,
    talk_seconds_out = 12,
    ring_seconds = 13,
    wait_seconds = 14,
    hold_seconds = 15,
    contacts_unique = 16,
    contacts_attempted = 17,
    emails_sent = 20,
    emails_received = 21,
    meetings_scheduled = 22,
    meetings_held = 23,
    meetings_no_show = 24,
    presentations_held = 25,
    proposals_sent = 26,
    touches = 27,
    invoices_issued = 30,
    invoices_amount = 31,
    invoices_paid = 32,  ///< counted; its amount makes average_cheque
    payments_amount = 33,
    refunds_amount = 34,
    missed_cases = 35,
    callbacks_returned = 36,
    callbacks_recovered = 37,
    callbacks_expired = 38,
    callback_seconds = 39,  ///< working time
    // computed from others, never contributed
    answer_rate = 40,
    connect_rate = 41,
    average_cheque = 42,
};

/// How contributions become a value.
enum class Unit : std::uint8_t {
    count,     ///< an entity counts once in every selection
    seconds,   ///< milliseconds, the sum of participations at every level
    money,     ///< minor units by currency, an entity counts once
    contacts,  ///< distinct members
    ratio,     ///< of two counts
    cheque,    ///< mean amount of the invoices paid
};

struct KpiInfo {
    Kpi kpi;
    std::string_view id;  ///< the public name
    Unit unit;
    int version;  ///< of its definition; answers carry it
};

/// All of them, in the order in which answers show them.
std::span<const KpiInfo> all_kpis();
const KpiInfo& info(Kpi kpi);
std::optional<Kpi> kpi_of_id(std::string_view id);

/// Numerator and denominator of a ratio.
struct RatioParts {
    Kpi numerator;
    Kpi denominator;
};
RatioParts ratio_parts(Kpi ratio);

}  // namespace kpi
