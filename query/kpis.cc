#include <algorithm>

#include "query/answers.h"
#include "query/cell_scan.h"
#include "query/entity_scan.h"
#include "query/kpi_rows.h"
#include "query/meta.h"
#include "query/roster.h"
#include "store/measures.h"

namespace query {
namespace {

template <class Item>
void add_once(std::vector<Item>& items, Item item) {
    if (std::find(items.begin(), items.end(), item) == items.end()) {
        items.push_back(item);
    }
}

/// Who may have rows in a team: nobody, and whoever was in it at any time, since a manager's rows
/// stand under the team that the directory gives him then.
std::vector<std::uint32_t> members_of(const kpi::Directory& directory, std::uint32_t team) {
    std::vector<std::uint32_t> members{0};
    for (const kpi::ManagerEntry* const entry : directory.managers()) {
        if (entry->team.value() == team) {
            members.push_back(entry->manager.value());
        }
    }
    std::sort(members.begin(), members.end());
    members.erase(std::unique(members.begin(), members.end()), members.end());
    return members;
}

/// Gathers rows and totals of one question.
class KpiAnswer {
public:
    KpiAnswer(Question& question, Selection selection, std::vector<AskedKpi> asked, KpiRows rows)
        : question_(question),
          selection_(selection),
          asked_(std::move(asked)),
          rows_(std::move(rows)),
          needed_(needed_for(asked_)),
          buckets_(buckets_of(selection.range)),
          row_plan_(
              plan_of(selection_, rows_.is_by(Dimension::manager), rows_.is_by(Dimension::team))),
          total_plan_(plan_of(selection_, false, false)),
          is_total_of_rows_(row_plan_ == total_plan_) {
        if (row_plan_.level == store::Level::manager && row_plan_.team.value_or(0) != 0 &&
            !row_plan_.subject && question_.view().is_settled) {
            row_plan_.members = members_of(*question_.company().directory, *row_plan_.team);
        }
    }

    base::Result<void> gather() {
        BOOST_OUTCOME_TRY(gather_row_cells());
        BOOST_OUTCOME_TRY(gather_total_cells());
        if (is_total_of_rows_) {
            for (const auto& [position, row] : rows_.all()) {
                totals_.add(row.tally);
            }
        }
        BOOST_OUTCOME_TRY(gather_edges());
        std::erase_if(rows_.all(), [this](const auto& one) { return !has_any(one.second.tally); });
        return add_those_in_force();
    }

    base::Result<std::string> write(const Page& page, const std::string& zone_name);

private:
    bool takes(kpi::Segment segment) const {
        return !selection_.segment || segment == *selection_.segment;
    }
    bool has_any(const Tally& tally) const {
        return std::any_of(asked_.begin(), asked_.end(),
                           [&](const AskedKpi& one) { return one.kpi && tally.has(*one.kpi); });
    }
    base::Result<KpiRow*> row_of(const store::LevelKey& level, store::Bucket bucket,
                                 kpi::Segment segment);
    base::Result<void> gather_row_cells();
    base::Result<void> gather_total_cells();
    base::Result<void> gather_edges();
    base::Result<void> add_entity(const StandingEntity& entity);
    base::Result<void> add_those_in_force();
    void write_row(base::JsonWriter& out, const KpiRow& row) const;

