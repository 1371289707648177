#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kpi/deviation.h"
#include "kpi/intervals.h"
#include "kpi/kpi.h"
#include "kpi/norms.h"
#include "store/measures.h"
#include "store/rows.h"

/// Rows of managers who are watched against their norms: docs/view_keys.md.
namespace store {

/// What one manager did in a stretch of time: sums as cells have them, members as sets have.
struct KeptSums {
    struct Sum {
        kpi::Segment segment{};
        kpi::Currency currency{};  ///< zeros but of money
        Measure measure{};
        base::Int128 value = 0;
        friend bool operator==(const Sum&, const Sum&) = default;
    };
    struct Member {
        kpi::Segment segment{};
        kpi::Kpi set{};
        std::uint64_t member = 0;
        std::uint32_t times = 0;
        friend bool operator==(const Member&, const Member&) = default;
    };
    std::vector<Sum> sums;        ///< by segment, currency, measure; none is 0
    std::vector<Member> members;  ///< by segment, set, member; none is there 0 times

    void add(kpi::Segment segment, const kpi::Currency& currency, const CellRow& cell);
    void add(kpi::Segment segment, kpi::Kpi set, std::uint64_t member, std::int64_t times);
    void add(const KeptSums& other);
    friend bool operator==(const KeptSums&, const KeptSums&) = default;
};

/// The value of a KPI in these sums, of one segment or (`none`) of all. As of `amount_of`.
std::optional<kpi::Ratio> amount_of(const KeptSums& kept, kpi::Segment segment, kpi::Kpi kpi,
                                    const kpi::Currency& currency);

/// A manager who is watched: the periods that run, what he did in them, and how he stands to each
/// norm.
struct WatchRow {
    struct Period {
        kpi::Grain grain = kpi::Grain::day;
        kpi::Interval time;
        base::Millis scheduled{0};  ///< absences not taken off
        kpi::Intervals worked;
        KeptSums done;
        friend bool operator==(const Period&, const Period&) = default;
    };
    struct Norm {
        kpi::Kpi kpi{};
        kpi::Segment segment{};  ///< none: all
        kpi::Grain grain = kpi::Grain::day;
        kpi::Ratio value;  ///< of a whole period without absences, a newcomer's share of it
        kpi::Polarity polarity = kpi::Polarity::higher;
        kpi::Currency currency{};
        kpi::DeviationState state;
        base::UtcMillis judged_until{};            ///< exclusive
        std::uint64_t episodes = 0;                ///< opened in this period
        std::optional<base::UtcMillis> opened_at;  ///< of the one that is open
        std::optional<base::UtcMillis> next;       ///< when it changes if nothing is done
        friend bool operator==(const Norm&, const Norm&) = default;
    };
    /// What came or went at an instant.
    struct Change {
        base::UtcMillis at{};
        KeptSums done;
        friend bool operator==(const Change&, const Change&) = default;
    };
    kpi::Team team;
    base::UtcMillis until{};             ///< norms and periods are looked up anew then
    std::optional<base::UtcMillis> due;  ///< of his timer
    bool is_stale = false;               ///< they are to be looked up anew, and the sums to be read
    std::optional<base::UtcMillis> newest_opened_at;
    std::vector<Change> late;                   ///< may have kept an episode from opening
    std::optional<base::UtcMillis> late_until;  ///< they are judged then, all together
    std::vector<Change> ahead;                  ///< lies behind a period that runs
    std::vector<Period> periods;                ///< by grain
    std::vector<Norm> norms;                    ///< by KPI, segment, grain
    friend bool operator==(const WatchRow&, const WatchRow&) = default;
};

enum class EpisodeState : std::uint8_t { open = 1, closed = 2, retracted = 3 };
/// Why an episode changed.
enum class EpisodeCause : std::uint8_t {
    behind = 1,        ///< it has lasted so long
    recovered = 2,     ///< he has caught up so far
    period_ended = 3,  ///< what is not done will not be
    norm_changed = 4,  ///< the norm is gone
    late_data = 5,     ///< what came later shows that it never was
};

/// A deviation: from its opening to its end, or until late data took it back.
struct EpisodeRow {
    struct Step {
        base::UtcMillis at{};
        EpisodeState state = EpisodeState::open;
        kpi::Severity severity{};
        std::optional<kpi::Ratio> actual;
        kpi::Ratio expected;
        EpisodeCause cause{};
        friend bool operator==(const Step&, const Step&) = default;
    };
    kpi::Kpi kpi{};
    kpi::Segment segment{};  ///< none: all
    kpi::Grain grain = kpi::Grain::day;
    kpi::Interval period;
    std::uint64_t number = 0;  ///< within the period, from 1
    kpi::Team team;
    kpi::Polarity polarity = kpi::Polarity::higher;
    kpi::Currency currency{};
    kpi::Ratio expected;        ///< at the opening
    KeptSums done;              ///< of the period, before the opening
    std::vector<Step> history;  ///< never empty
    const Step& opened() const { return history.front(); }
    const Step& last() const { return history.back(); }
    friend bool operator==(const EpisodeRow&, const EpisodeRow&) = default;
};

/// A step of a deviation that others are to be told of.
struct OutboxRow {
    kpi::Company company;
    kpi::Manager manager;
    base::UtcMillis opened_at{};
    kpi::Kpi kpi{};
    kpi::Segment segment{};
    kpi::Grain grain = kpi::Grain::day;
    std::uint64_t step = 0;    ///< place in the history
    std::uint64_t offset = 0;  ///< of the record that made it
    EpisodeKey episode() const { return {company, manager, opened_at, kpi, segment, grain}; }
    friend bool operator==(const OutboxRow&, const OutboxRow&) = default;
};

/// meta row `silences`, company: when a source that sends heartbeats was silent.
struct SilencesRow {
    kpi::Intervals over;
    friend bool operator==(const SilencesRow&, const SilencesRow&) = default;
};

std::string encode(const WatchRow& row);
std::string encode(const SilencesRow& row);
std::string encode(const OutboxRow& row);
std::string encode(const EpisodeRow& row);
template <>
base::Result<WatchRow> decode(std::string_view bytes);
template <>
base::Result<EpisodeRow> decode(std::string_view bytes);
template <>
base::Result<OutboxRow> decode(std::string_view bytes);
template <>
base::Result<SilencesRow> decode(std::string_view bytes);

}  // namespace store
