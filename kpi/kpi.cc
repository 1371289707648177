#include "kpi/kpi.h"

#include <algorithm>

#include "base/ensure.h"

namespace kpi {
namespace {

constexpr std::array infos{
    KpiInfo{Kpi::calls_in, "calls_in", Unit::count, 1},
    KpiInfo{Kpi::calls_in_answered, "calls_in_answered", Unit::count, 1},
    KpiInfo{Kpi::calls_missed, "calls_missed", Unit::count, 1},
    KpiInfo{Kpi::calls_missed_after_hours, "calls_missed_after_hours", Unit::count, 1},
    KpiInfo{Kpi::calls_out, "calls_out", Unit::count, 1},
    KpiInfo{Kpi::calls_out_answered, "calls_out_answered", Unit::count, 1},
    KpiInfo{Kpi::calls_qualified, "calls_qualified", Unit::count, 1},
    KpiInfo{Kpi::calls_qualified_in, "calls_qualified_in", Unit::count, 1},
    KpiInfo{Kpi::calls_qualified_out, "calls_qualified_out", Unit::count, 1},
    KpiInfo{Kpi::talk_seconds, "talk_seconds", Unit::seconds, 1},
    KpiInfo{Kpi::talk_seconds_in, "talk_seconds_in", Unit::seconds, 1},
    KpiInfo{Kpi::talk_seconds_out, "talk_seconds_out", Unit::seconds, 1},
    KpiInfo{Kpi::ring_seconds, "ring_seconds", Unit::seconds, 1},
    KpiInfo{Kpi::wait_seconds, "wait_seconds", Unit::seconds, 1},
    KpiInfo{Kpi::hold_seconds, "hold_seconds", Unit::seconds, 1},
    KpiInfo{Kpi::contacts_unique, "contacts_unique", Unit::contacts, 1},
    KpiInfo{Kpi::contacts_attempted, "contacts_attempted", Unit::contacts, 1},
    KpiInfo{Kpi::missed_cases, "missed_cases", Unit::count, 1},
    KpiInfo{Kpi::callbacks_returned, "callbacks_returned", Unit::count, 1},
    KpiInfo{Kpi::callbacks_recovered, "callbacks_recovered", Unit::count, 1},
    KpiInfo{Kpi::callbacks_expired, "callbacks_expired", Unit::count, 1},
    KpiInfo{Kpi::callback_seconds, "callback_seconds", Unit::seconds, 1},
    KpiInfo{Kpi::answer_rate, "answer_rate", Unit::ratio, 1},
    KpiInfo{Kpi::connect_rate, "connect_rate", Unit::ratio, 1},
    KpiInfo{Kpi::emails_sent, "emails_sent", Unit::count, 1},
    KpiInfo{Kpi::emails_received, "emails_received", Unit::count, 1},
    KpiInfo{Kpi::meetings_scheduled, "meetings_scheduled", Unit::count, 1},
    KpiInfo{Kpi::meetings_held, "meetings_held", Unit::count, 1},
    KpiInfo{Kpi::meetings_no_show, "meetings_no_show", Unit::count, 1},
    KpiInfo{Kpi::presentations_held, "presentations_held", Unit::count, 1},
    KpiInfo{Kpi::proposals_sent, "proposals_sent", Unit::count, 1},
    KpiInfo{Kpi::invoices_issued, "invoices_issued", Unit::count, 1},
    KpiInfo{Kpi::invoices_amount, "invoices_amount", Unit::money, 1},
    KpiInfo{Kpi::invoices_paid, "invoices_paid", Unit::count, 1},
    KpiInfo{Kpi::payments_amount, "payments_amount", Unit::money, 1},
    KpiInfo{Kpi::refunds_amount, "refunds_amount", Unit::money, 1},
    KpiInfo{Kpi::average_cheque, "average_cheque", Unit::cheque, 1},
    KpiInfo{Kpi::touches, "touches", Unit::count, 1},
};

}  // namespace

std::span<const KpiInfo> all_kpis() {
    return infos;
}

const KpiInfo& info(Kpi kpi) {
    const auto* const found = std::find_if(infos.begin(), infos.end(),
                                           [kpi](const KpiInfo& one) { return one.kpi == kpi; });
    ENSURE(found != infos.end());
    return *found;
}

std::optional<Kpi> kpi_of_id(std::string_view id) {
    for (const KpiInfo& one : infos) {
        if (one.id == id) {
            return one.kpi;
        }
    }
    return std::nullopt;
}

RatioParts ratio_parts(Kpi ratio) {
    ENSURE(info(ratio).unit == Unit::ratio);
    if (ratio == Kpi::answer_rate) {
        return {Kpi::calls_in_answered, Kpi::calls_in};
    }
    return {Kpi::calls_out_answered, Kpi::calls_out};
}

}  // namespace kpi