    Question& question_;
    Selection selection_;
    std::vector<AskedKpi> asked_;
    KpiRows rows_;
    Tally totals_;
    Needed needed_;
    BucketRange buckets_;
    LevelPlan row_plan_;
    LevelPlan total_plan_;
    bool is_total_of_rows_;
};

base::Result<KpiRow*> KpiAnswer::row_of(const store::LevelKey& level, store::Bucket bucket,
                                        kpi::Segment segment) {
    const bool is_manager = level.level == store::Level::manager;
    const bool is_team = level.level == store::Level::team;
    const kpi::Manager manager(is_manager ? level.subject : 0);
    const kpi::Team team(is_team ? level.subject : is_manager ? level.team : 0);
    return rows_.row(manager, team, segment, store::bucket_start(bucket));
}

/// Rows of the answer.
base::Result<void> KpiAnswer::gather_row_cells() {
    const kpi::Company company = question_.company().ordinal;
    IsWhole is_whole;
    if (rows_.is_by_time()) {
        is_whole = [this](store::Bucket block) {
            return rows_.is_one_time(store::bucket_start(block),
                                     store::bucket_start(block + store::block_quarters - 1));
        };
    }
    const auto add_cell = [&](const store::CellKey& key,
                              const store::CellRow& cell) -> base::Result<void> {
        if (takes(key.segment)) {
            BOOST_OUTCOME_TRY(KpiRow* const row, row_of(key.level, key.bucket, key.segment));
            row->tally.add_cell(key, cell);
        }
        return base::success();
    };
    const auto add_set = [&](const store::SetKey& key,
                             const store::SetRow& set) -> base::Result<void> {
        if (takes(key.segment)) {
            BOOST_OUTCOME_TRY(KpiRow* const row, row_of(key.level, key.bucket, key.segment));
            row->tally.add_set(key.set, set);
        }
        return base::success();
    };
    BOOST_OUTCOME_TRY(scan_cells(question_.rows(), company, row_plan_, buckets_, needed_.groups,
                                 is_whole, add_cell));
    return scan_sets(question_.rows(), company, row_plan_, buckets_, needed_.sets, is_whole,
                     add_set);
}

/// What the totals need and the rows have not read; of the group calls always, for the
/// reconciliation.
base::Result<void> KpiAnswer::gather_total_cells() {
    const kpi::Company company = question_.company().ordinal;
    std::vector<store::Group> groups{store::Group::calls};
    for (const store::Group group : needed_.groups) {
        add_once(groups, group);
    }
    if (is_total_of_rows_) {
        std::erase_if(groups, [this](store::Group group) {
            return std::find(needed_.groups.begin(), needed_.groups.end(), group) !=
                   needed_.groups.end();
        });
    }
    const auto add_cell = [&](const store::CellKey& key,
                              const store::CellRow& cell) -> base::Result<void> {
        if (takes(key.segment)) {
            totals_.add_cell(key, cell);
        }
        return base::success();
    };
    const auto add_set = [&](const store::SetKey& key,
                             const store::SetRow& set) -> base::Result<void> {
        if (takes(key.segment)) {
            totals_.add_set(key.set, set);
        }
        return base::success();
    };
    BOOST_OUTCOME_TRY(
        scan_cells(question_.rows(), company, total_plan_, buckets_, groups, {}, add_cell));
    const std::vector<kpi::Kpi> sets = is_total_of_rows_ ? std::vector<kpi::Kpi>() : needed_.sets;
    return scan_sets(question_.rows(), company, total_plan_, buckets_, sets, {}, add_set);
}

base::Result<void> KpiAnswer::gather_edges() {
    for (const Range& edge : buckets_.edges) {
        BOOST_OUTCOME_TRY(
            scan_entities(question_, contributing_kinds(), edge, {},
                          [this](const StandingEntity& entity) { return add_entity(entity); }));
    }
    return base::success();
}

base::Result<void> KpiAnswer::add_entity(const StandingEntity& entity) {
    std::vector<const kpi::Contribution*> selected;
    std::map<KpiRow*, std::vector<const kpi::Contribution*>> by_row;
    for (const kpi::Contribution& one : entity.contributions) {
        if (selection_.holds(one)) {
            BOOST_OUTCOME_TRY(KpiRow* const row,
                              rows_.row(one.manager, one.team, one.segment, one.at));
            by_row[row].push_back(&one);
            selected.push_back(&one);
        }
    }
    for (const auto& [row, contributions] : by_row) {
        row->tally.add_entity(contributions);
    }
    totals_.add_entity(selected);
    return base::success();
}

base::Result<void> KpiAnswer::add_those_in_force() {
    const bool by_manager = rows_.is_only_by(Dimension::manager);
    if (!by_manager && !rows_.is_only_by(Dimension::team)) {
        return base::success();
    }
    std::optional<kpi::Manager> only;
    if (selection_.manager) {
        only = kpi::Manager(*selection_.manager);
    }
    BOOST_OUTCOME_TRY(const auto roster, managers_between(question_, selection_.range, only));
    for (const RosterEntry& entry : roster) {
        if (selection_.team && entry.team.value() != *selection_.team) {
            continue;
        }
        if (by_manager) {
            rows_.single(entry.id);
            continue;
        }
        BOOST_OUTCOME_TRY(const auto team, question_.names().text(store::Table::team, entry.team));
        if (team) {
            rows_.single(*team);
        }
    }
    return base::success();
}

void KpiAnswer::write_row(base::JsonWriter& out, const KpiRow& row) const {
    out.begin_object();
    for (std::size_t i = 0; i < row.names.size(); ++i) {
        out.key(to_string(rows_.by()[i]));
        if (row.names[i]) {
            out.value(*row.names[i]);
        } else {
            out.null();
        }
    }
    out.key("values").begin_object();
    row.tally.write_values(out, asked_, question_.settings().currency);
    out.end_object().end_object();
}

void write_reconciliation(base::JsonWriter& out, std::string_view name, const Reconciliation& one) {
    out.key(name).begin_object().member("managers", one.managers).member("shared", one.shared());
    out.member("unattributed", one.unattributed).member("department", one.department);
    out.end_object();
}

base::Result<std::string> KpiAnswer::write(const Page& page, const std::string& zone_name) {
    base::JsonWriter out;
    out.begin_object().member("from", kpi::render(selection_.range.from));
    out.member("until", kpi::render(selection_.range.until)).member("tz", zone_name);
    out.key("rows").begin_array();
    auto row = page.after.empty() ? rows_.all().begin() : rows_.all().upper_bound(page.after);
    std::string cursor;
    for (std::uint64_t shown = 0; row != rows_.all().end(); ++row, ++shown) {
        if (page.limit && shown == *page.limit) {
            cursor = question_.cursor("kpis", std::prev(row)->first);
            break;
        }
        write_row(out, row->second);
    }
    out.end_array().key("totals").begin_object();
    totals_.write_values(out, asked_, question_.settings().currency);
    out.end_object().key("reconciliation").begin_object();
    write_reconciliation(out, "calls", totals_.calls());
    write_reconciliation(out, "answered", totals_.answered());
    write_reconciliation(out, "missed", totals_.missed());
    out.end_object().key("next_cursor");
    if (cursor.empty()) {
        out.null();
    } else {
        out.value(cursor);
    }
    if (page.count_exact) {
        out.member("total", rows_.all().size());
    }
    BOOST_OUTCOME_TRY(write_meta(out, question_, asked_));
    out.end_object();
    return out.take();
}

}  // namespace

base::Result<std::string> kpis(const store::ReadView& view, const Params& params,
                               const Ports& ports) {
    BOOST_OUTCOME_TRY(Question question, Question::open(view, params, ports,
                                                        {"day", "week", "month", "from", "until",
                                                         "by", "kpi", "manager", "team", "segment",
                                                         "tz", "limit", "cursor", "count"}));
    BOOST_OUTCOME_TRY(const Selection selection, question.selection());
    BOOST_OUTCOME_TRY(const auto tz, question.tz());
    BOOST_OUTCOME_TRY(auto by, dimensions_of(question.param("by")));
    BOOST_OUTCOME_TRY(auto asked, question.asked_kpis());
    BOOST_OUTCOME_TRY(const Page page, question.page("kpis"));
    const kpi::Zone zone = tz.value_or(question.settings().zone);
    KpiAnswer answer(question, selection, std::move(asked), KpiRows(question, std::move(by), zone));
    BOOST_OUTCOME_TRY(answer.gather());
    return answer.write(page, zone.name());
}

}  // namespace query
