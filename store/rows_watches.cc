#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "base/ensure.h"
#include "store/row_fields.h"
#include "store/watch_rows.h"

// Managers who are watched, and their deviations.
namespace store {

template <>
struct LastOf<Measure> {
    static constexpr Measure value = Measure::paid_count;
};
template <>
struct LastOf<kpi::Grain> {
    static constexpr kpi::Grain value = kpi::Grain::month;
};
template <>
struct LastOf<kpi::Polarity> {
    static constexpr kpi::Polarity value = kpi::Polarity::band;
};
template <>
struct LastOf<kpi::Severity> {
    static constexpr kpi::Severity value = kpi::Severity::breach;
};
template <>
struct LastOf<EpisodeState> {
    static constexpr EpisodeState value = EpisodeState::retracted;
};
template <>
struct LastOf<EpisodeCause> {
    static constexpr EpisodeCause value = EpisodeCause::late_data;
};

namespace {

/// The sums of one segment, or of all.
class OfSegment : public Sums {
public:
    OfSegment(const KeptSums& kept, kpi::Segment segment) : kept_(kept), segment_(segment) {}

    std::int64_t plain(Measure measure) const override {
        return static_cast<std::int64_t>(sum(kpi::Currency{}, measure));
    }
    base::Int128 money(const kpi::Currency& currency, Measure measure) const override {
        return sum(currency, measure);
    }
    std::size_t members(kpi::Kpi set) const override {
        std::set<std::uint64_t> distinct;
        for (const KeptSums::Member& one : kept_.members) {
            if (one.set == set && is_meant(one.segment)) {
                distinct.insert(one.member);
            }
        }
        return distinct.size();
    }

private:
    bool is_meant(kpi::Segment segment) const {
        return segment_ == kpi::Segment::none || segment == segment_;
    }
    base::Int128 sum(const kpi::Currency& currency, Measure measure) const {
        base::Int128 all = 0;
        for (const KeptSums::Sum& one : kept_.sums) {
            if (one.measure == measure && one.currency == currency && is_meant(one.segment)) {
                all += one.value;
            }
        }
        return all;
    }

    const KeptSums& kept_;
    kpi::Segment segment_;
};

template <class List, class Item, class Key>
auto place_in(List& list, const Item& item, const Key& key_of) {
    return std::lower_bound(
        list.begin(), list.end(), key_of(item),
        [&](const auto& one, const auto& wanted) { return key_of(one) < wanted; });
}

}  // namespace

void KeptSums::add(kpi::Segment segment, const kpi::Currency& currency, const CellRow& cell) {
    const auto key_of = [](const Sum& one) {
        return std::tuple(one.segment, one.currency, one.measure);
    };
    cell.visit([&](Measure measure, base::Int128 value) {
        const Sum wanted{segment, currency, measure, value};
        const auto place = place_in(sums, wanted, key_of);
        if (place == sums.end() || key_of(*place) != key_of(wanted)) {
            sums.insert(place, wanted);
        } else if (place->value += value; place->value == 0) {
            sums.erase(place);
        }
    });
}

void KeptSums::add(kpi::Segment segment, kpi::Kpi set, std::uint64_t member, std::int64_t times) {
    const auto key_of = [](const Member& one) {
        return std::tuple(one.segment, one.set, one.member);
    };
    const Member wanted{segment, set, member, 0};
    auto place = place_in(members, wanted, key_of);
    if (place == members.end() || key_of(*place) != key_of(wanted)) {
        place = members.insert(place, wanted);
    }
    // Changes that are kept alone, without what they change, may take away what is not there.
    const std::int64_t count = static_cast<std::int32_t>(place->times) + times;
    place->times = static_cast<std::uint32_t>(static_cast<std::int32_t>(count));
    if (count == 0) {
        members.erase(place);
    }
}

void KeptSums::add(const KeptSums& other) {
    for (const Sum& one : other.sums) {
        CellRow cell;
        cell.add(one.measure, one.value);
        add(one.segment, one.currency, cell);
    }
    for (const Member& one : other.members) {
        add(one.segment, one.set, one.member, static_cast<std::int32_t>(one.times));
    }
}

std::optional<kpi::Ratio> amount_of(const KeptSums& kept, kpi::Segment segment, kpi::Kpi kpi,
                                    const kpi::Currency& currency) {
    return amount_of(OfSegment(kept, segment), kpi, currency);
}

template <class Visit, Is<kpi::Interval> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.from);
    visit(1, row.until);
}

