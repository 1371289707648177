#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "kpi/worked_time.h"
#include "processors/cells.h"
#include "processors/directory_entries.h"
#include "processors/fold_state.h"
#include "processors/silence.h"
#include "processors/timers.h"
#include "store/watch_rows.h"

namespace processors {

/// Managers who are watched against their norms, and their deviations.
///
/// A deviation is judged by what is known: what a record brings counts from its log time on, and
/// what becomes true by time alone stands at its own instant, found by a timer, whenever log time
/// passes it. So the same log gives the same deviations, whatever the cut of batches. What comes
/// later, and shows that a deviation never was, takes it back. While a source is silent nothing is
/// judged: nobody is behind because a PBX is dead.
///
/// Watched is who is declared, against norms of KPIs that this version computes, without a client
/// class. Source: domain.md 7; docs/adr/0014. Errors: those of the store; corrupt. Threads: one.
class WatchFold : public CellListener {
public:
    WatchFold(FoldState& state, Timers& timers) : state_(state), timers_(timers) {}

    /// Reads who is watched.
    base::Result<void> load();

    void cell_changed(const store::CellKey& key, const store::CellRow& change,
                      base::UtcMillis at) override;
    void set_changed(const store::SetKey& key, std::uint64_t member, std::int64_t times,
                     base::UtcMillis at) override;
    /// What was heard since the last call counts from behind log time on.
    base::Result<void> take_heard();

    /// A heartbeat came: its source has seen everything up to `up_to`.
    void heard_from(kpi::Company company, kpi::Source source, base::UtcMillis up_to);

    /// An entry of the directory came or went: whom it concerns is looked up anew.
    base::Result<void> directory_changed(const CompanyState& company, const DirectoryEntry& entry);
    /// Somebody falls behind, or a period ends.
    base::Result<void> fire(const store::TimerKey& timer);

    /// There is something to look up, or late data to judge.
    bool has_work() const { return !pending_.empty(); }
    bool is_flushed() const { return dirty_.empty(); }
    /// Does it for some of them. Every row must have been committed.
    base::Result<void> work(std::size_t managers_max);

    /// Hands what changed to the write-back. To be called before each of its commits.
    void flush();

private:
    struct Whose {
        kpi::Company company;
        kpi::Manager manager;
        friend auto operator<=>(const Whose&, const Whose&) = default;
    };
    struct Hash {
        std::size_t operator()(const Whose& whose) const noexcept {
            return std::uint64_t{whose.company.value()} << 32 | whose.manager.value();
        }
    };
    /// What he does concerns a watch if it is in a period, or before an episode.
    struct Reach {
        base::UtcMillis from = base::since_ever;
        base::UtcMillis newest_opened_at = base::since_ever;
    };
    struct Held {
        store::WatchRow row;
        std::vector<kpi::WorkingTime> worked;  ///< of its periods
        bool is_dirty = false;
        bool is_gone = false;
        void know_worked();
    };
    using Change = store::WatchRow::Change;

    bool concerns(const Whose& whose, base::UtcMillis at) const;
    base::Result<Held*> hold(const Whose& whose);
    void changed(const Whose& whose, Held& held);
    void note_reach(const Whose& whose, const Held& held);
    base::Result<void> mark(const CompanyState& company, kpi::Manager manager);
    void add(Held& held, const Change& change) const;

    base::Result<void> load_silences();
    kpi::DeviationRules rules(const Whose& whose) const;
    static kpi::DeviationNorm norm_of(const Held& held, const store::WatchRow::Norm& norm);
    static const store::WatchRow::Period& period_of(const Held& held, kpi::Grain grain);
    /// What changes before `until` by time alone has changed.
    base::Result<void> judge(const Whose& whose, Held& held, base::UtcMillis until);
    /// A norm is judged until `until`, exclusive, with what is done now.
    base::Result<void> judge(const Whose& whose, Held& held, store::WatchRow::Norm& norm,
                             base::UtcMillis until);
    void look_ahead(const Whose& whose, const Held& held, store::WatchRow::Norm& norm) const;
    base::Result<void> note(const Whose& whose, Held& held, store::WatchRow::Norm& norm,
                            const kpi::DeviationJudge& judge, const kpi::DeviationChange& change);
    base::Result<void> end_episode(const Whose& whose, store::WatchRow::Norm& norm,
                                   const store::EpisodeRow::Step& step);
    void write_episode(const store::EpisodeKey& key, const store::EpisodeRow& row);
    void set_timer(const Whose& whose, Held& held);

    /// Norms and periods as they are at `at`. Of a new period what lay ahead is known.
    base::Result<void> look_up(const Whose& whose, Held& held, base::UtcMillis at);
    base::Result<void> end_gone(const Whose& whose, Held& held, base::UtcMillis at);
    base::Result<void> judge_late(const Whose& whose, Held& held);
    base::Result<void> judge_late(const Whose& whose, Held& held, const store::EpisodeKey& key,
                                  const Change& late);

    FoldState& state_;
    Timers& timers_;
    std::unordered_map<Whose, Reach, Hash> watched_;
    std::set<Whose> pending_;
    std::map<Whose, std::vector<Change>> heard_;
    std::unordered_map<Whose, Held, Hash> held_;  ///< a cache of the rows
    std::vector<Whose> dirty_;
    std::map<kpi::Company, Silence> silences_;
    std::uint64_t told_ = 0;  ///< number of the last row of the outbox
};

}  // namespace processors
