#include "store/measures.h"

#include <algorithm>

namespace store {

using kpi::Kpi;

namespace {

kpi::Ratio held(base::Int128 numerator, base::Int128 denominator) {
    return {std::clamp<base::Int128>(numerator, -kpi::ratio_max, kpi::ratio_max), denominator};
}

}  // namespace

std::optional<KpiMeasures> measures_of(Kpi kpi) {
    switch (kpi) {
        case Kpi::calls_in: return KpiMeasures{Measure::calls_in, {}};
        case Kpi::calls_in_answered: return KpiMeasures{Measure::calls_in_answered, {}};
        case Kpi::calls_missed: return KpiMeasures{Measure::calls_missed, {}};
        case Kpi::calls_missed_after_hours:
            return KpiMeasures{Measure::calls_missed_after_hours, {}};
        case Kpi::calls_out: return KpiMeasures{Measure::calls_out, {}};
        case Kpi::calls_out_answered: return KpiMeasures{Measure::calls_out_answered, {}};
        case Kpi::calls_qualified: return KpiMeasures{Measure::calls_qualified, {}};
        case Kpi::calls_qualified_in: return KpiMeasures{Measure::calls_qualified_in, {}};
        case Kpi::calls_qualified_out: return KpiMeasures{Measure::calls_qualified_out, {}};
        case Kpi::talk_seconds: return KpiMeasures{Measure::talk_count, Measure::talk_ms};
        case Kpi::talk_seconds_in: return KpiMeasures{Measure::talk_in_count, Measure::talk_in_ms};
        case Kpi::talk_seconds_out:
            return KpiMeasures{Measure::talk_out_count, Measure::talk_out_ms};
        case Kpi::ring_seconds: return KpiMeasures{Measure::ring_count, Measure::ring_ms};
        case Kpi::wait_seconds: return KpiMeasures{Measure::wait_count, Measure::wait_ms};
        case Kpi::hold_seconds: return KpiMeasures{Measure::hold_count, Measure::hold_ms};
        case Kpi::emails_sent: return KpiMeasures{Measure::emails_sent, {}};
        case Kpi::emails_received: return KpiMeasures{Measure::emails_received, {}};
        case Kpi::meetings_scheduled: return KpiMeasures{Measure::meetings_scheduled, {}};
        case Kpi::meetings_held: return KpiMeasures{Measure::meetings_held, {}};
        case Kpi::meetings_no_show: return KpiMeasures{Measure::meetings_no_show, {}};
        case Kpi::presentations_held: return KpiMeasures{Measure::presentations_held, {}};
        case Kpi::proposals_sent: return KpiMeasures{Measure::proposals_sent, {}};
        case Kpi::touches: return KpiMeasures{Measure::touches, {}};
        case Kpi::invoices_issued: return KpiMeasures{Measure::invoices_issued, {}};
        case Kpi::invoices_paid: return KpiMeasures{Measure::invoices_paid, {}};
        case Kpi::invoices_amount:
            return KpiMeasures{Measure::invoices_count, Measure::invoices_amount};
        case Kpi::payments_amount:
            return KpiMeasures{Measure::payments_count, Measure::payments_amount};
        case Kpi::refunds_amount:
            return KpiMeasures{Measure::refunds_count, Measure::refunds_amount};
        case Kpi::missed_cases: return KpiMeasures{Measure::missed_cases, {}};
        case Kpi::callbacks_returned: return KpiMeasures{Measure::callbacks_returned, {}};
        case Kpi::callbacks_recovered: return KpiMeasures{Measure::callbacks_recovered, {}};
        case Kpi::callbacks_expired: return KpiMeasures{Measure::callbacks_expired, {}};
        case Kpi::callback_seconds:
            return KpiMeasures{Measure::callback_count, Measure::callback_ms};
        case Kpi::contacts_unique:
        case Kpi::contacts_attempted:
        case Kpi::answer_rate:
        case Kpi::connect_rate:
        case Kpi::average_cheque: return std::nullopt;
    }
    return std::nullopt;
}

std::optional<CreditMeasures> credit_measures_of(Kpi kpi) {
    switch (kpi) {
        case Kpi::calls_in:
        case Kpi::calls_out:
            return CreditMeasures{Measure::calls_credited, Measure::calls_unattributed};
        case Kpi::calls_in_answered:
        case Kpi::calls_out_answered:
            return CreditMeasures{Measure::answered_credited, Measure::answered_unattributed};
        case Kpi::calls_missed:
            return CreditMeasures{Measure::missed_credited, Measure::missed_unattributed};
        default: return std::nullopt;
    }
}

std::vector<Kpi> contributing_kpis(Kpi kpi) {
    switch (kpi::info(kpi).unit) {
        case kpi::Unit::ratio: {
            const kpi::RatioParts parts = kpi::ratio_parts(kpi);
            return {parts.numerator, parts.denominator};
        }
        case kpi::Unit::cheque: return {Kpi::invoices_paid};
        default: return {kpi};
    }
}

std::optional<kpi::Ratio> amount_of(const Sums& sums, Kpi kpi, const kpi::Currency& currency) {
    constexpr base::Int128 ms_per_second = 1000;
    switch (kpi::info(kpi).unit) {
        case kpi::Unit::count: return held(sums.plain(measures_of(kpi)->count), 1);
        case kpi::Unit::contacts: return held(static_cast<std::int64_t>(sums.members(kpi)), 1);
        case kpi::Unit::money: return held(sums.money(currency, *measures_of(kpi)->sum), 1);
        case kpi::Unit::seconds: {
            const KpiMeasures measures = *measures_of(kpi);
            // What no source tells is unknown: hold, and working time without a calendar.
            if ((kpi == Kpi::hold_seconds || kpi == Kpi::callback_seconds) &&
                sums.plain(measures.count) == 0) {
                return std::nullopt;
            }
            return held(sums.plain(*measures.sum), ms_per_second);
        }
        case kpi::Unit::cheque: {
            const base::Int128 count = sums.money(currency, Measure::paid_count);
            if (count <= 0) {
                return std::nullopt;
            }
            return held(kpi::half_up(sums.money(currency, Measure::paid_amount), count), 1);
        }
        case kpi::Unit::ratio: break;
    }
    const kpi::RatioParts parts = kpi::ratio_parts(kpi);
    const std::int64_t denominator = sums.plain(measures_of(parts.denominator)->count);
    return denominator > 0
               ? std::optional(held(sums.plain(measures_of(parts.numerator)->count), denominator))
               : std::nullopt;
}

}  // namespace store