template <class Visit, Is<kpi::Ratio> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.num);
    visit.or_default(1, row.den, base::Int128{1});
}

template <class Visit, Is<KeptSums::Sum> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.segment);
    visit(1, row.currency);
    visit(2, row.measure);
    visit(3, row.value);
}

template <class Visit, Is<KeptSums::Member> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.segment);
    visit(1, row.set);
    visit(2, row.member);
    visit(3, row.times);
}

template <class Visit, Is<KeptSums> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.sums);
    visit(1, row.members);
}

template <class Visit, Is<WatchRow::Period> Row>
void fields(Visit& visit, Row& row) {
    visit.or_default(0, row.grain, kpi::Grain::day);
    visit(1, row.time);
    visit(2, row.scheduled);
    visit(3, row.worked);
    visit(4, row.done);
}

template <class Visit, Is<kpi::DeviationState> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.severity);
    visit(1, row.warn_since);
    visit(2, row.breach_since);
}

template <class Visit, Is<WatchRow::Norm> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.kpi);
    visit(1, row.segment);
    visit.or_default(2, row.grain, kpi::Grain::day);
    visit(3, row.value);
    visit.or_default(4, row.polarity, kpi::Polarity::higher);
    visit(5, row.currency);
    visit(6, row.state);
    visit(7, row.judged_until);
    visit(8, row.episodes);
    visit(9, row.opened_at);
    visit(10, row.next);
}

template <class Visit, Is<WatchRow::Change> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.at);
    visit(1, row.done);
}

template <class Visit, Is<WatchRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.team);
    visit(1, row.until);
    visit(2, row.due);
    visit(3, row.is_stale);
    visit(4, row.newest_opened_at);
    visit(5, row.late);
    visit(6, row.periods);
    visit(7, row.norms);
    visit(8, row.ahead);
    visit(9, row.late_until);
}

template <class Visit, Is<EpisodeRow::Step> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.at);
    visit.or_default(1, row.state, EpisodeState::open);
    visit(2, row.severity);
    visit(3, row.actual);
    visit(4, row.expected);
    visit(5, row.cause);
}

template <class Visit, Is<EpisodeRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.kpi);
    visit(1, row.segment);
    visit.or_default(2, row.grain, kpi::Grain::day);
    visit(3, row.period);
    visit(4, row.number);
    visit(5, row.team);
    visit.or_default(6, row.polarity, kpi::Polarity::higher);
    visit(7, row.currency);
    visit(8, row.expected);
    visit(9, row.done);
    visit(10, row.history);
}

template <class Visit, Is<OutboxRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.company);
    visit(1, row.manager);
    visit(2, row.opened_at);
    visit(3, row.kpi);
    visit(4, row.segment);
    visit.or_default(5, row.grain, kpi::Grain::day);
    visit(6, row.step);
    visit(7, row.offset);
}

template <class Visit, Is<SilencesRow> Row>
void fields(Visit& visit, Row& row) {
    visit(0, row.over);
}

std::string encode(const SilencesRow& row) {
    return encode_row(row);
}
std::string encode(const OutboxRow& row) {
    return encode_row(row);
}
std::string encode(const WatchRow& row) {
    return encode_row(row);
}
std::string encode(const EpisodeRow& row) {
    return encode_row(row);
}

template <>
base::Result<WatchRow> decode(std::string_view bytes) {
    return decode_row<WatchRow>(bytes, "watch");
}
template <>
base::Result<EpisodeRow> decode(std::string_view bytes) {
    return decode_row<EpisodeRow>(bytes, "episode");
}
template <>
base::Result<OutboxRow> decode(std::string_view bytes) {
    return decode_row<OutboxRow>(bytes, "outbox");
}
template <>
base::Result<SilencesRow> decode(std::string_view bytes) {
    return decode_row<SilencesRow>(bytes, "silences");
}

}  // namespace store
